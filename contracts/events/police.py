"""What partners tell the police, and what the police say: neither has a key, so officers enter it, in codes."""

from typing import ClassVar

from contracts.events.body import Body
from contracts.events.fields import CodeText, EventId, OffsetTime


class PoliceReported(Body):
    """Whether the partner of a referral has told the police, or need not; and when it did or said so."""

    type: ClassVar[str] = "protection.police.reported"
    referral: EventId
    outcome: CodeText
    at: OffsetTime


class PoliceAnswered(Body):
    """What the police do on such a report: ask for protection, give it for some days, or neither."""

    type: ClassVar[str] = "protection.police.answered"
    report: EventId
    answer: CodeText
