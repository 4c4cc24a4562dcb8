"""Who saw a case: the entries of the access log that name it, each opened and verified now.

Times are claimed and provable as those of any event (`services.node.cases`): once a partner has said that it
holds an entry's record, the agency can neither take the entry back nor date it otherwise.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from contracts.case import fold
from contracts.encoding import b64, fixed
from contracts.errors import Code, Rejected
from contracts.events.access import CaseRead, Purpose, View, named_in
from contracts.events.fields import CaseId, EventId as EventName
from contracts.mechanism import Permission
from contracts.record import EventId
from contracts.timeline import Event
from services.node.access import ANSWERS, SQL, Reading, Shown, reads
from services.node.cases import Line, lines
from services.node.http import Answer, StrictRoute, problems
from services.node.log import Log
from services.node.service import Desk
from services.node.sql import Connection

MAX_LISTED = 1000
Since = Annotated[EventName | None, Query(description="Only reads that were made when this event was here already")]
Most = Annotated[int, Query(ge=1, le=MAX_LISTED, description="How many entries, the latest")]


class Entry(Line):
    """One read: who, when, and what was shown through which door for which purpose."""

    view: str
    lines: int  # events of the case, or rows of the list, that were in it
    cases: int  # how many cases it showed something of
    door: str
    purpose: str


class Sightings(Answer):
    """Who at this agency saw a case: the latest entries, oldest first, and how many there are in all."""

    case: str
    total: int
    entries: list[Entry]


def router(desk: Desk) -> APIRouter:
    """`GET /cases/{case}/access`."""
    routes = APIRouter(tags=["cases"], responses=problems(), route_class=StrictRoute)
    auditor = Annotated[Reading, Depends(reads(desk, Permission.READ_ACCESS, Purpose.AUDIT))]

    @routes.get("/cases/{case}/access", responses=ANSWERS, summary="Who at this agency saw a case")
    async def access(case: CaseId, reading: auditor, since: Since = None, most: Most = MAX_LISTED) -> Sightings:
        """Every read that showed something of it. Asking is a read, too: it stands in the next answer."""
        known = EventId(fixed(since, 32)) if since else None
        async with desk.pool.acquire() as connection, connection.transaction():
            answer = await who_saw(connection, desk.log, case, most, known)
            return await reading.show(connection, answer, Shown(View.ACCESS, [case], len(answer.entries)))

    return routes


async def who_saw(
    connection: Connection, log: Log, case: str, most: int | None = None, since: EventId | None = None
) -> Sightings:
    """The latest entries that name a case, at most so many; only those made when an event of it was here already.

    Rejected(NOT_FOUND) if there is no such case or event here; as `Log.open`, or with BIND, if an entry was edited.
    """
    if since and not await connection.fetchval(SQL["is_of_case"], case, since):
        raise Rejected(Code.NOT_FOUND, "event")
    total = await connection.fetchval(SQL["count_entries"], case, since)
    if not total and not await connection.fetchval(SQL["known_case"], case):
        raise Rejected(Code.NOT_FOUND, "case")
    rows = await connection.fetch(SQL["entries"], case, most, since)
    events = [log.open(row)[0] for row in rows]
    named = (named_in(event.content.type, event.content.body) or () for event in events)
    if len(events) < min(total, most or total) or not all(case in cases for cases in named):
        raise Rejected(Code.BIND, "access log")
    by_id = {b64(event.id): event for event in events}
    told = await lines(connection, log, fold(events))
    return Sightings(case=case, total=total, entries=[_entry(line, by_id[line.id]) for line in told])


def _entry(line: Line, event: Event) -> Entry:
    said = CaseRead.read(event.content.body)
    return Entry(
        **line.model_dump(),
        view=said.view,
        lines=said.lines,
        cases=len(said.cases),
        door=said.door,
        purpose=said.purpose,
    )
