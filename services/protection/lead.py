"""The lead of a case at the desk: who leads, what is offered or claimed, and what the lead has yet to confirm.

What a former lead decided without knowing that it no longer led stays decided: it is listed for the new lead, who
confirms it or decides anew. What any agency may decide, or one of them by the mechanism, is not the lead's to confirm.
"""

from collections.abc import Iterator
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends

from contracts.case import Case
from contracts.encoding import b64
from contracts.errors import Code, Rejected
from contracts.events.access import View
from contracts.events.fields import CaseId
from contracts.events.lead import (
    DecisionConfirmed,
    LeadAccepted,
    LeadClaimed,
    LeadDeclined,
    LeadOffered,
    LeadSupported,
)
from contracts.mechanism import Mechanism, Permission
from contracts.promises.lead import promises
from contracts.promises.need import by_need
from contracts.timeline import Event, Past
from contracts.workflow.closure import OPEN
from contracts.workflow.lead import IN_EMERGENCY, SLOT, signatures_needed
from services.node import acts
from services.node.access import ANSWERS, Reading, reads
from services.node.acts import Act, Moment
from services.node.http import Answer
from services.node.service import Desk

# The matters that the lead decides: of a slot `a/b` the part before the stroke.
LEADS_DECIDE = frozenset({"plan_proposal", "review", "closure"})


class Change(NamedTuple):
    """An event by which the lead passed from one agency to another."""

    event: Event
    before: str


class Decision(NamedTuple):
    """What an event gave a slot."""

    event: Event
    slot: str
    value: str


class LeadOffer(Answer):
    """An offer that waits for its answer."""

    event: str
    by: str
    to: str
    reason: str


class LeadClaim(Answer):
    """A take-over that waits for signatures."""

    event: str
    by: str
    replaces: str
    signed_by: list[str]


class ToConfirm(Answer):
    """A decision of a former lead, made without knowing that it no longer led."""

    event: str
    by: str
    slot: str
    value: str


class ByNeed(Answer):
    """Who should lead while this plan is in force, and why: a reason of list `lead_reason`, with its basis."""

    agency: str
    reason: str
    basis: str
    plan: str


class Lead(Answer):
    """Who leads; `others` would lead, too, and did not know of it; `by_need` is a proposal and changes nothing."""

    lead: str
    others: list[str]
    by_need: ByNeed | None
    offers: list[LeadOffer]
    claims: list[LeadClaim]
    to_confirm: list[ToConfirm]


def check_offer(moment: Moment, body: LeadOffered) -> None:
    """Raise Rejected(STATE) unless we lead and the other may."""
    _we_lead(moment)
    if body.to == moment.agency or body.to not in moment.case.participants:
        raise Rejected(Code.STATE, "to")


def check_claim(moment: Moment, body: LeadClaimed) -> None:
    """Raise Rejected(STATE) outside of an emergency or if another leads."""
    if moment.case.in_force("emergency") not in IN_EMERGENCY:
        raise Rejected(Code.STATE, "emergency")
    if body.replaces != moment.case.in_force(SLOT) or body.replaces == moment.agency:
        raise Rejected(Code.STATE, "replaces")


def check_confirm(moment: Moment, _body: DecisionConfirmed) -> None:
    """Raise Rejected(STATE) unless we lead."""
    _we_lead(moment)


ACTS = (
    Act("lead/offer", LeadOffered, "Offer the lead to another agency", check_offer),
    Act("lead/accept", LeadAccepted, "Accept the lead"),
    Act("lead/decline", LeadDeclined, "Decline the lead"),
    Act("lead/claim", LeadClaimed, "Take over from a lead that cannot be reached", check_claim),
    Act("lead/support", LeadSupported, "Sign another agency's take-over"),
    Act("lead/confirm", DecisionConfirmed, "Confirm a decision of a former lead, or one's own lead", check_confirm),
)


def changes(case: Case, rules: Mechanism) -> list[Change]:
    """Every event that made another agency lead: an acceptance, or the signature that completed a take-over."""
    offers = {b64(event.id): event.agency for event, _ in case.of_type(LeadOffered)}
    accepted = [Change(event, offers[body.offer]) for event, body in case.of_type(LeadAccepted)]
    return [*accepted, *_takeovers(case, rules)]


