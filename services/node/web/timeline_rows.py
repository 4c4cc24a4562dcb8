"""From the lines of a case to the rows of its timeline: by day, filtered, with what machines say folded away. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Literal, NamedTuple

from contracts.content import type_name
from contracts.events.notify import NoticeAcknowledged, NoticeSent
from contracts.mechanism.calendar import ZONES, clock_of
from contracts.timeline import Event
from services.node.cases import Gap, Line

ROUTINE = frozenset({NoticeSent.type, NoticeAcknowledged.type})
FAMILIES = ("intake", "triage", "protection", "notify", "node")
NEWEST = 12  # on the page of the case
PER_PAGE = 100  # a page stays below 100 kB


class Wish(NamedTuple):
    """What of a timeline somebody wants to see; empty is all."""

    agency: str = ""
    kind: str = ""  # a family of events
    since: str = ""  # days of the office, both included
    until: str = ""

    def takes(self, line: Line, day: str) -> bool:
        """Whether a line of a day is wanted."""
        family = type_name(line.type).partition(".")[0]
        by_what = self.agency in {"", line.agency} and self.kind in {"", family}
        return by_what and (not self.since or self.since <= day) and (not self.until or day <= self.until)


class Row(NamedTuple):
    """One line, or several of routine, or something that is missing."""

    kind: Literal["event", "routine", "gap"]
    lines: tuple[Line, ...] = ()
    gap: Gap | None = None


class Day(NamedTuple):
    """What stands under one date."""

    day: str
    rows: tuple[Row, ...]


class Part(NamedTuple):
    """One page of a timeline, and how many there are."""

    days: tuple[Day, ...]
    page: int  # from 1, the oldest
    pages: int


def days(lines: Sequence[Line], gaps: Sequence[Gap], wish: Wish, zone: str) -> tuple[Day, ...]:
    """The rows of a timeline by date, in causal order: a date may come again, for clocks of agencies differ."""
    wanted = [line for line in lines if wish.takes(line, day_of(line.claimed, zone))]
    placed = list(_placed(wanted, () if wish.kind else [gap for gap in gaps if wish.agency in {"", gap.agency}]))
    by_day = groupby(placed, lambda one: day_of(one.opened if isinstance(one, Gap) else one.claimed, zone))
    return tuple(Day(day, tuple(_rows(ones))) for day, ones in by_day)


def part(whole: Sequence[Day], page: int = 0) -> Part:
    """One page of it; the newest if there is no such page."""
    rows = [(day.day, row) for day in whole for row in day.rows]
    pages = max(1, -(-len(rows) // PER_PAGE))
    page = page if 1 <= page <= pages else pages
    shown = rows[(page - 1) * PER_PAGE : page * PER_PAGE]
    return Part(_by_day(shown), page, pages)


def newest(timeline: Sequence[Event]) -> list[Event]:
    """The end of a timeline without what is routine."""
    return [event for event in timeline if not is_routine(event.content.type)][-NEWEST:]


def is_routine(type_: str) -> bool:
    """Whether machines say events of this type in the ordinary course of things."""
    return type_name(type_) in ROUTINE


def after(line: Line, lines: Sequence[Line]) -> list[Line]:
    """What the author of a line knew last: its parents, as far as they are among these lines."""
    return [one for one in lines if one.id in set(line.parents)]


def before(line: Line, lines: Sequence[Line]) -> list[Line]:
    """What followed on it at once."""
    return [one for one in lines if line.id in one.parents]


def day_of(moment: str, zone: str) -> str:
    """The day of an office at a moment."""
    return str(clock_of(ZONES[zone], datetime.fromisoformat(moment)).date())


def _placed(lines: Iterable[Line], gaps: Iterable[Gap]) -> Iterator[Line | Gap]:
    """Gaps stand before the first line that claims to be later."""
    left = sorted(gaps, key=lambda gap: gap.opened)
    for line in lines:
        while left and left[0].opened < line.claimed:
            yield left.pop(0)
        yield line
    yield from left


def _rows(ones: Iterable[Line | Gap]) -> Iterator[Row]:
    for routine, run in groupby(ones, lambda one: isinstance(one, Line) and is_routine(one.type)):
        if routine:
            yield Row("routine", tuple(one for one in run if isinstance(one, Line)))
        else:
            yield from (Row("gap", gap=one) if isinstance(one, Gap) else Row("event", (one,)) for one in run)


def _by_day(rows: Iterable[tuple[str, Row]]) -> tuple[Day, ...]:
    return tuple(Day(day, tuple(row for _, row in run)) for day, run in groupby(rows, lambda one: one[0]))
