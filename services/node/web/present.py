"""What would count if an officer said it now: asked of the workflow's own rules, with all of the case as what is known.

So the desk offers what every other node would accept, and no list of conditions is kept twice. Pure.
"""

from collections.abc import Callable

from contracts.case import heads
from contracts.content import Actor, Content
from contracts.events import Body
from contracts.hlc import Hlc
from contracts.record import EventId
from contracts.state import Case
from contracts.timeline import Event
from contracts.workflow import rule_for
from contracts.workflow.rule import Act, History
from services.node.web.panel import Look

Counts = Callable[[Body], bool]
_UNSAID = EventId(bytes(32))


def would_count(look: Look) -> Counts:
    """Tells of things that this officer may say to all whether they count; none does while the rules are not here."""
    if look.case.judged_by is None or not look.case.participants:
        return lambda _: False
    draft = _draft(look)
    known = _history(look.case, draft).known_to(draft.id)
    return lambda body: rule_for(type(body)).bears_out(Act(draft, body), known)


def would_decide(look: Look) -> Callable[[Body], frozenset[str]]:
    """Tells of the same things which slots they would decide anew."""
    if look.case.judged_by is None or not look.case.participants:
        return lambda _: frozenset()
    draft = _draft(look)
    known = _history(look.case, draft).known_to(draft.id)

    def slots(body: Body) -> frozenset[str]:
        act, rule = Act(draft, body), rule_for(type(body))
        written = rule.writes(act, known) if rule.bears_out(act, known) else ()
        return frozenset(slot for slot, _ in written)

    return slots


def instant(look: Look) -> str:
    """The present of a look, as events write it."""
    return look.now.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _draft(look: Look) -> Event:
    """An event that is about to be said: only what it says is missing."""
    actor, to = Actor(look.officer.role, look.officer.officer), look.case.participants
    parents = heads(look.case.timeline, to)
    content = Content("rajut.node.draft.made.v1", look.name, instant(look), actor, to, parents, {})
    return Event(_UNSAID, f"desk/{look.agency}/1", 0, Hlc(int(look.now.timestamp() * 1000), 0), content)


def _history(case: Case, draft: Event) -> History:
    """What the case tells, of each slot only what still stands, and the draft after it."""
    decided: dict[EventId, list[tuple[str, str]]] = {}
    for slot, claims in case.slots.items():
        for claim in claims:
            decided.setdefault(claim.event, []).append((slot, claim.value))
    history = History((*case.timeline, draft), case.bodies, case.mechanism, lambda _, __: None)
    for event in case.timeline:
        if event.id in case.bodies and event.id not in case.unsupported:
            history.add(Act(event, case.bodies[event.id]), decided.get(event.id, []))
    return history
