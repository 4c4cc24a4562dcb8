"""Reads: who at an agency was shown something of a case, through which door, for what.

An entry belongs to no case and is sealed to the reader's own agency alone: partners hold its record, and so
witness that somebody was shown something, and learn nothing else. Whoever shows it signs that it did, and a
key signs events of its own family only; so every family has the same body under a name of its own.
Officer and role stand where every event has them: in the content's `actor`.
"""

from enum import StrEnum
from typing import ClassVar

from contracts.canonical import Json
from contracts.events.body import Body
from contracts.events.fields import CaseIds, CodeText, Count


class Door(StrEnum):
    """Through what it was shown."""

    API = "API"
    PAGE = "PAGE"
    CLI = "CLI"
    EXPORT = "EXPORT"
    MAIL = "MAIL"


class Purpose(StrEnum):
    """What it was wanted for, as the reader says."""

    HANDLING = "HANDLING"
    SUPERVISION = "SUPERVISION"
    AUDIT = "AUDIT"
    LEGAL = "LEGAL"
    TECHNICAL = "TECHNICAL"


class View(StrEnum):
    """What of the cases was shown."""

    CASE = "CASE"
    CASES = "CASES"
    URGENCY = "URGENCY"
    STATUS = "STATUS"
    RISK = "RISK"
    ELIGIBILITY = "ELIGIBILITY"
    EMERGENCY = "EMERGENCY"
    DUPLICATES = "DUPLICATES"
    WORK = "WORK"
    NOTICES = "NOTICES"
    ACCESS = "ACCESS"
    PARKED = "PARKED"
    ERASURE = "ERASURE"
    LEAD = "LEAD"
    REFERRALS = "REFERRALS"
    CONSENT = "CONSENT"
    PERSON = "PERSON"
    PLAN = "PLAN"
    STEPS = "STEPS"
    DISCARDED = "DISCARDED"  # not shown, but set aside for good: whoever does that is known, too


class CaseRead(Body):
    """Somebody was shown something of these cases; `lines` counts the events or list rows that were in it."""

    type: ClassVar[str] = "node.case.read"
    of_case: ClassVar[bool] = False
    cases: CaseIds
    view: CodeText
    lines: Count
    door: CodeText
    purpose: CodeText


class IntakeCaseRead(CaseRead):
    """As `node.case.read`, shown by intake."""

    type: ClassVar[str] = "intake.case.read"


class TriageCaseRead(CaseRead):
    """As `node.case.read`, shown by triage."""

    type: ClassVar[str] = "triage.case.read"


class ProtectionCaseRead(CaseRead):
    """As `node.case.read`, shown by protection."""

    type: ClassVar[str] = "protection.case.read"


class NotifyCaseRead(CaseRead):
    """As `node.case.read`, shown by notify."""

    type: ClassVar[str] = "notify.case.read"


_ENTRIES = frozenset(
    body.wire_type for body in (CaseRead, IntakeCaseRead, TriageCaseRead, ProtectionCaseRead, NotifyCaseRead)
)


def named_in(wire_type: str, body: Json) -> list[str] | None:
    """The cases that an entry names, as its index must have them; None if this is no entry."""
    return list(CaseRead.read(body).cases) if wire_type in _ENTRIES else None
