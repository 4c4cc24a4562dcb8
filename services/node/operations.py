"""What those who look after a node see of it, and the two things that they can do about an event that is set aside.

Counts, ages, agencies and names of keys: nothing of a person. What is parked is named by the event alone, and since it
belongs to a case, whoever is shown that is noted like every reader.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends, Path

from contracts.encoding import fixed
from contracts.events.access import Door, Purpose, View
from contracts.events.fields import EventId as EventName
from contracts.mechanism import Permission
from contracts.record import EventId, agency_of
from services.node.access import ANSWERS, SQL as ENTRIES, Reader, Reading, Shown, note, reads
from services.node.bus import Inbox
from services.node.expiry import Expiry
from services.node.gauges import SQL
from services.node.health import Health, Missing, Problem
from services.node.http import Answer, StrictRoute, allowed, problems
from services.node.officers import Officer
from services.node.service import Desk
from services.node.sql import Connection

State = Mapping[tuple[str, str], float]  # by gauge and partner
Counted = tuple[State, Mapping[str, int]]


class Works(NamedTuple):
    """The parts of a node that tell how it is."""

    health: Health
    expiry: Expiry
    inboxes: Mapping[str, Inbox]  # by service


class PartnerView(Answer):
    """Another agency, as far as its log and ours go."""

    agency: str
    silent_s: float  # since the last record of its log came, from whomever; -1 if none ever did
    missing: int  # records of its log that somebody has seen and we lack
    unread: int  # records of ours that it has not said it holds
    unsigned: int  # records of ours that it has not cosigned
    disputed: int  # what others signed of its log and our copy contradicts


class ParkedView(Answer):
    """An event that a service could not handle."""

    service: str
    event: str
    type: str
    reason: str
    attempts: int


class EndView(Answer):
    """A key or certificate in use that has an end."""

    name: str
    expires: str
    days: int


class ProblemView(Answer):
    """A reason why a node is not ready: its kind, and what belongs to it."""

    kind: str
    values: Mapping[str, str]
    text: str  # in English


class MissingView(Answer):
    """A piece of a log that others have not given us."""

    kind: str
    log: str
    agency: str
    first: int
    last: int


class OperationsView(Answer):
    """How a node is."""

    ready: bool
    problems: list[ProblemView]  # why not
    missing: list[MissingView]
    heartbeat_s: float  # a log that lives speaks once in this time
    partners: list[PartnerView]
    backlog: Mapping[str, int]  # by kind
    checkpoint_due_s: float  # since the first record of our log that no checkpoint of ours covers
    disputed: int  # what others signed of our log and our copy contradicts
    parked: list[ParkedView]
    ends: list[EndView]


def router(desk: Desk, works: Works) -> APIRouter:
    """`GET /operations`, and `POST /operations/parked/{service}/{event}/replay | discard`."""
    routes = APIRouter(tags=["operations"], responses=problems(), route_class=StrictRoute)
    reader = Annotated[Reading, Depends(reads(desk, Permission.READ_OPERATIONS, Purpose.TECHNICAL))]
    handler = Annotated[Officer, Depends(allowed(desk.officers, Permission.HANDLE_PARKED))]
    Where = Annotated[str, Path(pattern="^(" + "|".join(works.inboxes or ["none"]) + ")$")]  # noqa: N806

    @routes.get("/operations", responses=ANSWERS, summary="How this node is")
    async def operations(reading: reader) -> OperationsView:
        """No case and no person, but for what is parked: its events belong to cases, so that is noted."""
        parked = [view for inbox in works.inboxes.values() for view in await _parked(inbox)]
        lacks = await works.health.problems(), await works.health.missing()
        async with desk.pool.acquire() as connection, connection.transaction():
            answer = _view(desk, works, parked, lacks, await _counted(connection))
            ids = [EventId(fixed(one.event, 32)) for one in parked]
            cases = [row["case_id"] for row in await connection.fetch(ENTRIES["cases_of"], ids)]
            return await reading.show(connection, answer, Shown(View.PARKED, cases, len(parked)))

    @routes.post("/operations/parked/{service}/{event}/replay", status_code=204, summary="Handle a parked event now")
    async def replay(service: Where, event: EventName, _officer: handler) -> None:
        """Again, as if it had just come; if its handler fails again it stays parked, and this fails as it does."""
        await works.inboxes[service].replay(EventId(fixed(event, 32)))

    @routes.post("/operations/parked/{service}/{event}/discard", status_code=204, summary="Leave a parked event be")
    async def discard(service: Where, event: EventName, officer: handler) -> None:
        """It stays in its case; the service that it was parked by never handles it, and the access log says by whom."""
        id_ = EventId(fixed(event, 32))
        by = Reader(officer.actor, Door.API, Purpose.TECHNICAL, desk.now())
        async with desk.pool.acquire() as connection, connection.transaction():
            cases = [row["case_id"] for row in await connection.fetch(ENTRIES["cases_of"], [id_])]
            await note(desk.log, connection, "node", by, Shown(View.DISCARDED, cases, 1))
            await works.inboxes[service].discard(id_)

    return routes


async def _counted(connection: Connection) -> Counted:
    state = {(gauge, partner): value for gauge, partner, value in await connection.fetch(SQL["state"])}
    return state, {row["kind"]: row["value"] for row in await connection.fetch(SQL["backlog"])}


def _view(
    desk: Desk, works: Works, parked: Sequence[ParkedView], lacks: tuple[list[Problem], list[Missing]], counted: Counted
) -> OperationsView:
    (problems, missing), (state, backlog) = lacks, counted
    others = sorted(agency for agency in desk.log.chain.latest.agencies if agency != desk.agency)
    return OperationsView(
        ready=not problems,
        problems=[ProblemView(kind=one.kind, values=one.values, text=str(one)) for one in problems],
        missing=[MissingView(**one._asdict(), agency=agency_of(one.log)) for one in missing],
        heartbeat_s=desk.settings.heartbeat_s,
        partners=[_partner(state, agency) for agency in others],
        backlog=backlog,
        checkpoint_due_s=round(state.get(("rajut.checkpoint.due", ""), 0), 1),
        disputed=int(state.get(("rajut.witness.disputed", desk.agency), 0)),
        parked=list(parked),
        ends=[EndView(name=one.kid, expires=one.expires, days=one.days) for one in works.expiry.all()],
    )


def _partner(told: State, agency: str) -> PartnerView:
    def value(gauge: str) -> float:
        return told.get((f"rajut.{gauge}", agency)) or 0

    return PartnerView(
        agency=agency,
        silent_s=round(told.get(("rajut.partner.silent", agency), -1), 1),
        missing=int(value("partner.missing")),
        unread=int(value("partner.unread")),
        unsigned=int(value("witness.behind")),
        disputed=int(value("witness.disputed")),
    )


async def _parked(inbox: Inbox) -> list[ParkedView]:
    return [
        ParkedView(service=inbox.service, event=one.id, type=one.type, reason=one.reason, attempts=one.attempts)
        for one in await inbox.parked()
    ]
