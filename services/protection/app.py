"""Plugs protection into the node."""

import time
from functools import partial

from fastapi import APIRouter

from contracts.events import Body
from contracts.events.protection import EmergencyProposed
from contracts.events.referral import ReferralCompleted, ReferralDeclined, ReferralUnanswered
from contracts.events.triage import OfficerRecused
from contracts.timeline import Event
from services.node import acts, leap
from services.node.service import Desk, Handler, Plug, Timer
from services.node.sql import Connection
from services.protection import api, closure, ending, handlers, lead, outlook, plan, police, referral, session
from services.protection.mechanisms import clock, desk as mechanisms
from services.protection.panel import PAGES

FAILURES: tuple[type[Body], ...] = (ReferralDeclined, ReferralUnanswered, ReferralCompleted)
LEADERS: tuple[type[Body], ...] = (EmergencyProposed, OfficerRecused)


_ACTS = (*ending.ACTS, *plan.ACTS, *closure.ACTS, *police.ACTS)


def plug(desk: Desk) -> Plug:
    """Protection acts on officers' requests: no event and no clock decides about a person.

    What follows from an event is said to people, too: that a need has failed again, that too few leaders are left to
    approve. The timers carry out a closing on which people have agreed, and say what stands too long in the own
    mechanism.
    """
    stirring = clock.moving(desk.agency)

    async def heard(connection: Connection, event: Event, kind: type[Body]) -> None:
        if kind in stirring:
            await clock.stirred(desk, connection, event)
        if kind in FAILURES:
            await referral.escalate(desk, connection, event)
        if kind in LEADERS:
            await handlers.count_leaders(desk, connection, event)

    def routers() -> list[APIRouter]:
        said = acts.router(desk, "protection", (*session.acts(desk), *_ACTS))
        return [said, *(part.router(desk) for part in (api, lead, referral, outlook, mechanisms))]

    kinds = (*FAILURES, *LEADERS, *stirring)
    listening: dict[type[Body], Handler] = {kind: partial(heard, kind=kind) for kind in kinds}
    back = leap.Leap(desk.clock, time.monotonic, partial(clock.look_now, desk))
    timers = (
        Timer(leap.EVERY_S, back.look),
        Timer(closure.LOOK_EVERY_S, partial(closure.look, desk)),
        Timer(clock.LOOK_EVERY_S, partial(clock.look, desk)),
    )
    return Plug("protection", listening, routers, timers, pages=PAGES)
