"""Decisions that did not know of each other: both sides in words, what is in force meanwhile, and how people end it.

A conflict ends when somebody who may decides the matter again, knowing both sides: `ways` says with what, and the
rules say whether it would count. Of some matters nobody has to: both stay in the timeline.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import chain
from typing import NamedTuple

from contracts.codes import codes
from contracts.record import EventId
from contracts.timeline import Event
from contracts.workflow.rule import PROTECTIVE
from services.node.web.own.ways import ways
from services.node.web.panel import Look, Offer
from services.node.web.present import would_decide

_LISTS: Mapping[str, str] = {
    "urgency": "urgency",
    "status": "status",
    "recognition": "recognition",
    "risk": "risk",
    "review": "risk",
    "eligibility": "eligibility",
    "session": "smpl_decision",
}


class Value(NamedTuple):
    """What was decided, and of which kind it is: a code of a list, a state, an agency, a day, an event of its own."""

    kind: str
    text: str
    code_list: str = ""


class Side(NamedTuple):
    """One of the decisions."""

    agency: str
    time: str
    value: Value
    in_force: bool


class Conflict(NamedTuple):
    """A matter on which decisions disagree."""

    slot: str
    matter: str
    sides: Sequence[Side]


def show(look: Look) -> list[Conflict] | None:
    """All that is in conflict; None if nothing is."""
    events = {event.id: event for event in look.case.timeline}
    return [_conflict(look, events, slot) for slot in sorted(look.case.conflicts)] or None


def offers(look: Look) -> Iterator[Offer]:
    """Beside each conflict whatever this officer may say that would end it."""
    decides = would_decide(look)
    for slot, claims in sorted(look.case.conflicts.items()):
        for way in ways(look, slot, claims):
            if slot in decides(way.body):
                given = {name: str(getattr(way.body, name)) for name in way.given}
                yield Offer(way.body.type, given, about=slot)


def _conflict(look: Look, events: Mapping[EventId, Event], slot: str) -> Conflict:
    force = look.case.in_force(slot)
    told = [(events[claim.event], claim.value) for claim in look.case.slots[slot]]
    sides = [Side(event.agency, event.content.time, _value(look, slot, one), one == force) for event, one in told]
    return Conflict(slot, slot.partition("/")[0], sides)


def _value(look: Look, slot: str, value: str) -> Value:
    matter = slot.partition("/")[0]
    if value in look.case.participants:
        return Value("agency", value)
    if matter == "deadline" and _is_day(value):
        return Value("day", value)
    if matter in _LISTS and value in codes(_LISTS[matter]):
        return Value("code", value, _LISTS[matter])
    return Value("state" if value in STATES else "event" if len(value) == _NAME else "code", value, "reason")


_NAME = 43  # letters of an event's name
_STATED = (
    *("emergency", "requirement", "ending", "handover", "session", "referral", "duplicate", "measure", "wish"),
    "closure",
)
STATES = frozenset(
    value
    for value in (*chain.from_iterable(PROTECTIVE[matter] for matter in _STATED), "WITHDRAWN")
    if value not in codes("smpl_decision")
)


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
