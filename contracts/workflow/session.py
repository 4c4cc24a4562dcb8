"""The leaders' session (SMPL): every emergency comes before it; a decision needs a quorum and ends nothing itself."""

from datetime import date

from contracts.events.protection import EmergencyActivated
from contracts.events.session import SessionDecided, SessionTabled
from contracts.mechanism import Permission
from contracts.timeline import claimed
from contracts.workflow.emergency import ACTIVE, ongoing
from contracts.workflow.leaders import decides
from contracts.workflow.recusal import known_recusals, leaders_out
from contracts.workflow.rule import Act, Known, Writes, rule

TABLED = "TABLED"
ACCEPTED, EXTENSION = "DITERIMA", "PERPANJANGAN"
OBLIGING = frozenset({"DITOLAK", "PENGHENTIAN"})  # what obliges the leaders to hand over or to write an end


def _once(act: Act[SessionTabled], known: Known) -> bool:
    activated = known.named(act.body.emergency, EmergencyActivated) is not None
    return activated and decides(act.agency, known) and not known.value(f"session/{act.body.emergency}")


def _by_a_quorum(act: Act[SessionDecided], known: Known) -> bool:
    """Of as many leaders as the rules ask for, none of them recused, written down by none of them."""
    tabled = known.value(f"session/{act.body.emergency}") != ""
    seated = known.rules.session.quorum <= len(act.body.leaders) <= known.rules.emergency.leaders
    barred = {act.event.content.actor.officer} | leaders_out(known_recusals(known), known.rules.emergency)
    free = barred.isdisjoint(act.body.leaders)
    return tabled and seated and free and decides(act.agency, known) and _later(act, known)


def _later(act: Act[SessionDecided], known: Known) -> bool:
    """An extension, and nothing else, names a day: after the deadline, within the limit, while protection is in force.

    The limit counts from the session, not from the deadline: extensions do not add up to a day that nobody looks at.
    """
    decided = act.body
    if decided.until is None:
        return decided.decision != EXTENSION
    due, until = known.value(f"deadline/{decided.emergency}"), date.fromisoformat(decided.until)
    later = not due or until > date.fromisoformat(due)
    within = until <= known.rules.office_day(claimed(act.event) + known.rules.session.extension, act.agency)
    return later and within and decided.decision == EXTENSION and ongoing(decided.emergency, known)


def _writes(act: Act[SessionDecided], _: Known) -> Writes:
    decided = (f"session/{act.body.emergency}", act.body.decision)
    if act.body.until is None:
        return [decided]
    return [decided, (f"deadline/{act.body.emergency}", act.body.until), ("emergency", ACTIVE)]


RULES = (
    rule(SessionTabled, counts=_once, writes=lambda act, _: [(f"session/{act.body.emergency}", TABLED)]),
    rule(SessionDecided, Permission.RECORD_SESSION, counts=_by_a_quorum, writes=_writes),
)
