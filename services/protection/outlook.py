"""The plan of a case as a desk sees it: every version, each measure, what is due when, and whether the case may end."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends

from contracts.case import Case
from contracts.encoding import b64
from contracts.errors import Code
from contracts.events.access import View
from contracts.events.fields import CaseId
from contracts.events.plan import (
    Agreement,
    ClosureProposed,
    Measure,
    MeasureWanted,
    PlanAgreed,
    PlanDeclined,
    PlanProposed,
)
from contracts.hlc import instant
from contracts.mechanism import Mechanism, Permission
from contracts.promises import plan as of_the_plan, review as of_reviews
from contracts.promises.plan import falls_short, plans_in_force
from contracts.promises.promise import Promise
from contracts.workflow.closure import CLOSURE
from contracts.workflow.plan import Plan, slot_of, taken_back, unwanted
from services.node.access import ANSWERS, Reading, reads
from services.node.http import Answer, StrictRoute, problems
from services.node.service import Desk
from services.protection import closure


class Version(Answer):
    """One version of the plan."""

    plan: str
    proposed_by: str
    proposed_at: str
    replaces: list[str]
    measures: list[Measure]  # with the defender's agreement as it stands: given later, or taken back
    agreed: list[str]
    declined: Mapping[str, str]  # by whom, and why
    waits_for: list[str]
    waits_for_defender: bool
    falls_short: bool  # it needs a measure of another agency or a partner
    in_force: bool


class Due(Answer):
    """What somebody owes the defender by when."""

    kind: str
    subject: str
    source: str
    agency: str
    due: str
    kept: bool


class Ending(Answer):
    """A proposal to close, and who has yet to agree."""

    proposal: str
    reason: str
    waits_for: list[str]


class Outlook(Answer):
    """The plan of a case."""

    versions: list[Version]
    measures: Mapping[str, str]  # how far each is, by id; absent if nothing was said of it
    taken_back: list[str]  # those that the defender wants no more
    due: list[Due]
    risk: str  # at the last review
    closure: str
    endings: list[Ending]


def router(desk: Desk) -> APIRouter:
    """`GET /cases/{case}/plan`."""
    routes = APIRouter(tags=["protection"], responses=problems(Code.STATE), route_class=StrictRoute)
    reader = Annotated[Reading, Depends(reads(desk, Permission.READ_CASE))]

    @routes.get(
        "/cases/{case}/plan",
        responses=ANSWERS,
        summary="The joint plan, its measures and reviews",
        response_model_exclude_none=True,
    )
    async def outlook(case: CaseId, reading: reader) -> Outlook:
        """Every version with its agreements, each measure, what is due when, and whether the case may end."""
        return await reading.of_case(case, View.PLAN, shown)

    return routes


def shown(case: Case) -> Outlook:
    """The plan of a case, under the rules that the case names."""
    rules, versions = case.mechanism, case.acts(PlanProposed)
    ids = {measure.id for version in versions for measure in version.body.measures}
    reasons = {b64(event.id): body.reason for event, body in case.of_type(ClosureProposed)}
    return Outlook(
        versions=[_version(case, version, rules) for version in versions],
        measures={name: state for name in sorted(ids) if (state := case.in_force(slot_of(name)))},
        taken_back=[name for name in sorted(ids) if taken_back(name, case.in_force)],
        due=[_due(one) for matter in (of_the_plan, of_reviews) for one in matter.promises(case, rules)],
        risk=case.in_force("review"),
        closure=case.in_force(CLOSURE),
        endings=[
            Ending(proposal=name, reason=reasons[name], waits_for=closure.missing(case, name))
            for name in closure.proposals(case)
        ],
    )


def measures(case: Case, version: Plan, rules: Mechanism) -> list[Measure]:
    """The measures of a version, each with the defender's agreement, whether at first or later; taken back is none."""
    later = {
        act.body.measure: Agreement(given_by=act.body.given_by, on=_day(act.body.at, act.agency, rules))
        for act in case.acts(MeasureWanted)
        if act.body.plan == version.name
    }
    gone = {one.id for one in version.body.measures if taken_back(one.id, case.in_force)}
    agreed = {one.id: one.agreement or later.get(one.id) for one in version.body.measures if one.id not in gone}
    return [one.model_copy(update={"agreement": agreed.get(one.id)}) for one in version.body.measures]


def _day(at: str, agency: str, rules: Mechanism) -> str:
    return str(rules.office_day(datetime.fromisoformat(at), agency))


def _version(case: Case, version: Plan, rules: Mechanism) -> Version:
    agreed = {event.agency for event, body in case.of_type(PlanAgreed) if body.plan == version.name}
    return Version(
        plan=version.name,
        proposed_by=version.agency,
        proposed_at=version.event.content.time,
        replaces=list(version.body.replaces),
        measures=measures(case, version, rules),
        agreed=sorted(agreed),
        declined={event.agency: body.reason for event, body in case.of_type(PlanDeclined) if body.plan == version.name},
        waits_for=sorted(version.body.responsible - agreed),
        waits_for_defender=bool(unwanted(version, case.acts(MeasureWanted))),
        falls_short=falls_short(case, version, rules),
        in_force=version.name in {one.name for one in plans_in_force(case)},
    )


def _due(promise: Promise) -> Due:
    return Due(
        kind=promise.kind,
        subject=promise.subject,
        source=b64(promise.source),
        agency=promise.agency,
        due=instant(round(promise.due.timestamp() * 1000)),
        kept=promise.kept,
    )
