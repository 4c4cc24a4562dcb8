"""What protection shows of a case at the desk, and what it offers to do there."""

from collections.abc import Collection, Mapping
from pathlib import Path

from contracts.events import Body
from contracts.events.ending import EmergencyEnded, EndingProposed, HandoverOffered
from contracts.events.lead import LeadOffered
from contracts.events.plan import (
    ClosureAgreed,
    ClosureProposed,
    MeasureCompleted,
    MeasureFailed,
    MeasureStarted,
    MeasureUnwanted,
    MeasureWanted,
    PlanProposed,
    ReviewHeld,
)
from contracts.events.police import PoliceReported
from contracts.events.protection import EmergencyRefused, LetterRequested
from contracts.events.referral import ReferralSent
from contracts.events.step import StepOverdue, StepTaken
from services.node.acts import forms
from services.node.web.panel import Form, Look, Naming, Pages, Panel, Place
from services.protection import (
    closure,
    ending as end_acts,
    lead as lead_acts,
    plan as plan_acts,
    police,
    referral,
    session,
)
from services.protection.handlers import APPROVE, PROPOSE, REFUSE
from services.protection.mechanisms import desk as mechanism
from services.protection.panels import afterwards, course, emergency, ending, lead, papers, plan, referrals, steps

GRAVE: frozenset[type[Body]] = frozenset(
    {
        EmergencyRefused,
        EndingProposed,
        EmergencyEnded,
        ClosureProposed,
        ClosureAgreed,
        MeasureUnwanted,
    }
)
_DRAFTS = {
    PlanProposed: plan.draft,
    MeasureWanted: plan.heard,
    MeasureUnwanted: plan.heard,
    PoliceReported: plan.heard,
    ReviewHeld: course.review_draft,
    ReferralSent: referrals.draft,
    LeadOffered: lead.draft,
}
OF_OTHERS = (LetterRequested, HandoverOffered, LeadOffered, ReferralSent)  # what nobody asks of their own agency
_NAMED: Mapping[Naming, tuple[type[Body], ...]] = {
    plan.named: (MeasureWanted, MeasureUnwanted, MeasureStarted, MeasureCompleted, MeasureFailed),
    steps.named: (StepTaken, StepOverdue),
}
_ACTS = (
    *(PROPOSE, APPROVE, REFUSE),
    *end_acts.ACTS,
    *session.ACTS,
    *plan_acts.ACTS,
    *closure.ACTS,
    *lead_acts.ACTS,
    *referral.ACTS,
    *police.ACTS,
    *mechanism.ACTS,
)


def _others(look: Look) -> Mapping[str, Collection[str]]:
    return dict.fromkeys(("issuer", "recipient", "to"), look.others)


def _drafted(form: Form) -> Form:
    free = plan.free if form.body is PlanProposed else form.free
    among = _others if form.body in OF_OTHERS else form.among
    return form._replace(draft=_DRAFTS.get(form.body, form.draft), free=free, among=among)


PAGES = Pages(
    Path(__file__).parent,
    (
        Panel("emergency", Place.HEAD, emergency.show, emergency.offers),
        Panel("papers", Place.MAIN, papers.show, papers.offers),
        Panel("after", Place.MAIN, ending.show, ending.offers),
        Panel("plan", Place.MAIN, plan.show, plan.offers),
        Panel("incidents", Place.ASIDE, course.incidents, course.incident_offers),
        Panel("reviews", Place.ASIDE, course.reviews, course.review_offers),
        Panel("lead", Place.ASIDE, lead.show, lead.offers),
        Panel("referrals", Place.MAIN, referrals.show, referrals.offers),
        Panel("steps", Place.MAIN, steps.show, steps.offers),
        Panel("afterwards", Place.ASIDE, afterwards.show, afterwards.offers),
        Panel("ending", Place.ASIDE, course.ending, course.ending_offers),
    ),
    tuple(map(_drafted, forms(_ACTS, GRAVE))),
    labels={body.type: naming for naming, bodies in _NAMED.items() for body in bodies},
)
