"""A promise was missed: true if it was owed, not kept and due, as far as its author knew, and had not been said before.

Whoever owes it says so; if its node is silent any participant may. Two that say it unknown to each other are both
right. That it was missed decides nothing.
"""

from contracts.events.notify import PromiseMissed
from contracts.timeline import claimed
from contracts.workflow.opening import participants, to_all
from contracts.workflow.rule import Act, Known, rule


def _missed(act: Act[PromiseMissed], known: Known) -> bool:
    if act.agency not in participants(known) or not to_all(act, known) or _said(act, known):
        return False
    due = known.owed(act.body)
    return due is not None and due <= claimed(act.event)


def _said(act: Act[PromiseMissed], known: Known) -> bool:
    """The same promise with the same due time; one that was put off can be missed again."""
    return any(other.body == act.body for other in known.of(PromiseMissed).values())


RULES = (rule(PromiseMissed, counts=_missed),)
