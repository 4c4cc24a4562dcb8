"""An agency's own mechanism as it declares it: data that is refused at load unless it makes sense.

A machine has regions that run side by side. A region has states; from each of them officers of named roles may take
steps, and what happens in the shared case may move it by itself. A limit makes a promise and nothing else: no field
says where a case goes when time runs out, so no declaration can end anything by time alone. Every state must be
reachable, from every state an end must be, every event must exist, and every role must be one that the agreed
mechanism lets take steps.
"""

import tomllib
from calendar import monthrange
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from itertools import chain
from types import MappingProxyType
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from contracts.events import BODIES, Body
from contracts.events.fields import AgencyId, Array, CodeText, Line, Version, Word
from contracts.events.step import StepOverdue, StepTaken
from contracts.mechanism import Hours, Mechanism, Part, Permission

NOT_BEGUN = "BELUM_MULAI"  # where a region stands before anything has moved it
EVENTS: Mapping[str, type[Body]] = MappingProxyType(
    {body.type: body for body in BODIES if body not in {StepTaken, StepOverdue}}
)


def _every_year(day: str) -> str:
    date.fromisoformat(f"2001-{day}")  # no leap year: a day that every year has
    return day


Span = Annotated[int, Field(ge=0, le=1000)]
YearDay = Annotated[str, Field(pattern=r"^[0-9]{2}-[0-9]{2}$"), AfterValidator(_every_year)]
EventType = Annotated[str, Field(pattern=r"^[a-z]+(\.[a-z]+){2}$")]


class Label(Part):
    """A text in the languages of the screens."""

    id: Line
    en: Line


class Limit(Part):
    """How long a case may stay in a state, by one kind of clock, and where that comes from.

    Hours run through weekends; days, working days and months end with their last day at the agency's office; `before`
    is a day of each year. Without any of them it only says what is known. `urgency` narrows it to cases of such levels.
    """

    basis: Line
    unverified: bool = False
    urgency: Array[CodeText] = ()
    hours: Hours | None = None
    days: Span | None = None
    working_days: Span | None = None
    months: Span | None = None
    before: YearDay | None = None

    @model_validator(mode="after")
    def _one_clock(self) -> Self:
        if len({"hours", "days", "working_days", "months", "before"} & self.model_fields_set) > 1:
            raise ValueError("a limit has one clock")
        return self

    def due(self, since: datetime, rules: Mechanism, agency: str) -> datetime | None:
        """When it is reached by a case that came at `since` (aware) to this agency; None without a number."""
        if self.hours is not None:
            return since + self.hours
        last = self._last_day(rules.office_day(since, agency), rules)
        return rules.end_of(last, agency) if last else None

    def _last_day(self, day: date, rules: Mechanism) -> date | None:
        if self.working_days is not None:
            return rules.working_days(day, self.working_days)
        if self.months is not None:
            return _months_after(day, self.months)
        if self.before is not None:
            return _day_before(day, self.before)
        return None if self.days is None else day + timedelta(days=self.days)


class Step(Part):
    """A step that officers may take: to which state, in which roles, and with one of which reasons, if any is asked.

    `with_gender_lens` replaces `by` in a case that is seen through it.
    """

    to: CodeText
    by: Annotated[Array[Word], Field(min_length=1)]
    with_gender_lens: Array[Word] = ()
    reasons: Array[CodeText] = ()
    caution: Label | None = None  # what to think of before

    def roles(self, *, gender_lens: bool) -> tuple[str, ...]:
        """Who may take it in a case."""
        return (gender_lens and self.with_gender_lens) or self.by


class State(Label):
    """A state: its names, its limits, what it obliges to in the shared case, and the steps from it."""

    end: bool = False
    limits: Array[Limit] = ()
    emits: Array[EventType] = ()
    next: Array[Step] = ()

    @model_validator(mode="after")
    def _an_end_owes_nothing(self) -> Self:
        if self.end and self.limits:
            raise ValueError("an end has a limit")
        return self


