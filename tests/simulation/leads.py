"""What agencies say about who leads, entitled or not: offers, answers, take-overs, signatures beneath them."""

from datetime import datetime, timedelta
from random import Random

from contracts.case import Case
from contracts.encoding import b64
from contracts.events import Body
from contracts.events.lead import Attempt, LeadAccepted, LeadClaimed, LeadOffered, LeadSupported
from contracts.mechanism import Permission
from contracts.workflow.lead import IN_EMERGENCY

LEADERS = tuple(f"p-{number}" for number in range(1, 8))  # and all others who are entitled to anything
LONG, SHORT = timedelta(hours=3), timedelta(minutes=20)  # the agreed time lies between


def said(rng: Random, case: Case, agency: str, now: str) -> tuple[Body, Permission] | None:
    """One thing that an agency might say, and what it takes to be entitled to; None if there is nobody to say it to."""
    others = [other for other in case.participants if other != agency]
    if not others:
        return None
    lead = case.in_force("lead") or others[0]
    if is_silent(case, agency):
        return _take_over(rng, case, lead, now), Permission.TAKE_LEAD
    offers = [b64(event.id) for event, body in case.of_type(LeadOffered) if body.to == agency or rng.random() < 0.2]
    if offers and rng.random() < 0.7:
        return LeadAccepted(offer=rng.choice(offers)), Permission.LEAD_CASE
    if rng.random() < 0.7:
        return LeadOffered(to=rng.choice(others), reason="BEBAN"), Permission.LEAD_CASE
    return _take_over(rng, case, lead, now), Permission.TAKE_LEAD


def _take_over(rng: Random, case: Case, lead: str, now: str) -> Body:
    claims = [b64(event.id) for event, _ in case.of_type(LeadClaimed)]
    if claims and rng.random() < 0.8:  # also one's own: that signs nothing
        return LeadSupported(claim=rng.choice(claims))
    return LeadClaimed(replaces=lead, tried=(_tried(rng, now),))


def urgency(case: Case, agency: str) -> int:
    """How much reason an agency has to say something of the lead: it is silent, or offered."""
    return 2 * is_silent(case, agency) or int(any(body.to == agency for _, body in case.of_type(LeadOffered)))


def is_silent(case: Case, agency: str) -> bool:
    """Whether in an emergency another agency leads, of which nobody has said anything but that the case is open."""
    lead = case.in_force("lead")
    heard = any(event.agency == lead and event.content.actor.officer in LEADERS for event in case.timeline)
    return lead != agency and case.in_force("emergency") in IN_EMERGENCY and not heard


def _tried(rng: Random, now: str) -> Attempt:
    at = datetime.fromisoformat(now) - (LONG if rng.random() < 0.7 else SHORT)
    return Attempt(channel="telepon", at=at.isoformat(timespec="milliseconds").replace("+00:00", "Z"))
