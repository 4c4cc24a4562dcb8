"""The joint plan: who proposes it, who must agree, who reports of its measures, and who holds its reviews.

A version is in force when every responsible agency has agreed and the defender wants each measure, whether they said so
at first or later, to any agency; nobody has to declare it. It stays in force until a version that replaces it is: a
proposal alone takes no protection away, and neither does a defender who takes one measure back. The version holds, that
measure is asked of nobody until they want it again, and what of it has begun is ended by who carries it. Of a word for
and a word against that did not know of each other the one against is in force. If two versions come into force without
knowledge of each other, the measures of both are owed until a third replaces both.

Eligibility is not risk: while the defender is no subject of the agency that decides emergencies, because it said so or
because of their position in the proceedings, agreeing to a plan of that agency's measures alone does not count.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from contracts.events import Body
from contracts.events.intake import CaseOpened
from contracts.events.plan import (
    Measure,
    MeasureCompleted,
    MeasureFailed,
    MeasureStarted,
    MeasureUnwanted,
    MeasureWanted,
    PlanAgreed,
    PlanDeclined,
    PlanProposed,
    ReviewHeld,
)
from contracts.mechanism import PARTNER, Mechanism, Permission
from contracts.workflow.opening import participants, to_all
from contracts.workflow.rule import Act, Known, Rule, Writes, rule

PROPOSAL = "plan_proposal"  # the slot of the versions that nobody has replaced
ELIGIBILITY = "eligibility"
MAX_NAMED = 16  # versions that one body may name
STARTED, COMPLETED, FAILED = "STARTED", "COMPLETED", "FAILED"
WANTED, UNWANTED = "WANTED", "UNWANTED"
Report = MeasureStarted | MeasureCompleted | MeasureFailed
Plan = Act[PlanProposed]
Value = Callable[[str], str]  # of a slot, what is in force


class Planned(NamedTuple):
    """What was said and decides which versions are in force."""

    plans: Collection[Plan]
    agreements: Collection[Act[PlanAgreed]]
    wishes: Collection[Act[MeasureWanted]]


def as_known(known: Known) -> Planned:
    """As far as an author knew."""
    return Planned(known.of(PlanProposed).values(), known.of(PlanAgreed).values(), known.of(MeasureWanted).values())


def in_force(told: Planned) -> list[Plan]:
    """The versions that are agreed and wanted and that no other such version replaces, however long ago."""
    versions = {plan.name: plan for plan in told.plans}
    agreed: dict[str, set[str]] = {}
    for act in told.agreements:
        agreed.setdefault(act.body.plan, set()).add(act.agency)
    ready = [plan for name, plan in versions.items() if plan.body.responsible <= agreed.get(name, set())]
    whole = [plan for plan in ready if not unwanted(plan, told.wishes)]
    replaced = {name for plan in whole for name in _replaced(plan, versions)}
    return [plan for plan in whole if plan.name not in replaced]


def unwanted(plan: Plan, wishes: Iterable[Act[MeasureWanted]]) -> frozenset[str]:
    """The measures of a version to which the defender has agreed neither at first nor later."""
    return plan.body.unwanted - {act.body.measure for act in wishes if act.body.plan == plan.name}


def owing(told: Planned, value: Value) -> set[str]:
    """The agencies with an active measure: one that they started, or that a plan in force still asks of them."""
    started = {one for plan in told.plans for one in plan.body.measures if value(slot_of(one.id)) == STARTED}
    asked = {one for plan in in_force(told) for one in plan.body.measures if not taken_back(one.id, value)}
    return {one.responsible for one in started | {one for one in asked if not is_over(value(slot_of(one.id)))}}


def taken_back(measure: str, value: Value) -> bool:
    """Whether the defender wanted a measure and has said since that they do not."""
    return value(wish_of(measure)) == UNWANTED


def slot_of(measure: str) -> str:
    """Where it stands how far a measure is."""
    return f"measure/{measure}"


def wish_of(measure: str) -> str:
    """The slot of what the defender last said of a measure, once they said something."""
    return f"wish/{measure}"


def is_over(state: str) -> bool:
    """Whether nothing more is to be expected of a measure."""
    return state in {COMPLETED, FAILED}


def is_no_subject(eligibility: Iterable[str], legal_status: Iterable[str | None], rules: Mechanism) -> bool:
    """Whether the defender cannot be left to the one agency alone; among conflicting decisions one is enough."""
    return bool({*rules.plan.ineligible} & {*eligibility} or {*rules.plan.suspect} & {*legal_status})


def holds_alone(plan: PlanProposed, rules: Mechanism) -> bool:
    """Whether every measure is owned by the agency that decides emergencies."""
    return {measure.owner for measure in plan.measures} == {rules.emergency.decided_by}


def shared(judged: Rule) -> Rule:
    """The same rule, for acts that only participants do, and tell all of them."""
    return judged._replace(
        counts=lambda act, known: act.agency in participants(known) and to_all(act, known) and judged.counts(act, known)
    )


def same_officer(one: Act[Body], other: Act[Body]) -> bool:
    """Whether one person said both: pseudonyms are an agency's own."""
    return (one.agency, one.event.content.actor.officer) == (other.agency, other.event.content.actor.officer)


