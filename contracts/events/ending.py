"""What may follow when papers do not come: an extension, a handover, or an end that leaders write and all hear of.

An emergency is named by its activation. Nothing here has a timer: a day that passes changes no state. An end takes
effect in its own event, on the day that was announced or later, after every other agency has said that it heard.
"""

from typing import ClassVar

from contracts.events.body import Body
from contracts.events.fields import AgencyId, CodeText, Day, EventId, ShortText, SomeCodes, SomeEventIds


class DecisionApproved(Body):
    """Another leader agrees to what one has proposed: a waiver, an extension or an ending."""

    type: ClassVar[str] = "protection.decision.approved"
    decision: EventId


class ExtensionProposed(Body):
    """A leader proposes to wait for the papers until a later day."""

    type: ClassVar[str] = "protection.extension.proposed"
    emergency: EventId
    until: Day
    reason: CodeText


class EmergencyExtended(Body):
    """Enough leaders agree: the papers are due on the later day."""

    type: ClassVar[str] = "protection.emergency.extended"
    extension: EventId
    approvals: SomeEventIds
    until: Day


class EndingProposed(Body):
    """A leader proposes, in writing, that protection ends on a day: on which basis, and how the person leaves safely.

    `risk` is the fresh assessment on which it rests; absent if the person asks for the end.
    """

    type: ClassVar[str] = "protection.ending.proposed"
    emergency: EventId
    basis: CodeText
    risk: EventId | None = None
    reason: ShortText
    exit_plan: SomeCodes
    ends_on: Day


class EndingAnnounced(Body):
    """Enough leaders agree, and all are told the day. Protection stays in force."""

    type: ClassVar[str] = "protection.ending.announced"
    ending: EventId
    approvals: SomeEventIds
    ends_on: Day


class EndingAcknowledged(Body):
    """Somebody at another agency has read the announcement."""

    type: ClassVar[str] = "protection.ending.acknowledged"
    announcement: EventId


class EndingWithdrawn(Body):
    """A leader takes the announcement back: protection goes on."""

    type: ClassVar[str] = "protection.ending.withdrawn"
    announcement: EventId
    reason: CodeText


class EmergencyEnded(Body):
    """The announced end takes effect: its day has come, all have heard of it, and nothing speaks against it."""

    type: ClassVar[str] = "protection.emergency.ended"
    announcement: EventId


class HandoverOffered(Body):
    """The deciding agency offers measures to another agency, and keeps each until it is accepted."""

    type: ClassVar[str] = "protection.handover.offered"
    emergency: EventId
    recipient: AgencyId
    measures: SomeCodes


class HandoverAccepted(Body):
    """The other agency carries these measures from now on."""

    type: ClassVar[str] = "protection.handover.accepted"
    offer: EventId


class HandoverDeclined(Body):
    """The other agency cannot: the measures stay where they are."""

    type: ClassVar[str] = "protection.handover.declined"
    offer: EventId
    reason: CodeText
