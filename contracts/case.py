"""The fold: from a case's causal graph of events to its state, the same on every node.

Each event names its parents, so the graph says what its author knew. An event that decides a matter
writes a *slot* (urgency, status, emergency, ...); it replaces exactly the decisions in its causal past.
Two decisions made without knowledge of each other both stay: a visible conflict, with the protective
one in force until people resolve it. Arrival order and clocks decide nothing; the hybrid clock only
breaks ties in what is displayed first.
"""

import heapq
from collections.abc import Iterable, Mapping, Sequence, Set as AbstractSet
from functools import partial
from hashlib import sha256
from itertools import groupby
from typing import NamedTuple, TypeVar

from contracts import canonical
from contracts.content import MAX_PARENTS, Content
from contracts.emergency import EMERGENCY_ACTS, Act, supported, undecided
from contracts.encoding import b64
from contracts.erasure import ERASURE_ACTS, may_erase, spares_no_decision
from contracts.events import Body, read_body
from contracts.events.intake import CaseOpened, ConsentRecorded
from contracts.events.node import ErasureAsked
from contracts.events.protection import (
    EmergencyActivated,
    EmergencyDeclined,
    EmergencyProposed,
    RequirementsDeferred,
)
from contracts.events.triage import StatusDetermined, UrgencyAssessed, UrgencyOverridden
from contracts.hlc import Hlc
from contracts.mechanism import LATEST, MECHANISMS, Mechanism, Permission
from contracts.record import EventId, agency_of

# Where decisions collide, the later entry is in force: it protects more.
PROTECTIVE: Mapping[str, Sequence[str]] = {
    "urgency": ("BIASA", "TINGGI", "MENDESAK", "KRITIS"),
    "status": ("DITOLAK", "DIBANDING", "BELUM_DINILAI", "SEMENTARA", "TERVERIFIKASI"),
    "emergency": ("DECLINED", "PROPOSED", "ACTIVE"),
}


REMEMBERED = (CaseOpened, UrgencyOverridden, *EMERGENCY_ACTS, *ERASURE_ACTS)  # what later events are judged by
Kind = TypeVar("Kind", bound=Body)


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


class Claim(NamedTuple):
    """A value that an event gave a slot."""

    value: str
    event: EventId


class Case(NamedTuple):
    """A case as the given events tell it."""

    timeline: tuple[Event, ...]  # causal order; ties by (hlc, id), for display only
    slots: Mapping[str, tuple[Claim, ...]]  # decisions that nothing later replaced, by slot
    unsupported: frozenset[EventId]  # events that are void, or claim what their causal past does not bear out
    bodies: Mapping[EventId, Body]  # of the known event types
    rules: int  # version of the mechanism that it was judged by

    @property
    def opened(self) -> Event | None:
        """The event that opened the case, if we hold it."""
        return next((event for event, _ in self.of_type(CaseOpened)), None)

    @property
    def participants(self) -> tuple[str, ...]:
        """The agencies for which the case was opened; of an erased case those that were told to erase it."""
        orders = (event for event, _ in self.of_type(ErasureAsked))
        told = self.opened or next(orders, None)
        return told.content.to if told else ()

    def in_force(self, slot: str) -> str:
        """The value that holds now: the only one, or the most protective of those in conflict; "" if none."""
        values = [claim.value for claim in self.slots.get(slot, ())]
        rank = PROTECTIVE.get(slot, ())
        return max(values, key=lambda value: (rank.index(value) if value in rank else -1, value), default="")

    @property
    def conflicts(self) -> Mapping[str, tuple[Claim, ...]]:
        """Slots whose standing decisions disagree."""
        return {slot: claims for slot, claims in self.slots.items() if len({claim.value for claim in claims}) > 1}

    def of_type(self, kind: type[Kind]) -> list[tuple[Event, Kind]]:
        """Every event of one kind that counts, in timeline order, with its body."""
        counting = (event for event in self.timeline if event.id not in self.unsupported)
        return [(event, body) for event in counting if isinstance(body := self.bodies.get(event.id), kind)]


def fold(events: Iterable[Event], mechanism: Mechanism | None = None) -> Case:
    """The state that these events tell; every parent of an event must be among them. Pure and total.

    `mechanism` is the version that the case's opening names, unless another is given.
    """
    timeline = _causal_order({event.id: event for event in events})
    bodies = {event.id: body for event in timeline if (body := read_body(event.content.type, event.content.body))}
    rules = mechanism or _rules_of(timeline, bodies)
    past = Past(timeline)
    roots = [event for event in timeline if not event.content.parents]
    slots: dict[str, tuple[Claim, ...]] = {}
    acts: dict[EventId, Act] = {}
    unsupported = set()
    for event in timeline:
        if event.id not in bodies:
            continue
        act = Act(event, bodies[event.id])
        known = {id_: one for id_, one in acts.items() if past.has(event.id, id_)}
        whole = spares_no_decision(act.body, bodies, partial(past.has, event.id))
        begun = {root.agency for root in roots if root.id == event.id or past.has(event.id, root.id)}
        may = whole and _entitled(act, known, rules, begun)
        if event.void or not (may and supported(act, known, rules.emergency)):
            unsupported.add(event.id)
            continue
        if isinstance(act.body, REMEMBERED):
            acts[event.id] = act
        for slot, value in _writes(event, act.body, known):
            standing = tuple(claim for claim in slots.get(slot, ()) if not past.has(event.id, claim.event))
            slots[slot] = (*standing, Claim(value, event.id))
    return Case(timeline, slots, frozenset(unsupported), bodies, rules.version)