def coordinates(agency: str, known: Known) -> bool:
    """Whether this is the lead or, in an emergency, any participant: safety waits for no lead."""
    return agency == known.value("lead") or known.value("emergency") == "ACTIVE"


def _may_propose(act: Plan, known: Known) -> bool:
    seen = {claim.event for claim in known.standing(PROPOSAL)}
    replaced = {one.event.id for one in known.of(PlanProposed).values() if one.name in set(act.body.replaces)}
    whole = len(replaced) == len(act.body.replaces) == min(len(seen), MAX_NAMED) and replaced <= seen
    fits = all(_fits(one, act, known) and _still_wanted(one, known) for one in act.body.measures)
    return whole and coordinates(act.agency, known) and fits


def _fits(measure: Measure, act: Plan, known: Known) -> bool:
    """Somebody in the case answers for it, and its id means what it always meant."""
    if measure.responsible not in participants(known) or measure.owner not in {measure.responsible, PARTNER}:
        return False
    before = [one for plan in known.of(PlanProposed).values() if (one := plan.body.measure(measure.id))]
    if not before:
        return measure.id.rpartition("-")[0] == act.agency
    return all((one.code, one.responsible) == (measure.code, measure.responsible) for one in before)


def _still_wanted(measure: Measure, known: Known) -> bool:
    """An agreement from before the defender took it back is none."""
    words = [act.body.at[:10] for act in known.of(MeasureUnwanted).values() if act.body.measure == measure.id]
    return measure.agreement is None or all(day <= measure.agreement.on for day in words)


def _may_decide(act: Act[PlanAgreed] | Act[PlanDeclined], known: Known) -> bool:
    """Once, by another officer than the proposer, of an agency that answers for a measure of a version that stands."""
    plan = known.named(act.body.plan, PlanProposed)
    if plan is None or not _stands(plan, known):
        return False
    decided: list[Act[PlanAgreed] | Act[PlanDeclined]] = [
        *known.of(PlanAgreed).values(),
        *known.of(PlanDeclined).values(),
    ]
    once = not any((one.agency, one.body.plan) == (act.agency, act.body.plan) for one in decided)
    return once and act.agency in plan.body.responsible and not same_officer(act, plan)


def _may_agree(act: Act[PlanAgreed], known: Known) -> bool:
    plan = known.named(act.body.plan, PlanProposed)
    if plan is None or not _may_decide(act, known):
        return False
    eligibility = [claim.value for claim in known.standing(ELIGIBILITY)]
    legal_status = [opened.body.legal_status for opened in known.of(CaseOpened).values()]
    return not (holds_alone(plan.body, known.rules) and is_no_subject(eligibility, legal_status, known.rules))


def _may_want(act: Act[MeasureWanted], known: Known) -> bool:
    """Heard by whoever takes part, of a measure for which a version that stands or holds waits, or waits again."""
    plan = _live(act.body.plan, known)
    if plan is None or plan.body.measure(act.body.measure) is None:
        return False
    waits = act.body.measure in unwanted(plan, known.of(MeasureWanted).values())
    return waits or taken_back(act.body.measure, known.value)


