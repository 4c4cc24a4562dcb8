"""Emergency protection: a ground and the leaders' approvals; paper comes later.

Nothing that puts protection in force has a field for a document, because none may be a precondition
(emergency-first rule). What is missing becomes a deferred list with owners and a day; it is fulfilled, also with
a letter of another agency, or waived. The file of a letter never travels: its number and hash do. Approver and
proposer are named by the signed content around the body, so a body cannot claim another's approval.
"""

from typing import Annotated, ClassVar

from pydantic import Field

from contracts.events.body import Body, Value
from contracts.events.fields import (
    MAX_CODES,
    AgencyId,
    Array,
    Codes,
    CodeText,
    Day,
    EventId,
    EventIds,
    Instant,
    Line,
    Sha256Hex,
    SomeEventIds,
    SomeOfficers,
)


class EmergencyProposed(Body):
    """Someone asks for protection now: the ground and, as far as known, what is needed."""

    type: ClassVar[str] = "protection.emergency.proposed"
    ground: CodeText
    needs: Codes


class EmergencyApproved(Body):
    """One leader says yes to one proposal."""

    type: ClassVar[str] = "protection.emergency.approved"
    proposal: EventId


class EmergencyRefused(Body):
    """One leader says no to one proposal."""

    type: ClassVar[str] = "protection.emergency.refused"
    proposal: EventId
    reason: CodeText


class EmergencyActivated(Body):
    """Protection is in force; `review_by` is when the need is looked at again, not when it ends."""

    type: ClassVar[str] = "protection.emergency.activated"
    proposal: EventId
    approvals: SomeEventIds
    review_by: Instant


class RecordSupplemented(Body):
    """Written down afterwards (`pencatatan susulan`): these leaders said yes by phone, then, while systems were down.

    When it was written is the time of the event itself.
    """

    type: ClassVar[str] = "protection.record.supplemented"
    proposal: EventId
    leaders: SomeOfficers
    decided_at: Instant


class DecisionSupplemented(Body):
    """Written down afterwards: an agency's decision was made earlier than its event says, while systems were down.

    The decision itself counts since it was written; when that was is the time of its own event.
    """

    type: ClassVar[str] = "protection.decision.supplemented"
    decision: EventId
    decided_at: Instant


class RecordConfirmed(Body):
    """A second officer stands for what was written down afterwards: only now do a record's approvals count."""

    type: ClassVar[str] = "protection.record.confirmed"
    record: EventId


class EmergencyDeclined(Body):
    """The approvals can no longer be reached, or the time for them has passed."""

    type: ClassVar[str] = "protection.emergency.declined"
    proposal: EventId
    refusals: EventIds
    reason: CodeText


class DeferredItem(Value):
    """One requirement that may come later, and the agency that sees to it."""

    code: CodeText
    owner: AgencyId


class RequirementsDeferred(Body):
    """What paper is still to come, from whom, by which day; nothing ends when it does not."""

    type: ClassVar[str] = "protection.requirements.deferred"
    emergency: EventId
    items: Annotated[Array[DeferredItem], Field(min_length=1, max_length=MAX_CODES)]
    due_on: Day


class RequirementFulfilled(Body):
    """One paper of a deferred list is there; `letter` is the issued letter that takes its place, if one does."""

    type: ClassVar[str] = "protection.requirement.fulfilled"
    requirements: EventId
    requirement: CodeText
    letter: EventId | None = None


class WaiverProposed(Body):
    """A leader proposes to accept another proof in place of one paper (`dispensasi`)."""

    type: ClassVar[str] = "protection.waiver.proposed"
    requirements: EventId
    requirement: CodeText
    proof: CodeText


class RequirementWaived(Body):
    """Enough leaders accept the other proof: the paper is not waited for any more."""

    type: ClassVar[str] = "protection.requirement.waived"
    waiver: EventId
    approvals: SomeEventIds


class LetterRequested(Body):
    """One agency asks another for a letter that it is competent to write."""

    type: ClassVar[str] = "protection.letter.requested"
    letter: CodeText
    issuer: AgencyId


class LetterIssued(Body):
    """The letter exists: its number and the hash of its file. The file goes by hand, never through here."""

    type: ClassVar[str] = "protection.letter.issued"
    letter: CodeText
    number: Line
    sha256: Sha256Hex
    request: EventId | None = None
