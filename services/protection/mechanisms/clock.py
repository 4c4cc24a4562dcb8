"""Says to the own agency that a state of its own mechanism has outlasted its limit.

What moves the mechanism only notes that the case is to be looked at; the sweep derives where it stands, once for all
that came till then. What it says is for the own agency alone and moves nothing: notify calls people, and climbs.
"""

from datetime import datetime, timedelta
from pathlib import Path

from contracts.events import Body
from contracts.events.step import StepTaken
from contracts.events.triage import UrgencyAssessed, UrgencyOverridden
from contracts.timeline import Event
from services.node import telemetry
from services.node.service import SYSTEM, Desk
from services.node.sql import Connection, queries
from services.protection.mechanisms import MACHINES
from services.protection.mechanisms.declaration import EVENTS, Machine
from services.protection.mechanisms.machine import overdue

SQL = queries(Path(__file__).parents[1] / "queries.sql")
LOOK_EVERY_S = 2.0
AGAIN = timedelta(minutes=1)


def moving(agency: str) -> frozenset[type[Body]]:
    """The events that may move an agency's own mechanism, or its limits; none if it has declared none."""
    machine = MACHINES.get(agency)
    if machine is None:
        return frozenset()
    reacts = {EVENTS[one.event] for region in machine.regions.values() for one in region.reacts}
    return frozenset({StepTaken, UrgencyAssessed, UrgencyOverridden, *reacts})


async def stirred(desk: Desk, connection: Connection, event: Event) -> None:
    """Look at the case at the next sweep."""
    await connection.execute(SQL["stirred"], event.content.case, _now(desk))


async def look(desk: Desk) -> None:
    """Say what has outlasted its limit; a case in which that fails is tried again a little later."""
    for row in await desk.pool.fetch(SQL["stays_to_look"], _now(desk)):
        try:
            async with desk.pool.acquire() as connection, connection.transaction():
                await _look(desk, connection, row["case_id"], MACHINES[desk.agency])
        except Exception as error:  # noqa: BLE001  whatever it is, the next case is looked at
            telemetry.stumbled("own mechanism", error)
            await desk.pool.execute(SQL["stay_later"], row["case_id"], _now(desk) + AGAIN)


async def look_now(desk: Desk) -> None:
    """Let no case wait any longer: a clock that ran ahead may have put it off."""
    await desk.pool.execute(SQL["stay_now"], _now(desk))


async def _look(desk: Desk, connection: Connection, case_id: str, machine: Machine) -> None:
    timeline = await desk.log.lock_what_is_left(connection, case_id)
    if timeline is None:
        await connection.execute(SQL["stay_over"], case_id)
        return
    limits, now = overdue(desk.case(timeline), machine), _now(desk)
    if passed := [body for at, body in limits if at <= now]:
        await desk.say(connection, timeline, SYSTEM, *passed, private=True)
    if later := [at for at, _ in limits if at > now]:
        await connection.execute(SQL["stay_later"], case_id, min(later))
    else:
        await connection.execute(SQL["stay_over"], case_id)


def _now(desk: Desk) -> datetime:
    return datetime.fromisoformat(desk.now())
