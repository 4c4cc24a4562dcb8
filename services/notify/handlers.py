"""Tell, acknowledge, escalate, miss: each a transaction under the case's lock, so a thing is said exactly once.

What must leave the house is written into the outbox in the same transaction (see `services.notify.mail`),
and what must climb is found again from the table: a restart forgets nobody.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import asyncpg

from contracts.case import Case
from contracts.encoding import b64, fixed
from contracts.errors import Code, Rejected
from contracts.events.notify import NoticeAcknowledged, NoticeEscalated
from contracts.mechanism import AgencyRules
from contracts.record import EventId
from contracts.timeline import Event
from services.node import telemetry
from services.node.officers import Officer
from services.node.service import SYSTEM, Desk
from services.node.sql import Connection, queries
from services.node.writing import Timeline
from services.notify import clocks, domain

SQL = queries(Path(__file__).with_name("queries.sql"))


async def moved(desk: Desk, connection: Connection, event: Event) -> None:
    """Call the officers of this agency whom an event concerns, and see what the case promises now."""
    timeline = await desk.log.lock(connection, event.content.case)
    case = desk.case(timeline)
    called = domain.calls(case, event, desk.agency, desk.mechanism, _staffed(desk))
    await _call(desk, connection, timeline, event.id, called)
    await _wind(desk, connection, timeline.case, case)


async def acknowledge(desk: Desk, connection: Connection, name: str, officer: Officer) -> None:
    """Note that an officer has seen a notice; again is no error.

    Rejected(NOT_FOUND) if this agency sent no such notice, Rejected(FORBIDDEN) for a role that was not told.
    """
    id_ = fixed(name, 32)
    timeline, row = await _locked(desk, connection, id_)
    if not domain.may_answer(_rules(desk), row["step"], row["role"], officer.role):
        raise Rejected(Code.FORBIDDEN, "role")
    if row["acknowledged_at"] is None:
        await desk.say(connection, timeline, officer.actor, NoticeAcknowledged(notice=name))
        await connection.execute(SQL["acknowledge"], row["about"], row["step"], moment(desk), officer.officer)


async def escalate_due(desk: Desk) -> None:
    """Let every notice climb whose time to answer has passed; one that fails is tried again next time."""
    for row in await desk.pool.fetch(SQL["overdue"], moment(desk)):
        try:
            async with desk.pool.acquire() as connection, connection.transaction():
                await _escalate(desk, connection, row["id"])
        except (Rejected, asyncpg.PostgresError) as error:
            telemetry.stumbled("escalation", error)


async def miss_due(desk: Desk) -> None:
    """Say which promises were missed; a case in which that fails is tried again next time."""
    for row in await desk.pool.fetch(SQL["to_look"], moment(desk)):
        try:
            async with desk.pool.acquire() as connection, connection.transaction():
                await _look(desk, connection, row["case_id"])
        except (Rejected, asyncpg.PostgresError) as error:
            telemetry.stumbled("promise", error)


def minute(desk: Desk) -> timedelta:
    """How long a minute of the mechanism lasts here."""
    return timedelta(seconds=desk.settings.notice_unit_s)


def moment(desk: Desk) -> datetime:
    """The present, as the database takes it."""
    return datetime.fromisoformat(desk.now())


async def _escalate(desk: Desk, connection: Connection, id_: EventId) -> None:
    timeline, row = await _locked(desk, connection, id_)
    if row["acknowledged_at"] or row["escalated_at"]:
        return
    told = [known["step"] for known in await connection.fetch(SQL["told"], row["about"])]
    call = domain.climb(_rules(desk), row["step"], row["level"], _staffed(desk), told)
    if call:
        said = NoticeEscalated(notice=b64(id_), step=call.step)
        timeline = await desk.say(connection, timeline, SYSTEM, said)
    if call and call.role:
        await _call(desk, connection, timeline, row["about"], [call])
    await connection.execute(SQL["escalated"], id_, moment(desk))


async def _look(desk: Desk, connection: Connection, case_id: str) -> None:
    """The table says only when to look: what was missed is what the case shows now, that nobody moves meanwhile."""
    timeline = await desk.log.lock(connection, case_id)
    for body in clocks.missed(desk.case(timeline), desk.agency, moment(desk), minute(desk)):
        timeline = await desk.say(connection, timeline, SYSTEM, body)
    await _wind(desk, connection, case_id, desk.case(timeline))


async def _wind(desk: Desk, connection: Connection, case_id: str, case: Case) -> None:
    looks = clocks.looks(case, desk.agency, minute(desk))
    rows = [(case_id, one.source, one.kind, one.subject, one.agency, one.due, at) for one, at in looks]
    await connection.execute(SQL["stop_looking"], case_id)
    await connection.executemany(SQL["look_later"], rows)


async def _call(
    desk: Desk, connection: Connection, timeline: Timeline, about: EventId, called: Sequence[domain.Call]
) -> None:
    for call in called:
        due = domain.respond_by(desk.now(), call.level, desk.mechanism, minute(desk))
        timeline = await desk.say(connection, timeline, SYSTEM, domain.notice(about, call, due))
        id_ = timeline.events[-1].id
        row = (id_, about, timeline.case, call.step, call.role, call.level, due)
        await connection.execute(SQL["add_notice"], *row)
        to_tell = [officer.officer for officer in desk.officers.with_role(call.role)]
        await connection.execute(SQL["add_mail"], id_, to_tell, moment(desk))


async def _locked(desk: Desk, connection: Connection, id_: bytes) -> tuple[Timeline, asyncpg.Record]:
    """A notice as it stands under its case's lock: whoever else would move it waits."""
    case_id = await connection.fetchval(SQL["case_of"], id_)
    if case_id is None:
        raise Rejected(Code.NOT_FOUND, "notice")
    timeline = await desk.log.lock(connection, case_id)
    (row,) = await connection.fetch(SQL["notice"], id_)
    return timeline, row


def _rules(desk: Desk) -> AgencyRules:
    return desk.mechanism.agencies[desk.agency]


def _staffed(desk: Desk) -> set[str]:
    roles = domain.roles(_rules(desk), desk.mechanism)
    return {role for role in roles if desk.officers.with_role(role)}
