"""Who should lead by need: the receiving agency leads until a plan is in force, then whom the case needs most.

The mechanism lists the needs in order (`LeadNeed`); the first whose sign is in the case says which agency, and why. It
is a proposal, never a change: people offer the lead and accept it, and nothing that protects waits for that. What is
promised is that it is settled in time: that agency leads, or has said no; an offer that nobody answers settles nothing.
Who said no, or gave the lead away again, knowing of the plans in force, is not asked anew until there is another plan,
and the next need is looked at.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from contracts.events.intake import CaseOpened
from contracts.events.lead import LeadDeclined, LeadOffered
from contracts.events.plan import MeasureWanted, PlanAgreed
from contracts.mechanism import Mechanism
from contracts.mechanism.rules import LeadNeed
from contracts.promises.plan import plans_in_force
from contracts.promises.promise import Promise
from contracts.state import Case
from contracts.timeline import Past, claimed
from contracts.workflow.lead import SLOT
from contracts.workflow.plan import Plan, taken_back
from contracts.workflow.status import APPEALED, NOT_ASSESSED, REJECTED, slot

BY_NEED = "LEMBAGA_UTAMA"


class Fitting(NamedTuple):
    """A need that a case shows under a plan in force, and whether its agency leads, or would not."""

    need: LeadNeed
    plan: Plan
    leads: bool
    refused: bool


def promises(case: Case, rules: Mechanism) -> Iterator[Promise]:
    """That the lead offers to lead to who should, within the agreed time from when the plan came into force."""
    for one in fittings(case, rules):
        due = _since(case, one.plan) + rules.lead.by_need
        yield Promise(BY_NEED, one.need.agency, one.plan.event.id, case.in_force(SLOT), due, one.leads or one.refused)


def by_need(case: Case, rules: Mechanism) -> Fitting | None:
    """Who should lead now, and why; None without a plan in force, without a need, or if nobody is left to ask."""
    return next((one for one in fittings(case, rules) if not one.refused), None)


def fittings(case: Case, rules: Mechanism) -> Iterator[Fitting]:
    """In the agreed order, up to the first whose agency has not refused."""
    plans, lead = plans_in_force(case), case.in_force(SLOT)
    if not plans:
        return
    refusing = _refusing(case, plans)
    for need in rules.lead.needs:
        if need.agency in case.participants and _is_there(case, need, plans):
            refused = need.agency != lead and need.agency in refusing
            yield Fitting(need, plans[-1], need.agency == lead, refused)
            if not refused:
                return


def _is_there(case: Case, need: LeadNeed, plans: Sequence[Plan]) -> bool:
    """Whether the case shows any sign of a need: in a plan, in the opening, in what was found of the status."""
    opened = [body for _, body in case.of_type(CaseOpened)]
    reported = {code for body in opened for code in (*body.forms, *body.actors, body.legal_status)}
    signs = {*need.forms, *need.actors, *need.legal_status}
    lens = need.gender_lens and any(body.gender_lens for body in opened)
    return lens or bool(signs & reported) or _is_planned(case, need, plans) or _is_found(case, need)


def _is_planned(case: Case, need: LeadNeed, plans: Sequence[Plan]) -> bool:
    asked = (one for plan in plans for one in plan.body.measures if one.responsible == need.agency)
    return any(one.code in need.measures and not taken_back(one.id, case.in_force) for one in asked)


def _is_found(case: Case, need: LeadNeed) -> bool:
    return any(case.in_force(slot(kind)) not in {"", NOT_ASSESSED, REJECTED, APPEALED} for kind in need.status)


def _refusing(case: Case, plans: Sequence[Plan]) -> set[str]:
    """The agencies that would not lead, or no longer, and knew of every plan in force when they said so."""
    past = Past(case.timeline)
    said = [event for kind in (LeadDeclined, LeadOffered) for event, _ in case.of_type(kind)]
    return {event.agency for event in said if all(past.has(event.id, plan.event.id) for plan in plans)}


def _since(case: Case, plan: Plan) -> datetime:
    """When a version came into force: with the last agency's agreement, or the defender's to the last measure."""
    agreed, wanted = dict[str, datetime](), dict[str, datetime]()
    for event, said in case.of_type(PlanAgreed):
        if said.plan == plan.name:
            _first(agreed, event.agency, claimed(event))
    for event, wish in case.of_type(MeasureWanted):
        if wish.plan == plan.name and wish.measure in plan.body.unwanted:
            _first(wanted, wish.measure, claimed(event))
    return max(claimed(plan.event), *agreed.values(), *wanted.values())


def _first(moments: dict[str, datetime], name: str, at: datetime) -> None:
    moments[name] = min(at, moments.get(name, at))
