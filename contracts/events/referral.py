"""Referral: a need goes to another agency or to a partner, with the person's consent, and comes back with an outcome.

A partner is named by its kind alone; which one, and how to reach it, stays with the agency that manages partners.
What a partner answers, that agency enters.
"""

from typing import ClassVar, Self

from pydantic import ConfigDict, model_validator

from contracts.events.body import Body
from contracts.events.fields import Agencies, AgencyId, CodeText, EventId, Instant, SomeCodes, SomeEventIds


class ReferralSent(Body):
    """These needs are asked of one agency, or of one kind of partner; `consent` is what it rests on."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["to"]}, {"required": ["partner"]}]})

    type: ClassVar[str] = "protection.referral.sent"
    to: AgencyId | None = None
    partner: CodeText | None = None
    needs: SomeCodes
    urgent: bool
    answer_by: Instant
    consent: EventId

    @model_validator(mode="after")
    def _goes_to_one(self) -> Self:
        if (self.to is None) == (self.partner is None):
            raise ValueError("a referral goes to an agency or to a kind of partner")
        return self


class ReferralAccepted(Body):
    """The need is taken on; from here on there is a report every so many days."""

    type: ClassVar[str] = "protection.referral.accepted"
    referral: EventId


class ReferralDeclined(Body):
    """The need is not taken on, or no longer, and why."""

    type: ClassVar[str] = "protection.referral.declined"
    referral: EventId
    reason: CodeText


class ReferralUnanswered(Body):
    """The day for an answer has passed without one."""

    type: ClassVar[str] = "protection.referral.unanswered"
    referral: EventId


class ReferralWithdrawn(Body):
    """Who sent the referral takes it back, and why."""

    type: ClassVar[str] = "protection.referral.withdrawn"
    referral: EventId
    reason: CodeText


class ReferralReported(Body):
    """How far it has come: the periodic report back, in a code."""

    type: ClassVar[str] = "protection.referral.reported"
    referral: EventId
    progress: CodeText


class ReferralCompleted(Body):
    """It is over. Without a `reason` the need was met; with one, that is why it was not."""

    type: ClassVar[str] = "protection.referral.completed"
    referral: EventId
    reason: CodeText | None = None


class ReferralEscalated(Body):
    """The same need has failed again: these are who was not asked yet. The supervisor decides, the need stays open."""

    type: ClassVar[str] = "protection.referral.escalated"
    failed: SomeEventIds
    needs: SomeCodes
    untried: Agencies
