"""Exactly one lead: whoever opened the case, until another has accepted it or, in an emergency, taken it over.

Never none: the opening names the first lead, and the lead changes only by an event that names the next. Never two: an
offer or a claim is good only while its author's knowledge of who leads is still what the next signer knows, so each can
be used once, and of changes made without knowledge of each other the mechanism's rank decides (`LeadRules.rank`, read
by `contracts.workflow.rule.in_force`). A rank needs no clock and no arrival order and does not move when more is heard
of the same changes, so all who have heard the same name the same lead. It starts with the agency that decides on
emergency protection: if leads cross on the wire, the one with a duty in the emergency already holds the case together.
The others see the conflict, and the lead in force ends it by confirming the change that made it lead.

A take-over needs an emergency, a lead that was tried and has not been heard of for the agreed time, and the signatures
of the other agencies. Times are those that the events claim; what bears them out is that two agencies sign.
"""

from collections.abc import Collection
from datetime import datetime

from contracts.events import Body
from contracts.events.lead import (
    DecisionConfirmed,
    LeadAccepted,
    LeadClaimed,
    LeadDeclined,
    LeadOffered,
    LeadSupported,
)
from contracts.mechanism import Mechanism, Permission
from contracts.timeline import claimed, recorded
from contracts.workflow.opening import participants, to_all
from contracts.workflow.rule import Act, Known, Writes, rule

SLOT = "lead"
IN_EMERGENCY = frozenset({"PROPOSED", "ACTIVE"})  # of the slot `emergency`


def leads(act: Act[Body], known: Known) -> bool:
    """Whether an act is of the lead, as far as its author knew."""
    return act.agency == known.value(SLOT)


def signatures_needed(present: Collection[str], rules: Mechanism) -> int:
    """How many agencies sign a take-over, its claimant among them: as agreed, or all but the lead if they are fewer."""
    return min(rules.lead.signatures, len(present) - 1)


def _to_another(act: Act[LeadOffered], known: Known) -> bool:
    others = participants(known) - {act.agency}
    return leads(act, known) and act.body.to in others and to_all(act, known)


def _asked(act: Act[LeadAccepted] | Act[LeadDeclined], known: Known) -> bool:
    """The offer was made to this agency, still stands, and was not answered yet."""
    offer = known.named(act.body.offer, LeadOffered)
    if offer is None or offer.body.to != act.agency or not to_all(act, known):
        return False
    answers: list[Act[LeadAccepted] | Act[LeadDeclined]] = [*known.of(LeadAccepted).values()]
    answers += known.of(LeadDeclined).values()
    later = any(known.informed(other, offer.event.id) for other in known.of(LeadOffered))
    return _current(offer, known) and not later and all(answer.body.offer != offer.name for answer in answers)


def _unreachable(act: Act[LeadClaimed], known: Known) -> bool:
    """In an emergency, for long enough, and the present lead: who does not lead cannot be replaced."""
    silent = claimed(act.event) - _since(act.body) >= known.rules.lead.unreachable
    present = act.body.replaces == known.value(SLOT) != act.agency and act.agency in participants(known)
    emergency = known.value("emergency") in IN_EMERGENCY
    return present and emergency and silent and to_all(act, known) and not _heard(act.body, known)


def _by_a_third(act: Act[LeadSupported], known: Known) -> bool:
    claim = known.named(act.body.claim, LeadClaimed)
    if claim is None or act.agency not in participants(known) - {claim.agency, claim.body.replaces}:
        return False
    return _current(claim, known) and to_all(act, known) and not _heard(claim.body, known)


def _by_the_lead(act: Act[DecisionConfirmed], known: Known) -> bool:
    """Something that another agency said, or the change of lead itself."""
    said = known.event(act.body.decision)
    own = said is not None and said.agency == act.agency and said.id not in {one.event for one in known.standing(SLOT)}
    return said is not None and not own and leads(act, known) and to_all(act, known)


def _current(act: Act[LeadOffered] | Act[LeadClaimed], known: Known) -> bool:
    """Nothing has changed the lead that its author did not know of."""
    return all(known.informed(act.event.id, claim.event) for claim in known.standing(SLOT))


def _since(claim: LeadClaimed) -> datetime:
    return min(datetime.fromisoformat(attempt.at) for attempt in claim.tried)


def _heard(claim: LeadClaimed, known: Known) -> bool:
    """Whether an officer of the lead has said something since it was first tried; its machines do not count.

    By the clock of its log: what an event claims of a time to come would keep a lead for ever that nobody can reach.
    """
    roles = known.rules.agencies[claim.replaces].roles if claim.replaces in known.rules.agencies else ()
    said = (event for event in known.events() if event.agency == claim.replaces and not event.void)
    return any(event.content.actor.role in roles and recorded(event) > _since(claim) for event in said)


def _signed(claim: Act[LeadClaimed], signers: set[str], known: Known) -> Writes:
    """The claimant leads once enough agencies have signed."""
    return [(SLOT, claim.agency)] if len(signers) >= signatures_needed(participants(known), known.rules) else []


def _first(act: Act[LeadClaimed], known: Known) -> Writes:
    return _signed(act, {act.agency}, known)


def _supported(act: Act[LeadSupported], known: Known) -> Writes:
    claim = known.named(act.body.claim, LeadClaimed)
    if claim is None:
        return []
    others = {one.agency for one in known.of(LeadSupported).values() if one.body.claim == claim.name}
    return _signed(claim, {claim.agency, act.agency, *others}, known)


def _settled(act: Act[DecisionConfirmed], known: Known) -> Writes:
    """The lead in force ends a conflict by confirming what made it lead; other decisions stay as they are."""
    standing = known.standing(SLOT)
    own = {claim.event for claim in standing if claim.value == act.agency}
    said = known.event(act.body.decision)
    return [(SLOT, act.agency)] if said is not None and said.id in own and len(standing) > 1 else []


RULES = (
    rule(LeadOffered, Permission.LEAD_CASE, counts=_to_another),
    rule(LeadAccepted, Permission.LEAD_CASE, counts=_asked, writes=lambda act, _: [(SLOT, act.agency)]),
    rule(LeadDeclined, Permission.LEAD_CASE, counts=_asked),
    rule(LeadClaimed, Permission.TAKE_LEAD, counts=_unreachable, writes=_first),
    rule(LeadSupported, Permission.TAKE_LEAD, counts=_by_a_third, writes=_supported),
    rule(DecisionConfirmed, Permission.LEAD_CASE, counts=_by_the_lead, writes=_settled),
)
