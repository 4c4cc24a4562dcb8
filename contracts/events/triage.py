"""Triage: how urgent, and is this a defender.

Decided by table where possible, always open to a person's override.
"""

from typing import Annotated, ClassVar

from pydantic import Field

from contracts.events.body import Body
from contracts.events.fields import Codes, CodeText, ShortText, Version


class UrgencyAssessed(Body):
    """What the rule table says: row `rule` of version `rules` fired because of these codes."""

    type: ClassVar[str] = "triage.urgency.assessed"
    level: CodeText
    rules: Version
    rule: Annotated[int, Field(ge=0, le=10_000)]
    because: Codes


class UrgencyOverridden(Body):
    """An officer sees it differently from the table and says why."""

    type: ClassVar[str] = "triage.urgency.overridden"
    level: CodeText
    reason: ShortText


class StatusDetermined(Body):
    """Is this person a defender (`PEMBELA`) or a woman defender (`PPHAM`), on which basis."""

    type: ClassVar[str] = "triage.status.determined"
    defender_kind: CodeText
    status: CodeText
    basis: Codes