def to_confirm(case: Case, rules: Mechanism) -> list[Decision]:
    """The standing decisions of former leads that did not know of the change; empty once they are confirmed."""
    past, events = Past(case.timeline), {event.id: event for event in case.timeline}
    confirmed = {body.decision for _, body in case.of_type(DecisionConfirmed)}
    standing = [Decision(events[one.event], slot, one.value) for slot, claims in case.slots.items() for one in claims]
    led = [one for one in standing if _led(one) and b64(one.event.id) not in confirmed]
    changed = changes(case, rules)
    return [one for one in led if any(_unaware(past, one.event, change) for change in changed)]


def _led(decision: Decision) -> bool:
    """Whether only a lead decides this: that a case stays open anybody may say."""
    return decision.slot.partition("/")[0] in LEADS_DECIDE and decision.value != OPEN


def shown(case: Case, rules: Mechanism) -> Lead:
    """The lead of a case as the desk sees it."""
    lead, waiting = case.in_force(SLOT), {one.source for one in promises(case, rules) if not one.kept}
    return Lead(
        lead=lead,
        others=sorted({claim.value for claim in case.slots.get(SLOT, ())} - {lead}),
        by_need=needed(case, rules),
        offers=[
            LeadOffer(event=b64(event.id), by=event.agency, to=body.to, reason=body.reason)
            for event, body in case.of_type(LeadOffered)
            if event.id in waiting
        ],
        claims=[
            LeadClaim(event=b64(event.id), by=event.agency, replaces=body.replaces, signed_by=_signers(case, event))
            for event, body in case.of_type(LeadClaimed)
            if event.id in waiting
        ],
        to_confirm=[
            ToConfirm(event=b64(one.event.id), by=one.event.agency, slot=one.slot, value=one.value)
            for one in to_confirm(case, rules)
        ],
    )


def needed(case: Case, rules: Mechanism) -> ByNeed | None:
    """Who should lead by need; None without a plan in force, or if no need, or nobody to ask, is left."""
    found = by_need(case, rules)
    if found is None:
        return None
    need = found.need
    return ByNeed(agency=need.agency, reason=need.reason, basis=need.basis, plan=found.plan.name)


def router(desk: Desk) -> APIRouter:
    """What officers may say of the lead, and where it stands."""
    routes = acts.router(desk, "lead", ACTS)
    reader = Annotated[Reading, Depends(reads(desk, Permission.READ_CASE))]

    @routes.get("/cases/{case}/lead", responses=ANSWERS, summary="Who leads, and what is open about it")
    async def lead(case: CaseId, reading: reader) -> Lead:
        """One lead always; open offers and take-overs, and what a former lead decided that the lead has to confirm."""
        return await reading.of_case(case, View.LEAD, lambda told: shown(told, told.mechanism))

    return routes


def _takeovers(case: Case, rules: Mechanism) -> Iterator[Change]:
    past, needed = Past(case.timeline), signatures_needed(case.participants, rules)
    for claim, body in case.of_type(LeadClaimed):
        for event in (claim, *_supports(case, claim)):
            known = {one.agency for one in _supports(case, claim) if past.has(event.id, one.id)}
            if len({claim.agency, event.agency} | known) >= needed:
                yield Change(event, body.replaces)


def _supports(case: Case, claim: Event) -> list[Event]:
    return [event for event, body in case.of_type(LeadSupported) if body.claim == b64(claim.id)]


def _signers(case: Case, claim: Event) -> list[str]:
    return sorted({claim.agency, *(event.agency for event in _supports(case, claim))})


def _unaware(past: Past, event: Event, change: Change) -> bool:
    """Whether the agency that led before said this without knowing of the change, and the change without it."""
    between = past.has(event.id, change.event.id) or past.has(change.event.id, event.id)
    return event.agency == change.before and not between


def _we_lead(moment: Moment) -> None:
    if moment.case.in_force(SLOT) != moment.agency:
        raise Rejected(Code.STATE, "only the lead")
