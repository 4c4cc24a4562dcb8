"""Emergency protection, decided purely: what may be said next, given the case, the rules and the time.

Nothing here judges on its own. What is said is held against `contracts.workflow`, the rules by which every
other node will judge it, so this node never signs what the others would ignore. What follows from
the votes (`consequence`) is asked again and again until nothing follows: activation, its place on the agenda of
the leaders' session, then the deferred list, all in the transaction of the vote that decided. No rule looks at a
document.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from contracts.case import Case
from contracts.content import Actor
from contracts.encoding import b64
from contracts.errors import Code, Rejected
from contracts.events import Body
from contracts.events.intake import CaseOpened
from contracts.events.protection import (
    DeferredItem,
    EmergencyActivated,
    EmergencyApproved,
    EmergencyDeclined,
    EmergencyProposed,
    EmergencyRefused,
    RecordConfirmed,
    RecordSupplemented,
    RequirementsDeferred,
)
from contracts.events.session import SessionTabled
from contracts.mechanism import EmergencyRules, Mechanism
from contracts.record import EventId
from contracts.timeline import Event
from contracts.workflow.emergency import Tally, Vote, may_vote, papers_due, reachable, tally
from contracts.workflow.recusal import leaders_out, told_recusals
from contracts.workflow.rule import Act

UNREACHABLE = "PERSETUJUAN_TIDAK_TERCAPAI"
MAX_NAMED = 16  # votes that one body may name


class State(StrEnum):
    """Where a proposal stands; values as in the case's `emergency` slot."""

    PROPOSED = "PROPOSED"
    ACTIVE = "ACTIVE"
    DECLINED = "DECLINED"


class Proposal(NamedTuple):
    """One supported proposal and what became of it."""

    event: Event
    body: EmergencyProposed
    votes: Tally
    outcome: EmergencyActivated | EmergencyDeclined | None

    @property
    def state(self) -> State:
        """Open until it is activated or declined."""
        match self.outcome:
            case EmergencyActivated():
                return State.ACTIVE
            case EmergencyDeclined():
                return State.DECLINED
            case None:
                return State.PROPOSED


def propose(case: Case, agency: str, rules: EmergencyRules) -> None:
    """Raise unless `agency` may propose now.

    Rejected(FORBIDDEN) for an agency that takes no part; Rejected(STATE) if the deciding agency takes no part,
    or if an emergency is active or waits for its decision: a second proposal would only split the leaders' votes.
    """
    if agency not in case.participants:
        raise Rejected(Code.FORBIDDEN, "participants")
    if rules.decided_by not in case.participants:
        raise Rejected(Code.STATE, "the deciding agency takes no part in this case")
    if case.in_force("emergency") in {State.PROPOSED, State.ACTIVE}:
        raise Rejected(Code.STATE, "emergency")


def check_vote(case: Case, agency: str, actor: Actor, vote: Vote, rules: EmergencyRules) -> None:
    """Raise unless this vote would count.

    Rejected(NOT_FOUND) without such a proposal, Rejected(STATE) if it is decided, protection is already in
    force, or this leader has voted, Rejected(FORBIDDEN) for anybody but a leader other than the proposer.
    """
    proposal = proposed(case, vote.proposal)
    if not may_vote(agency, actor, proposal.event, rules):
        raise Rejected(Code.FORBIDDEN, "a leader other than the proposer decides")
    if proposal.outcome or case.in_force("emergency") == State.ACTIVE:
        raise Rejected(Code.STATE, "decided")
    if actor.officer in {*proposal.votes.approvals.values(), *proposal.votes.refusals.values()}:
        raise Rejected(Code.STATE, "voted")


