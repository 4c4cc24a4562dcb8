"""Yearly dates: which day is to be kept, who is told that it was missed, and that each step is told once."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from itertools import pairwise

import pytest
from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from contracts.content import Actor, Content
from contracts.events.notify import DateKept, DateMissed
from contracts.hlc import Hlc, instant
from contracts.mechanism import GENESIS
from contracts.mechanism.document import YearlyDate
from contracts.record import EventId
from contracts.timeline import Event
from contracts.vectors import material
from services.notify.dates import Office, climbs, in_turn, is_told_to_all, owed, said

PEREMPUAN = "komnas-perempuan"
LADDER = GENESIS.agencies[PEREMPUAN].ladder
(CATAHU,) = (one for one in GENESIS.dates_of(PEREMPUAN) if one.code == "CATAHU_TERBIT")
LONG_AGO, BEGUN = date(2020, 1, 1), date(2026, 11, 22)
TIME_TO_ANSWER = GENESIS.notices.respond_within("BIASA")
Said = DateKept | DateMissed


def at(text: str) -> datetime:
    """A moment at an office in Jakarta."""
    return datetime.fromisoformat(f"{text}+07:00")


def told(body: Said, seq: int, when: datetime, *, void: bool = False) -> Event:
    """Something said of a date, at a place of Komnas Perempuan's log."""
    id_, ms = EventId(sha256(str(seq).encode()).digest()), int(when.timestamp() * 1000)
    actor = Actor("koordinator_upr", "k-1") if isinstance(body, DateKept) else Actor("system", "rajut")
    content = Content(body.wire_type, "", instant(ms), actor, (PEREMPUAN,), (), body.wire(), "")
    return Event(id_, material.origin(PEREMPUAN), seq, Hlc(ms, 0), content, void)


def kept(day: str, seq: int = 1, *, void: bool = False) -> Event:
    """Somebody said that the Catahu of that day was published."""
    return told(DateKept(date=CATAHU.code, day=day), seq, at("2027-03-01T10:00"), void=void)


def day_of(now: str, *events: Event, begun: date = LONG_AGO) -> str:
    """The day that is to be kept next."""
    return str(owed(CATAHU, begun, said(events).kept.keys(), Office(PEREMPUAN, GENESIS, at(now))).day)


def steps(now: datetime, *events: Event, staffed: Sequence[str] = LADDER) -> list[tuple[int, str]]:
    """Whom Komnas Perempuan tells now."""
    here, before = Office(PEREMPUAN, GENESIS, now), said(events)
    one = owed(CATAHU, BEGUN, before.kept.keys(), here)
    call = climbs(one.ends, before.told.get(one.name, {}), here, staffed)
    return [(call.step, call.role)] if call else []


@pytest.mark.parametrize(
    ("now", "begun", "day"),
    [
        ("2027-03-08T23:59:59", "2026-11-22", "2027-03-08"),
        ("2027-03-09T00:00:00", "2026-11-22", "2027-03-08"),
        ("2026-12-01T09:00:00", "2026-11-22", "2027-03-08"),
        ("2027-03-09T09:00:00", "2027-03-08", "2027-03-08"),
        ("2027-03-09T09:00:00", "2027-03-09", "2028-03-08"),
        ("2031-06-01T09:00:00", "2026-11-22", "2031-03-08"),
    ],
)
def test_one_day_is_to_be_kept_and_none_before_the_agency_began(now: str, begun: str, day: str) -> None:
    """The last one that is over, however many were missed while the node was off; of what was before, nobody hears."""
    assert day_of(now, begun=date.fromisoformat(begun)) == day


