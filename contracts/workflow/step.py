"""Steps of an agency's own mechanism: said of the own machine alone, and no other agency's matter.

Whether a step was open to the officer who took it is judged by the agency's own service before it is signed; here
stands only that nobody speaks for another's machine. Two steps of one region that did not know of each other both
stand, and show as a conflict at the agency's own desk.
"""

from datetime import datetime

from contracts.events.step import StepOverdue, StepTaken
from contracts.mechanism import Permission
from contracts.timeline import claimed
from contracts.workflow.rule import Act, Known, Writes, rule


def slot(agency: str, region: str) -> str:
    """Where the last step in a region of an agency's machine stands."""
    return f"step/{agency}/{region}"


def _of_its_own(act: Act[StepTaken], _: Known) -> bool:
    return act.body.machine == act.agency


def _writes(act: Act[StepTaken], _: Known) -> Writes:
    return [(slot(act.agency, act.body.region), act.body.state)]


def _overdue(act: Act[StepOverdue], known: Known) -> bool:
    """Of its own machine, once it is due, and not said before."""
    said = any(other.body == act.body for other in known.of(StepOverdue).values())
    return act.body.machine == act.agency and datetime.fromisoformat(act.body.due) <= claimed(act.event) and not said


RULES = (
    rule(StepTaken, Permission.TAKE_STEP, counts=_of_its_own, writes=_writes),
    rule(StepOverdue, counts=_overdue),
)
