"""Plugs notify into the node."""

import time
from functools import partial

from fastapi import APIRouter

from contracts.events import Body
from contracts.events.node import ForkFound
from contracts.events.notify import DateMissed
from contracts.promises import MOVING
from services.node import leap
from services.node.service import Desk, Handler, Plug, Timer
from services.notify import alarm, dates_api, domain, handlers, mail, yearly
from services.notify.api import router
from services.notify.check import check
from services.notify.panel import PAGES

MAIL_S = 0.5
ESCALATION_S = 1.0
PROMISES_S = 1.0
DATES_S = 15.0
REMIND_S = 3600.0


def plug(desk: Desk) -> Plug:
    """Notify hears all that calls somebody or moves a promise, sends its mail, and lets what nobody answers climb."""
    listening: dict[type[Body], Handler] = {
        kind: partial(handlers.moved, desk, moves=kind in MOVING, calls=kind in domain.TELLING)
        for kind in (*MOVING, *domain.TELLING)
    }
    listening[ForkFound] = partial(alarm.found, desk)
    listening[DateMissed] = partial(yearly.heard, desk)

    async def send_mail() -> None:
        for send_next in (alarm.send_next, mail.send_next):
            await mail.send_waiting(desk, send_next)

    async def escalate() -> None:
        await handlers.escalate_due(desk)

    async def look() -> None:
        await handlers.miss_due(desk)

    async def miss_dates() -> None:
        await yearly.miss_due(desk)

    async def remind() -> None:
        await yearly.remind(desk)

    back = leap.Leap(desk.clock, time.monotonic, partial(handlers.look_now, desk))
    timers = (
        Timer(leap.EVERY_S, back.look),
        Timer(MAIL_S, send_mail),
        Timer(ESCALATION_S, escalate),
        Timer(DATES_S, miss_dates),
        Timer(REMIND_S, remind),
        Timer(PROMISES_S, look),
    )

    def routers() -> list[APIRouter]:
        return [router(desk), dates_api.router(desk)]

    return Plug("notify", listening, routers, timers, partial(check, desk), PAGES)
