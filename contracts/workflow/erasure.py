"""Who may have content of a case destroyed, and what of it: two officers of the agency that opened the case.

Like every act, an order is judged by its own causal past. The verdict has to outlive what the order destroyed, so it
leans on nothing that can be erased: that an agency opened the case shows in the graph alone, since nobody else's event
stands without parents (`contracts.content.check_case`), and the rules are named by the order itself. Orders, their
confirmations and what agencies say of carrying them out are never erased.
"""

from collections.abc import Iterable, Mapping
from hashlib import sha256

from contracts import canonical
from contracts.content import Actor, Content
from contracts.encoding import b64
from contracts.events import Body
from contracts.events.intake import IdentityShared, ReportReceived
from contracts.events.node import Basis, ErasureAsked, ErasureConfirmed, ErasureExecuted
from contracts.mechanism import Permission
from contracts.record import EventId
from contracts.timeline import Event
from contracts.workflow.rule import Act, Known, rule

ERASURE_ACTS = (ErasureAsked, ErasureConfirmed, ErasureExecuted)
PERSONAL = (ReportReceived, IdentityShared)  # who somebody is, and what happened: nothing is decided by them


def is_second(agency: str, actor: Actor, first: Event) -> bool:
    """Whether this is another officer, in another role, of the agency that acted first."""
    other = first.content.actor
    return agency == first.agency and actor.officer != other.officer and actor.role != other.role


def executable(order: ErasureAsked) -> bool:
    """Whether this version knows the legal basis. An order for a reason that we cannot name destroys nothing here."""
    return order.basis in {*Basis}


def remains(case: str, to: tuple[str, ...], parents: tuple[EventId, ...]) -> Content:
    """The content of an event of which only the place in its case is left."""
    return Content("", case, "", Actor("", ""), to, parents, {})


def graph(erased: Iterable[tuple[EventId, Iterable[EventId]]]) -> bytes:
    """A hash over erased events and their parents, which no content tells any more."""
    rows = sorted([b64(id_), [b64(parent) for parent in parents]] for id_, parents in erased)
    return sha256(b"rajut/erased-graph/v1\0" + canonical.dumps(rows)).digest()


def _by_the_opener(act: Act[ErasureAsked], known: Known) -> bool:
    ours = act.agency in known.begun and act.body.mechanism == known.rules.version
    return ours and _spares_no_decision(act.body, known.bodies())


def _spares_no_decision(order: ErasureAsked, bodies: Mapping[EventId, Body]) -> bool:
    """Whether an order takes all decisions that it knew of, or none: a case is never left with half of its votes.

    What was erased already does not count any more, so the answer is the same before and after.
    """
    decided = {b64(id_) for id_, body in bodies.items() if not isinstance(body, (*PERSONAL, *ERASURE_ACTS))}
    return decided.isdisjoint(order.events) or decided <= set(order.events)


def _seconded(act: Act[ErasureConfirmed], known: Known) -> bool:
    asked = known.named(act.body.asked, ErasureAsked)
    return asked is not None and is_second(act.agency, act.event.content.actor, asked.event)


def _after_a_confirmation(act: Act[ErasureExecuted], known: Known) -> bool:
    return known.named(act.body.confirmed, ErasureConfirmed) is not None


RULES = (
    rule(ErasureAsked, Permission.ASK_ERASURE, counts=_by_the_opener),
    rule(ErasureConfirmed, Permission.CONFIRM_ERASURE, counts=_seconded),
    rule(ErasureExecuted, counts=_after_a_confirmation),
)
