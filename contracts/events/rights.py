"""The rights of a person over their data: what they ask of an agency, and that they were answered. Never the data."""

from typing import ClassVar

from contracts.events.body import Body
from contracts.events.fields import CodeText, EventId, OffsetTime, Word


class RequestReceived(Body):
    """The person, or somebody for them, asked this agency for what is their right; in which form, and when."""

    type: ClassVar[str] = "intake.request.received"
    right: CodeText
    given_by: Word
    form: Word
    at: OffsetTime


class RequestAnswered(Body):
    """The agency that was asked has told the person what became of it. What it showed or changed stays there."""

    type: ClassVar[str] = "intake.request.answered"
    request: EventId
    answer: CodeText
