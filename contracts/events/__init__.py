"""The published language: every event that an agency may say, one module per family.

A type on the wire is `rajut.<family>.<noun>.<verb>.v<major>`. Types are only ever added. A type
that this version does not know is kept and shown as unreadable by this version, never refused:
agencies do not upgrade on the same day.
"""

from collections.abc import Mapping
from types import MappingProxyType

from contracts.canonical import Json
from contracts.events import (
    access,
    breach,
    ending,
    intake,
    lead,
    node,
    notify,
    plan,
    police,
    protection,
    referral,
    rights,
    session,
    step,
    triage,
)
from contracts.events.body import Body, Value

__all__ = ["BODIES", "REGISTRY", "Body", "Value", "read_body"]

BODIES: tuple[type[Body], ...] = (
    intake.ReportReceived,
    intake.CaseOpened,
    intake.ConsentRecorded,
    intake.ConsentWithdrawn,
    intake.DisclosureMade,
    intake.DisclosureConfirmed,
    intake.OutsiderNamed,
    intake.OutsiderConfirmed,
    intake.OutsiderTold,
    intake.IdentityShared,
    intake.DuplicateLinked,
    intake.DuplicateDismissed,
    intake.DuplicateReopened,
    rights.RequestReceived,
    rights.RequestAnswered,
    breach.BreachFound,
    breach.BreachTold,
    breach.BreachWithdrawn,
    triage.UrgencyAssessed,
    triage.UrgencyOverridden,
    triage.CaseTriaged,
    triage.StatusRequested,
    triage.StatusDetermined,
    triage.StatusRecognised,
    triage.StatusDisputed,
    triage.StatusAppealed,
    triage.AppealDecided,
    triage.RiskAssessed,
    triage.EligibilityDetermined,
    protection.EmergencyProposed,
    protection.EmergencyApproved,
    protection.EmergencyRefused,
    protection.RecordSupplemented,
    protection.DecisionSupplemented,
    protection.RecordConfirmed,
    protection.EmergencyActivated,
    protection.EmergencyDeclined,
    protection.RequirementsDeferred,
    protection.RequirementFulfilled,
    protection.WaiverProposed,
    protection.RequirementWaived,
    protection.LetterRequested,
    protection.LetterIssued,
    ending.DecisionApproved,
    ending.ExtensionProposed,
    ending.EmergencyExtended,
    ending.EndingProposed,
    ending.EndingAnnounced,
    ending.EndingAcknowledged,
    ending.EndingWithdrawn,
    ending.EmergencyEnded,
    ending.HandoverOffered,
    ending.HandoverAccepted,
    ending.HandoverDeclined,
    session.SessionTabled,
    session.SessionDecided,
    plan.PlanProposed,
    plan.PlanAgreed,
    plan.PlanDeclined,
    plan.MeasureWanted,
    plan.MeasureUnwanted,
    plan.MeasureStarted,
    plan.MeasureCompleted,
    plan.MeasureFailed,
    plan.IncidentRecorded,
    plan.ReviewHeld,
    plan.ClosureProposed,
    plan.ClosureAgreed,
    plan.CaseClosed,
    plan.CaseReopened,
    lead.LeadOffered,
    lead.LeadAccepted,
    lead.LeadDeclined,
    lead.LeadClaimed,
    lead.LeadSupported,
    lead.DecisionConfirmed,
    referral.ReferralSent,
    referral.ReferralAccepted,
    referral.ReferralDeclined,
    referral.ReferralUnanswered,
    referral.ReferralWithdrawn,
    referral.ReferralReported,
    referral.ReferralCompleted,
    referral.ReferralEscalated,
    police.PoliceReported,
    police.PoliceAnswered,
    step.StepOverdue,
    step.StepTaken,
    notify.NoticeSent,
    notify.NoticeAcknowledged,
    notify.NoticeEscalated,
    notify.ReminderGiven,
    notify.PromiseMissed,
    node.DirectoryAdopted,
    node.MechanismAdopted,
    node.RecordRefused,
    node.ForkFound,
    node.ErasureAsked,
    node.ErasureConfirmed,
    node.ErasureExecuted,
    access.CaseRead,
    access.IntakeCaseRead,
    access.TriageCaseRead,
    access.ProtectionCaseRead,
    access.NotifyCaseRead,
)
REGISTRY: Mapping[str, type[Body]] = MappingProxyType({body.wire_type: body for body in BODIES})


def read_body(wire_type: str, value: Json) -> Body | None:
    """The body of an event, or None for a type that this version does not know.

    Raises Rejected(BODY) if a known type's body does not fit it; the detail is a field path, never
    a value.
    """
    model = REGISTRY.get(wire_type)
    return model.read(value) if model else None
