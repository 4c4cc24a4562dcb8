"""Two decisions that cross on the wire, played: what each side sees, what both see, and what people make of it."""

from collections.abc import Callable
from typing import NamedTuple

from contracts.case import Case, fold
from contracts.codes import CATALOGUES
from contracts.events import REGISTRY, Body
from contracts.mechanism import LATEST
from contracts.record import EventId
from contracts.timeline import Event
from contracts.workflow import rule_for
from tests.unit.contracts.chronicle import Chronicle
from tests.unit.contracts.emergencies import Emergency
from tests.unit.contracts.plans import Planning
from tests.unit.contracts.relay import Relay

_NAME = 43  # letters of an event's name
Known = tuple[EventId, ...] | None  # None: everything
Say = Callable[[Known], Event]


class Scene(NamedTuple):
    """A case up to the moment when two sides no longer hear each other, and what they say then."""

    case: Chronicle
    one: Say
    other: Say
    settles: Say | None = None  # by somebody who has heard both; None if nobody has to


class Crossing(NamedTuple):
    """A pair of decisions on one matter: a slot of the workflow, without what follows a stroke."""

    slot: str
    scene: Callable[[], Scene]


class Played(NamedTuple):
    """What was said; the first event of each side is the decision itself."""

    scene: Scene
    before: tuple[Event, ...]
    one: Event
    other: Event

    def alone(self, event: Event) -> Case:
        """What a node shows that has heard only one of both."""
        return fold((*self.before, event), LATEST)

    def together(self, *order: Event) -> Case:
        """What a node shows to which both have come, in an order."""
        return fold((*self.before, *order), LATEST)


def by(case: Chronicle, agency: str, body: Body, who: str = "") -> Say:
    """Something that an officer of an agency says who may say it."""

    def say(known: Known) -> Event:
        match case:
            case Relay():
                knows = None if known is None else tuple(event for event in case.events if event.id in known)
                return case.say(agency, body, knows=knows)
            case Emergency():
                return case.say(agency, body, who or "o-1", parents=known)
            case Planning():
                return case.say(agency, body, officer=who or "o-2", parents=known)
            case _:
                return case.add(agency, body, parents=known)

    return say


def play(crossing: Crossing, *, other_first: bool = False) -> Played:
    """Let both sides say it, in an order that neither knows."""
    scene = crossing.scene()
    before = tuple(scene.case.events)
    known = tuple(sorted({event.id for event in before} - {one for event in before for one in event.content.parents}))
    if other_first:
        other, one = scene.other(known), scene.one(known)
    else:
        one, other = scene.one(known), scene.other(known)
    return Played(scene, before, one, other)


def slot_of(crossing: Crossing, played: Played) -> str:
    """The matter in full: the slot of that kind that both decide on."""
    both = played.together(played.one, played.other).slots
    claims = {slot: {claim.event for claim in standing} for slot, standing in both.items()}
    return next(
        slot
        for slot, events in sorted(claims.items())
        if slot.partition("/")[0] == crossing.slot and {played.one.id, played.other.id} <= events
    )


def row(crossing: Crossing) -> tuple[str, ...]:
    """A line of the page: the matter, both decisions, what is in force meanwhile, and how people end it."""
    played = play(crossing)
    slot, both = slot_of(crossing, played), played.together(played.one, played.other)
    values = {claim.event: claim.value for claim in both.slots[slot]}
    sides = [_told(event, values[event.id]) for event in (played.one, played.other)]
    return (f"`{crossing.slot}`", *sides, _shown(both.in_force(slot)), _settled(played.scene))


def _told(event: Event, value: str) -> str:
    return f"{_title(event)}, {event.agency}: {_shown(value)}"


def _shown(value: str) -> str:
    return f"`{value}`" if len(value) < _NAME else "*as given*"


def _settled(scene: Scene) -> str:
    if scene.settles is None:
        return "nobody has to: both stay in the timeline"
    event = scene.settles(None)
    needed = rule_for(REGISTRY[event.content.type]).permission
    roles = LATEST.agencies[event.agency].permissions[needed] if needed else ()
    names = f" ({', '.join(roles)})" if roles else ""
    return f"{_title(event)}, {event.agency}{names}"


def _title(event: Event) -> str:
    return CATALOGUES["en"].events[REGISTRY[event.content.type].type]
