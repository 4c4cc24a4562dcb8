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
from contracts.events import Body
from contracts.events.notify import NoticeAcknowledged, NoticeEscalated, PromiseMissed
from contracts.events.step import StepOverdue
from contracts.record import EventId
from contracts.timeline import Event
from contracts.workflow.recusal import is_out, told_recusals
from services.node import telemetry
from services.node.officers import Officer
from services.node.service import SYSTEM, Desk
from services.node.sql import Connection, queries
from services.node.writing import Timeline
from services.notify import clocks, domain

SQL = queries(Path(__file__).with_name("queries.sql"))
AGAIN = timedelta(minutes=1)


async def moved(desk: Desk, connection: Connection, event: Event, *, moves: bool, calls: bool) -> None:
    """Something was said in a case: what it `moves` is looked at by the next sweep, whom it `calls` is called now.

    The sweep derives what a case promises once for all that came till then.
    """
    if moves:
        await connection.execute(SQL["look_soon"], event.content.case, moment(desk))
    if calls:
        await _tell(desk, connection, event)


async def acknowledge(desk: Desk, connection: Connection, name: str, officer: Officer) -> None:
    """Note that an officer has seen a notice; again is no error.

    Rejected(NOT_FOUND) if this agency sent no such notice, Rejected(FORBIDDEN) for a role that was not told.
    """
    id_ = fixed(name, 32)
    timeline, row = await _locked(desk, connection, id_)
    rules = desk.case(timeline).mechanism.agencies[desk.agency]
    if not domain.may_answer(rules, row["step"], row["role"], officer.role):
        raise Rejected(Code.FORBIDDEN, "role")
    if row["acknowledged_at"] is None:
        said, private = NoticeAcknowledged(notice=name), _is_private(timeline, row["about"])
        await desk.say(connection, timeline, officer.actor, said, private=private)
        await connection.execute(SQL["acknowledge"], row["about"], row["step"], moment(desk), officer.officer)


async def escalate_due(desk: Desk) -> None:
    """Let every notice climb whose time to answer has passed; one that fails is tried again next time."""
    for row in await desk.pool.fetch(SQL["overdue"], moment(desk), domain.GRAVE):
        try:
            async with desk.pool.acquire() as connection, connection.transaction():
                await _escalate(desk, connection, row["id"])
        except Exception as error:  # noqa: BLE001  whatever it is, the next notice must climb
            telemetry.stumbled("escalation", error)


async def miss_due(desk: Desk) -> None:
    """Say which promises were missed; a case in which that fails is tried again a little later, behind the others."""
    for row in await desk.pool.fetch(SQL["to_look"], moment(desk)):
        try:
            async with desk.pool.acquire() as connection, connection.transaction():
                await _look(desk, connection, row["case_id"])
        except Exception as error:  # noqa: BLE001  whatever it is, the next case is looked at
            telemetry.stumbled("promise", error)
            await desk.pool.execute(SQL["look_later"], row["case_id"], moment(desk) + AGAIN, False)  # noqa: FBT003


async def look_now(desk: Desk) -> None:
    """Let no case, mail or alarm wait any longer: a clock that ran ahead may have put it off."""
    for query in ("look_now", "mail_now", "alarm_now"):
        await desk.pool.execute(SQL[query], moment(desk))


def minute(desk: Desk) -> timedelta:
    """How long a minute of the mechanism lasts here."""
    return timedelta(seconds=desk.settings.notice_unit_s)


def moment(desk: Desk) -> datetime:
    """The present, as the database takes it."""
    return datetime.fromisoformat(desk.now())


async def _tell(desk: Desk, connection: Connection, event: Event) -> None:
    timeline = await desk.log.lock(connection, event.content.case)
    case = desk.case(timeline)
    staffed, late = _staffed(desk, case), _late(desk, case.bodies.get(event.id))
    called = domain.calls(case, event, desk.agency, case.mechanism, staffed, late)
    await _call(desk, connection, timeline, event.id, called)


