"""What officers say in a case: one way through the door for every kind of decision.

An act is a type of event, the place of its route and, where the rules of the workflow alone would give too
bare a refusal, a check of its own. Who may, and whether it counts, say `contracts.workflow`'s rules: the same
by which every other node judges the event. What then has to follow is said in the same transaction.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Depends

from contracts.case import Case
from contracts.content import Actor
from contracts.encoding import b64
from contracts.errors import Code
from contracts.events import Body
from contracts.events.fields import CaseId
from contracts.mechanism import Mechanism
from contracts.timeline import Event
from contracts.workflow import rule_for
from services.node.http import Answer, StrictRoute, allowed, problems
from services.node.officers import Officer
from services.node.service import SYSTEM, Desk
from services.node.sql import Connection


class Moment(NamedTuple):
    """A case as this node knows it now, and who is about to say something in it."""

    case: Case
    agency: str
    actor: Actor
    rules: Mechanism
    now: str


def unchecked(_moment: Moment, _body: Body) -> None:
    """The rules of the workflow say all there is to say."""


def nothing(_moment: Moment, _event: Event) -> Body | None:
    """Nothing has to follow."""
    return None


class Act(NamedTuple):
    """Something that an officer may say."""

    path: str  # below /cases/{case}
    body: type[Body]
    summary: str
    check: Callable[[Moment, Any], None] = unchecked  # raises Rejected before anything is said
    follows: Callable[[Moment, Event], Body | None] = nothing  # asked again and again, with the act's event


class Said(Answer):
    """What was said: the ids of the new events, the officer's own first."""

    events: list[str]


def router(desk: Desk, tag: str, acts: Sequence[Act]) -> APIRouter:
    """A route for every act."""
    routes = APIRouter(tags=[tag], responses=problems(Code.STATE), route_class=StrictRoute)
    for act in acts:
        routes.post(f"/cases/{{case}}/{act.path}", status_code=201, summary=act.summary, description=act.body.__doc__)(
            _route(desk, act)
        )
    return routes


async def perform(desk: Desk, connection: Connection, case_id: str, actor: Actor, act: Act, body: Body) -> list[Event]:
    """Say it and what follows from it, in the caller's transaction; the new events. Rejected as `Desk.say`."""
    timeline = await desk.log.lock(connection, case_id)
    before = len(timeline.events)

    def moment() -> Moment:
        return Moment(desk.case(timeline), desk.agency, actor, desk.mechanism, desk.now())

    act.check(moment(), body)
    timeline = await desk.say(connection, timeline, actor, body)
    event = timeline.events[before]
    while said := act.follows(moment(), event):
        timeline = await desk.say(connection, timeline, SYSTEM, said)
    return list(timeline.events[before:])


def _route(desk: Desk, act: Act) -> Callable[..., Any]:
    permission = rule_for(act.body).permission
    assert permission is not None, act.body.type  # noqa: S101  what officers may say is for roles to say

    async def say(case: CaseId, officer: Officer, body: Body) -> Said:
        async with desk.pool.acquire() as connection, connection.transaction():
            events = await perform(desk, connection, case, officer.actor, act, body)
        return Said(events=[b64(event.id) for event in events])

    # The framework reads what a route takes from its annotations, and every act takes another body.
    say.__annotations__ |= {
        "officer": Annotated[Officer, Depends(allowed(desk.officers, permission))],
        "body": act.body,
    }
    say.__name__ = act.body.type.replace(".", "_")
    return say
