"""What a case promises about its joint plan: that there is one soon, and that each measure is in place in time.

What brings somebody to safety is in place a day after it was judged needed, by the leaders who put protection in force
on a proposal that asked for it, or by a version of the plan, whatever time that names. Nobody owes what the defender
took back. But who may not be left to the agency that decides emergencies, and takes back the last measure by somebody
else, keeps their plan and is owed one that does not leave them to it, as soon from then on as a first one.
"""

from collections.abc import Iterator
from datetime import datetime

from contracts.encoding import b64
from contracts.events.intake import CaseOpened
from contracts.events.plan import CaseReopened, Measure, MeasureWanted, PlanAgreed, PlanProposed
from contracts.events.protection import EmergencyActivated, EmergencyProposed
from contracts.mechanism import Mechanism
from contracts.promises.promise import Promise
from contracts.state import Case
from contracts.timeline import Event, Past, claimed
from contracts.workflow.closure import CLOSED, CLOSURE
from contracts.workflow.plan import (
    COMPLETED,
    ELIGIBILITY,
    PROPOSAL,
    STARTED,
    UNWANTED,
    WANTED,
    Plan,
    Planned,
    holds_alone,
    in_force,
    is_no_subject,
    slot_of,
    taken_back,
    wish_of,
)

JOINT_PLAN, MEASURE, FIRST_MEASURE = "RENCANA", "TINDAKAN", "TINDAKAN_PERTAMA"
EVACUATION = "EVAKUASI"
ACTIVE = "ACTIVE"


def promises(case: Case, rules: Mechanism) -> Iterator[Promise]:
    """The joint plan, the first measure of each emergency, each measure in force, safety at once.

    A closed case owes none of them.
    """
    if case.in_force(CLOSURE) == CLOSED:
        return
    yield from _joint_plan(case, rules)
    yield from _first_measures(case, rules)
    yield from _measures(case)
    yield from _asked_for(case, rules)
    yield from _planned_for(case, rules)


def planned(case: Case) -> Planned:
    """What was said of the plan in a case and counts."""
    return Planned(case.acts(PlanProposed), case.acts(PlanAgreed), case.acts(MeasureWanted))


def plans_in_force(case: Case) -> list[Plan]:
    """The versions of the plan that hold in a case: one or none; several are a conflict, and all are owed."""
    return in_force(planned(case))


def falls_short(case: Case, plan: Plan, rules: Mechanism) -> bool:
    """Whether a plan leaves the defender to an agency whose subject they are not."""
    return holds_alone(plan.body, rules) and _is_no_subject(case, rules)


def _is_no_subject(case: Case, rules: Mechanism) -> bool:
    eligibility = [claim.value for claim in case.slots.get(ELIGIBILITY, ())]
    legal_status = [body.legal_status for _, body in case.of_type(CaseOpened)]
    return is_no_subject(eligibility, legal_status, rules)


def _joint_plan(case: Case, rules: Mechanism) -> Iterator[Promise]:
    kept = any(not falls_short(case, plan, rules) for plan in plans_in_force(case))
    within = rules.plan.joint_within(case.in_force("urgency"))
    if case.in_force("emergency") == ACTIVE:
        within = rules.plan.joint_within("")
    for event, _ in [*case.of_type(CaseOpened), *case.of_type(CaseReopened)]:
        yield Promise(JOINT_PLAN, "", event.id, case.in_force("lead"), claimed(event) + within, kept)
    if left := _left_alone(case, rules):
        yield Promise(JOINT_PLAN, "", left.id, case.in_force("lead"), claimed(left) + within, kept=False)


def _left_alone(case: Case, rules: Mechanism) -> Event | None:
    """The word by which the defender, who is no subject, took back the last measure by anybody else."""
    measures = [one for plan in plans_in_force(case) for one in plan.body.measures]
    others = [one.id for one in measures if one.owner != rules.emergency.decided_by]
    if not _is_no_subject(case, rules) or not all(taken_back(one, case.in_force) for one in others):
        return None
    words = {claim.event for one in others for claim in case.slots[wish_of(one)] if claim.value == UNWANTED}
    return max((event for event in case.timeline if event.id in words), key=claimed, default=None)


def _first_measures(case: Case, rules: Mechanism) -> Iterator[Promise]:
    """Something is in place, whichever agency did it; the deciding agency answers for it."""
    kept = any(_is_in_place(case, claim) for claim in case.slots if claim.startswith(slot_of("")))
    for event, _ in case.of_type(EmergencyActivated):
        due = claimed(event) + rules.plan.first_measure
        yield Promise(FIRST_MEASURE, "", event.id, rules.emergency.decided_by, due, kept)


def _measures(case: Case) -> Iterator[Promise]:
    for plan in plans_in_force(case):
        for measure in plan.body.measures:
            kept = _is_in_place(case, slot_of(measure.id)) or taken_back(measure.id, case.in_force)
            due = datetime.fromisoformat(measure.due_by)
            yield Promise(MEASURE, measure.id, plan.event.id, measure.responsible, due, kept)


def _asked_for(case: Case, rules: Mechanism) -> Iterator[Promise]:
    """Of the agency that put protection in force, until it is there, ends, or a plan that knew of it says otherwise."""
    needs = {b64(event.id): body.needs for event, body in case.of_type(EmergencyProposed)}
    over = case.in_force("emergency") != ACTIVE
    for event, body in case.of_type(EmergencyActivated):
        for code in [one for one in rules.plan.evacuation if one in needs.get(body.proposal, ())]:
            kept = over or _planned_since(case, event) or _is_there(case, code)
            due = claimed(event) + rules.plan.evacuated
            yield Promise(EVACUATION, code, event.id, rules.emergency.decided_by, due, kept)


def _planned_since(case: Case, event: Event) -> bool:
    past = Past(case.timeline)
    return any(past.has(plan.event.id, event.id) for plan in plans_in_force(case))


def _planned_for(case: Case, rules: Mechanism) -> Iterator[Promise]:
    """Of who answers for the measure, from the first version that names it; also while others have yet to agree."""
    live = {plan.event.id for plan in plans_in_force(case)} | {one.event for one in case.slots.get(PROPOSAL, ())}
    plans, named = case.acts(PlanProposed), set[str]()
    standing = {one.id for plan in plans if plan.event.id in live for one in plan.body.measures}
    for plan in plans:
        for one in plan.body.measures:
            if one.code in rules.plan.evacuation and one.id not in named:
                wanted = one.id in standing and case.in_force(wish_of(one.id)) == WANTED
                due = _since(case, plan, one) + rules.plan.evacuated
                kept = not wanted or _is_there(case, one.code)
                yield Promise(EVACUATION, one.id, plan.event.id, one.responsible, due, kept)
                named.add(one.id)


def _since(case: Case, plan: Plan, measure: Measure) -> datetime:
    """When a measure was both judged needed and wanted for the first time; until then when it was judged needed."""
    words = [claimed(event) for event, body in case.of_type(MeasureWanted) if body.measure == measure.id]
    return claimed(plan.event) if measure.agreement else min(words, default=claimed(plan.event))


def _is_there(case: Case, code: str) -> bool:
    """Whether any measure of a kind is in place."""
    same = {one.id for plan in case.acts(PlanProposed) for one in plan.body.measures if one.code == code}
    return any(_is_in_place(case, slot_of(name)) for name in same)


def _is_in_place(case: Case, slot: str) -> bool:
    return case.in_force(slot) in {STARTED, COMPLETED}