async def _escalate(desk: Desk, connection: Connection, id_: EventId) -> None:
    timeline, row = await _locked(desk, connection, id_)
    if row["acknowledged_at"] or row["escalated_at"]:
        return
    case = desk.case(timeline)
    rules = case.mechanism
    told = [known["step"] for known in await connection.fetch(SQL["told"], row["about"])]
    late = domain.rungs(row["level"], rules, _since(desk, row["respond_by"]))
    call = domain.climb(rules.agencies[desk.agency], row["step"], row["level"], _staffed(desk, case), told, late)
    if call:
        said = NoticeEscalated(notice=b64(id_), step=call.step)
        timeline = await desk.say(connection, timeline, SYSTEM, said, private=_is_private(timeline, row["about"]))
    if call and call.role:
        await _call(desk, connection, timeline, row["about"], [call])
    await connection.execute(SQL["escalated"], id_, moment(desk))


async def _look(desk: Desk, connection: Connection, case_id: str) -> None:
    """The table says only when to look: what was missed is what the case shows now, that nobody moves meanwhile.

    Nor does any handler then say that something happened: each holds its case's lock from the beginning.
    """
    timeline = await desk.log.lock_what_is_left(connection, case_id)
    if timeline is None:
        await connection.execute(SQL["stop_looking"], case_id)
        return
    case, now = desk.case(timeline), moment(desk)
    looks, recalls = clocks.looks(case, desk.agency, minute(desk)), clocks.recalls(case, desk.agency)
    if missed := clocks.missed(looks, case.mechanism, now):
        timeline = await desk.say(connection, timeline, SYSTEM, *missed)
        for body in missed:
            telemetry.missed(body.kind)
    if recalled := clocks.recalled(case, recalls, now):
        await desk.say(connection, timeline, SYSTEM, *recalled, private=True)
    moments = [*(look.at for look in looks), *(recall.at for recall in recalls)]
    if waiting := [at for at in moments if at > now]:
        await connection.execute(SQL["look_later"], case_id, min(waiting), clocks.pressing(case))
    else:
        await connection.execute(SQL["stop_looking"], case_id)


async def _call(
    desk: Desk, connection: Connection, timeline: Timeline, about: EventId, called: Sequence[domain.Call]
) -> None:
    private = _is_private(timeline, about)
    for call in called:
        case = desk.case(timeline)
        due = domain.respond_by(desk.now(), call.level, case.mechanism, minute(desk))
        said = domain.notice(about, call, due)
        timeline = await desk.say(connection, timeline, SYSTEM, said, private=private)
        id_ = timeline.events[-1].id
        row = (id_, about, timeline.case, call.step, call.role, call.level, due)
        await connection.execute(SQL["add_notice"], *row)
        to_tell = _holders(desk, case, call.role)
        await connection.execute(SQL["add_mail"], id_, to_tell, moment(desk))


async def _locked(desk: Desk, connection: Connection, id_: bytes) -> tuple[Timeline, asyncpg.Record]:
    """A notice as it stands under its case's lock: whoever else would move it waits."""
    case_id = await connection.fetchval(SQL["case_of"], id_)
    if case_id is None:
        raise Rejected(Code.NOT_FOUND, "notice")
    timeline = await desk.log.lock(connection, case_id)
    (row,) = await connection.fetch(SQL["notice"], id_)
    return timeline, row


def _staffed(desk: Desk, case: Case) -> set[str]:
    roles = domain.roles(case.mechanism.of(desk.agency), case.mechanism)
    return {role for role in roles if _holders(desk, case, role)}


def _holders(desk: Desk, case: Case, role: str) -> list[str]:
    """Who holds a role and takes part in the case: nobody else is called."""
    rules, recusals = case.mechanism, told_recusals(case, case.mechanism)
    held = desk.officers.with_role(role)
    return [one.officer for one in held if not is_out(desk.agency, one.actor, recusals, rules)]


def _late(desk: Desk, body: Body | None) -> timedelta:
    """How long ago a promise was to be kept; whatever else calls somebody has only just happened."""
    if not isinstance(body, PromiseMissed | StepOverdue):
        return timedelta()
    return _since(desk, datetime.fromisoformat(body.due))


def _since(desk: Desk, then: datetime) -> timedelta:
    """How long ago that was, in minutes of the mechanism; what is still to come was not long ago."""
    return domain.elapsed(then, moment(desk), minute(desk))


def _is_private(timeline: Timeline, about: bytes) -> bool:
    """Whether a call is about what only the own agency knows, and so is nobody else's business either."""
    event = timeline.event(EventId(about))
    return event is not None and len(event.content.to) == 1
