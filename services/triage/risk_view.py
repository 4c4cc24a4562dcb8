"""The risk and the eligibility of a person as the desk sees them, and the door through which a risk is assessed."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends

from contracts.case import Case
from contracts.codes import LANGUAGES
from contracts.encoding import b64
from contracts.errors import Code
from contracts.events.access import View
from contracts.events.fields import CaseId
from contracts.events.triage import EligibilityDetermined, RiskAssessed, Score
from contracts.hlc import instant
from contracts.mechanism import Mechanism, Permission
from contracts.promises.risk import runs_out
from contracts.workflow.risk import reckon
from services.node.access import ANSWERS, Reading, reads
from services.node.acts import OnTerms, Said, perform
from services.node.http import Answer, StrictRoute, allowed, problems
from services.node.officers import Officer
from services.node.service import Desk
from services.triage.risk import ASSESS, Judgement, assessed, explain


class Assessed(Answer):
    """One assessment: what it says, what the table makes of it, until when it holds, and how the level comes about."""

    event: str
    agency: str
    at: str
    level: str
    computed: str
    reason: str
    present_threat: bool
    threats: dict[str, int]
    vulnerabilities: dict[str, int]
    capacities: dict[str, int]
    runs_out: str
    stands: bool
    explanation: dict[str, str]


class Risk(Answer):
    """The risk in force, which is the highest of what stands, and every assessment."""

    level: str
    conflict: bool
    assessments: list[Assessed]


class Category(Answer):
    """What LPSK determined, and when."""

    event: str
    agency: str
    at: str
    category: str
    stands: bool


class Eligibility(Answer):
    """As what LPSK may take the person as its subject; apart from the risk."""

    category: str
    conflict: bool
    determinations: list[Category]


def router(desk: Desk) -> APIRouter:
    """The routes of risk and eligibility."""
    refused = problems(Code.STATE, Code.CONFLICT, Code.STALE)
    routes = APIRouter(tags=["triage"], responses=refused, route_class=StrictRoute)
    Reader = Annotated[Reading, Depends(reads(desk, Permission.READ_CASE))]  # noqa: N806
    Assessor = Annotated[Officer, Depends(allowed(desk.officers, Permission.ASSESS_RISK))]  # noqa: N806

    @routes.post("/cases/{case}/risk", status_code=201, summary=ASSESS.summary)
    async def assess(case: CaseId, officer: Assessor, body: Judgement, terms: OnTerms) -> Said:
        """Scores give the level by the table; an officer who sees another one says why."""
        async with desk.pool.acquire() as connection, connection.transaction():
            rules = desk.case(await desk.log.lock(connection, case)).mechanism
            today = rules.office_day(datetime.fromisoformat(desk.now()), desk.agency)
            said = assessed(body, rules, today)
            return await perform(desk, connection, case, officer.actor, ASSESS, said, terms)

    @routes.get("/cases/{case}/risk", responses=ANSWERS, summary="How much risk, and how it comes about")
    async def risk(case: CaseId, reading: Reader) -> Risk:
        """Every assessment explains itself; of those that disagree the highest is in force."""
        return await reading.of_case(case, View.RISK, lambda told: risk_of(told, told.mechanism))

    @routes.get("/cases/{case}/eligibility", responses=ANSWERS, summary="Whether LPSK may take the person as a subject")
    async def eligibility(case: CaseId, reading: Reader) -> Eligibility:
        """What LPSK determined; emergency protection never waits for it."""
        return await reading.of_case(case, View.ELIGIBILITY, eligibility_of)

    return routes


def risk_of(case: Case, rules: Mechanism) -> Risk:
    """The risk of a case as the desk sees it."""
    standing = {claim.event for claim in case.slots.get("risk", ())}
    assessments = [
        Assessed(
            event=b64(event.id),
            agency=event.agency,
            at=event.content.time,
            level=body.level,
            computed=reckon(body, rules.risk).level,
            reason=body.reason or "",
            present_threat=body.present_threat,
            threats=_by_dimension(body.threats),
            vulnerabilities=_by_dimension(body.vulnerabilities),
            capacities=_by_dimension(body.capacities),
            runs_out=instant(int(runs_out(event, body, rules).timestamp() * 1000)),
            stands=event.id in standing,
            explanation={language: explain(body, rules.risk, language) for language in LANGUAGES},
        )
        for event, body in case.of_type(RiskAssessed)
    ]
    return Risk(level=case.in_force("risk"), conflict="risk" in case.conflicts, assessments=assessments)


def eligibility_of(case: Case) -> Eligibility:
    """The eligibility of a person as the desk sees it."""
    standing = {claim.event for claim in case.slots.get("eligibility", ())}
    determinations = [
        Category(
            event=b64(event.id),
            agency=event.agency,
            at=event.content.time,
            category=body.category,
            stands=event.id in standing,
        )
        for event, body in case.of_type(EligibilityDetermined)
    ]
    category, conflict = case.in_force("eligibility"), "eligibility" in case.conflicts
    return Eligibility(category=category, conflict=conflict, determinations=determinations)


def _by_dimension(scores: tuple[Score, ...]) -> dict[str, int]:
    return {one.dimension: one.score for one in scores}
