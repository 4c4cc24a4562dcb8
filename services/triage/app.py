"""Plugs triage into the node."""

from functools import partial

from contracts.events import Body
from contracts.events.intake import CaseOpened
from contracts.promises import MOVING
from services.node.gauges import EVERY_S
from services.node.service import Desk, Handler, Plug, Timer
from services.triage.api import router
from services.triage.check import check
from services.triage.handlers import case_moved, case_opened, look
from services.triage.panel import PAGES


def plug(desk: Desk) -> Plug:
    """Triage assesses what its agency opened, and keeps the work list up with every case."""
    handlers: dict[type[Body], Handler] = dict.fromkeys(MOVING, partial(case_moved, desk))
    handlers[CaseOpened] = partial(case_opened, desk)
    return Plug("triage", handlers, router(desk), [Timer(EVERY_S, partial(look, desk))], partial(check, desk), PAGES)
