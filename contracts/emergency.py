"""Who may put emergency protection in force: a ground and two different leaders, neither the proposer.

Every node judges each act by its own causal past alone, so all nodes judge alike. An act that its past
does not bear out is shown, and changes nothing. No document appears anywhere in these rules: none may
be a precondition (reference domain.md 3.4 and 7.2, emergency-first rule 1).
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol

from contracts.content import Content
from contracts.encoding import b64
from contracts.events import Body
from contracts.events.protection import (
    EmergencyActivated,
    EmergencyApproved,
    EmergencyDeclined,
    EmergencyProposed,
    EmergencyRefused,
    RequirementsDeferred,
)
from contracts.mechanism import EmergencyRules
from contracts.record import EventId

EMERGENCY_ACTS = (
    EmergencyProposed,
    EmergencyApproved,
    EmergencyRefused,
    EmergencyActivated,
    EmergencyDeclined,
    RequirementsDeferred,
)


class Published(Protocol):
    """What these rules look at in an event (see `contracts.case.Event`)."""

    @property
    def agency(self) -> str:
        """Who published it."""
        ...

    @property
    def content(self) -> Content:
        """What it says, and who says it."""
        ...


class Act(NamedTuple):
    """An event with its readable body."""

    event: Published
    body: Body


class Tally(NamedTuple):
    """Where a proposal stands: which votes were cast by whom, by event id."""

    approvals: Mapping[EventId, str]
    refusals: Mapping[EventId, str]

    def reached(self, rules: EmergencyRules) -> bool:
        """Whether enough different leaders approved."""
        return len(set(self.approvals.values())) >= rules.approvals

    def reachable(self, rules: EmergencyRules, *, proposer_is_leader: bool) -> bool:
        """Whether enough leaders are left who could still approve; the proposer cannot."""
        against = set(self.refusals.values()) - set(self.approvals.values())
        return rules.leaders - len(against) - proposer_is_leader >= rules.approvals


def tally(proposal: EventId, acts: Mapping[EventId, Act]) -> Tally:
    """The votes on a proposal among `acts`."""
    name = b64(proposal)
    votes = {id_: act for id_, act in acts.items() if getattr(act.body, "proposal", None) == name}
    return Tally(_cast(votes, EmergencyApproved), _cast(votes, EmergencyRefused))


def supported(act: Act, past: Mapping[EventId, Act], rules: EmergencyRules) -> bool:
    """Whether `act` is borne out by the supported acts in its causal past."""
    match act.body:
        case EmergencyProposed():
            return not _is_active(past)
        case EmergencyApproved() | EmergencyRefused():
            return _is_vote(act, _proposal(act.body.proposal, past), rules)
        case EmergencyActivated():
            votes = tally(_id_in(past, act.body.proposal), _only(past, act.body.approvals))
            return act.event.agency == rules.decided_by and votes.reached(rules)
        case EmergencyDeclined():
            return act.event.agency == rules.decided_by and not _is_active(past) and _lost(act.body, past, rules)
        case RequirementsDeferred():
            return act.event.agency == rules.decided_by and _activates(past.get(_id_in(past, act.body.emergency)))
        case _:
            return True


def undecided(acts: Mapping[EventId, Act], besides: str) -> bool:
    """Whether some proposal other than `besides` is neither activated nor declined among `acts`."""
    proposed = {b64(id_) for id_, act in acts.items() if isinstance(act.body, EmergencyProposed)}
    outcomes = [act.body for act in acts.values() if isinstance(act.body, EmergencyActivated | EmergencyDeclined)]
    return bool(proposed - {outcome.proposal for outcome in outcomes} - {besides})


def is_leader(event: Published, rules: EmergencyRules) -> bool:
    """Whether an event was done by a leader of the agency that decides."""
    return event.agency == rules.decided_by and event.content.actor.role == rules.role


def _activates(act: Act | None) -> bool:
    return act is not None and isinstance(act.body, EmergencyActivated)


def _is_active(past: Mapping[EventId, Act]) -> bool:
    return any(_activates(act) for act in past.values())


def _is_vote(act: Act, proposal: Act | None, rules: EmergencyRules) -> bool:
    if proposal is None or not is_leader(act.event, rules):
        return False
    same_agency = proposal.event.agency == act.event.agency
    return not (same_agency and proposal.event.content.actor.officer == act.event.content.actor.officer)


def _lost(body: EmergencyDeclined, past: Mapping[EventId, Act], rules: EmergencyRules) -> bool:
    proposal = _proposal(body.proposal, past)
    if proposal is None:
        return False
    votes = tally(_id_in(past, body.proposal), past)
    return not votes.reachable(rules, proposer_is_leader=is_leader(proposal.event, rules))


def _proposal(name: str, past: Mapping[EventId, Act]) -> Act | None:
    act = past.get(_id_in(past, name))
    return act if act and isinstance(act.body, EmergencyProposed) else None


def _id_in(past: Iterable[EventId], name: str) -> EventId:
    return next((id_ for id_ in past if b64(id_) == name), EventId(b""))


def _only(past: Mapping[EventId, Act], names: Iterable[str]) -> Mapping[EventId, Act]:
    wanted = set(names)
    return {id_: act for id_, act in past.items() if b64(id_) in wanted}


def _cast(votes: Mapping[EventId, Act], kind: type[Body]) -> Mapping[EventId, str]:
    return {id_: vote.event.content.actor.officer for id_, vote in votes.items() if isinstance(vote.body, kind)}
