"""The mechanism: roles, thresholds and time limits on which the agencies agree, as a versioned document.

A case names the version under which it was opened, and every node judges it by that version, so changing a number
never changes a verdict that was given. Version 1 comes with the software, as `1.toml` beside this module. Later
ones are signed by all agencies and travel as events (`contracts.mechanism.signed`): they need no release.
"""

from importlib.resources import files

from contracts.mechanism.document import MAX_MECHANISM, AgencyRules, Holiday, Mechanism
from contracts.mechanism.part import Hours, Part
from contracts.mechanism.permission import Permission
from contracts.mechanism.rules import PARTNER, EmergencyRules, RiskRules

__all__ = [
    "GENESIS",
    "GENESIS_TEXT",
    "LATEST",
    "MAX_MECHANISM",
    "PARTNER",
    "AgencyRules",
    "EmergencyRules",
    "Holiday",
    "Hours",
    "Mechanism",
    "Part",
    "Permission",
    "RiskRules",
]

GENESIS_TEXT = files(__name__).joinpath("1.toml").read_bytes()
GENESIS = Mechanism.read(GENESIS_TEXT)
LATEST = GENESIS  # the newest that the software itself brings
