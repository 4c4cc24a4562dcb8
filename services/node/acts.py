"""What officers say in a case: one way through the door for every kind of decision.

An act is a type of event, the place of its route and, where the rules of the workflow alone would give too
bare a refusal, a check of its own. Who may, and whether it counts, say `contracts.workflow`'s rules: the same
by which every other node judges the event. What then has to follow is said in the same transaction.
"""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Depends, Header

from contracts.case import Case
from contracts.content import Actor
from contracts.encoding import b64
from contracts.errors import Code, Rejected
from contracts.events import Body
from contracts.events.fields import CaseId
from contracts.mechanism import Mechanism, Permission
from contracts.timeline import Event
from contracts.workflow import rule_for
from services.node import vocabulary
from services.node.http import Answer, StrictRoute, allowed, problems
from services.node.officers import Officer
from services.node.recusal import refuse, takes_part
from services.node.service import SYSTEM, Desk
from services.node.sql import Connection, queries
from services.node.web.panel import Form
from services.node.writing import Timeline

SQL = queries(Path(__file__).with_name("acts.sql"))
Key = Annotated[str, Header(max_length=200, description="A request that comes again with its key is done once")]
Version = Annotated[str, Header(max_length=1000, description="Do it only if the case still has this `version`")]


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
    private: bool = False  # for the own agency alone
    to: tuple[str, ...] = ()  # if not empty, for these alone
    permission: Permission | None = None  # where the desk asks for one that the rules leave to the event's place
    coded: bool = True  # in codes of the lists; else in those of a report or a declaration, or too urgent for a slip

    def examine(self, moment: Moment, body: Body) -> None:
        """Raise Rejected(FORBIDDEN) for who takes no part, (SCHEMA) for a code of no list, and as the own check."""
        refuse(moment.case, moment.agency, moment.actor, body)
        if self.coded:
            vocabulary.check(body)
        self.check(moment, body)


class Said(Answer):
    """What was said: the ids of the new events, the officer's own first, and the version of the case after it."""

    events: list[str]
    version: str


class Terms(NamedTuple):
    """On which terms a request was made."""

    key: str = ""  # a request with the same key is the same request
    versions: tuple[str, ...] = ()  # if not empty, the case must be one of these


class Asked(NamedTuple):
    """What an officer wants to say, and to whom; to all who take part if `to` is empty."""

    actor: Actor
    body: Body
    to: tuple[str, ...]

    def is_in(self, event: Event) -> bool:
        """Whether this is what an event says."""
        content = event.content
        same = (content.type, content.body) == (self.body.wire_type, self.body.wire())
        return same and content.to == (self.to or content.to)


NO_TERMS = Terms()


def terms_of(idempotency_key: Key = "", if_match: Version = "") -> Terms:
    """A route dependency: the terms that a request's headers name."""
    return Terms(idempotency_key, tuple(tag.strip().strip('"') for tag in if_match.split(",") if tag.strip()))


OnTerms = Annotated[Terms, Depends(terms_of)]

Say = Callable[[Desk, Connection, str, Actor, Act, Any, Terms], Awaitable[Said]]


def router(desk: Desk, tag: str, acts: Sequence[Act], say: Say | None = None) -> APIRouter:
    """A route for every act; `say` does what `perform` does where an act needs more than its own case."""
    documented = problems(Code.STATE, Code.CONFLICT, Code.STALE)
    routes = APIRouter(tags=[tag], responses=documented, route_class=StrictRoute)
    for act in acts:
        add = routes.post(f"/cases/{{case}}/{act.path}", status_code=201, summary=act.summary, description=_told(act))
        add(_route(desk, act, say or perform))
    return routes


def forms(acts: Sequence[Act], grave: frozenset[type[Body]] = frozenset()) -> tuple[Form, ...]:
    """A form of the desk for every act; `grave` are those that take something away."""
    return tuple(Form(act.path, act.body, permission_for(act), act.body in grave) for act in acts)


async def perform(
    desk: Desk, connection: Connection, case_id: str, actor: Actor, act: Act, body: Body, terms: Terms = NO_TERMS
) -> Said:
    """Say it and what follows from it, in the caller's transaction.

    Raises Rejected: as `Desk.say` and the act's own check; CONFLICT if the key was used for something else; STALE if
    the case has moved on.
    """
    timeline = await desk.log.lock(connection, case_id)
    before = len(timeline.events)
    if terms.key and (events := await _said_before(connection, timeline, Asked(actor, body, act.to), terms.key)):
        return Said(events=events, version=timeline.version)

    def moment() -> Moment:
        case = desk.case(timeline)
        return Moment(case, desk.agency, actor, case.mechanism, desk.now())

    if terms.versions and timeline.version not in terms.versions:
        if not takes_part(desk.case(timeline), desk.agency, actor):
            act.examine(moment(), body)  # refuses them as if the case had not moved, which is not theirs to know
        raise Rejected(Code.STALE, "If-Match")
    act.examine(moment(), body)
    timeline = await desk.say(connection, timeline, actor, body, private=act.private, to=act.to)
    event = timeline.events[before]
    while said := act.follows(moment(), event):
        timeline = await desk.say(connection, timeline, SYSTEM, said)
    new = [event.id for event in timeline.events[before:]]
    if terms.key:
        await connection.execute(SQL["keep"], actor.officer, terms.key, new)
    return Said(events=[b64(id_) for id_ in new], version=timeline.version)


async def _said_before(connection: Connection, timeline: Timeline, asked: Asked, key: str) -> list[str] | None:
    """What this officer said under this key; Rejected(CONFLICT) if that was something else."""
    ids = await connection.fetchval(SQL["said"], asked.actor.officer, key)
    if ids is None:
        return None
    first = timeline.event(ids[0])
    if first is None or not asked.is_in(first):
        raise Rejected(Code.CONFLICT, "Idempotency-Key")
    return [b64(id_) for id_ in ids]


def permission_for(act: Act) -> Permission:
    """Which permission the desk asks for."""
    permission = act.permission or rule_for(act.body).permission
    assert permission is not None, act.body.type  # noqa: S101  what officers may say is for roles to say
    return permission


def _route(desk: Desk, act: Act, perform: Say) -> Callable[..., Any]:
    async def say(case: CaseId, officer: Officer, body: Body, terms: OnTerms) -> Said:
        async with desk.pool.acquire() as connection, connection.transaction():
            return await perform(desk, connection, case, officer.actor, act, body, terms)

    # The framework reads what a route takes from its annotations, and every act takes another body.
    say.__annotations__ |= {
        "officer": Annotated[Officer, Depends(allowed(desk.officers, permission_for(act)))],
        "body": act.body,
    }
    say.__name__ = act.body.type.replace(".", "_")
    return say


def _told(act: Act) -> str:
    return (act.body.__doc__ or "").split("\n")[0]
