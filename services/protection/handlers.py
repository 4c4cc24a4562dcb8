"""The acts of emergency protection: each is one transaction of the caller.

A vote and all that follows from it are said together, so no crash can leave a decided emergency inactive
or an active one without its deferred list.
"""

from contracts.encoding import b64
from contracts.events import Body
from contracts.events.protection import EmergencyApproved, EmergencyDeclined, EmergencyProposed, EmergencyRefused
from contracts.mechanism import Permission
from contracts.timeline import Event
from contracts.workflow.emergency import Vote
from services.node.acts import Act, Moment
from services.node.recusal import has_recusals
from services.node.service import SYSTEM, Desk
from services.node.sql import Connection
from services.protection import domain


def check_proposal(moment: Moment, _body: EmergencyProposed) -> None:
    """Raise as `domain.propose`."""
    domain.propose(moment.case, moment.agency, moment.rules.emergency)


def check_vote(moment: Moment, vote: Vote) -> None:
    """Raise as `domain.check_vote`."""
    domain.check_vote(moment.case, moment.agency, moment.actor, vote, moment.rules.emergency)


def outcome(moment: Moment, vote: Event) -> Body | None:
    """What the votes on a proposal, this one with them, oblige the deciding agency to say next."""
    given = moment.case.bodies[vote.id]
    if not isinstance(given, Vote):
        return None
    return domain.consequence(moment.case, given.proposal, moment.rules, moment.now)


async def count_leaders(desk: Desk, connection: Connection, event: Event) -> None:
    """Where leaders take no part, a proposal that the others cannot carry alone is declined, which all hear."""
    if not await has_recusals(connection, event.content.case):
        return
    timeline = await desk.log.lock(connection, event.content.case)
    case = desk.case(timeline)
    if case.judged_by is None or desk.agency != case.judged_by.emergency.decided_by:
        return
    for proposal in domain.proposals(case):
        said = domain.consequence(case, b64(proposal.event.id), case.judged_by, desk.now())
        if isinstance(said, EmergencyDeclined):
            timeline = await desk.say(connection, timeline, SYSTEM, said)


PROPOSE = Act("emergency", EmergencyProposed, "Propose emergency protection", check_proposal, coded=False)
APPROVE = Act(
    "emergency/{proposal}/approve",
    EmergencyApproved,
    "Approve as a leader",
    check_vote,
    outcome,
    permission=Permission.DECIDE_EMERGENCY,
    coded=False,
)
REFUSE = APPROVE._replace(path="emergency/{proposal}/refuse", body=EmergencyRefused, summary="Refuse as a leader")
