"""Data of a case that came before somebody who had no right to it: that it did, and who was told. Never the data."""

from typing import ClassVar

from contracts.events.body import Body
from contracts.events.fields import CodeText, EventId, OffsetTime, Word


class BreachFound(Body):
    """What was in this agency's keeping was seen, or may have been; of which kind, and since when that is known.

    `whereabouts` is whether it says where somebody lives or is protected: then they are in danger, and people called.
    """

    type: ClassVar[str] = "intake.breach.found"
    kind: CodeText
    whereabouts: CodeText
    at: OffsetTime


class BreachTold(Body):
    """The agency that had the breach has told the person, or who supervises it; in which form, and when."""

    type: ClassVar[str] = "intake.breach.told"
    breach: EventId
    recipient: CodeText
    form: Word
    at: OffsetTime


class BreachWithdrawn(Body):
    """It was none of this case after all: in the wrong one, or twice, or nobody without a right saw anything."""

    type: ClassVar[str] = "intake.breach.withdrawn"
    breach: EventId
    reason: CodeText
