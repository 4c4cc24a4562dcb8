"""A case's events in causal order, and who knew of what.

Each event names its parents, so the graph says what its author knew. Arrival order and clocks decide
nothing; the hybrid clock only breaks ties in what is displayed first.
"""

import heapq
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from contracts.content import Content
from contracts.hlc import Hlc
from contracts.record import EventId, agency_of


class Event(NamedTuple):
    """One readable event of a case, at its place in its agency's log."""

    id: EventId
    log: str
    seq: int
    hlc: Hlc
    content: Content
    void: bool = False  # signed with a key that was revoked before this place

    @property
    def agency(self) -> str:
        """Who published it."""
        return agency_of(self.log)

    @property
    def erased(self) -> bool:
        """Whether all that is left of it is its record and its place in the case."""
        return not self.content.type


def claimed(event: Event) -> datetime:
    """When an event happened: as claimed, but never after its record was made."""
    return min(_said(event), recorded(event))


def latest(event: Event) -> datetime:
    """The later of what is claimed and what is recorded: nobody escapes a limit by claiming an early time."""
    return max(_said(event), recorded(event))


def recorded(event: Event) -> datetime:
    """When the record of an event was made, by the clock of its log, which never runs backwards."""
    return datetime.fromtimestamp(event.hlc.ms / 1000, UTC)


class Past:
    """Who knew of what: the causal past of every event, as bit sets over the timeline."""

    def __init__(self, timeline: Sequence[Event]) -> None:
        """Build from events in causal order."""
        self._place = {event.id: place for place, event in enumerate(timeline)}
        self._before: dict[EventId, int] = {}
        for event in timeline:
            known = 0
            for parent in event.content.parents:
                known |= self._before[parent] | 1 << self._place[parent]
            self._before[event.id] = known

    def has(self, later: EventId, earlier: EventId) -> bool:
        """Whether the author of `later` knew of `earlier`."""
        return bool(self._before[later] >> self._place[earlier] & 1)


def causal_order(events: Mapping[EventId, Event]) -> tuple[Event, ...]:
    """Parents before children; among the possible next ones the lowest (hlc, id) first (Kahn 1962)."""
    missing = {event.id: len(event.content.parents) for event in events.values()}
    children: dict[EventId, list[EventId]] = {}
    for event in events.values():
        for parent in event.content.parents:
            children.setdefault(parent, []).append(event.id)
    ready = [(e.hlc, e.id) for e in events.values() if not missing[e.id]]
    heapq.heapify(ready)
    order = []
    while ready:
        _, done = heapq.heappop(ready)
        order.append(events[done])
        for child in children.get(done, ()):
            missing[child] -= 1
            if not missing[child]:
                heapq.heappush(ready, (events[child].hlc, child))
    return tuple(order)


def _said(event: Event) -> datetime:
    try:
        return datetime.fromisoformat(event.content.time)
    except ValueError:
        return recorded(event)  # a claim such as 30 February