def consequence(case: Case, name: str, mechanism: Mechanism, now: str) -> Body | None:
    """What the votes on proposal `name` oblige the deciding agency to say next; None when all is said."""
    proposal = proposed(case, name)
    active = next((event for event, body in case.of_type(EmergencyActivated) if body.proposal == name), None)
    if active:
        return _after_activation(case, active, mechanism)
    if proposal.outcome or case.in_force("emergency") == State.ACTIVE:
        return None
    if proposal.votes.reached(mechanism.emergency):
        by_phone = [one for one, record in confirmed(case).items() if record.proposal == name]
        return _activated(proposal, by_phone, mechanism.emergency, now)
    out = leaders_out(told_recusals(case, mechanism), mechanism.emergency)
    if not reachable(proposal.event, proposal.votes, mechanism.emergency, out):
        return EmergencyDeclined(proposal=name, refusals=_names(proposal.votes.refusals), reason=UNREACHABLE)
    return None


def proposals(case: Case) -> list[Proposal]:
    """Every supported proposal, in timeline order."""
    approvals = [Act(*told) for told in case.of_type(EmergencyApproved)]
    refusals = [Act(*told) for told in case.of_type(EmergencyRefused)]
    records = list(confirmed(case).values())
    return [
        Proposal(event, body, tally(b64(event.id), approvals, refusals, records), _outcome(case, b64(event.id)))
        for event, body in case.of_type(EmergencyProposed)
    ]


def confirmed(case: Case) -> dict[str, RecordSupplemented]:
    """The votes that were written down afterwards and count, by the id of their confirmation."""
    records = {b64(event.id): body for event, body in case.of_type(RecordSupplemented)}
    seconds = [(b64(event.id), records.get(body.record)) for event, body in case.of_type(RecordConfirmed)]
    return {name: record for name, record in seconds if record}


def proposed(case: Case, name: str) -> Proposal:
    """One proposal by its event id in base64url; Rejected(NOT_FOUND) if there is none that counts."""
    found = next((proposal for proposal in proposals(case) if b64(proposal.event.id) == name), None)
    if found is None:
        raise Rejected(Code.NOT_FOUND, "proposal")
    return found


def deferred(case: Case) -> list[RequirementsDeferred]:
    """The lists of what is still to come, in timeline order."""
    return [body for _, body in case.of_type(RequirementsDeferred)]


def _outcome(case: Case, name: str) -> EmergencyActivated | EmergencyDeclined | None:
    """Activation outweighs a decline that did not know of it."""
    activated = [body for _, body in case.of_type(EmergencyActivated) if body.proposal == name]
    declined = [body for _, body in case.of_type(EmergencyDeclined) if body.proposal == name]
    return activated[0] if activated else declined[0] if declined else None


def _after_activation(case: Case, activation: Event, mechanism: Mechanism) -> Body | None:
    emergency = b64(activation.id)
    if not any(body.emergency == emergency for _, body in case.of_type(SessionTabled)):
        return SessionTabled(emergency=emergency)
    listed = any(body.emergency == emergency for body in deferred(case))
    return None if listed else _deferred(case, activation, mechanism)


def _activated(proposal: Proposal, by_phone: list[str], rules: EmergencyRules, now: str) -> EmergencyActivated:
    review_by = _instant(datetime.fromisoformat(now) + rules.review)
    names = (*_names(proposal.votes.approvals), *by_phone)[:MAX_NAMED]
    return EmergencyActivated(proposal=b64(proposal.event.id), approvals=names, review_by=review_by)


def _deferred(case: Case, activation: Event, mechanism: Mechanism) -> RequirementsDeferred:
    """The whole list; what an agency outside the case would owe, the deciding agency sees to."""
    gender_lens = any(body.gender_lens for _, body in case.of_type(CaseOpened))
    items = tuple(
        item if item.owner in case.participants else DeferredItem(code=item.code, owner=mechanism.emergency.decided_by)
        for item in mechanism.deferred_items(gender_lens=gender_lens)
    )
    return RequirementsDeferred(emergency=b64(activation.id), items=items, due_on=papers_due(activation, mechanism))


def _names(votes: Mapping[EventId, str]) -> tuple[str, ...]:
    """As many as a body may name; whoever checks counts the events themselves."""
    return tuple(sorted(map(b64, votes))[:MAX_NAMED])


def _instant(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
