"""Plugs triage into the node."""

from functools import partial

from contracts.events import Body
from contracts.events.intake import CaseOpened
from contracts.events.protection import (
    EmergencyActivated,
    EmergencyDeclined,
    EmergencyProposed,
    RequirementsDeferred,
)
from contracts.events.triage import (
    AppealDecided,
    RiskAssessed,
    StatusAppealed,
    StatusDetermined,
    StatusRecognised,
    StatusRequested,
    UrgencyAssessed,
    UrgencyOverridden,
)
from services.node.service import Desk, Handler, Plug
from services.triage.api import router
from services.triage.check import check
from services.triage.handlers import case_moved, case_opened

MOVES: tuple[type[Body], ...] = (
    UrgencyAssessed,
    UrgencyOverridden,
    StatusRequested,
    StatusDetermined,
    StatusRecognised,
    StatusAppealed,
    AppealDecided,
    RiskAssessed,
    EmergencyProposed,
    EmergencyActivated,
    EmergencyDeclined,
    RequirementsDeferred,
)


def plug(desk: Desk) -> Plug:
    """Triage assesses what its agency opened, and keeps the work list up with every case."""
    moved = partial(case_moved, desk)
    handlers: dict[type[Body], Handler] = {CaseOpened: partial(case_opened, desk)} | dict.fromkeys(MOVES, moved)
    return Plug("triage", handlers, router(desk), check=partial(check, desk))