def test_a_day_that_was_kept_early_or_late_is_done() -> None:
    """The next year's comes then; what a stolen key says keeps nothing."""
    both = kept("2026-03-08"), kept("2027-03-08", 2)
    assert day_of("2027-02-20T09:00:00", *both) == "2028-03-08"
    assert day_of("2027-02-20T09:00:00", kept("2027-03-08")) == "2026-03-08"  # which nobody has said to be kept
    assert day_of("2027-03-09T09:00:00", kept("2027-03-08")) == "2028-03-08"
    assert day_of("2027-03-09T09:00:00", kept("2026-03-08")) == "2027-03-08"
    assert day_of("2027-03-09T09:00:00", kept("2027-03-08", void=True)) == "2027-03-08"


def test_the_last_day_or_the_next_one_can_be_kept() -> None:
    """On the day itself it is the next one; no other year's, and no other day."""
    assert in_turn(CATAHU, date(2027, 3, 8)) == ("2026-03-08", "2027-03-08")
    assert in_turn(CATAHU, date(2027, 3, 9)) == ("2027-03-08", "2028-03-08")


def test_what_was_missed_climbs_to_the_other_agencies_and_ends_there() -> None:
    """The officer once the day is over, each next step after the time to answer, then the others; nobody after them."""
    assert steps(at("2027-03-08T23:59:59")) == []
    events, now = list[Event](), at("2027-03-09T00:00:00")
    for step, role in [*enumerate(LADDER), (len(LADDER), "")]:
        assert steps(now, *events) == [(step, role)]
        events.append(told(DateMissed(date=CATAHU.code, day="2027-03-08", step=step), step, now))
        assert steps(now + TIME_TO_ANSWER - timedelta(minutes=1), *events) == []
        now += TIME_TO_ANSWER
    assert steps(now + timedelta(days=60), *events) == []
    assert steps(at("2028-03-09T00:00:00"), *events) == [(0, LADDER[0])]


def test_once_it_is_kept_nobody_else_is_told() -> None:
    """Whatever step it had climbed to."""
    first = told(DateMissed(date=CATAHU.code, day="2027-03-08", step=0), 0, at("2027-03-09T00:00:00"))
    assert steps(at("2027-03-20T09:00:00"), first, kept("2027-03-08")) == []


def test_a_step_without_anybody_is_passed_over_and_a_late_look_goes_higher() -> None:
    """As a missed promise does: to who is there, and after weeks of silence not first to the first; never past it."""
    assert steps(at("2027-03-09T00:00:00"), staffed=LADDER[1:]) == [(1, LADDER[1])]
    assert steps(at("2027-05-01T00:00:00")) == [(len(LADDER) - 1, LADDER[-1])]


def test_a_clock_that_was_a_year_ahead_holds_up_no_step() -> None:
    """Nobody knows when that step was told, so the next one comes at once, and from then on each in its time."""
    mad = told(DateMissed(date=CATAHU.code, day="2027-03-08", step=0), 0, at("2028-03-01T09:00:00"))
    now = at("2027-03-12T09:00:00")
    assert steps(now, mad) == [(1, LADDER[1])]
    after = told(DateMissed(date=CATAHU.code, day="2027-03-08", step=1), 1, now)._replace(hlc=Hlc(mad.hlc.ms, 1))
    assert steps(now + TIME_TO_ANSWER - timedelta(minutes=1), mad, after) == []
    assert steps(now + TIME_TO_ANSWER, mad, after) == [(2, LADDER[2])]


def test_a_clock_that_goes_back_a_little_hurries_no_step() -> None:
    """The step that was told by the clock before is given its time to answer all the same."""
    first = told(DateMissed(date=CATAHU.code, day="2027-03-08", step=0), 0, at("2027-03-12T09:00:00"))
    assert steps(at("2027-03-12T08:50:00"), first) == []
    assert steps(at("2027-03-12T09:00:00") + TIME_TO_ANSWER, first) == [(1, LADDER[1])]


