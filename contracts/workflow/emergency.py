"""Who may put emergency protection in force: a ground and two different leaders, neither the proposer.

No document appears anywhere in these rules: none may be a precondition (reference domain.md 3.4 and 7.2,
emergency-first rule 1).
"""

from collections.abc import Iterable, Mapping, Set as AbstractSet
from typing import NamedTuple

from contracts.content import Actor
from contracts.events import Body
from contracts.events.protection import (
    EmergencyActivated,
    EmergencyApproved,
    EmergencyDeclined,
    EmergencyProposed,
    EmergencyRefused,
    RecordConfirmed,
    RecordSupplemented,
    RequirementsDeferred,
)
from contracts.mechanism import EmergencyRules, Mechanism, Permission
from contracts.record import EventId
from contracts.timeline import Event, recorded
from contracts.workflow.recusal import known_recusals, leaders_out
from contracts.workflow.rule import Act, Graver, Known, Rule, Writes, adding, always, rule

PROPOSED, ACTIVE = "PROPOSED", "ACTIVE"
Vote = EmergencyApproved | EmergencyRefused
Votes = Mapping[EventId, str]  # who cast them, by event id
Yes = Iterable[Act[EmergencyApproved]]
No = Iterable[Act[EmergencyRefused]]


class Tally(NamedTuple):
    """Where a proposal stands."""

    approvals: Votes
    refusals: Votes
    by_phone: frozenset[str] = frozenset()  # who approved by what was written down afterwards and confirmed

    def reached(self, rules: EmergencyRules) -> bool:
        """Whether enough different leaders approved."""
        return len(self.in_favour) >= rules.approvals

    @property
    def in_favour(self) -> frozenset[str]:
        """The leaders who approved, each once."""
        return self.by_phone.union(self.approvals.values())


def tally(proposal: str, approvals: Yes, refusals: No, records: Iterable[RecordSupplemented] = ()) -> Tally:
    """The votes that name a proposal, and those of `records`, which a second officer has confirmed."""
    by_phone = {leader for record in records if record.proposal == proposal for leader in record.leaders}
    return Tally(_cast(proposal, approvals), _cast(proposal, refusals), frozenset(by_phone))


def is_leader(agency: str, actor: Actor, rules: EmergencyRules) -> bool:
    """Whether this is a leader of the agency that decides."""
    return agency == rules.decided_by and actor.role == rules.role


def may_vote(agency: str, actor: Actor, proposal: Event, rules: EmergencyRules) -> bool:
    """Whether this is a leader, and somebody else than the proposer."""
    proposer = (proposal.agency, proposal.content.actor.officer)
    return is_leader(agency, actor, rules) and (agency, actor.officer) != proposer


def reachable(proposal: Event, votes: Tally, rules: EmergencyRules, out: AbstractSet[str] = frozenset()) -> bool:
    """Whether enough leaders are left who could still approve: neither the proposer nor those who are `out` can."""
    proposer = proposal.content.actor
    barred = {proposer.officer} if is_leader(proposal.agency, proposer, rules) else set[str]()
    lost = barred | ({*votes.refusals.values(), *out} - votes.in_favour)
    return rules.leaders - len(lost) >= rules.approvals


def ongoing(emergency: str, known: Known) -> bool:
    """Whether protection is in force and this is, as far as the author knew, the last activation."""
    activated = [act.name for act in known.of(EmergencyActivated).values()]
    return activated[-1:] == [emergency] and known.value("emergency") == ACTIVE


def upholding(judged: Rule, graver: Graver = always) -> Rule:
    """The same rule, for acts that keep protection in force, if they are graver: no end that crosses them holds."""

    def upholds(act: Act[Body], known: Known) -> Writes:
        return [("emergency", ACTIVE)] if known.value("emergency") == ACTIVE and graver(act, known) else []

    return adding(judged, upholds)


def papers_due(activation: Event, rules: Mechanism) -> str:
    """The day by which the papers of an emergency are due at first, counted from the day on which it was recorded.

    That is the day at the office that decides, by the clock of its log. What an event claims of itself would let one
    key say any day.
    """
    return str(rules.requirements_due(rules.office_day(recorded(activation), rules.emergency.decided_by)))