def digest(case: Case, mechanism: Mechanism | None = None) -> bytes:
    """A hash of what all participants share: order and standing decisions. Equal on nodes that hold the same events."""
    shared = fold((e for e in case.timeline if set(case.participants) <= set(e.content.to)), mechanism)
    slots = {name: [[claim.value, b64(claim.event)] for claim in claims] for name, claims in shared.slots.items()}
    told = {"events": [b64(event.id) for event in shared.timeline], "slots": slots}
    return sha256(b"rajut/case-digest/v1\0" + canonical.dumps(told)).digest()


def heads(events: Iterable[Event], to: Iterable[str]) -> tuple[EventId, ...]:
    """The parents of a new event for readers `to`: the last events that all of them may read, sorted.

    An event may name `MAX_PARENTS`. Of more ends than that the latest of every log come first, so that an
    author who leaves many loose ends cannot keep the others' decisions out; the next event knits in the rest.
    """
    readers = set(to)
    visible = [event for event in events if readers <= set(event.content.to)]
    cited = {parent for event in visible for parent in event.content.parents}
    ends = sorted((e for e in visible if e.id not in cited), key=lambda event: (event.log, -event.seq))
    ranked = [(rank, end.id) for _, log in groupby(ends, lambda end: end.log) for rank, end in enumerate(log)]
    return tuple(sorted(id_ for _, id_ in sorted(ranked)[:MAX_PARENTS]))


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


def _causal_order(events: Mapping[EventId, Event]) -> tuple[Event, ...]:
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


def _rules_of(timeline: Sequence[Event], bodies: Mapping[EventId, Body]) -> Mechanism:
    """The mechanism that a case runs under, also when its opening is erased.

    The newest we have if its opening is not here or names one to come.
    """
    counting = [event for event in timeline if not event.void]
    told = [(event, bodies[event.id]) for event in counting if event.id in bodies]
    openings = [body for _, body in told if isinstance(body, CaseOpened)]
    begun = {event.agency for event in timeline if not event.content.parents}
    orders = [body for event, body in told if isinstance(body, ErasureAsked) and event.agency in begun]
    named: list[CaseOpened | ErasureAsked] = [*openings, *orders]
    return MECHANISMS.get(named[0].mechanism, LATEST) if named else LATEST


def _entitled(act: Act, known: Mapping[EventId, Act], rules: Mechanism, begun: AbstractSet[str]) -> bool:
    """Whether this agency, and this role at it, may say such a thing in this case at all.

    `begun` says who began the case, also when the opening is erased.
    """
    agency, role = act.event.agency, act.event.content.actor.role
    opened = [one.event.agency for one in known.values() if isinstance(one.body, CaseOpened)]
    match act.body:
        case CaseOpened():
            entitled = agency in begun and not opened  # whoever opens it again, knowing of it, changes nothing
        case ConsentRecorded():
            entitled = agency in opened
        case UrgencyAssessed():
            overridden = any(isinstance(one.body, UrgencyOverridden) for one in known.values())
            entitled = agency in opened and not overridden  # the table does not talk back to a person
        case UrgencyOverridden():
            entitled = rules.may(agency, role, Permission.OVERRIDE_URGENCY)
        case StatusDetermined():
            owner = rules.status.owners.get(act.body.defender_kind)
            entitled = agency == owner and rules.may(agency, role, Permission.DETERMINE_STATUS)
        case EmergencyProposed():
            entitled = rules.may(agency, role, Permission.PROPOSE_EMERGENCY)
        case _:
            entitled = may_erase(act, known, rules, begun)
    return entitled


def _writes(event: Event, body: Body, known: Mapping[EventId, Act]) -> Iterable[tuple[str, str]]:
    match body:
        case CaseOpened():
            yield "lead", event.agency
        case ConsentRecorded():
            yield "consent", b64(event.id)
        case UrgencyAssessed() | UrgencyOverridden():
            yield "urgency", body.level
        case StatusDetermined():
            yield "status", body.status
        case EmergencyProposed():
            yield "emergency", "PROPOSED"
        case EmergencyActivated():
            yield "emergency", "ACTIVE"
        case EmergencyDeclined() if not undecided(known, besides=body.proposal):
            yield "emergency", "DECLINED"
        case RequirementsDeferred():
            yield from ((f"requirement/{item.code}", item.owner) for item in body.items)
        case _:
            pass
