"""What officers say of the joint plan: propose, agree, decline, report of measures, record what happens, hold reviews.

The rules of `contracts.workflow.plan` judge all of it. The checks here only say earlier and more plainly what is wrong.
"""

from datetime import datetime

from contracts.encoding import b64
from contracts.errors import Code, Rejected
from contracts.events.plan import (
    CircumstancesChanged,
    IncidentRecorded,
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
from contracts.promises.plan import falls_short
from contracts.workflow.plan import PROPOSAL
from services.node.acts import Act, Moment

NO_RISK = "TIDAK_ADA"  # of list `risk_answer`


def check_proposal(moment: Moment, body: PlanProposed) -> None:
    """Raise Rejected(SCHEMA) for a risk without an answer.

    Rejected(STATE) where nobody in the case answers for a measure, or the officer has not seen every version.
    """
    if any(measure.raises_risk == (measure.risk_answer == NO_RISK) for measure in body.measures):
        raise Rejected(Code.SCHEMA, "risk_answer")
    if not body.responsible <= {*moment.case.participants}:
        raise Rejected(Code.STATE, "responsible")
    if not {*body.replaces} <= {b64(claim.event) for claim in moment.case.slots.get(PROPOSAL, ())}:
        raise Rejected(Code.STATE, "replaces")


def check_agreement(moment: Moment, body: PlanAgreed) -> None:
    """Raise Rejected(STATE) for a plan that leaves a defender who is no subject to the one agency alone."""
    proposals = moment.case.acts(PlanProposed)
    if any(falls_short(moment.case, plan, moment.rules) for plan in proposals if plan.name == body.plan):
        raise Rejected(Code.STATE, "measures")


def check_wish(moment: Moment, body: MeasureWanted | MeasureUnwanted) -> None:
    """Raise Rejected(SCHEMA) for a wish that nobody can have heard yet."""
    if datetime.fromisoformat(body.at) > datetime.fromisoformat(moment.now):
        raise Rejected(Code.SCHEMA, "at")


def check_incident(_moment: Moment, body: IncidentRecorded) -> None:
    """Raise Rejected(SCHEMA) for an incident of no form at all."""
    if not body.forms and not body.gendered_forms:
        raise Rejected(Code.SCHEMA, "forms")


ACTS = (
    Act("plan", PlanProposed, "Propose a version of the joint plan", check_proposal),
    Act("plan/agree", PlanAgreed, "Agree to do one's part of a version", check_agreement),
    Act("plan/decline", PlanDeclined, "Decline one's part of a version"),
    Act("measures/want", MeasureWanted, "Say that the defender now wants a measure", check_wish),
    Act("measures/unwant", MeasureUnwanted, "Say that the defender takes an agreement back", check_wish),
    Act("measures/start", MeasureStarted, "Say that the defender has a measure from now on"),
    Act("measures/complete", MeasureCompleted, "Say that a measure is done"),
    Act("measures/fail", MeasureFailed, "Say that a measure failed"),
    Act("incidents", IncidentRecorded, "Record that something happened again", check_incident),
    Act("circumstances", CircumstancesChanged, "Record that the circumstances of the person have changed"),
    Act("reviews", ReviewHeld, "Record a review of the risk"),
)