def _not_active(_: Act[EmergencyProposed], known: Known) -> bool:
    return known.value("emergency") != ACTIVE


def _by_another_leader(act: Act[EmergencyApproved] | Act[EmergencyRefused], known: Known) -> bool:
    proposal = known.named(act.body.proposal, EmergencyProposed)
    actor, rules = act.event.content.actor, known.rules.emergency
    return proposal is not None and may_vote(act.agency, actor, proposal.event, rules)


def _with_its_votes(act: Act[EmergencyActivated], known: Known) -> bool:
    name, named = act.body.proposal, set(act.body.approvals)
    votes = [vote for vote in known.of(EmergencyApproved).values() if vote.name in named]
    confirmed = {one.body.record for one in known.of(RecordConfirmed).values() if one.name in named}
    records = [record.body for record in known.of(RecordSupplemented).values() if record.name in confirmed]
    reached = tally(name, votes, (), records).reached(known.rules.emergency)
    return reached and _decides(act, known) and not _over(name, known)


def _over(proposal: str, known: Known) -> bool:
    """Whether what this proposal put in force has ended: old approvals begin nothing new."""
    activated = any(act.body.proposal == proposal for act in known.of(EmergencyActivated).values())
    return activated and known.value("emergency") != ACTIVE


def _lost(act: Act[EmergencyDeclined], known: Known) -> bool:
    """Too few leaders are left who could approve, and nothing is in force meanwhile."""
    proposal = known.named(act.body.proposal, EmergencyProposed)
    if proposal is None or not _decides(act, known) or known.value("emergency") == ACTIVE:
        return False
    votes = tally(proposal.name, known.of(EmergencyApproved).values(), known.of(EmergencyRefused).values())
    rules = known.rules.emergency
    return not reachable(proposal.event, votes, rules, leaders_out(known_recusals(known), rules))


def _as_agreed(act: Act[RequirementsDeferred], known: Known) -> bool:
    """Once for an emergency, and by the day that the agreed rules give: only leaders and their session move it."""
    activation = known.named(act.body.emergency, EmergencyActivated)
    listed = {other.body.emergency for other in known.of(RequirementsDeferred).values()}
    if activation is None or not _decides(act, known) or act.body.emergency in listed:
        return False
    return act.body.due_on == papers_due(activation.event, known.rules)


def _declined(act: Act[EmergencyDeclined], known: Known) -> Writes:
    """A refusal decides nothing while another proposal is neither activated nor declined."""
    activated = {outcome.body.proposal for outcome in known.of(EmergencyActivated).values()}
    declined = {outcome.body.proposal for outcome in known.of(EmergencyDeclined).values()} | {act.body.proposal}
    proposed = {proposal.name for proposal in known.of(EmergencyProposed).values()}
    return [] if proposed - activated - declined else [("emergency", "DECLINED")]


def _requirements(act: Act[RequirementsDeferred], _: Known) -> Writes:
    items = [(f"requirement/{item.code}", item.owner) for item in act.body.items]
    return [*items, (f"deadline/{act.body.emergency}", act.body.due_on)]


def _decides(act: Act[EmergencyActivated] | Act[EmergencyDeclined] | Act[RequirementsDeferred], known: Known) -> bool:
    return act.agency == known.rules.emergency.decided_by


def _cast(proposal: str, votes: Yes | No) -> Votes:
    return {vote.event.id: vote.event.content.actor.officer for vote in votes if vote.body.proposal == proposal}


RULES = (
    rule(
        EmergencyProposed,
        Permission.PROPOSE_EMERGENCY,
        counts=_not_active,
        writes=lambda _, __: [("emergency", PROPOSED)],
    ),
    rule(EmergencyApproved, counts=_by_another_leader),
    rule(EmergencyRefused, counts=_by_another_leader),
    rule(EmergencyActivated, counts=_with_its_votes, writes=lambda _, __: [("emergency", ACTIVE)]),
    rule(EmergencyDeclined, counts=_lost, writes=_declined),
    rule(RequirementsDeferred, counts=_as_agreed, writes=_requirements),
)
