"""Plugs notify into the node."""

from functools import partial

from contracts.promises import MOVING
from services.node.service import Desk, Plug, Timer
from services.notify import domain, handlers, mail
from services.notify.api import router
from services.notify.check import check

MAIL_S = 0.5
ESCALATION_S = 1.0
PROMISES_S = 1.0


def plug(desk: Desk) -> Plug:
    """Notify listens to all that calls somebody or moves a promise, sends its outbox, and lets the unanswered climb."""
    listening = dict.fromkeys((*MOVING, *domain.TELLING), partial(handlers.moved, desk))

    async def send_mail() -> None:
        await mail.send_waiting(desk)

    async def escalate() -> None:
        await handlers.escalate_due(desk)

    async def look() -> None:
        await handlers.miss_due(desk)

    timers = (Timer(MAIL_S, send_mail), Timer(ESCALATION_S, escalate), Timer(PROMISES_S, look))
    return Plug("notify", listening, router(desk), timers, partial(check, desk))
