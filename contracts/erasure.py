"""Who may have content of a case destroyed, and what of it: two officers of the agency that opened the case.

Like every act, an order is judged by its own causal past. The verdict has to outlive what the order destroyed, so it
leans on nothing that can be erased: that an agency opened the case shows in the graph alone, since nobody else's event
stands without parents (`contracts.content.check_case`), and the rules are named by the order itself. Orders, their
confirmations and what agencies say of carrying them out are never erased.
"""

from collections.abc import Callable, Iterable, Mapping, Set as AbstractSet
from hashlib import sha256

from contracts import canonical
from contracts.content import Actor, Content
from contracts.emergency import Act
from contracts.encoding import b64
from contracts.events import Body
from contracts.events.intake import IdentityShared, ReportReceived
from contracts.events.node import Basis, ErasureAsked, ErasureConfirmed, ErasureExecuted
from contracts.mechanism import Mechanism, Permission
from contracts.record import EventId

ERASURE_ACTS = (ErasureAsked, ErasureConfirmed, ErasureExecuted)
PERSONAL = (ReportReceived, IdentityShared)  # who somebody is, and what happened: nothing is decided by them


def may_erase(act: Act, known: Mapping[EventId, Act], rules: Mechanism, begun: AbstractSet[str]) -> bool:
    """Whether an act of erasure is borne out by the supported acts in its causal past; True for every other act.

    `begun` has the agency whose events stand at the beginning of the case.
    """
    match act.body:
        case ErasureAsked():
            ours = act.event.agency in begun and act.body.mechanism == rules.version
            return ours and _may(act, rules, Permission.ASK_ERASURE)
        case ErasureConfirmed():
            asked = _named(act.body.asked, known)
            return asked is not None and _seconds(act, asked) and _may(act, rules, Permission.CONFIRM_ERASURE)
        case ErasureExecuted():
            confirmed = _named(act.body.confirmed, known)
            return confirmed is not None and isinstance(confirmed.body, ErasureConfirmed)
        case _:
            return True


def spares_no_decision(order: Body, bodies: Mapping[EventId, Body], knew: Callable[[EventId], bool]) -> bool:
    """Whether an order takes all decisions that it `knew` of, or none: a case is never left with half of its votes.

    What was erased already does not count any more, so the answer is the same before and after.
    """
    if not isinstance(order, ErasureAsked):
        return True
    deciding = (id_ for id_, body in bodies.items() if not isinstance(body, (*PERSONAL, *ERASURE_ACTS)))
    decided = {b64(id_) for id_ in deciding if knew(id_)}
    return decided.isdisjoint(order.events) or decided <= set(order.events)


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


def _seconds(act: Act, asked: Act) -> bool:
    """Whether an act comes from another officer, in another role, of the agency that asked."""
    if not isinstance(asked.body, ErasureAsked) or act.event.agency != asked.event.agency:
        return False
    one, other = act.event.content.actor, asked.event.content.actor
    return one.officer != other.officer and one.role != other.role


def _may(act: Act, rules: Mechanism, permission: Permission) -> bool:
    return rules.may(act.event.agency, act.event.content.actor.role, permission)


def _named(name: str, known: Mapping[EventId, Act]) -> Act | None:
    return next((act for id_, act in known.items() if b64(id_) == name), None)
