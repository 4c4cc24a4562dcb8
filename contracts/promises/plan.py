"""What a case promises about its joint plan: that there is one soon, and that each measure is in place in time."""

from collections.abc import Iterator
from datetime import datetime

from contracts.events.intake import CaseOpened
from contracts.events.plan import CaseReopened, MeasureWanted, PlanAgreed, PlanProposed
from contracts.events.protection import EmergencyActivated
from contracts.mechanism import Mechanism
from contracts.promises.promise import Promise
from contracts.state import Case
from contracts.timeline import claimed
from contracts.workflow.closure import CLOSED, CLOSURE
from contracts.workflow.plan import (
    COMPLETED,
    ELIGIBILITY,
    STARTED,
    Plan,
    Planned,
    holds_alone,
    in_force,
    is_no_subject,
    slot_of,
)

JOINT_PLAN, MEASURE, FIRST_MEASURE = "RENCANA", "TINDAKAN", "TINDAKAN_PERTAMA"
ACTIVE = "ACTIVE"


def promises(case: Case, rules: Mechanism) -> Iterator[Promise]:
    """The joint plan, the first measure of each emergency, each measure in force. A closed case owes none of them."""
    if case.in_force(CLOSURE) == CLOSED:
        return
    yield from _joint_plan(case, rules)
    yield from _first_measures(case, rules)
    yield from _measures(case)


def planned(case: Case) -> Planned:
    """What was said of the plan in a case and counts."""
    return Planned(case.acts(PlanProposed), case.acts(PlanAgreed), case.acts(MeasureWanted))


def plans_in_force(case: Case) -> list[Plan]:
    """The versions of the plan that hold in a case: one or none; several are a conflict, and all are owed."""
    return in_force(planned(case))


def falls_short(case: Case, plan: Plan, rules: Mechanism) -> bool:
    """Whether a plan leaves the defender to an agency whose subject they are not."""
    eligibility = [claim.value for claim in case.slots.get(ELIGIBILITY, ())]
    legal_status = [body.legal_status for _, body in case.of_type(CaseOpened)]
    return holds_alone(plan.body, rules) and is_no_subject(eligibility, legal_status, rules)


def _joint_plan(case: Case, rules: Mechanism) -> Iterator[Promise]:
    kept = any(not falls_short(case, plan, rules) for plan in plans_in_force(case))
    within = rules.plan.joint_within(case.in_force("urgency"))
    if case.in_force("emergency") == ACTIVE:
        within = rules.plan.joint_within("")
    for event, _ in [*case.of_type(CaseOpened), *case.of_type(CaseReopened)]:
        yield Promise(JOINT_PLAN, "", event.id, case.in_force("lead"), claimed(event) + within, kept)


def _first_measures(case: Case, rules: Mechanism) -> Iterator[Promise]:
    """Something is in place, whichever agency did it; the deciding agency answers for it."""
    kept = any(_is_in_place(case, claim) for claim in case.slots if claim.startswith(slot_of("")))
    for event, _ in case.of_type(EmergencyActivated):
        due = claimed(event) + rules.plan.first_measure
        yield Promise(FIRST_MEASURE, "", event.id, rules.emergency.decided_by, due, kept)


def _measures(case: Case) -> Iterator[Promise]:
    for plan in plans_in_force(case):
        for measure in plan.body.measures:
            due, kept = datetime.fromisoformat(measure.due_by), _is_in_place(case, slot_of(measure.id))
            yield Promise(MEASURE, measure.id, plan.event.id, measure.responsible, due, kept)


def _is_in_place(case: Case, slot: str) -> bool:
    return case.in_force(slot) in {STARTED, COMPLETED}
