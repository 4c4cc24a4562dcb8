"""A breach is found by the agency that had it and told by the same one, as often as more is known; closed cases too.

What was recorded in error is taken back by that agency, a second officer and a reason, and all hear of it: otherwise a
person would have to be told of somebody else's data, or of a danger that never was.
"""

from datetime import datetime

from contracts.events.breach import BreachFound, BreachTold, BreachWithdrawn
from contracts.mechanism import Permission
from contracts.timeline import claimed
from contracts.workflow.erasure import is_second
from contracts.workflow.opening import told_to_all
from contracts.workflow.rule import Act, Known, rule

HARMLESS = "TIDAK"  # of list `breach_whereabouts`; what is not known, or of a later version, may be a danger


def endangers(found: BreachFound) -> bool:
    """Whether whoever saw the data may now find somebody."""
    return found.whereabouts != HARMLESS


def _found(act: Act[BreachFound], known: Known) -> bool:
    """Of no time to come."""
    return told_to_all(act, known) and datetime.fromisoformat(act.body.at) <= claimed(act.event)


def _told(act: Act[BreachTold], known: Known) -> bool:
    """By the agency that had it, of no time to come."""
    found = known.named(act.body.breach, BreachFound)
    ours = found is not None and found.agency == act.agency
    return ours and told_to_all(act, known) and datetime.fromisoformat(act.body.at) <= claimed(act.event)


def _in_error(act: Act[BreachWithdrawn], known: Known) -> bool:
    """By a second officer of the agency that recorded it, in another role; once."""
    found = known.named(act.body.breach, BreachFound)
    second = found is not None and is_second(act.agency, act.event.content.actor, found.event)
    before = any(one.body.breach == act.body.breach for one in known.of(BreachWithdrawn).values())
    return second and not before and told_to_all(act, known)


RULES = (
    rule(BreachFound, Permission.REPORT_BREACH, counts=_found),
    rule(BreachTold, Permission.REPORT_BREACH, counts=_told),
    rule(BreachWithdrawn, Permission.REPORT_BREACH, counts=_in_error),
)
