"""What officers say when papers come or do not: letters, waivers, extensions, handovers, an end.

Leaders decide in two steps: one proposes, another approves, and what the agreement obliges the deciding agency to say
follows in the approval's own transaction (`outcome`). Whether any of it counts say the rules of the workflow; here
stand only the checks that would be too bare as their refusal: what we say ourselves, we say in known codes.
"""

from collections.abc import Iterable
from typing import TypeVar

from contracts.case import Case
from contracts.errors import Code, Rejected
from contracts.events import Body
from contracts.events.ending import (
    DecisionApproved,
    EmergencyEnded,
    EmergencyExtended,
    EndingAcknowledged,
    EndingAnnounced,
    EndingProposed,
    EndingWithdrawn,
    ExtensionProposed,
    HandoverAccepted,
    HandoverDeclined,
    HandoverOffered,
)
from contracts.events.protection import (
    LetterIssued,
    LetterRequested,
    RequirementFulfilled,
    RequirementWaived,
    WaiverProposed,
)
from contracts.mechanism import EmergencyRules
from contracts.timeline import Event
from contracts.workflow.leaders import DECISIONS, Decision, enough
from contracts.workflow.rule import Act as Told
from services.node.acts import Act, Moment

Kind = TypeVar("Kind", bound=Body)


def takes_part(case: Case, agency: str, field: str) -> None:
    """Raise Rejected(STATE) for an agency that would never hear of it."""
    if agency not in case.participants:
        raise Rejected(Code.STATE, field)


def decisions(case: Case) -> list[Told[Decision]]:
    """Everything that leaders were asked to agree to, in timeline order of each kind."""
    return [Told(*told) for kind in DECISIONS for told in case.of_type(kind)]


def approvals(case: Case, name: str) -> list[Told[DecisionApproved]]:
    """The approvals of one decision."""
    return [Told(*told) for told in case.of_type(DecisionApproved) if told[1].decision == name]


def concluded(case: Case, name: str) -> Event | None:
    """The event that said the outcome of a decision; None while it waits for leaders."""
    said = [(event, body.waiver) for event, body in case.of_type(RequirementWaived)]
    said += [(event, body.extension) for event, body in case.of_type(EmergencyExtended)]
    said += [(event, body.ending) for event, body in case.of_type(EndingAnnounced)]
    return next((event for event, decision in said if decision == name), None)


def outcome(moment: Moment, approval: Event) -> Body | None:
    """What the deciding agency says once enough leaders agree; None before that and after it was said."""
    approved = moment.case.bodies[approval.id]
    name = approved.decision if isinstance(approved, DecisionApproved) else ""
    decision = next((one for one in decisions(moment.case) if one.name == name), None)
    if decision is None or concluded(moment.case, name):
        return None
    yes = approvals(moment.case, name)
    return _said(decision, yes) if enough(decision, yes, moment.rules.emergency) else None


def check_approval(moment: Moment, body: DecisionApproved) -> None:
    """Raise unless this leader may still approve it.

    Rejected(NOT_FOUND) if there is no such decision, Rejected(FORBIDDEN) for the leader who proposed it,
    Rejected(STATE) once it is concluded or if this leader has approved it.
    """
    decision = next((one for one in decisions(moment.case) if one.name == body.decision), None)
    if decision is None:
        raise Rejected(Code.NOT_FOUND, "decision")
    if decision.event.content.actor.officer == moment.actor.officer:
        raise Rejected(Code.FORBIDDEN, "a leader other than the proposer decides")
    voted = {one.event.content.actor.officer for one in approvals(moment.case, body.decision)}
    if concluded(moment.case, body.decision) or moment.actor.officer in voted:
        raise Rejected(Code.STATE, "decided")


def still_needed(decision: Told[Decision], case: Case, rules: EmergencyRules) -> int:
    """How many more leaders a decision waits for."""
    stand = {one.event.content.actor.officer for one in approvals(case, decision.name)}
    return max(0, rules.approvals - len(stand | {decision.event.content.actor.officer}))


def _said(decision: Told[Decision], yes: Iterable[Told[DecisionApproved]]) -> Body:
    names = tuple(sorted(one.name for one in yes))[:16]
    match decision.body:
        case WaiverProposed():
            return RequirementWaived(waiver=decision.name, approvals=names)
        case ExtensionProposed(until=until):
            return EmergencyExtended(extension=decision.name, approvals=names, until=until)
        case EndingProposed(ends_on=day):
            return EndingAnnounced(ending=decision.name, approvals=names, ends_on=day)


def _check_offer(moment: Moment, body: HandoverOffered) -> None:
    takes_part(moment.case, body.recipient, "recipient")


def _check_request(moment: Moment, body: LetterRequested) -> None:
    takes_part(moment.case, body.issuer, "issuer")


ACTS = (
    Act("requirements/fulfil", RequirementFulfilled, "Say that a deferred paper is there", coded=False),
    Act("requirements/waive", WaiverProposed, "Propose another proof in place of a paper"),
    Act("letters/request", LetterRequested, "Ask an agency for a letter", _check_request),
    Act("letters", LetterIssued, "Say that a letter is issued"),
    Act("emergency/decisions", DecisionApproved, "Approve as another leader", check_approval, outcome),
    Act("emergency/extend", ExtensionProposed, "Propose a later deadline"),
    Act("emergency/end", EndingProposed, "Propose that protection ends on a day"),
    Act("emergency/end/acknowledge", EndingAcknowledged, "Say that the announced end was read here"),
    Act("emergency/end/withdraw", EndingWithdrawn, "Take an announced end back"),
    Act("emergency/end/carry-out", EmergencyEnded, "Let the announced end take effect"),
    Act("handovers", HandoverOffered, "Offer measures to another agency", _check_offer),
    Act("handovers/accept", HandoverAccepted, "Take measures over"),
    Act("handovers/decline", HandoverDeclined, "Decline to take measures over"),
)
