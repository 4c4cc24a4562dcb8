"""How the danger goes on: what happened again, how the risk was seen since, and whether the case may end."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from contracts.codes import codes
from contracts.events.plan import (
    CaseReopened,
    CircumstancesChanged,
    ClosureAgreed,
    ClosureProposed,
    IncidentRecorded,
    ReviewHeld,
)
from contracts.timeline import Event
from contracts.workflow.closure import CLOSED, CLOSURE, OPEN
from services.node.web.panel import Look, Offer
from services.node.web.present import would_count
from services.protection import closure
from services.protection.outlook import Ending, shown

MOST = 5  # of incidents and reviews, the newest


class Incident(NamedTuple):
    """Something that happened again, or that has changed: one of the two."""

    event: Event
    body: IncidentRecorded | None = None
    change: str = ""


class Review(NamedTuple):
    """A look at the risk."""

    event: Event
    body: ReviewHeld


class Closure(NamedTuple):
    """Whether the case is open, and who has yet to agree that it ends."""

    state: str
    endings: list[Ending]


def incidents(look: Look) -> list[Incident]:
    """What happened and changed since the case was opened, the newest first."""
    found = {event.id: Incident(event, body) for event, body in look.case.of_type(IncidentRecorded)}
    changes = look.case.of_type(CircumstancesChanged)
    found |= {event.id: Incident(event, change=body.change) for event, body in changes}
    return [found[event.id] for event in look.case.timeline if event.id in found][: -MOST - 1 : -1]


def incident_offers(look: Look) -> Iterator[Offer]:
    """Record another incident, or a change."""
    counts = would_count(look)
    if counts(IncidentRecorded(forms=codes("form")[:1], gendered_forms=(), sphere="FISIK", happened="SEHARI")):
        yield Offer(IncidentRecorded.type)
    if counts(CircumstancesChanged(change=codes("circumstance")[0])):
        yield Offer(CircumstancesChanged.type)


def reviews(look: Look) -> list[Review]:
    """Every review, the newest first."""
    return [Review(*told) for told in look.case.of_type(ReviewHeld)][: -MOST - 1 : -1]


def review_offers(look: Look) -> Iterator[Offer]:
    """Hold one; it is the next thing to do where one is overdue."""
    levels = codes("risk")
    if would_count(look)(ReviewHeld(occasion="BERKALA", before=levels[0], after=levels[0])):
        yield Offer(ReviewHeld.type)


def review_draft(look: Look) -> Mapping[str, Sequence[str]]:
    """The level that holds until now is known."""
    before = look.case.in_force("review") or look.case.in_force("risk")
    return {"before": [before]} if before else {}


def ending(look: Look) -> Closure | None:
    """Open until people agree otherwise; None while the rules of the case are not here."""
    return Closure(look.case.in_force(CLOSURE) or OPEN, shown(look.case).endings) if look.case.judged_by else None


def ending_offers(look: Look) -> Iterator[Offer]:
    """Propose the end, agree to it, open the case again."""
    counts = would_count(look)
    if look.case.in_force(CLOSURE) == CLOSED:
        if counts(CaseReopened(reason=codes("reopening_reason")[0])):
            yield Offer(CaseReopened.type)
        return
    proposals = [*closure.proposals(look.case)]
    for name in proposals:
        if counts(ClosureAgreed(proposal=name)):
            yield Offer(ClosureAgreed.type, {"proposal": name}, about=name)
    if not proposals and any(counts(ClosureProposed(reason=reason)) for reason in codes("closure_reason")):
        yield Offer(ClosureProposed.type)
