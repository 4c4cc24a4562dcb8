"""Triage's transactions: the urgency that the table gives, and the work list.

Each handler derives the case's work anew instead of following single events, so retries and events
that arrive in another order give the same list.
"""

from datetime import datetime, timedelta
from pathlib import Path

from contracts.encoding import b64
from contracts.errors import Code, Rejected
from contracts.events.intake import CaseOpened
from contracts.events.triage import CaseTriaged
from contracts.mechanism.calendar import ZONES
from contracts.promises.triage import HUMAN_TRIAGE
from contracts.timeline import Event
from services.node import telemetry
from services.node.officers import Officer
from services.node.service import SYSTEM, Desk
from services.node.sql import Connection, Row, queries
from services.node.writing import Timeline
from services.triage import domain
from services.triage.rules import LATEST

SQL = queries(Path(__file__).with_name("queries.sql"))
MAX_ITEMS = 500


async def case_opened(desk: Desk, connection: Connection, event: Event) -> None:
    """The agency that opened a case says how urgent the table finds it, unless somebody already has."""
    timeline = await desk.log.lock(connection, event.content.case)
    case = desk.case(timeline)
    if event.agency == desk.agency and not case.in_force("urgency"):
        body = domain.assess(event, CaseOpened.read(event.content.body), LATEST, case.mechanism)
        timeline = await desk.say(connection, timeline, SYSTEM, body)
    await _derive_work(desk, connection, timeline)


async def case_moved(desk: Desk, connection: Connection, event: Event) -> None:
    """Something was decided or asked for: bring the work list to what the case says now."""
    await _derive_work(desk, connection, await desk.log.lock(connection, event.content.case))


async def open_work(connection: Connection, case: str | None = None) -> list[Row]:
    """This agency's open items, in one case or in all, the most pressing first."""
    return await connection.fetch(SQL["open_items"], MAX_ITEMS, case)


async def look(desk: Desk) -> None:
    """Tell the metrics what this agency owes, and what of it is late."""
    rows = await desk.pool.fetch(SQL["count_open"], datetime.fromisoformat(desk.now()))
    telemetry.show(
        "promises",
        [
            telemetry.Reading(f"rajut.promise.{state}", row[state], {"kind": row["kind"]})
            for row in rows
            for state in ("open", "overdue")
        ],
    )


async def figures(desk: Desk) -> tuple[list[Row], list[Row]]:
    """How promises of the last eight weeks were kept, by kind; what was due in each, and is in the next four."""
    now, zone = datetime.fromisoformat(desk.now()), ZONES[desk.mechanism.of(desk.agency).zone]
    since, until = now - timedelta(weeks=8), now + timedelta(weeks=4)
    kinds = await desk.pool.fetch(SQL["kept_by_kind"], now, since)
    return kinds, await desk.pool.fetch(SQL["due_by_week"], since, until, zone.utcoffset(None))


async def finish(desk: Desk, connection: Connection, item: int, officer: Officer) -> Row:
    """Tick an item off; again changes nothing. Rejected(NOT_FOUND), or (STATE) if only an event can settle it."""
    case_id = await connection.fetchval(SQL["case_of"], item)
    timeline = await desk.log.lock(connection, case_id) if case_id else None
    row = await connection.fetchrow(SQL["item"], item)
    if timeline is None or row is None:
        raise Rejected(Code.NOT_FOUND, "work item")
    if row["done_at"] is not None:
        return row
    domain.check_done(row["kind"])
    if row["kind"] == HUMAN_TRIAGE:
        await desk.say(connection, timeline, officer.actor, CaseTriaged(opened=b64(row["source"])))
    done = await connection.fetch(SQL["finish_item"], item, officer.officer)
    return done[0]


async def _derive_work(desk: Desk, connection: Connection, timeline: Timeline) -> None:
    case = desk.case(timeline)
    items = domain.work(case, case.mechanism, desk.agency)
    rows = [(i.source, i.kind, i.subject, timeline.case, i.due_at, i.settled, SYSTEM.officer) for i in items]
    names = zip(*((i.source, i.kind, i.subject) for i in items), strict=True) if items else ([], [], [])
    await connection.execute(SQL["drop_items"], timeline.case, *map(list, names))
    await connection.executemany(SQL["put_item"], rows)
