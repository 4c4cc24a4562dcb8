"""HTTP for emergency protection: propose, vote, see where it stands."""

from typing import Annotated

from fastapi import APIRouter, Depends

from contracts.case import Case
from contracts.encoding import b64
from contracts.errors import Code
from contracts.events import Value
from contracts.events.access import View
from contracts.events.fields import CaseId, CodeText, EventId
from contracts.events.protection import (
    EmergencyActivated,
    EmergencyApproved,
    EmergencyProposed,
    EmergencyRefused,
    RequirementsDeferred,
)
from contracts.mechanism import EmergencyRules, Permission
from contracts.workflow.emergency import Vote
from services.node.access import ANSWERS, Reading, reads
from services.node.acts import Act, OnTerms, Terms, perform, permission_for
from services.node.http import Answer, StrictRoute, allowed, problems
from services.node.officers import Officer
from services.node.service import Desk
from services.protection import domain
from services.protection.handlers import APPROVE, PROPOSE, REFUSE
from services.protection.standing import Standing, standing


class Refusal(Value):
    """Why a leader says no."""

    reason: CodeText


class Proposed(Answer):
    """The proposal was made; its id is what the leaders vote on. The version of the case after it."""

    proposal: str
    version: str


class Voted(Answer):
    """The ids of the new events, the vote first, where the proposal stands now, and the version of the case."""

    events: list[str]
    state: domain.State
    version: str


class ProposalState(Answer):
    """Where one proposal stands."""

    proposal: str
    state: domain.State
    proposed_by: str
    proposed_at: str
    ground: str
    needs: list[str]
    approvals: int
    refusals: int
    approvals_needed: int
    review_by: str | None = None


class Emergency(Answer):
    """The emergency of a case: what is in force, each proposal, the deferred papers, where it stands since."""

    state: str
    proposals: list[ProposalState]
    deferred: list[RequirementsDeferred]
    standing: Standing


def router(desk: Desk) -> APIRouter:
    """The routes of protection."""
    refused = problems(Code.STATE, Code.CONFLICT, Code.STALE)
    routes = APIRouter(tags=["protection"], responses=refused, route_class=StrictRoute)
    proposer = Annotated[Officer, Depends(allowed(desk.officers, permission_for(PROPOSE)))]
    leader = Annotated[Officer, Depends(allowed(desk.officers, permission_for(APPROVE)))]
    reader = Annotated[Reading, Depends(reads(desk, Permission.READ_CASE))]

    @routes.post("/cases/{case}/emergency", status_code=201, summary=PROPOSE.summary)
    async def propose(case: CaseId, officer: proposer, body: EmergencyProposed, terms: OnTerms) -> Proposed:
        """A ground is enough; no document is asked for. The leaders of the deciding agency are told at once."""
        async with desk.pool.acquire() as connection, connection.transaction():
            said = await perform(desk, connection, case, officer.actor, PROPOSE, body, terms)
        return Proposed(proposal=said.events[0], version=said.version)

    @routes.post("/cases/{case}/emergency/{proposal}/approve", summary=APPROVE.summary)
    async def approve(case: CaseId, proposal: EventId, officer: leader, terms: OnTerms) -> Voted:
        """The approval that completes the number puts protection in force in the same step."""
        return await vote(case, officer, APPROVE, EmergencyApproved(proposal=proposal), terms)

    @routes.post("/cases/{case}/emergency/{proposal}/refuse", summary=REFUSE.summary)
    async def refuse(case: CaseId, proposal: EventId, officer: leader, body: Refusal, terms: OnTerms) -> Voted:
        """The proposal is declined once too few leaders are left who could approve."""
        return await vote(case, officer, REFUSE, EmergencyRefused(proposal=proposal, reason=body.reason), terms)

    async def vote(case: CaseId, officer: Officer, act: Act, given: Vote, terms: Terms) -> Voted:
        async with desk.pool.acquire() as connection, connection.transaction():
            said = await perform(desk, connection, case, officer.actor, act, given, terms)
            after = desk.case(await desk.log.load(connection, case))
        return Voted(**said.model_dump(), state=domain.proposed(after, given.proposal).state)

    @routes.get(
        "/cases/{case}/emergency",
        responses=ANSWERS,
        summary="Where emergency protection stands",
        response_model_exclude_none=True,
    )
    async def emergency(case: CaseId, reading: reader) -> Emergency:
        """Every proposal with its votes, and the deferred papers with owner and day."""
        return await reading.of_case(case, View.EMERGENCY, lambda told: shown(told, told.mechanism.emergency))

    return routes


def shown(case: Case, rules: EmergencyRules) -> Emergency:
    """The emergency of a case as the desk sees it."""
    proposals = [_shown(proposal, rules) for proposal in domain.proposals(case)]
    return Emergency(
        state=case.in_force("emergency"),
        proposals=proposals,
        deferred=domain.deferred(case),
        standing=standing(case, rules),
    )


def _shown(proposal: domain.Proposal, rules: EmergencyRules) -> ProposalState:
    return ProposalState(
        proposal=b64(proposal.event.id),
        state=proposal.state,
        proposed_by=proposal.event.agency,
        proposed_at=proposal.event.content.time,
        ground=proposal.body.ground,
        needs=list(proposal.body.needs),
        approvals=len(proposal.votes.in_favour),
        refusals=len(set(proposal.votes.refusals.values())),
        approvals_needed=rules.approvals,
        review_by=proposal.outcome.review_by if isinstance(proposal.outcome, EmergencyActivated) else None,
    )
