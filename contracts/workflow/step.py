"""Steps of an agency's own mechanism: said of the own machine alone, and no other agency's matter.

Whether a step was open to the officer who took it is judged by the agency's own service before it is signed; here
stands only that nobody speaks for another's machine. Two steps of one region that did not know of each other both
stand, and show as a conflict at the agency's own desk.
"""

from contracts.events.step import StepTaken
from contracts.mechanism import Permission
from contracts.workflow.rule import Act, Known, Writes, rule


def slot(agency: str, region: str) -> str:
    """Where the last step in a region of an agency's machine stands."""
    return f"step/{agency}/{region}"


def _of_its_own(act: Act[StepTaken], _: Known) -> bool:
    return act.body.machine == act.agency


def _writes(act: Act[StepTaken], _: Known) -> Writes:
    return [(slot(act.agency, act.body.region), act.body.state)]


RULES = (rule(StepTaken, Permission.TAKE_STEP, counts=_of_its_own, writes=_writes),)
