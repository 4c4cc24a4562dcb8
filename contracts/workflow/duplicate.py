"""Whether two cases are about one person: said by officers, in case numbers, and never by machine.

A decision is told in one of the two cases, to all who take part in it, and only where all of them hold both persons
already (`services.intake.duplicates`): so it tells nobody of a person or of a case that they did not know. It merges
nothing, and each can be replaced by another. Of decisions that did not know of each other the link is in force: what
is shown side by side hides no danger.
"""

from collections.abc import Callable

from contracts.events.intake import DuplicateDismissed, DuplicateLinked, DuplicateReopened
from contracts.mechanism import Permission
from contracts.workflow.opening import participants, to_all
from contracts.workflow.rule import Act, Known, Writes, rule

Decision = DuplicateLinked | DuplicateDismissed | DuplicateReopened
LINKED, DISMISSED, OPEN = "LINKED", "DISMISSED", "OPEN"


def slot(other: str) -> str:
    """Where in a case it stands what was decided of another case."""
    return f"duplicate/{other}"


def _of_another_case(act: Act[Decision], known: Known) -> bool:
    other = act.body.other != act.event.content.case
    return other and act.agency in participants(known) and to_all(act, known)


def _taken_back(act: Act[DuplicateReopened], known: Known) -> bool:
    """There must be a decision to take back."""
    return _of_another_case(act, known) and known.value(slot(act.body.other)) in {LINKED, DISMISSED}


def _writes(state: str) -> Callable[[Act[Decision], Known], Writes]:
    return lambda act, _: [(slot(act.body.other), state)]


RULES = (
    rule(DuplicateLinked, Permission.COMPARE_CASES, counts=_of_another_case, writes=_writes(LINKED)),
    rule(DuplicateDismissed, Permission.COMPARE_CASES, counts=_of_another_case, writes=_writes(DISMISSED)),
    rule(DuplicateReopened, Permission.COMPARE_CASES, counts=_taken_back, writes=_writes(OPEN)),
)
