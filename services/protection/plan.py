"""What officers say of the joint plan: propose, agree, decline, report of measures, record incidents, hold reviews.

The rules of `contracts.workflow.plan` judge all of it. The checks here only say earlier and more plainly what is wrong,
and that what we say ourselves is said in known codes.
"""

from collections.abc import Iterable

from contracts.codes import codes
from contracts.encoding import b64
from contracts.errors import Code, Rejected
from contracts.events.plan import (
    IncidentRecorded,
    Measure,
    MeasureCompleted,
    MeasureFailed,
    MeasureStarted,
    PlanAgreed,
    PlanDeclined,
    PlanProposed,
    ReviewHeld,
)
from contracts.promises.plan import falls_short
from contracts.workflow.plan import PROPOSAL
from services.node.acts import Act, Moment

NO_RISK = "TIDAK_ADA"  # of list `risk_answer`


def known(code_list: str, given: Iterable[str], field: str) -> None:
    """Raise Rejected(SCHEMA) for a code that no list has."""
    if not {*given} <= {*codes(code_list)}:
        raise Rejected(Code.SCHEMA, field)


def check_proposal(moment: Moment, body: PlanProposed) -> None:
    """Raise Rejected(SCHEMA) for unknown codes and for a risk without an answer.

    Rejected(STATE) where nobody in the case answers for a measure, or the officer has not seen every version.
    """
    for measure in body.measures:
        _check_measure(measure)
    if not body.responsible <= {*moment.case.participants}:
        raise Rejected(Code.STATE, "responsible")
    if not {*body.replaces} <= {b64(claim.event) for claim in moment.case.slots.get(PROPOSAL, ())}:
        raise Rejected(Code.STATE, "replaces")


def check_agreement(moment: Moment, body: PlanAgreed) -> None:
    """Raise Rejected(STATE) for a plan that leaves a defender who is no subject to the one agency alone."""
    proposals = moment.case.acts(PlanProposed)
    if any(falls_short(moment.case, plan, moment.rules) for plan in proposals if plan.name == body.plan):
        raise Rejected(Code.STATE, "measures")


def check_decline(_moment: Moment, body: PlanDeclined) -> None:
    """Raise Rejected(SCHEMA) for an unknown reason."""
    known("plan_objection", [body.reason], "reason")


def check_failure(_moment: Moment, body: MeasureFailed) -> None:
    """Raise Rejected(SCHEMA) for an unknown reason."""
    known("measure_failure", [body.reason], "reason")


def check_incident(_moment: Moment, body: IncidentRecorded) -> None:
    """Raise Rejected(SCHEMA) for unknown codes, or an incident of no form at all."""
    known("form", body.forms, "forms")
    known("gendered_form", body.gendered_forms, "gendered_forms")
    known("sphere", [body.sphere], "sphere")
    known("happened", [body.happened], "happened")
    if not body.forms and not body.gendered_forms:
        raise Rejected(Code.SCHEMA, "forms")


def check_review(_moment: Moment, body: ReviewHeld) -> None:
    """Raise Rejected(SCHEMA) for unknown codes."""
    known("review_occasion", [body.occasion], "occasion")
    known("risk", [body.before], "before")
    known("risk", [body.after], "after")


def _check_measure(measure: Measure) -> None:
    known("measure", [measure.code], "measures")
    known("risk_answer", [measure.risk_answer], "measures")
    if measure.agreement:
        known("consent_giver", [measure.agreement.given_by], "measures")
    if measure.raises_risk == (measure.risk_answer == NO_RISK):
        raise Rejected(Code.SCHEMA, "risk_answer")


ACTS = (
    Act("plan", PlanProposed, "Propose a version of the joint plan", check_proposal),
    Act("plan/agree", PlanAgreed, "Agree to do one's part of a version", check_agreement),
    Act("plan/decline", PlanDeclined, "Decline one's part of a version", check_decline),
    Act("measures/start", MeasureStarted, "Say that the defender has a measure from now on"),
    Act("measures/complete", MeasureCompleted, "Say that a measure is done"),
    Act("measures/fail", MeasureFailed, "Say that a measure failed", check_failure),
    Act("incidents", IncidentRecorded, "Record that something happened again", check_incident),
    Act("reviews", ReviewHeld, "Record a review of the risk", check_review),
)
