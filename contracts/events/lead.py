"""Lead: the one agency that coordinates a case. Offered and accepted, or taken over when it cannot be reached.

Leading is coordination, never a condition: nothing that protects somebody waits for a lead. Who leads is not said
by any of these events alone; it follows from all of them (`contracts.workflow.lead`).
"""

from typing import Annotated, ClassVar

from pydantic import Field

from contracts.events.body import Body, Value
from contracts.events.fields import AgencyId, Array, CodeText, EventId, Instant, Word

MAX_ATTEMPTS = 16


class LeadOffered(Body):
    """The lead asks one participant to lead from here on; until that one accepts, nothing changes."""

    type: ClassVar[str] = "protection.lead.offered"
    to: AgencyId
    reason: CodeText


class LeadAccepted(Body):
    """The agency that was asked leads now."""

    type: ClassVar[str] = "protection.lead.accepted"
    offer: EventId


class LeadDeclined(Body):
    """The agency that was asked will not lead: the lead stays where it is."""

    type: ClassVar[str] = "protection.lead.declined"
    offer: EventId
    reason: CodeText


class Attempt(Value):
    """One try to reach the lead: by which channel, and when; whom, and what was said, stays at the desk."""

    channel: Word
    at: Instant


class LeadClaimed(Body):
    """In an emergency the lead `replaces` cannot be reached: its claimant will lead once others have signed, too."""

    type: ClassVar[str] = "protection.lead.claimed"
    replaces: AgencyId
    tried: Annotated[Array[Attempt], Field(min_length=1, max_length=MAX_ATTEMPTS)]


class LeadSupported(Body):
    """Another agency signs a take-over: it could not reach the lead either, or trusts who could not."""

    type: ClassVar[str] = "protection.lead.supported"
    claim: EventId


class DecisionConfirmed(Body):
    """The lead stands by what another agency decided as lead, or by the change that made itself lead."""

    type: ClassVar[str] = "protection.decision.confirmed"
    decision: EventId
