"""Plugs triage into the node."""

from functools import partial

from fastapi import APIRouter

from contracts.events import Body
from contracts.events.intake import CaseOpened
from contracts.promises import MOVING
from services.node import acts
from services.node.gauges import EVERY_S
from services.node.service import Desk, Handler, Plug, Timer
from services.triage import api, recusal, risk_view, status_view
from services.triage.check import check
from services.triage.handlers import case_moved, case_opened, look
from services.triage.panel import PAGES


def plug(desk: Desk) -> Plug:
    """Triage assesses what its agency opened, and keeps the work list up with every case."""
    handlers: dict[type[Body], Handler] = dict.fromkeys(MOVING, partial(case_moved, desk))
    handlers[CaseOpened] = partial(case_opened, desk)

    def routers() -> list[APIRouter]:
        said = acts.router(desk, "triage", (*api.ACTS, recusal.READMIT))
        return [said, *(part.router(desk) for part in (api, status_view, risk_view, recusal))]

    return Plug("triage", handlers, routers, [Timer(EVERY_S, partial(look, desk))], partial(check, desk), PAGES)
