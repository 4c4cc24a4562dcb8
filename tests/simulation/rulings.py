"""What must hold of one case as one node tells it: which decisions stand, what is in force, who leads.

Derived anew from the events and their parents, without asking the fold under test. `Broken` names the first promise
that does not hold.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from contracts.case import Case
from contracts.encoding import b64
from contracts.events import Body
from contracts.events.intake import CaseOpened
from contracts.events.lead import LeadAccepted, LeadClaimed, LeadOffered, LeadSupported
from contracts.events.protection import (
    EmergencyActivated,
    EmergencyApproved,
    EmergencyDeclined,
    EmergencyProposed,
    EmergencyRefused,
)
from contracts.events.triage import StatusDetermined, UrgencyOverridden
from contracts.mechanism import LATEST, Permission
from contracts.record import EventId
from contracts.timeline import Event
from tests.simulation.broken import Broken

PROTECTIVE = {"urgency": ("BIASA", "TINGGI", "MENDESAK", "KRITIS"), "emergency": ("DECLINED", "PROPOSED", "ACTIVE")}
DECIDING, LEADERS, NEEDED = "lpsk", 7, 2
SILENCE = timedelta(hours=2)

Kind = TypeVar("Kind", bound=Body)


def check(agency: str, case: Case, void: Collection[EventId]) -> None:
    """Raise Broken unless a case is told as its events demand; what is `void` decides nothing."""
    _check_standing(agency, case, void)
    _check_in_force(agency, case)
    told = _Told(case)
    for claim in case.slots.get("emergency", ()):
        if not told.puts_in_force(claim.event, claim.value):
            raise Broken(f"leaders: {agency} has {claim.value} without the leaders for it")
    leads = case.slots.get("lead", ())
    if case.participants and not leads:
        raise Broken(f"lead: {agency} has a case without one")
    if not all(told.makes_lead(claim.event, claim.value) for claim in leads):
        raise Broken(f"lead: {agency} has one that was neither offered it nor signed for")


def past(event: Event, timeline: Sequence[Event]) -> set[EventId]:
    """All events that the author of this one knew of, by walking its parents."""
    by_id = {one.id: one for one in timeline}
    known: set[EventId] = set()
    todo = list(event.content.parents)
    while todo:
        id_ = todo.pop()
        if id_ not in known:
            known.add(id_)
            todo += by_id[id_].content.parents
    return known


def _check_standing(agency: str, case: Case, void: Collection[EventId]) -> None:
    """A decision stands exactly as long as nobody who knew of it decided the same matter."""
    told = [(event, case.bodies[event.id]) for event in case.timeline if event.id in case.bodies]
    decided = [(event, slot) for event, body in told if event.id not in void and (slot := _decides(event, body))]
    for slot in {"urgency", *(slot for _, slot in decided)}:
        writers = [event for event, matter in decided if matter == slot]
        replaced = set().union(*(past(event, case.timeline) for event in writers)) if writers else set()
        standing = {event.id for event in writers if event.id not in replaced}
        if {claim.event for claim in case.slots.get(slot, ())} != standing:
            raise Broken(f"conflict: {agency} lost a decision on {slot}")


def _decides(event: Event, body: Body) -> str:
    """The matter that this decides; "" if none, or if the mechanism document does not let this role of this agency."""
    role, rules = event.content.actor.role, LATEST
    match body:
        case StatusDetermined(defender_kind=kind):
            owner = event.agency == rules.status.owners.get(kind)
            return f"status/{kind}" if owner and rules.may(event.agency, role, Permission.DETERMINE_STATUS) else ""
        case UrgencyOverridden():
            return "urgency" if rules.may(event.agency, role, Permission.OVERRIDE_URGENCY) else ""
        case _:
            return ""


def _check_in_force(agency: str, case: Case) -> None:
    """Of decisions in conflict the one that protects most holds."""
    for slot, ranks in PROTECTIVE.items():
        values = {claim.value for claim in case.slots.get(slot, ())}
        most = next((value for value in reversed(ranks) if value in values), "")
        if case.in_force(slot) != most:
            raise Broken(f"protection: {agency} has another {slot} in force than the most protective one")


class _Told:
    """The events of a case, by what the authors of others knew of them."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._by_id = {event.id: event for event in case.timeline}
        self._by_name = {b64(event.id): event.id for event in case.timeline}

    def puts_in_force(self, id_: EventId, value: str) -> bool:
        """Whether this event may say that of the emergency."""
        event, body = self._by_id[id_], self._case.bodies[id_]
        match body:
            case EmergencyProposed():
                role = event.content.actor.role
                return value == "PROPOSED" and LATEST.may(event.agency, role, Permission.PROPOSE_EMERGENCY)
            case EmergencyActivated(proposal=proposal, approvals=named):
                votes = {self._by_name[name] for name in named if name in self._by_name}
                leaders = self._voters(EmergencyApproved, proposal, votes & past(event, self._case.timeline))
                return value == "ACTIVE" and event.agency == DECIDING and len(leaders) >= NEEDED
            case EmergencyDeclined(proposal=proposal):
                against = self._voters(EmergencyRefused, proposal, past(event, self._case.timeline))
                left = LEADERS - len(against) - self._is_leaders(proposal)
                return value == "DECLINED" and event.agency == DECIDING and left < NEEDED
            case _:
                return False

    def makes_lead(self, id_: EventId, value: str) -> bool:
        """Whether this event may say that an agency leads."""
        event, body = self._by_id[id_], self._case.bodies[id_]
        known = past(event, self._case.timeline)
        match body:
            case CaseOpened():
                return value == event.agency and not event.content.parents
            case LeadAccepted(offer=name):
                offer = self._named(name, LeadOffered, known)
                once = not any(self._accepts(one, name, event.agency) for one in known)
                return offer is not None and once and value == event.agency == offer.to and self._has_led(name)
            case LeadClaimed():
                return value == event.agency and self._may_take_over(event, body, {event.agency})
            case LeadSupported(claim=name):
                claim = self._named(name, LeadClaimed, known)
                signers = {self._by_id[one].agency for one in {*known, id_} if self._supports(one, name)}
                claimant = self._by_id[self._by_name[name]]
                signed = {*signers, claimant.agency}
                return claim is not None and value == claimant.agency and self._may_take_over(claimant, claim, signed)
            case _:
                return False

    def _may_take_over(self, event: Event, claim: LeadClaimed, signed: set[str]) -> bool:
        """In an emergency, from a lead that was tried for long enough, with enough signatures."""
        bodies = self._case.bodies
        emergency = any(isinstance(bodies.get(id_), EmergencyProposed) for id_ in past(event, self._case.timeline))
        silent = min(datetime.fromisoformat(one.at) for one in claim.tried)
        enough = min(NEEDED, len(self._case.participants) - 1)
        long = datetime.fromisoformat(event.content.time) - silent >= SILENCE
        return emergency and long and len(signed - {claim.replaces}) >= enough

    def _supports(self, id_: EventId, claim: str) -> bool:
        body = self._case.bodies.get(id_)
        return isinstance(body, LeadSupported) and body.claim == claim

    def _accepts(self, id_: EventId, offer: str, agency: str) -> bool:
        event, body = self._by_id[id_], self._case.bodies.get(id_)
        entitled = LATEST.may(agency, event.content.actor.role, Permission.LEAD_CASE)
        return isinstance(body, LeadAccepted) and body.offer == offer and event.agency == agency and entitled

    def _has_led(self, offer: str) -> bool:
        """Whether who made an offer had opened the case or come to lead it, as far as they knew."""
        event = self._by_id[self._by_name[offer]]
        ways = (CaseOpened, LeadAccepted, LeadClaimed)
        known = (self._by_id[id_] for id_ in past(event, self._case.timeline))
        return any(one.agency == event.agency and isinstance(self._case.bodies.get(one.id), ways) for one in known)

    def _voters(self, kind: type[EmergencyApproved | EmergencyRefused], proposal: str, ids: set[EventId]) -> set[str]:
        """The leaders other than the proposer who cast such a vote on a proposal."""
        asked = self._by_id[self._by_name[proposal]] if proposal in self._by_name else None
        votes = [(self._by_id[id_], self._case.bodies.get(id_)) for id_ in ids]
        cast = [event for event, body in votes if isinstance(body, kind) and body.proposal == proposal]
        if asked is None or not isinstance(self._case.bodies.get(asked.id), EmergencyProposed):
            return set()
        proposer = (asked.agency, asked.content.actor.officer)
        return {e.content.actor.officer for e in cast if _leads(e) and (e.agency, e.content.actor.officer) != proposer}

    def _is_leaders(self, proposal: str) -> bool:
        return proposal in self._by_name and _leads(self._by_id[self._by_name[proposal]])

    def _named(self, name: str, kind: type[Kind], known: Collection[EventId]) -> Kind | None:
        id_ = self._by_name.get(name)
        body = self._case.bodies.get(id_) if id_ is not None and id_ in known else None
        return body if isinstance(body, kind) else None


def _leads(event: Event) -> bool:
    return event.agency == DECIDING and event.content.actor.role == "pimpinan"
