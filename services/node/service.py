"""What a service is to the node: handlers of events, HTTP routes, recurring work. And what the node is to it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import NamedTuple

from fastapi import APIRouter

from contracts.case import Case, fold
from contracts.content import Actor
from contracts.errors import Code, Rejected
from contracts.events import Body
from contracts.hlc import instant
from contracts.mechanism import Mechanism
from contracts.timeline import Event
from contracts.workflow import rule_for
from services.node.clock import Clock
from services.node.log import Log
from services.node.officers import Officers
from services.node.recusal import refuse
from services.node.settings import Settings
from services.node.sql import Connection, Pool
from services.node.web.panel import Pages
from services.node.writing import Draft, Timeline

Handler = Callable[[Connection, Event], Awaitable[None]]
Check = Callable[[Connection, Mapping[str, Case]], Awaitable[Sequence[str]]]  # cases by id; a line for all wrong
SYSTEM = Actor("system", "rajut")  # what a rule or a timer did, no person


class Timer(NamedTuple):
    """Work that the node does again and again."""

    seconds: float
    work: Callable[[], Awaitable[None]]


class Plug(NamedTuple):
    """A service, ready to be wired in."""

    name: str
    handlers: Mapping[type[Body], Handler]  # run once per admitted event, in the inbox's transaction
    routers: Callable[[], Sequence[APIRouter]]  # none includes another: all its routes would be gone through again
    timers: Sequence[Timer] = ()
    check: Check | None = None  # compares the service's read models with the log
    pages: Pages | None = None  # what it shows and offers at the desk


class Desk(NamedTuple):
    """What the node offers one service."""

    service: str
    agency: str
    settings: Settings
    log: Log
    pool: Pool  # connects with the service's own database role
    officers: Officers
    clock: Clock
    index_key: bytes  # blinds what a service must be able to find again but not read

    @property
    def mechanism(self) -> Mechanism:
        """The rules that this agency has adopted last: for the desk and for new cases. A case has rules of its own."""
        return self.log.rules.newest(self.agency)

    def now(self) -> str:
        """The present, as events write it."""
        return instant(self.clock.now_ms())

    def case(self, timeline: Timeline) -> Case:
        """The state that a timeline tells."""
        return fold(timeline.events, self.log.rules)

    async def say(
        self,
        connection: Connection,
        timeline: Timeline,
        actor: Actor,
        *bodies: Body,
        private: bool = False,
        to: Sequence[str] = (),
    ) -> Timeline:
        """Tell all who take part in a case something; the timeline after it.

        What is `private` is told to the own agency alone; where `to` names some, to these.

        It is said in the caller's transaction. Several things at once are said in this order and at one moment, and
        each knows of the ones before it.

        Raises, so that nothing is ever signed that the other nodes would ignore: RulesUnknown while the rules that the
        case names are not here, Rejected(STATE) while we do not hold the event that opened it, Rejected(FORBIDDEN)
        if the role may not say this or the officer takes no part in the case, Rejected(STATE) if what is known of the
        case does not bear it out.
        """
        before = self.case(timeline)
        if not before.participants:
            raise Rejected(Code.STATE, "case")
        rules = before.mechanism
        for body in bodies:
            refuse(before, self.agency, actor, body)
        to, now = (self.agency,) if private else tuple(to) or before.participants, self.now()
        after = await self.append(connection, timeline, [Draft(body, to, actor, now) for body in bodies])
        case = self.case(after)
        for event, body in zip(after.events[len(timeline.events) :], bodies, strict=True):
            if event.id in case.unsupported:
                permitted = rule_for(type(body)).permits(self.agency, actor.role, rules)
                raise Rejected(Code.STATE if permitted else Code.FORBIDDEN, body.type)
        return after

    async def append(self, connection: Connection, timeline: Timeline, drafts: Sequence[Draft]) -> Timeline:
        """Say something in a case, signed with this service's key, in the caller's transaction."""
        return await self.log.append(connection, self.service, timeline, drafts)
