"""What officers do, at random: each acts on what the own node shows, through the same domain rules as the desk.

Some acts are rogue: claims that the causal past does not bear out, and records written by broken or
stolen software. The former every node must show without effect, the latter every node must refuse.
"""

from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import NamedTuple

from contracts.content import Actor, Content, case_name
from contracts.encoding import b64
from contracts.errors import Rejected
from contracts.events import Body
from contracts.events.intake import CaseOpened, ConsentRecorded, Identity, IdentityShared
from contracts.events.protection import (
    EmergencyActivated,
    EmergencyApproved,
    EmergencyDeclined,
    EmergencyProposed,
    EmergencyRefused,
)
from contracts.events.triage import StatusDetermined, UrgencyOverridden
from contracts.mechanism import Permission
from contracts.record import EventId
from contracts.workflow.emergency import Vote
from services.node.writing import Draft, Timeline
from services.protection import domain
from tests.simulation import leads
from tests.simulation.forger import CLERK, SPOILT, spoilt
from tests.simulation.leads import LEADERS
from tests.simulation.node import SYSTEM, Node

LEVELS = ("BIASA", "TINGGI", "MENDESAK", "KRITIS")
STATUSES = ("DITOLAK", "SEMENTARA", "TERVERIFIKASI")


class Said(NamedTuple):
    """What one act put on record; `rogue` names the records that others must refuse."""

    events: tuple[EventId, ...] = ()
    rogue: tuple[EventId, ...] = ()


