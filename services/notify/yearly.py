"""Yearly dates at a node: an officer says that one was kept, and what was missed climbs as a promise does.

What was said is read from the log anew each time, under one lock, and what is said now is appended in the same
transaction: so each step is told once, whatever restarts and clocks do, and there is no copy to go wrong.
"""

from collections.abc import Collection
from datetime import UTC, date, datetime

from contracts.content import Actor
from contracts.errors import Code, Rejected
from contracts.events import Body
from contracts.events.notify import DateKept, DateMissed
from contracts.mechanism import Mechanism
from contracts.mechanism.document import YearlyDate
from contracts.record import stored
from contracts.timeline import Event
from services.node import telemetry
from services.node.expiry import WARN_DAYS
from services.node.officers import Officer
from services.node.service import SYSTEM, Desk
from services.node.sql import Connection
from services.node.writing import CONTROL, Draft
from services.notify import alarm
from services.notify.dates import Name, Office, Owed, Said, climbs, in_turn, is_told_to_all, owed, said
from services.notify.domain import CALM, first, ladder_end
from services.notify.handlers import SQL, minute, moment


async def miss_due(desk: Desk) -> None:
    """Tell the metrics when each date comes, and who is next of each that is over and was not kept."""
    for one in await standing(desk):
        telemetry.date_comes(one.what.code, int((one.ends - moment(desk)).total_seconds()))
        try:
            if one.ends < moment(desk):
                async with desk.pool.acquire() as connection, connection.transaction():
                    await _climb(desk, connection, one.what.code)
        except Exception as error:  # noqa: BLE001  whatever it is, the next date must climb
            telemetry.stumbled("yearly date", error)


async def remind(desk: Desk) -> None:
    """Tell the log what comes soon, or is over."""
    for one in await standing(desk):
        days = (one.day - office(desk).today).days
        if days < WARN_DAYS:
            telemetry.log.warning("date comes", date=one.what.code, day=str(one.day), days=days)


async def keep(desk: Desk, name: Name, officer: Officer) -> None:
    """Say that a day was kept; again is no error.

    Rejected(NOT_FOUND) if this agency owes no such date, or if that day of it is neither the last nor the next one.
    """
    async with desk.pool.acquire() as connection, connection.transaction():
        await connection.execute(SQL["lock_dates"])
        code, day = name
        here = office(desk)
        if not any(one.code == code and day in in_turn(one, here.today) for one in here.rules.dates_of(desk.agency)):
            raise Rejected(Code.NOT_FOUND, "date")
        if name not in (await read(desk, connection, desk.agency)).kept:
            await _say(desk, connection, officer.actor, DateKept(date=code, day=day), everybody(desk))


async def heard(desk: Desk, connection: Connection, event: Event) -> None:
    """Another agency's whole ladder left a day unkept: call our own first step about it, once, and no further."""
    body = DateMissed.read(event.content.body)
    theirs = office(desk, event.agency)
    if event.agency != desk.agency and is_told_to_all(body, theirs):
        role = first(desk.mechanism.of(desk.agency).ladder, CALM, _staffed(desk), 0).role
        await _call(desk, connection, f"{event.agency} {body.date} {body.day}", role)


async def standing(desk: Desk) -> list[Owed]:
    """What this agency owes every year, the nearest first."""
    if not office(desk).rules.dates_of(desk.agency):
        return []
    async with desk.pool.acquire() as connection, connection.transaction():
        return await owing(desk, connection, await read(desk, connection, desk.agency))


async def owing(desk: Desk, connection: Connection, told: Said) -> list[Owed]:
    """As `standing`, of what was said."""
    here = office(desk)
    first_ones = await connection.fetch(SQL["begun"], desk.agency)
    begun = min((_made(row["jws"]) for row in first_ones), default=here.now)
    dates = here.rules.dates_of(desk.agency)
    every = [owed(one, _counts_since(desk, one, begun), told.kept.keys(), here) for one in dates]
    return sorted(every, key=lambda one: (one.ends, one.what.code))


async def missed_elsewhere(desk: Desk, connection: Connection) -> list[tuple[str, Owed, Said]]:
    """What other agencies have told all that they missed, and have not said since to be kept; by agency."""
    found = []
    for agency in everybody(desk):
        there = office(desk, agency)
        if agency == desk.agency or not (dates := there.rules.dates_of(agency)):
            continue
        told, end = await read(desk, connection, agency), ladder_end(there.rules.of(agency))
        every = (owed(one, date.min, told.kept.keys(), there) for one in dates)
        found += [(agency, one, told) for one in every if end in told.told.get(one.name, ())]
    return found


async def read(desk: Desk, connection: Connection, agency: str) -> Said:
    """What an agency has said of its dates, as far as we may read it; what was edited here says nothing."""
    events = []
    for row in await connection.fetch(SQL["dates_said"], agency):
        try:
            events.append(desk.log.open(row)[0])
        except Rejected as rejected:
            telemetry.stumbled("yearly date", rejected)
    return said(events)


def office(desk: Desk, agency: str = "") -> Office:
    """An agency now, by the rules that it has adopted last; our own if none is named."""
    agency = agency or desk.agency
    return Office(agency, desk.log.rules.newest(agency), moment(desk), minute(desk))


def everybody(desk: Desk) -> tuple[str, ...]:
    """All agencies, as records name them."""
    return tuple(sorted(desk.log.directory.agencies))


async def _climb(desk: Desk, connection: Connection, code: str) -> None:
    await connection.execute(SQL["lock_dates"])
    told, here = await read(desk, connection, desk.agency), office(desk)
    one = next(one for one in await owing(desk, connection, told) if one.what.code == code)
    before = told.told.get(one.name, {})
    call = climbs(one.ends, before, here, _staffed(desk))
    if call is None:
        return
    body = DateMissed(date=code, day=str(one.day), step=call.step)
    await _say(desk, connection, SYSTEM, body, (desk.agency,) if call.role else everybody(desk))
    if call.role:
        await _call(desk, connection, f"{desk.agency} {code} {one.day} {call.step}", call.role)
    if not before:
        telemetry.missed(code)


async def _say(desk: Desk, connection: Connection, actor: Actor, body: Body, to: tuple[str, ...]) -> None:
    await desk.append(connection, CONTROL, [Draft(body, to, actor, desk.now())])


async def _call(desk: Desk, connection: Connection, matter: str, role: str) -> None:
    names = [officer.officer for officer in desk.officers.with_role(role)]
    await connection.execute(SQL["add_alarm"], alarm.DATE, matter, names, moment(desk))


def _made(jws: bytes) -> datetime:
    return datetime.fromtimestamp(stored(jws).record.hlc.ms / 1000, UTC)


def _counts_since(desk: Desk, one: YearlyDate, begun: datetime) -> date:
    """The day from which on a date is owed: our log had begun, and we followed rules that have it."""

    def holds(rules: Mechanism) -> bool:
        return any(other.falls_with(one) for other in rules.dates_of(desk.agency))

    here, agreed = office(desk).rules, desk.log.followed_since(holds)
    return here.office_day(max(begun, agreed) if agreed else begun, desk.agency)


def _staffed(desk: Desk) -> Collection[str]:
    ladder = desk.mechanism.of(desk.agency).ladder
    return {role for role in ladder if desk.officers.with_role(role)}
