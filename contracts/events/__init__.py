"""The published language: every event that an agency may say, one module per family.

A type on the wire is `rajut.<family>.<noun>.<verb>.v<major>`. Types are only ever added. A type
that this version does not know is kept and shown as unreadable by this version, never refused:
agencies do not upgrade on the same day.
"""

from collections.abc import Mapping
from types import MappingProxyType

from contracts.canonical import Json
from contracts.events import access, intake, node, notify, protection, triage
from contracts.events.body import Body, Value

__all__ = ["BODIES", "REGISTRY", "Body", "Value", "read_body"]

BODIES: tuple[type[Body], ...] = (
    intake.ReportReceived,
    intake.CaseOpened,
    intake.ConsentRecorded,
    intake.IdentityShared,
    triage.UrgencyAssessed,
    triage.UrgencyOverridden,
    triage.StatusDetermined,
    protection.EmergencyProposed,
    protection.EmergencyApproved,
    protection.EmergencyRefused,
    protection.EmergencyActivated,
    protection.EmergencyDeclined,
    protection.RequirementsDeferred,
    notify.NoticeSent,
    notify.NoticeAcknowledged,
    notify.NoticeEscalated,
    node.DirectoryAdopted,
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
