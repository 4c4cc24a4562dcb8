"""Plugs notify into the node."""

from functools import partial

from services.node.service import Desk, Plug, Timer
from services.notify import domain, handlers, mail
from services.notify.api import router
from services.notify.check import check

MAIL_S = 0.5
ESCALATION_S = 1.0


def plug(desk: Desk) -> Plug:
    """Notify listens to what must be known, sends its outbox, and lets the unanswered climb."""
    telling = dict.fromkeys(domain.TELLING, partial(handlers.tell, desk))

    async def send_mail() -> None:
        await mail.send_waiting(desk)

    async def escalate() -> None:
        await handlers.escalate_due(desk)

    timers = (Timer(MAIL_S, send_mail), Timer(ESCALATION_S, escalate))
    return Plug("notify", telling, router(desk), timers, partial(check, desk))
