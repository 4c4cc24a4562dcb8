"""Which day of a yearly date is to be kept, and who is told once it is over: pure, from what agencies said of it.

Such a date is of no case, so no timeline holds what was said of it. It stands in the log of the agency that owes it,
and that alone decides. Whoever looks again, after a restart or by a clock that jumped, finds the steps that were told,
and tells none twice.

Of a date that comes every year only the last day counts: a node that was off for years complains of one. Days before
the agency had a log, or before it agreed on the date, are nobody's fault.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple

from contracts.events import read_body
from contracts.events.notify import DateKept, DateMissed
from contracts.mechanism import Mechanism
from contracts.mechanism.document import YearlyDate
from contracts.timeline import Event, claimed
from services.notify.domain import CALM, MINUTE, Call, climb, elapsed, first, ladder_end, rungs

Name = tuple[str, str]  # the code of a date, and a day
EARLY = timedelta(days=1)  # by which a clock that hears of a missed day may be behind the one that told it


class Said(NamedTuple):
    """What one agency has said of its dates."""

    kept: Mapping[Name, Event]
    told: Mapping[Name, Mapping[int, datetime]]  # the steps that were told that it was missed, and when


class Office(NamedTuple):
    """An agency at a moment, and the rules that it follows; `minute` is how long a minute of these lasts."""

    agency: str
    rules: Mechanism
    now: datetime
    minute: timedelta = MINUTE

    @property
    def today(self) -> date:
        """The day that it is there."""
        return self.rules.office_day(self.now, self.agency)

    def since(self, then: datetime) -> timedelta:
        """How long ago that was, in minutes of the rules."""
        return elapsed(then, self.now, self.minute)


class Owed(NamedTuple):
    """A yearly date of an agency: the day that is to be kept, and the last second of it at its office."""

    what: YearlyDate
    day: date
    ends: datetime

    @property
    def name(self) -> Name:
        """How events name it."""
        return self.what.code, str(self.day)


def said(events: Iterable[Event]) -> Said:
    """What these events of one agency say, each thing for the first time; those of a stolen key say nothing."""
    kept: dict[Name, Event] = {}
    told = defaultdict[Name, dict[int, datetime]](dict)
    for event in sorted(events, key=lambda one: (one.log, one.seq)):
        match None if event.void else read_body(event.content.type, event.content.body):
            case DateKept() as body:
                kept.setdefault((body.date, body.day), event)
            case DateMissed() as body:
                told[body.date, body.day].setdefault(body.step, claimed(event))
            case _:
                pass
    return Said(kept, told)


def owed(one: YearlyDate, begun: date, kept: Collection[Name], office: Office) -> Owed:
    """What is to be kept next of a date that counts since it has `begun`.

    The last day that is over, unless it was kept or is of before; or else the first one to come that was not kept yet.
    """
    day = one.last(office.today)
    if day < begun:
        day = one.next(office.today)
    while (one.code, str(day)) in kept:
        day = one.next(day + timedelta(days=1))
    return Owed(one, day, office.rules.end_of(day, office.agency))


def in_turn(one: YearlyDate, today: date) -> tuple[str, str]:
    """The days that can be said to be kept: the last one that is over, and the next one, also long before it."""
    return str(one.last(today)), str(one.next(today))


def climbs(ends: datetime, told: Mapping[int, datetime], office: Office, staffed: Collection[str]) -> Call | None:
    """Who is told now of a day that ended then and was not kept; `staffed` are the roles that somebody holds.

    A role is given the time to answer of an ordinary notice. Where nobody looked for so long that some would have
    passed, it goes straight to the step that it would have climbed to. A call without a role is to the other agencies,
    which nobody gets to but from the last step; nothing is above them. When a step was told by a clock that was far
    ahead nobody knows, so the next one follows at once: by that clock it would hold up the rest for as long.
    """
    ladder = office.rules.of(office.agency)
    if office.now <= ends:
        return None
    if not told:
        return first(ladder.ladder, CALM, staffed, rungs(CALM, office.rules, office.since(ends)))
    step, to_answer = max(told), office.rules.notices.respond_within(CALM)
    far_ahead = elapsed(office.now, told[step], office.minute) > to_answer
    waited = timedelta() if far_ahead else office.since(told[step]) - to_answer
    if step >= ladder_end(ladder) or waited < timedelta():
        return None
    return climb(ladder, step, CALM, staffed, told.keys(), rungs(CALM, office.rules, waited))


def is_told_to_all(body: DateMissed, office: Office) -> bool:
    """Whether an agency tells the others that it missed a day: one that it owes, the last that is over.

    By our clock, or by one that is a day ahead of it: this is heard once.
    """
    dates, today = office.rules.dates_of(office.agency), office.today
    days = {(one.code, str(one.last(by))) for one in dates for by in (today, today + EARLY)}
    return body.step >= ladder_end(office.rules.of(office.agency)) and (body.date, body.day) in days