@pytest.mark.parametrize(
    ("now", "tells"), [("2027-03-07T23:59:00", False), ("2027-03-08T00:01:00", True), ("2027-03-09T00:00:00", True)]
)
def test_a_clock_that_is_a_day_behind_still_hears_the_call(now: str, *, tells: bool) -> None:
    """It comes once: who takes it for a day that is still to come would never hear of it."""
    body = DateMissed(date=CATAHU.code, day="2027-03-08", step=len(LADDER))
    assert is_told_to_all(body, Office(PEREMPUAN, GENESIS, at(now))) is tells


@pytest.mark.parametrize(
    ("step", "day", "tells"), [(3, "2027-03-08", True), (2, "2027-03-08", False), (3, "2028-03-08", False)]
)
def test_only_a_missed_day_that_climbed_past_the_ladder_calls_the_others(step: int, day: str, *, tells: bool) -> None:
    """Whoever names steps below, or days that are still to come, calls nobody elsewhere."""
    body, now = DateMissed(date=CATAHU.code, day=day, step=step), at("2027-03-15T09:00:00")
    assert is_told_to_all(body, Office(PEREMPUAN, GENESIS, now)) is tells
    assert not is_told_to_all(body, Office("lpsk", GENESIS, now))


class Climbing(RuleBasedStateMachine):
    """A node with yearly dates that is restarted and whose clock jumps; its log alone remembers."""

    def __init__(self) -> None:
        super().__init__()
        self.now = datetime(2026, 11, 22, tzinfo=UTC)
        self.log: list[Event] = []

    def office(self) -> Office:
        """The agency by its clock."""
        return Office(PEREMPUAN, GENESIS, self.now)

    def append(self, body: Said) -> None:
        """A record at the node's own time, never before the last one."""
        ms = max([int(self.now.timestamp() * 1000), *(one.hlc.ms for one in self.log)])
        event = told(body, len(self.log), self.now)
        self.log.append(event._replace(hlc=Hlc(ms, len(self.log))))

    @rule(hours=st.integers(-20_000, 20_000))
    def jump(self, hours: int) -> None:
        """The clock is set back or forward, or the node is off for so long."""
        self.now = max(self.now + timedelta(hours=hours), datetime(2026, 11, 22, tzinfo=UTC))

    @rule(minutes=st.integers(1, 3000))
    def wait(self, minutes: int) -> None:
        """Time passes."""
        self.now += timedelta(minutes=minutes)

    @rule(one=st.sampled_from(GENESIS.dates), dies=st.booleans())
    def look(self, one: YearlyDate, *, dies: bool) -> None:
        """The timer fires; a node that dies before its commit has said nothing."""
        before, here = said(self.log), self.office()
        due = owed(one, BEGUN, before.kept.keys(), here)
        call = climbs(due.ends, before.told.get(due.name, {}), here, LADDER)
        if call is None or dies:
            return
        assert due.ends < self.now
        self.append(DateMissed(date=one.code, day=str(due.day), step=call.step))
        assert climbs(due.ends, said(self.log).told[due.name], here, LADDER) is None

    @rule(one=st.sampled_from(GENESIS.dates), early=st.booleans())
    def keep(self, one: YearlyDate, *, early: bool) -> None:
        """An officer says that the last day was kept, or the next one."""
        name = one.code, in_turn(one, self.office().today)[early]
        if name not in said(self.log).kept:
            self.append(DateKept(date=name[0], day=name[1]))

    @invariant()
    def each_step_is_told_once_upwards_and_never_of_what_was_kept(self) -> None:
        """No step of a day twice, none below one that knows, none of before the agency began or after it was kept."""
        done, last = set[tuple[str, str]](), dict[tuple[str, str], int]()
        for event in self.log:
            body = (DateKept if event.content.type == DateKept.wire_type else DateMissed).read(event.content.body)
            name = body.date, body.day
            assert name not in done
            if isinstance(body, DateMissed):
                assert body.step > last.get(name, -1)
                assert body.day >= str(BEGUN)
                last[name] = body.step
            else:
                done.add(name)
        assert all(first.hlc < second.hlc for first, second in pairwise(self.log))


Climbing.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestClimbing = Climbing.TestCase
