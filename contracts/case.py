"""The fold: from a case's causal graph of events to its state, the same on every node.

An event that decides a matter writes a *slot* (urgency, status, emergency, ...); it replaces exactly the
decisions in its causal past. Two decisions made without knowledge of each other both stay: a visible
conflict, with the protective one in force until people resolve it. Which events count, and what they
decide, is said matter by matter in `contracts.workflow`.
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from itertools import groupby
from typing import NamedTuple, TypeVar

from contracts import canonical
from contracts.content import MAX_PARENTS
from contracts.encoding import b64
from contracts.events import Body, read_body
from contracts.events.intake import CaseOpened
from contracts.events.node import ErasureAsked
from contracts.mechanism import LATEST, MECHANISMS, Mechanism
from contracts.record import EventId
from contracts.timeline import Event, causal_order
from contracts.workflow import rule_for
from contracts.workflow.rule import Act, Claim, History, in_force

Kind = TypeVar("Kind", bound=Body)


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
        return in_force(slot, self.slots.get(slot, ()), MECHANISMS.get(self.rules, LATEST))

    @property
    def conflicts(self) -> Mapping[str, tuple[Claim, ...]]:
        """Slots whose standing decisions disagree."""
        return {slot: claims for slot, claims in self.slots.items() if len({claim.value for claim in claims}) > 1}

    def of_type(self, kind: type[Kind]) -> list[tuple[Event, Kind]]:
        """Every event of one kind that counts, in timeline order, with its body."""
        counting = (event for event in self.timeline if event.id not in self.unsupported)
        return [(event, body) for event in counting if isinstance(body := self.bodies.get(event.id), kind)]

    def acts(self, kind: type[Kind]) -> list[Act[Kind]]:
        """As `of_type`, each as the rules of the workflow look at it."""
        return [Act(*told) for told in self.of_type(kind)]


def fold(events: Iterable[Event], mechanism: Mechanism | None = None) -> Case:
    """The state that these events tell; every parent of an event must be among them. Pure and total.

    `mechanism` is the version that the case's opening names, unless another is given.
    """
    timeline = causal_order({event.id: event for event in events})
    bodies = {event.id: body for event in timeline if (body := read_body(event.content.type, event.content.body))}
    rules = mechanism or _rules_of(timeline, bodies)
    history = History(timeline, bodies, rules)
    unsupported = set()
    for event in timeline:
        if event.id not in bodies:
            continue
        act, known = Act(event, bodies[event.id]), history.known_to(event.id)
        rule = rule_for(type(act.body))
        if event.void or not rule.bears_out(act, known):
            unsupported.add(event.id)
        else:
            history.add(act, rule.writes(act, known))
    return Case(timeline, history.slots(), frozenset(unsupported), bodies, rules.version)


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
