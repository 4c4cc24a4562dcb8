"""Emergency protection: a ground and the leaders' approvals; paper comes later.

No body here has a field for a document, because none may be a precondition (emergency-first rule).
What is missing becomes a deferred list with owners and a day. Approver and proposer are named by
the signed content around the body, so a body cannot claim another's approval.
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
    SomeEventIds,
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
