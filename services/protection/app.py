"""Plugs protection into the node."""

from functools import partial

from contracts.events import Body
from contracts.events.referral import ReferralCompleted, ReferralDeclined, ReferralUnanswered
from services.node.service import Desk, Handler, Plug, Timer
from services.protection import closure, lead, outlook, referral
from services.protection.api import router
from services.protection.mechanisms import desk as mechanisms

FAILURES: tuple[type[Body], ...] = (ReferralDeclined, ReferralUnanswered, ReferralCompleted)


def plug(desk: Desk) -> Plug:
    """Protection acts on officers' requests: no event and no clock decides about a person.

    What follows from an event is said to people, too: that a need has failed again. The timer only carries out a
    closing on which people have agreed.
    """
    routes = router(desk)
    routes.include_router(lead.router(desk))
    routes.include_router(referral.router(desk))
    routes.include_router(outlook.router(desk))
    routes.include_router(mechanisms.router(desk))
    handlers: dict[type[Body], Handler] = dict.fromkeys(FAILURES, partial(referral.escalate, desk))
    return Plug("protection", handlers, routes, (Timer(closure.LOOK_EVERY_S, partial(closure.look, desk)),))
