"""Who leads, and how that changes: an offer and its answer, a take-over and its signatures, an old lead's decisions."""

from collections.abc import Iterator, Mapping, Sequence

from contracts.codes import codes
from contracts.events.lead import (
    Attempt,
    DecisionConfirmed,
    LeadAccepted,
    LeadClaimed,
    LeadDeclined,
    LeadOffered,
    LeadSupported,
)
from contracts.hlc import instant as written
from contracts.workflow.lead import SLOT
from services.node.web.panel import Look, Offer
from services.node.web.present import Counts, would_count
from services.protection.lead import Lead, needed, shown

_REASON = codes("lead_reason")[0]


def show(look: Look) -> Lead | None:
    """Who leads and what is open about it; None while the rules of the case are not here."""
    rules = look.case.judged_by
    return shown(look.case, rules) if rules else None


def offers(look: Look) -> Iterator[Offer]:
    """Answer and sign what waits for this agency; offer the lead, or take it over from one that is silent."""
    stands = show(look)
    if stands is None:
        return
    counts = would_count(look)
    yield from _waiting(counts, stands)
    if any(counts(LeadOffered(to=agency, reason=_REASON)) for agency in look.others):
        yield Offer(LeadOffered.type)
    if _silent(look, counts):
        yield Offer(LeadClaimed.type, {"replaces": stands.lead})


def draft(look: Look) -> Mapping[str, Sequence[str]]:
    """Whom the lead would offer to by need, and why; whoever fills it in may choose another."""
    rules = look.case.judged_by
    found = needed(look.case, rules) if rules else None
    return {"to": [found.agency], "reason": [found.reason]} if found and found.agency in look.others else {}


def _waiting(counts: Counts, stands: Lead) -> Iterator[Offer]:
    for offer in stands.offers:
        if counts(LeadAccepted(offer=offer.event)):
            yield Offer(LeadAccepted.type, {"offer": offer.event}, first=True, about=offer.event)
            yield Offer(LeadDeclined.type, {"offer": offer.event}, about=offer.event)
    for claim in stands.claims:
        if counts(LeadSupported(claim=claim.event)):
            yield Offer(LeadSupported.type, {"claim": claim.event}, first=True, about=claim.event)
    for decision in stands.to_confirm:
        if counts(DecisionConfirmed(decision=decision.event)):
            yield Offer(DecisionConfirmed.type, {"decision": decision.event}, about=decision.event)


def _silent(look: Look, counts: Counts) -> bool:
    """Whether the lead has said nothing for so long that another may claim it."""
    since = look.now - look.case.mechanism.lead.unreachable
    tried = Attempt(channel=codes("channel")[0], at=written(int(since.timestamp() * 1000)))
    return counts(LeadClaimed(replaces=look.case.in_force(SLOT) or look.agency, tried=(tried,)))
