"""Which list the codes of a field come from: what screens offer, and what an agency's own desk may say.

A field has the same list in every body where it has the same name; what differs stands under the body's type. On the
wire the lists stay open: what others say in codes that this version does not know is kept and shown.
"""

from collections.abc import Mapping

_EVERYWHERE: Mapping[str, str] = {
    "activities": "activity",
    "after": "risk",
    "appealed_by": "consent_giver",
    "basis": "basis",
    "before": "risk",
    "capacities": "capacity",
    "category": "eligibility",
    "channel": "channel",
    "code": "measure",
    "decision": "smpl_decision",
    "defender_kind": "defender_kind",
    "disability_needs": "disability_need",
    "domain": "domain",
    "exit_plan": "exit_plan",
    "fields": "consent_field",
    "form": "consent_form",
    "forms": "form",
    "gender": "gender",
    "gendered_forms": "gendered_form",
    "given_by": "consent_giver",
    "ground": "ground",
    "happened": "happened",
    "issues": "issue",
    "legal_status": "legal_status",
    "letter": "letter",
    "measures": "measure",
    "needs": "measure",
    "occasion": "review_occasion",
    "papers": "requirement",
    "partner": "partner_kind",
    "progress": "referral_progress",
    "proof": "other_proof",
    "province": "province",
    "purpose": "purpose",
    "reason": "reason",
    "relation": "relation",
    "reported_actor": "actor",
    "requested": "measure",
    "requirement": "requirement",
    "risk_answer": "risk_answer",
    "sphere": "sphere",
    "status": "status",
    "threats": "threat",
    "violence": "violence",
    "vulnerabilities": "vulnerability",
    "way": "telling_way",
}
_HERE: Mapping[str, Mapping[str, str]] = {
    "intake.disclosure.made": {"ground": "processing_basis"},
    "intake.outsider.named": {"ground": "processing_basis", "kind": "outsider_kind"},
    "intake.duplicate.linked": {"reason": "duplicate_link"},
    "intake.duplicate.dismissed": {"reason": "duplicate_dismissal"},
    "intake.duplicate.reopened": {"reason": "duplicate_reopening"},
    "triage.status.disputed": {"reason": "objection_reason"},
    "triage.status.appealed": {"reason": "objection_reason"},
    "triage.urgency.overridden": {"level": "urgency"},
    "triage.risk.assessed": {"level": "risk", "reason": "risk_reason"},
    "protection.extension.proposed": {"reason": "extension_reason"},
    "protection.ending.proposed": {"basis": "ending_basis"},
    "protection.ending.withdrawn": {"reason": "withdrawal_reason"},
    "protection.handover.declined": {"reason": "referral_failure"},
    "protection.plan.declined": {"reason": "plan_objection"},
    "protection.measure.failed": {"reason": "measure_failure"},
    "protection.closure.proposed": {"reason": "closure_reason"},
    "protection.case.reopened": {"reason": "reopening_reason"},
    "protection.lead.offered": {"reason": "lead_reason"},
    "protection.lead.declined": {"reason": "lead_reason"},
    "protection.referral.declined": {"reason": "referral_failure"},
    "protection.referral.withdrawn": {"reason": "referral_withdrawal"},
    "protection.referral.completed": {"reason": "referral_failure"},
    "node.erasure.asked": {"basis": "erasure_basis"},
}


def code_list(event: str, field: str) -> str | None:
    """The list that a field of an event draws on, such as `reason` of `triage.urgency.overridden`; None if none."""
    return _HERE.get(event, {}).get(field) or _EVERYWHERE.get(field)
