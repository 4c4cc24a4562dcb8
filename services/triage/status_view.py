"""The status of a defender as the desk sees it: what is in force, and beside it everything that was said of it."""

from typing import Annotated

from fastapi import APIRouter, Depends

from contracts.case import Case
from contracts.codes import LANGUAGES, label
from contracts.encoding import b64
from contracts.events.access import View
from contracts.events.fields import CaseId
from contracts.events.triage import StatusAppealed, StatusDisputed, StatusRecognised, StatusRequested
from contracts.mechanism import Mechanism, Permission
from contracts.promises.status import statuses
from contracts.timeline import Event
from contracts.workflow.status import DISPUTED, RECOGNISED, REJECTED, Ruling, overall, slot
from services.node.access import ANSWERS, Reading, reads
from services.node.http import Answer, StrictRoute, problems
from services.node.service import Desk
from services.triage.status import stands

PHRASES = {
    "id": ("{status} sebagai {kind}", "; yang dipenuhi: {tests}", "; yang tidak dipenuhi: {tests}"),
    "en": ("{status} as {kind}", "; met: {tests}", "; not met: {tests}"),
}


class KindOfDefender(Answer):
    """One kind of defender: what is in force, whether determinations collide, and who determines it."""

    kind: str
    owner: str
    status: str
    conflict: bool


class Determination(Answer):
    """What an agency determined, or decided on an appeal (`appeal`), and why, in both languages."""

    event: str
    agency: str
    at: str
    kind: str
    status: str
    basis: list[str]
    stands: bool
    appeal: str = ""
    explanation: dict[str, str]


class Stance(Answer):
    """What another agency says of a determination; `stands` until it says something else."""

    event: str
    agency: str
    determination: str
    stance: str
    basis: list[str]
    reason: str
    stands: bool


class Appeal(Answer):
    """An appeal, and the event that decided it, once there is one."""

    event: str
    agency: str
    at: str
    determination: str
    appealed_by: str
    reason: str
    outcome: str


class Request(Answer):
    """Who asked for a status."""

    event: str
    agency: str
    at: str
    kind: str


class Status(Answer):
    """Is this a defender: the status in force, which is the protective one, and everything that was said about it."""

    status: str
    disagreement: bool
    kinds: list[KindOfDefender]
    requests: list[Request]
    determinations: list[Determination]
    stances: list[Stance]
    appeals: list[Appeal]


def router(desk: Desk) -> APIRouter:
    """The route that shows the status."""
    routes = APIRouter(tags=["triage"], responses=problems(), route_class=StrictRoute)
    Reader = Annotated[Reading, Depends(reads(desk, Permission.READ_CASE))]  # noqa: N806

    @routes.get("/cases/{case}/status", responses=ANSWERS, summary="Whether this is a defender, and who says so")
    async def status(case: CaseId, reading: Reader) -> Status:
        """What is in force, and beside it every determination, who recognises or disputes it, and the appeals."""
        return await reading.of_case(case, View.STATUS, lambda told: status_of(told, told.mechanism))

    return routes


def status_of(case: Case, rules: Mechanism) -> Status:
    """The status of a defender as the desk sees it."""
    kinds = [
        KindOfDefender(kind=kind, owner=owner, status=case.in_force(slot(kind)), conflict=slot(kind) in case.conflicts)
        for kind, owner in rules.status.owners.items()
    ]
    stances = _stances(case)
    said = {kind.status for kind in kinds if kind.status}
    return Status(
        status=overall(lambda name: case.slots.get(name, ()), rules),
        disagreement=len(said) > 1
        or any(kind.conflict for kind in kinds)
        or any(one.stands and one.stance == DISPUTED for one in stances),
        kinds=kinds,
        requests=[
            Request(event=b64(event.id), agency=event.agency, at=event.content.time, kind=body.defender_kind)
            for event, body in case.of_type(StatusRequested)
        ],
        determinations=_determinations(case),
        stances=stances,
        appeals=_appeals(case),
    )


def explain(ruling: Ruling, language: str) -> str:
    """What was determined and on which tests, in words."""
    said, met, not_met = PHRASES[language]
    tests = ", ".join(label("basis", code, language) for code in ruling.basis)
    kind, status = label("defender_kind", ruling.kind, language), label("status", ruling.status, language)
    why = not_met if ruling.status == REJECTED else met
    return said.format(status=status, kind=kind) + (why.format(tests=tests) if tests else "")


def _determinations(case: Case) -> list[Determination]:
    said = statuses(case)
    appeals = {act.name: act.body.appeal for act in said.outcomes}
    return [
        Determination(
            event=name,
            agency=ruling.event.agency,
            at=ruling.event.content.time,
            kind=ruling.kind,
            status=ruling.status,
            basis=list(ruling.basis),
            stands=stands(case, ruling),
            appeal=appeals.get(name, ""),
            explanation={language: explain(ruling, language) for language in LANGUAGES},
        )
        for name, ruling in said.rulings.items()
    ]


def _stances(case: Case) -> list[Stance]:
    standing = {claim.event for name, some in case.slots.items() if name.startswith("recognition/") for claim in some}
    told: list[tuple[Event, StatusRecognised | StatusDisputed]]
    told = [*case.of_type(StatusRecognised), *case.of_type(StatusDisputed)]
    return [
        Stance(
            event=b64(event.id),
            agency=event.agency,
            determination=body.determination,
            stance=RECOGNISED if isinstance(body, StatusRecognised) else DISPUTED,
            basis=[] if isinstance(body, StatusRecognised) else list(body.basis),
            reason="" if isinstance(body, StatusRecognised) else body.reason,
            stands=event.id in standing,
        )
        for event, body in told
    ]


def _appeals(case: Case) -> list[Appeal]:
    outcomes = {act.body.appeal: act.name for act in statuses(case).outcomes}
    return [
        Appeal(
            event=b64(event.id),
            agency=event.agency,
            at=event.content.time,
            determination=body.determination,
            appealed_by=body.appealed_by,
            reason=body.reason,
            outcome=outcomes.get(b64(event.id), ""),
        )
        for event, body in case.of_type(StatusAppealed)
    ]