class Office:
    """All officers of all agencies."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._refuse = rng.choice((0.1, 0.4, 0.95))  # how leaders are minded
        self._acts: list[Callable[[Node, str], Said]] = [
            *[self.urgency] * 4,
            *[self.status] * 3,
            *[self.propose] * 3,
            *[self.share] * 3,
            *[self.consent] * 2,
            *[self.lead] * 3,
            self.groundless,
            self.forge,
        ]

    def act(self, node: Node) -> Said:
        """One act of one officer; nothing if the rules of the desk forbid it."""
        cases = node.cases
        if not cases or self._rng.random() < 1 / (1 + 6 * len(cases)):
            return self.open(node)
        try:
            leaders_sit = node.agency == node.rules.decided_by and self._rng.random() < 0.3
            act = self.vote if leaders_sit else self._rng.choice(self._acts)
            return act(node, self._rng.choice(cases))
        except Rejected:
            return Said()

    def open(self, node: Node) -> Said:
        key = self._rng.randbytes(32)
        case = case_name(key, node.log.log)
        to = self._some({node.agency}, tuple(node.chain.latest.agencies))
        timeline = Timeline(case, key)
        return self._say(node, "intake", timeline, opening(node.agency, to), to)

    def consent(self, node: Node, case: str) -> Said:
        to = self._some({node.agency}, node.case(case).participants)
        body = ConsentRecorded(
            given_by="person",
            form="oral",
            recorded_by="petugas",
            at="2026-11-22T08:54:48+07:00",
            share_with=to,
            fields=("identity",),
            purpose="protection",
        )
        return self._say(node, "intake", node.log.load(case), body, to)

    def share(self, node: Node, case: str) -> Said:
        to = self._some({node.agency}, node.case(case).participants)
        body = IdentityShared(identity=Identity(name=f"Nama {self._rng.randrange(1000)}"))
        return self._say(node, "intake", node.log.load(case), body, to)

    def urgency(self, node: Node, case: str) -> Said:
        body = UrgencyOverridden(level=self._rng.choice(LEVELS), reason="dilihat")
        return self._tell(node, case, "triage", body, self._officer(node, Permission.OVERRIDE_URGENCY))

    def status(self, node: Node, case: str) -> Said:
        kind = self._rng.choice(sorted(node.mechanism.status.owners))
        body = StatusDetermined(defender_kind=kind, status=self._rng.choice(STATUSES), basis=())
        return self._tell(node, case, "triage", body, self._officer(node, Permission.DETERMINE_STATUS))

    def propose(self, node: Node, case: str) -> Said:
        domain.propose(node.case(case), node.agency, node.rules)
        body = EmergencyProposed(ground="ANCAMAN_NYATA", needs=())
        return self._tell(node, case, "protection", body, self._officer(node, Permission.PROPOSE_EMERGENCY))

    def lead(self, node: Node, case: str) -> Said:
        case = max((case, *node.cases), key=lambda one: leads.urgency(node.case(one), node.agency))
        found = leads.said(self._rng, node.case(case), node.agency, node.now())
        if found is None:
            return Said()
        body, permission = found
        return self._tell(node, case, "protection", body, self._officer(node, permission))

    def vote(self, node: Node, case: str) -> Said:
        """Some leaders sit together and vote, one after the other, on one proposal."""
        open_ = [proposal for proposal in domain.proposals(node.case(case)) if proposal.outcome is None]
        if not open_ or node.agency != node.rules.decided_by:
            return Said()
        proposal = b64(self._rng.choice(open_).event.id)
        said: tuple[EventId, ...] = ()
        for leader in self._rng.sample(LEADERS, self._rng.choice((1, 2, 7))):
            with suppress(Rejected):
                said += self._cast(node, case, proposal, Actor(node.rules.role, leader))
        return Said(said)

    def _cast(self, node: Node, case: str, proposal: str, actor: Actor) -> tuple[EventId, ...]:
        """As `services.protection.handlers.APPROVE`: a vote and all that follows from it."""
        given: Vote = EmergencyApproved(proposal=proposal)
        if self._rng.random() < self._refuse:
            given = EmergencyRefused(proposal=proposal, reason="DASAR_TIDAK_TERPENUHI")
        domain.check_vote(node.case(case), node.agency, actor, given, node.rules)
        said = self._tell(node, case, "protection", given, actor).events
        while body := domain.consequence(node.case(case), proposal, node.mechanism, node.now()):
            said += self._tell(node, case, "protection", body, SYSTEM).events
        return said

    def groundless(self, node: Node, case: str) -> Said:
        """A signed claim that protection is in force, or refused, by others' votes or without enough of them."""
        if node.agency != node.rules.decided_by:  # others' votes, where there are some
            case = max((case, *node.cases), key=lambda one: len(node.case(one).of_type(EmergencyApproved)))
        known, leader = node.case(case), Actor(node.rules.role, self._rng.choice(LEADERS))
        proposals = [b64(event.id) for event, _ in known.of_type(EmergencyProposed)] or [b64(known.timeline[0].id)]
        proposal = self._rng.choice(proposals)
        voters = self._rng.choice(((leader, leader), (CLERK, CLERK._replace(officer="o-8")), (leader,), ()))
        given = [event.id for event, vote in known.of_type(EmergencyApproved) if vote.proposal == proposal][:7]
        if not given[1:]:
            cast = [self._tell(node, case, "protection", EmergencyApproved(proposal=proposal), who) for who in voters]
            given = [id_ for said in cast for id_ in said.events]
        votes = tuple(map(b64, given)) or (proposal,)
        body: Body = EmergencyActivated(proposal=proposal, approvals=votes, review_by="2026-11-29T01:54:48.123Z")
        if self._rng.random() < 0.3:
            body = EmergencyDeclined(proposal=proposal, refusals=(), reason="PERSETUJUAN_TIDAK_TERCAPAI")
        return self._tell(node, case, "protection", body)

    def forge(self, node: Node, case: str) -> Said:
        """A well-formed record that breaks a rule, or another one that builds upon it."""
        flaw = self._rng.choice(("grant", "hidden parent", "other parent", "refused parent", "no parent", *SPOILT))
        if flaw != "refused parent":
            return Said((), (self._forged(node, case, flaw),))
        refused = self._forged(node, case, "other parent")
        return Said((), (refused, self._forged(node, case, flaw, refused)))

    def _forged(self, node: Node, case: str, flaw: str, *upon: EventId) -> EventId:
        """Its parents do not fit, or its key was not granted such a thing, or its content is spoilt."""
        timeline, to = node.log.load(case), node.case(case).participants
        fit, hidden, other = self._parents(node, case, to)
        body: Body = UrgencyOverridden(level="BIASA", reason="palsu")
        parents = {*fit[:1], *upon}
        if flaw == "hidden parent" and hidden:
            parents.add(self._rng.choice(hidden))
        elif flaw in {"hidden parent", "other parent"} and other:
            parents.add(self._rng.choice(other))
        elif flaw == "no parent" and node.case(case).timeline[0].agency != node.agency:
            parents.clear()
        elif flaw not in {*SPOILT, "refused parent"}:
            body = EmergencyProposed(ground="ANCAMAN_NYATA", needs=())
        content = Content(body.wire_type, case, node.now(), CLERK, to, tuple(sorted(parents)), body.wire())
        desk = node.log.desk()
        written = spoilt(desk, node.signers["triage"], timeline, content, flaw)
        node.log.keep(desk, [written])  # no event of the own node: an honest officer there never builds upon it
        return written.signed.id

    def _parents(self, node: Node, case: str, to: tuple[str, ...]) -> tuple[list[EventId], ...]:
        """Parents that fit an event for these readers, ones that some of them cannot see, and ones of other cases."""
        events = [one for one in node.store.tables.events.values() if one.state == "applied" and one.content.case]
        here = [e for e in events if e.content.case == case]
        fit = [e.signed.id for e in here if set(to) <= set(e.content.to)]
        hidden = [e.signed.id for e in here if not set(to) <= set(e.content.to)]
        return fit, hidden, [e.signed.id for e in events if e.content.case != case]

    def _tell(
        self,
        node: Node,
        case: str,
        service: str,
        body: Body,
        actor: Actor = Actor("petugas", "o-1"),  # noqa: B008
    ) -> Said:
        return self._say(node, service, node.log.load(case), body, node.case(case).participants, actor)

    def _say(
        self,
        node: Node,
        service: str,
        timeline: Timeline,
        body: Body,
        to: tuple[str, ...],
        actor: Actor = Actor("petugas", "o-1"),  # noqa: B008 (a tuple never changes)
    ) -> Said:
        after = node.log.append(service, timeline, [Draft(body, to, actor, node.now())])
        return Said((after.events[-1].id,))

    def _officer(self, node: Node, permission: Permission) -> Actor:
        """Mostly somebody who may do this; sometimes not, and then it must change nothing anywhere."""
        rules = node.mechanism.agencies.get(node.agency)
        roles = rules.permissions[permission] if rules else ()
        entitled = roles and self._rng.random() < 0.9
        return Actor(self._rng.choice(roles) if entitled else "petugas", self._rng.choice(LEADERS))

    def _some(self, always: set[str], choice: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(sorted(always | set(self._rng.sample(sorted(choice), self._rng.randint(0, len(choice))))))


def opening(received_by: str, participants: tuple[str, ...]) -> CaseOpened:
    """A case for these agencies, with as little in it as there may be."""
    return CaseOpened(
        received_by=received_by,
        channel="walk_in",
        activities=(),
        issues=(),
        forms=("ANCAMAN",),
        gendered_forms=(),
        domains=(),
        violence=(),
        actors=(),
        requested=(),
        gender_lens=False,
        people_to_protect=0,
        latest_incident_on="2026-11-20",
        participants=participants,
        mechanism=1,
    )
