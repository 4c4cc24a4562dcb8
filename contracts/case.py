"""The fold: from a case's causal graph of events to its state, the same on every node.

An event that decides a matter writes a *slot* (urgency, status, emergency, ...); it replaces exactly the
decisions in its causal past. Two decisions made without knowledge of each other both stay: a visible
conflict, with the protective one in force until people resolve it. Which events count, and what they
decide, is said matter by matter in `contracts.workflow`.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from itertools import chain, groupby

from contracts import canonical
from contracts.content import MAX_PARENTS
from contracts.encoding import b64
from contracts.events import Body, read_body
from contracts.events.intake import CaseOpened
from contracts.events.node import ErasureAsked
from contracts.events.notify import PromiseMissed
from contracts.mechanism import GENESIS, Mechanism
from contracts.mechanism.rulebook import Rulebook
from contracts.promises import ONLY_TELLING, promises
from contracts.record import EventId
from contracts.state import Case, RulesUnknown
from contracts.timeline import Event, causal_order
from contracts.workflow import rule_for
from contracts.workflow.rule import Act, History, Known, openings

__all__ = ["Case", "RulesUnknown", "digest", "fold", "heads", "lacks_rules"]

_BUILT_IN = Rulebook()
_WITHOUT_RULES = frozenset({Body, CaseOpened})  # what counts whatever the mechanism says


def fold(events: Iterable[Event], rules: Mechanism | Rulebook = _BUILT_IN) -> Case:
    """The state that these events tell; every parent of an event must be among them. Pure and total.

    `rules` are those that the node holds, of which the case names its own, or the ones to judge it by. If those that it
    names are not among them, nothing that needs rules counts: the case is shown as it is, never judged by others.
    """
    timeline = causal_order({event.id: event for event in events})
    bodies = {event.id: body for event in timeline if (body := read_body(event.content.type, event.content.body))}
    version, judged_by = _rules_of(timeline, bodies, rules)
    history = History(timeline, bodies, judged_by or GENESIS, _Owed())
    unsupported = set()
    for event in timeline:
        if event.id not in bodies:
            continue
        act, known = Act(event, bodies[event.id]), history.known_to(event.id)
        rule = rule_for(type(act.body))
        judged = judged_by is not None or rule.kind in _WITHOUT_RULES
        if event.void or not judged or not rule.bears_out(act, known):
            unsupported.add(event.id)
        else:
            history.add(act, rule.writes(act, known))
    return Case(timeline, history.slots(), frozenset(unsupported), bodies, version, judged_by)


def digest(case: Case, mechanism: Mechanism | None = None) -> bytes:
    """A hash of what all participants share: order and standing decisions. Equal on nodes that hold the same events."""
    rules = mechanism or case.judged_by or _BUILT_IN
    shared = fold((e for e in case.timeline if set(case.participants) <= set(e.content.to)), rules)
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


def lacks_rules(events: Iterable[Event], rules: Rulebook) -> bool:
    """Whether the rules of a case are named by these events, and not among those held."""
    told = ((event, read_body(event.content.type, event.content.body)) for event in events)
    return any(
        rules.named(event.agency, body.mechanism) is None
        for event, body in told
        if isinstance(body, CaseOpened | ErasureAsked)
    )


def _rules_of(
    timeline: Sequence[Event], bodies: Mapping[EventId, Body], rules: Mechanism | Rulebook
) -> tuple[int, Mechanism | None]:
    """The version that a case runs under, and that mechanism if it is here; also when its opening is erased."""
    if isinstance(rules, Mechanism):
        return rules.version, rules
    told = [(event, bodies[event.id]) for event in timeline if event.id in bodies and not event.void]
    begins = ((event.agency, bodies[event.id]) for event in openings(timeline, bodies))
    opened = [(agency, body.mechanism) for agency, body in begins if isinstance(body, CaseOpened)]
    begun = {event.agency for event in timeline if not event.content.parents}
    orders = [
        (event.agency, body.mechanism)
        for event, body in told
        if isinstance(body, ErasureAsked) and event.agency in begun
    ]
    agency, version = next(chain(opened, orders), ("", 0))
    return version, rules.named(agency, version)


class _Owed:
    """When a promise was due of which its author knew that it was not kept; None if there was none.

    What machines tell of promises moves none of them: authors who know the same beside that are owed the same. So a
    case in which a hundred promises were missed at once is asked once what it promised, not a hundred times.
    """

    def __init__(self) -> None:
        self._open: dict[frozenset[EventId], Mapping[PromiseMissed, datetime]] = {}

    def __call__(self, known: Known, missed: PromiseMissed) -> datetime | None:
        bodies = known.bodies()
        moving = frozenset(event.id for event in known.events() if type(bodies.get(event.id)) not in ONLY_TELLING)
        if moving not in self._open:
            self._open[moving] = _open(known, bodies)
        return self._open[moving].get(missed)


def _open(known: Known, bodies: Mapping[EventId, Body]) -> Mapping[PromiseMissed, datetime]:
    case = Case(tuple(known.events()), known.slots(), known.unsupported(), bodies, known.rules.version, known.rules)
    return {one.missed(): one.due for one in promises(case, known.rules) if not one.kept}
