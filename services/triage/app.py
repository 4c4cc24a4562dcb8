"""Plugs triage into the node."""

from functools import partial

from contracts.events.intake import CaseOpened
from contracts.events.protection import (
    EmergencyActivated,
    EmergencyDeclined,
    EmergencyProposed,
    RequirementsDeferred,
)
from contracts.events.triage import StatusDetermined, UrgencyAssessed, UrgencyOverridden
from services.node.service import Desk, Plug
from services.triage.api import router
from services.triage.handlers import case_moved, case_opened

MOVES = (
    UrgencyAssessed,
    UrgencyOverridden,
    StatusDetermined,
    EmergencyProposed,
    EmergencyActivated,
    EmergencyDeclined,
    RequirementsDeferred,
)


def plug(desk: Desk) -> Plug:
    """Triage assesses what its agency opened, and keeps the work list up with every case."""
    moved = partial(case_moved, desk)
    return Plug("triage", {CaseOpened: partial(case_opened, desk)} | dict.fromkeys(MOVES, moved), router(desk))