def _may_take_back(act: Act[MeasureUnwanted], known: Known) -> bool:
    """Heard by whoever takes part, of a measure that the defender wanted until then and that is not over."""
    plan, name = _live(act.body.plan, known), act.body.measure
    if plan is None or plan.body.measure(name) is None or name in unwanted(plan, known.of(MeasureWanted).values()):
        return False
    return not taken_back(name, known.value) and not is_over(known.value(slot_of(name)))


def _may_report(act: Act[MeasureStarted] | Act[MeasureCompleted] | Act[MeasureFailed], known: Known) -> bool:
    """By the agency that answers for it, of a version that is under way; what was started can always be ended."""
    plan = known.named(act.body.plan, PlanProposed)
    measure = plan.body.measure(act.body.measure) if plan else None
    if plan is None or measure is None or measure.responsible != act.agency:
        return False
    state = known.value(slot_of(measure.id))
    if isinstance(act.body, MeasureStarted):
        wanted = not taken_back(measure.id, known.value)
        return wanted and state in {"", FAILED} and _under_way(plan, act.agency, known)
    return state == STARTED or (not is_over(state) and _under_way(plan, act.agency, known))


def _under_way(plan: Plan, agency: str, known: Known) -> bool:
    """In force; or not replaced, and this agency agreed or an emergency is active: nobody waits for the others."""
    told = as_known(known)
    if plan.name in {one.name for one in in_force(told)}:
        return True
    agreed = any((one.agency, one.body.plan) == (agency, plan.name) for one in told.agreements)
    return _stands(plan, known) and (agreed or known.value("emergency") == "ACTIVE")


def _live(name: str, known: Known) -> Plan | None:
    """A version that is in force, or that nothing was proposed in place of."""
    plan = known.named(name, PlanProposed)
    live = plan is not None and (_stands(plan, known) or name in {one.name for one in in_force(as_known(known))})
    return plan if live else None


def _stands(plan: Plan, known: Known) -> bool:
    """Whether no version was proposed in place of this one."""
    return plan.event.id in {claim.event for claim in known.standing(PROPOSAL)}


def _replaced(plan: Plan, versions: Mapping[str, Plan]) -> Iterator[str]:
    """All versions before one, however far back."""
    todo: list[str] = list(plan.body.replaces)
    done: set[str] = set()
    while todo:
        name = todo.pop()
        if name not in done:
            done.add(name)
            yield name
            todo.extend(versions[name].body.replaces if name in versions else ())


def _measure(state: str) -> Callable[[Act[Report], Known], Sequence[tuple[str, str]]]:
    return lambda act, _: [(slot_of(act.body.measure), state)]


def _proposed(act: Plan, _: Known) -> Writes:
    """The version, and what the defender has said of its measures."""
    agreed = ((wish_of(one.id), WANTED) for one in act.body.measures if one.agreement)
    return [(PROPOSAL, act.name), *agreed]


def _wish(value: str) -> Callable[[Act[MeasureWanted] | Act[MeasureUnwanted], Known], Writes]:
    return lambda act, _: [(wish_of(act.body.measure), value)]


def _review(act: Act[ReviewHeld], _: Known) -> Writes:
    return [("review", act.body.after)]


def _may_review(act: Act[ReviewHeld], known: Known) -> bool:
    return coordinates(act.agency, known)


_RULES = (
    rule(PlanProposed, Permission.PROPOSE_PLAN, counts=_may_propose, writes=_proposed),
    rule(PlanAgreed, Permission.AGREE_PLAN, counts=_may_agree),
    rule(PlanDeclined, Permission.AGREE_PLAN, counts=_may_decide),
    rule(MeasureWanted, Permission.RECORD_CONSENT, counts=_may_want, writes=_wish(WANTED)),
    rule(MeasureUnwanted, Permission.RECORD_CONSENT, counts=_may_take_back, writes=_wish(UNWANTED)),
    rule(MeasureStarted, Permission.CARRY_OUT_MEASURE, counts=_may_report, writes=_measure(STARTED)),
    rule(MeasureCompleted, Permission.CARRY_OUT_MEASURE, counts=_may_report, writes=_measure(COMPLETED)),
    rule(MeasureFailed, Permission.CARRY_OUT_MEASURE, counts=_may_report, writes=_measure(FAILED)),
    rule(ReviewHeld, Permission.HOLD_REVIEW, counts=_may_review, writes=_review),
)
RULES = tuple(map(shared, _RULES))
