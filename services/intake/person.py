"""Who the person is, and how to reach them safely: shown alone, on request, and noted each time.

Only what was sealed to this agency can be shown: its own report, or what another agency shared with it. Each agency's
words stand under its own name: where a partner says another number than our report, one is called, and not the other by
mistake. What the person has taken back since is shown by nobody but the agency that took the report, and there with
the word that it was. Only in an emergency do those who protect the person go on reading it, marked with who wrote the
withdrawal down, and when: safety does not wait for a question whether it was meant.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends

from contracts.case import Case
from contracts.errors import Code, Rejected
from contracts.events.access import View
from contracts.events.fields import CaseId
from contracts.events.intake import ConsentWithdrawn, Identity, IdentityShared
from contracts.events.report import Incident, SafeContact
from contracts.mechanism import Permission
from contracts.workflow.consent import SLOT, WITHDRAWN
from services.intake import domain
from services.node.access import ANSWERS, Reading, reads
from services.node.http import Answer, StrictRoute, problems
from services.node.service import Desk

_EVERYTHING = frozenset(IdentityShared.model_fields)
Group = TypeVar("Group")


class Told(Answer):
    """What one agency says of a person, by its own report or by what it shared: the latest of each group of fields."""

    by: str
    identity: Identity | None = None
    safe_contact: SafeContact | None = None
    incidents: Sequence[Incident] = ()


class TakenBack(Answer):
    """That the person allows nothing any more: which agency wrote it down, and when they said so."""

    by: str
    at: str


class Person(Answer):
    """What is held here, agency by agency: first the one that took the report.

    `kept` says that some of it was taken back, and is shown only as long as the emergency goes on; `withdrawals` are
    those in force, and where something is kept all that there were.
    """

    withdrawn: bool
    kept: bool
    withdrawals: Sequence[TakenBack]
    told: Sequence[Told]


def held(case: Case, agency: str) -> Mapping[str, Sequence[IdentityShared]]:
    """What this agency may show, by who said it, the latest last; in its own name its own report, if it took one."""
    own = [shared for report in domain.reports(case, agency) if (shared := domain.groups(report, _EVERYTHING))]
    said = {agency: own} if own else {}
    for event, body in domain.readable(case, agency):
        if not own or event.agency != agency:
            said.setdefault(event.agency, []).append(body)
    return said


def person_of(case: Case, agency: str) -> Person:
    """The person of a case; Rejected(NOT_FOUND) if nothing of them is held here, or may be used any more."""
    told = [_told(by, said) for by, said in held(case, agency).items()]
    if not told:
        raise Rejected(Code.NOT_FOUND, "person")
    took = case.opened.agency if case.opened else agency
    ranked = sorted(told, key=lambda one: one.by != took)
    return Person(
        withdrawn=case.in_force(SLOT) == WITHDRAWN,
        kept=is_kept(case, agency),
        withdrawals=withdrawals(case, agency),
        told=ranked,
    )


def is_kept(case: Case, agency: str) -> bool:
    """Whether something is shown here only because an agency protects the person in an emergency."""
    return len(domain.readable(case, agency)) > len(domain.in_use(case))


def withdrawals(case: Case, agency: str) -> list[TakenBack]:
    """Who wrote down, and when, that the person took back what is shown here."""
    standing = {claim.event for claim in case.slots.get(SLOT, ()) if claim.value == WITHDRAWN}
    kept, told = is_kept(case, agency), case.of_type(ConsentWithdrawn)
    return [TakenBack(by=event.agency, at=body.at) for event, body in told if kept or event.id in standing]


def _told(by: str, said: Sequence[IdentityShared]) -> Told:
    return Told(
        by=by,
        identity=_latest(body.identity for body in said),
        safe_contact=_latest(body.safe_contact for body in said),
        incidents=_latest(body.incidents for body in said) or (),
    )


def _latest(groups: Iterable[Group | None]) -> Group | None:
    return next((group for group in reversed([*groups]) if group is not None), None)


def router(desk: Desk) -> APIRouter:
    """The route that shows a person."""
    routes = APIRouter(tags=["intake"], responses=problems(), route_class=StrictRoute)
    reader = Annotated[Reading, Depends(reads(desk, Permission.READ_CASE))]

    @routes.get("/cases/{case}/person", responses=ANSWERS, summary="Who the person is, and how to reach them safely")
    async def person(case: CaseId, reading: reader) -> Person:
        """Only what was sealed to this agency; every look leaves an entry with its purpose."""
        return await reading.of_case(case, View.PERSON, lambda told: person_of(told, desk.agency))

    return routes
