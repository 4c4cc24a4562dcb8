"""Notices: who was told, by which channel, and what came of it; which promise or yearly date was missed, or kept.

Never any case text.
"""

from typing import ClassVar

from contracts.events.body import Body
from contracts.events.fields import AgencyId, CodeText, Day, EventId, Instant, SomeCodes, Step, Subject, Word


class NoticeSent(Body):
    """A role was told about an event; `step` counts the escalation, 0 is the first notice."""

    type: ClassVar[str] = "notify.notice.sent"
    about: EventId
    role: Word
    step: Step
    channel: Word
    respond_by: Instant


class NoticeAcknowledged(Body):
    """Somebody with that role has seen it."""

    type: ClassVar[str] = "notify.notice.acknowledged"
    notice: EventId


class NoticeEscalated(Body):
    """Nobody answered in time: the next `step` of the ladder is told."""

    type: ClassVar[str] = "notify.notice.escalated"
    notice: EventId
    step: Step


class ReminderGiven(Body):
    """These papers of a deferred list are still to come from this agency, whose own people are reminded of it.

    `at` is the moment that the rules name for it. Nothing is late yet, and nobody else is told.
    """

    type: ClassVar[str] = "notify.reminder.given"
    requirements: EventId
    papers: SomeCodes
    at: Instant


class PromiseMissed(Body):
    """What `agency` owed by `source` was not done when it was due; said by its node, or by another's if that is silent.

    Nothing ends by it: it calls people, and climbs until somebody answers.
    """

    type: ClassVar[str] = "notify.promise.missed"
    kind: CodeText
    subject: Subject
    source: EventId
    due: Instant
    agency: AgencyId


class DateKept(Body):
    """What the speaking agency owed by this `day` of a yearly date was done: so says one of its officers."""

    type: ClassVar[str] = "notify.date.kept"
    of_case: ClassVar[bool] = False
    date: CodeText
    day: Day


class DateMissed(Body):
    """This `day` of a yearly date is over at the speaking agency's office, and nobody said that it was kept.

    `step` of its ladder is told now; the one above the ladder are the other agencies, and only that is told to them.
    """

    type: ClassVar[str] = "notify.date.missed"
    of_case: ClassVar[bool] = False
    date: CodeText
    day: Day
    step: Step
