"""Load, decide, append: each act of emergency protection is one transaction of the caller.

A vote and all that follows from it are said together, so no crash can leave a decided emergency inactive
or an active one without its deferred list.
"""

from contracts.case import Case
from contracts.content import Actor
from contracts.events.protection import EmergencyProposed
from contracts.record import EventId
from contracts.timeline import Event
from contracts.workflow.emergency import Vote
from services.node.service import SYSTEM, Desk
from services.node.sql import Connection
from services.protection import domain


async def propose(
    desk: Desk, connection: Connection, case_id: str, actor: Actor, proposal: EmergencyProposed
) -> EventId:
    """Ask the deciding agency for protection now; the id of the proposal. Rejects as `domain.propose`."""
    timeline = await desk.log.lock(connection, case_id)
    case = desk.case(timeline)
    domain.propose(case, desk.agency, case.mechanism.emergency)
    after = await desk.say(connection, timeline, actor, proposal)
    return after.events[-1].id


async def vote(
    desk: Desk, connection: Connection, case_id: str, actor: Actor, given: Vote
) -> tuple[Case, tuple[Event, ...]]:
    """Cast a leader's vote and say what follows; the case after it and the new events. Rejects as `check_vote`."""
    timeline = await desk.log.lock(connection, case_id)
    case = desk.case(timeline)
    domain.check_vote(case, desk.agency, actor, given, case.mechanism.emergency)
    after = await desk.say(connection, timeline, actor, given)
    while body := domain.consequence(desk.case(after), given.proposal, case.mechanism, desk.now()):
        after = await desk.say(connection, after, SYSTEM, body)
    return desk.case(after), after.events[len(timeline.events) :]
