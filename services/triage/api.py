"""HTTP for triage: the work list, how urgent a case is, and what officers say of it, of the status and of the risk."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Path

from contracts.case import Case
from contracts.encoding import b64
from contracts.errors import Code
from contracts.events.access import View
from contracts.events.fields import CaseId
from contracts.events.triage import RiskAssessed, UrgencyAssessed, UrgencyOverridden
from contracts.hlc import instant
from contracts.mechanism import Permission
from services.node import acts
from services.node.access import ANSWERS, Reading, Shown, reads
from services.node.http import Answer, StrictRoute, allowed, problems
from services.node.officers import Officer
from services.node.service import Desk
from services.node.sql import Row
from services.triage import domain, handlers, risk, status

MAX_ID = 2**63 - 1
OVERRIDE = acts.Act("urgency", UrgencyOverridden, "Judge the urgency oneself")
ACTS = (OVERRIDE, *status.ACTS, *risk.ACTS)


class WorkItem(Answer):
    """Something to do, in which case, by when; `source` is the event that asks for it.

    `by_hand` is done by ticking it off, everything else by saying so in the case.
    """

    id: int
    kind: str
    subject: str
    case: str
    source: str
    due_at: str
    by_hand: bool
    done_at: str = ""
    done_by: str = ""


class Work(Answer):
    """This agency's open work, the most pressing first."""

    items: list[WorkItem]


class Kept(Answer):
    """How promises of one kind were kept."""

    kind: str
    kept: int
    missed: int  # done late, or late and not done
    open: int  # not yet due


class Week(Answer):
    """What was or is due in the week that begins on a day."""

    begins: str
    due: int
    done: int


class Figures(Answer):
    """This agency's promises in counts: of no case and no officer."""

    kinds: list[Kept]
    weeks: list[Week]


class Assessment(Answer):
    """What the table said, and why, in both languages."""

    event: str
    level: str
    rules: int
    rule: int
    because: list[str]
    explanation: dict[str, str]


class Override(Answer):
    """What an officer said instead, and why."""

    event: str
    agency: str
    level: str
    reason: str


class Urgency(Answer):
    """How urgent a case is: the level in force, and everything that was said about it."""

    level: str
    conflict: bool
    assessed: list[Assessment]
    overridden: list[Override]
    threats: list[str]  # the assessments that found a clear and present threat


def router(desk: Desk) -> APIRouter:
    """The routes of triage."""
    routes = APIRouter(tags=["triage"], responses=problems(Code.STATE), route_class=StrictRoute)
    Reader = Annotated[Reading, Depends(reads(desk, Permission.READ_CASE))]  # noqa: N806
    Counter = Annotated[Officer, Depends(allowed(desk.officers, Permission.READ_OPERATIONS))]  # noqa: N806
    Doer = Annotated[Reading, Depends(reads(desk, Permission.RECEIVE_REPORT))]  # noqa: N806

    @routes.get("/tasks", responses=ANSWERS, summary="What this agency has to do")
    async def work(reading: Reader, case: CaseId | None = None) -> Work:
        """Open items by due time, at most 500. Items end when they are done, never because their time has passed."""
        async with desk.pool.acquire() as connection, connection.transaction():
            items = [shown(row) for row in await handlers.open_work(connection, case)]
            closed = await reading.withheld(connection, {item.case for item in items})
            items = [item for item in items if item.case not in closed]
            return await reading.show(connection, Work(items=items), _listed(items))

    @routes.get("/tasks/figures", summary="How this agency keeps what it promises, in counts")
    async def figures(_officer: Counter) -> Figures:
        """The last eight weeks by kind, and by week with the four that come."""
        kinds, weeks = await handlers.figures(desk)
        return Figures(
            kinds=[Kept(**row) for row in kinds],
            weeks=[Week(begins=str(row["week"]), due=row["due"], done=row["done"]) for row in weeks],
        )

    @routes.post("/tasks/{item}/done", responses=ANSWERS, summary="Tick a work item off")
    async def done(item: Annotated[int, Path(ge=1, le=MAX_ID)], reading: Doer) -> WorkItem:
        """Again changes nothing. What an event in the case settles cannot be ticked off."""
        async with desk.pool.acquire() as connection, connection.transaction():
            answer = shown(await handlers.finish(desk, connection, item, reading.officer))
            return await reading.show(connection, answer, _listed([answer]))

    @routes.get("/cases/{case}/urgency", responses=ANSWERS, summary="How urgent a case is, and why")
    async def urgency(case: CaseId, reading: Reader) -> Urgency:
        """The rule that decided explains itself; officers' own judgements stand beside it."""
        return await reading.of_case(case, View.URGENCY, urgency_of)

    return routes


def _listed(items: Sequence[WorkItem]) -> Shown:
    return Shown(View.WORK, [item.case for item in items], len(items))


def shown(row: Row) -> WorkItem:
    """A work item as it is answered; codes that this version does not know are shown as they are."""
    done = row["done_at"]
    return WorkItem(
        id=row["id"],
        kind=row["kind"],
        subject=row["subject"],
        case=row["case_id"],
        source=b64(row["source"]),
        due_at=instant(int(row["due_at"].timestamp() * 1000)),
        by_hand=row["kind"] in domain.BY_HAND,
        done_at=instant(int(done.timestamp() * 1000)) if done else "",
        done_by=row["done_by"] or "",
    )


def urgency_of(case: Case) -> Urgency:
    """The urgency of a case as the desk sees it."""
    assessed = [
        Assessment(
            event=b64(event.id),
            level=body.level,
            rules=body.rules,
            rule=body.rule,
            because=list(body.because),
            explanation={language: domain.explain(body, language) for language in ("id", "en")},
        )
        for event, body in case.of_type(UrgencyAssessed)
    ]
    overridden = [
        Override(event=b64(event.id), agency=event.agency, level=body.level, reason=body.reason)
        for event, body in case.of_type(UrgencyOverridden)
    ]
    level, conflict = case.in_force("urgency"), "urgency" in case.conflicts
    threats = [b64(event.id) for event, body in case.of_type(RiskAssessed) if body.present_threat]
    return Urgency(level=level, conflict=conflict, assessed=assessed, overridden=overridden, threats=threats)