class Reaction(Part):
    """What happens in the shared case moves the region from any of these states to another.

    `own`: only if the own agency said it. `where`: only if these fields have one of these codes. `names_own`: only if
    the event that this field names is the own agency's.
    """

    event: EventType
    leaves: Annotated[Array[CodeText], Field(alias="from", min_length=1)]
    to: CodeText
    own: bool = False
    where: Mapping[str, Array[CodeText]] = {}
    names_own: str | None = None

    @model_validator(mode="after")
    def _looks_at_what_is_there(self) -> Self:
        fields = {*self.where, *([self.names_own] if self.names_own else [])}
        if self.event not in EVENTS or not fields <= EVENTS[self.event].model_fields.keys():
            raise ValueError("an event or a field of it that does not exist")
        return self


class Region(Label):
    """A part of the machine that runs beside the others; `first` are the steps by which officers begin it."""

    first: Array[Step] = ()
    states: Annotated[Mapping[CodeText, State], Field(min_length=1)]
    reacts: Array[Reaction] = ()

    @model_validator(mode="after")
    def _lives(self) -> Self:
        named = {step.to for step in self.steps()}.union(*({one.to, *one.leaves} for one in self.reacts))
        if not named - {NOT_BEGUN} <= self.states.keys() or NOT_BEGUN in self.states:
            raise ValueError("a state that the region does not have")
        ends = {code for code, state in self.states.items() if state.end}
        if dead := self.states.keys() - self.reach(NOT_BEGUN):
            raise ValueError(f"nothing leads to {min(dead)}")
        if caught := {code for code in self.states if not self.reach(code) & ends}:
            raise ValueError(f"no end can be reached from {min(caught)}")
        return self

    def steps(self) -> Iterator[Step]:
        """Every step that is declared in it."""
        return chain(self.first, *(state.next for state in self.states.values()))

    def next(self, code: str) -> tuple[Step, ...]:
        """The steps from a state; from one that this version no longer has the region is begun anew."""
        return self.states[code].next if code in self.states else self.first

    def follows(self, code: str) -> set[str]:
        """The states that may follow one, by a step or by what happens in the shared case."""
        moved = {one.to for one in self.reacts if code in one.leaves}
        return moved | {step.to for step in self.next(code)}

    def reach(self, code: str) -> set[str]:
        """A state and all that may come after it."""
        found, todo = {code}, [code]
        while todo:
            new = self.follows(todo.pop()) - found
            found |= new
            todo += new
        return found


class Machine(Part):
    """One agency's own mechanism, in one version."""

    agency: AgencyId
    version: Version
    standing: Line
    reasons: Mapping[CodeText, Label] = {}
    regions: Annotated[Mapping[CodeText, Region], Field(min_length=1)]

    @model_validator(mode="after")
    def _names_what_exists(self) -> Self:
        if {reason for step in self.steps() for reason in step.reasons} != self.reasons.keys():
            raise ValueError("a reason without a text, or a text that no step asks for")
        emitted = {event for region in self.regions.values() for one in region.states.values() for event in one.emits}
        if not emitted <= EVENTS.keys():
            raise ValueError("an event that does not exist")
        return self

    def steps(self) -> Iterator[Step]:
        """Every step that is declared in it."""
        return chain.from_iterable(region.steps() for region in self.regions.values())


def read(text: str, rules: Mechanism) -> Machine:
    """The machine that a TOML document declares; ValueError unless it is whole and its roles may take steps.

    The roles of an agency that these rules do not name are those of a later version; each case judges by its own.
    """
    machine = Machine.model_validate(tomllib.loads(text))
    named = {role for step in machine.steps() for role in (*step.by, *step.with_gender_lens)}
    strange = {role for role in named if not rules.may(machine.agency, role, Permission.TAKE_STEP)}
    if strange and machine.agency in rules.agencies:
        raise ValueError(f"{machine.agency}: {min(strange)} may take no step")
    return machine


def _months_after(day: date, count: int) -> date:
    """The same day of a later month, or that month's last."""
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _day_before(day: date, year_day: str) -> date:
    """The day before the next time that the year reaches a day."""
    turn = date.fromisoformat(f"{day.year}-{year_day}")
    return (turn if turn > day else date.fromisoformat(f"{day.year + 1}-{year_day}")) - timedelta(days=1)
