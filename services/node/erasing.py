"""The desk of erasure: ask for it, confirm it, see how far it has got.

Here are the first two of its three steps; the third, destroying, is no officer's (`services.node.erasure`).
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict

from contracts.case import Case
from contracts.codes import label
from contracts.encoding import b64
from contracts.errors import Code, Rejected
from contracts.events.access import Purpose, View
from contracts.events.fields import MAX_ERASED, CaseId, EventId as EventName
from contracts.events.node import Basis, ErasureAsked, ErasureConfirmed
from contracts.mechanism import Permission
from contracts.timeline import Event
from contracts.workflow.erasure import PERSONAL, is_second
from contracts.workflow.lead import IN_EMERGENCY
from services.node.access import ANSWERS, Reading, Shown, reads
from services.node.cases import Level
from services.node.erasure import KEPT, Order, level, orders
from services.node.http import Answer, StrictRoute, allowed, problems
from services.node.log import Log
from services.node.officers import Officer
from services.node.service import Desk
from services.node.sql import Connection
from services.node.writing import Timeline


class Scope(StrEnum):
    """What of a case is to go."""

    CASE = "CASE"  # everything that was said in it so far
    PERSON = "PERSON"  # who the person is and what happened; what was decided stays, in codes


class Wish(BaseModel):
    """What an officer asks for, and why the law lets or makes us do it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scope: Scope
    basis: Basis


class Said(Answer):
    """The request or its confirmation was said; the id of its event."""

    event: str


class OrderView(Answer):
    """One request, and what became of it."""

    asked: str  # the request's id
    agency: str
    basis: str
    title: Mapping[str, str]
    events: int  # how many it names
    asked_by: tuple[str, str]  # role and officer
    asked_at: str
    confirmed: str  # the confirmation's id; empty while nobody has confirmed it
    confirmed_by: tuple[str, str] | None
    confirmed_at: str
    level: Level  # of the confirmation; nobody destroys anything before it is confirmed
    executed: list[str]  # agencies that have signed that they carried it out
    open: list[str]  # agencies that have not


class Erasures(Answer):
    """Every request for erasure in a case."""

    case: str
    orders: list[OrderView]


def router(desk: Desk) -> APIRouter:
    """The routes below `/cases/{case}/erasure`."""
    routes = APIRouter(tags=["erasure"], responses=problems(Code.STATE, Code.SIZE), route_class=StrictRoute)
    asker = Annotated[Officer, Depends(allowed(desk.officers, Permission.ASK_ERASURE))]
    confirmer = Annotated[Officer, Depends(allowed(desk.officers, Permission.CONFIRM_ERASURE))]
    reader = Annotated[Reading, Depends(reads(desk, Permission.READ_CASE, Purpose.LEGAL))]

    @routes.post("/cases/{case}/erasure", status_code=201, summary="Ask for the erasure of a case")
    async def ask(case: CaseId, officer: asker, wish: Wish) -> Said:
        """Nothing happens until an officer in another role confirms it. Only the agency that opened a case can ask.

        Not while emergency protection is proposed or in force, and neither can it be confirmed then.
        """
        async with desk.pool.acquire() as connection, connection.transaction():
            timeline = await desk.log.lock(connection, case)
            wanted = asked(desk.case(timeline), desk.agency, wish)
            return said(await desk.say(connection, timeline, officer.actor, wanted))

    @routes.post("/cases/{case}/erasure/{request}/confirm", status_code=201, summary="Confirm an erasure")
    async def confirm(case: CaseId, request: EventName, officer: confirmer) -> Said:
        """From here on it is an order. Each agency carries it out once all have cosigned it; it cannot be undone."""
        async with desk.pool.acquire() as connection, connection.transaction():
            timeline = await desk.log.lock(connection, case)
            check_second(desk.case(timeline), request, officer)
            return said(await desk.say(connection, timeline, officer.actor, ErasureConfirmed(asked=request)))

    @routes.get("/cases/{case}/erasure", responses=ANSWERS, summary="How far the erasure of a case has got")
    async def erasures(case: CaseId, reading: reader) -> Erasures:
        """Every request, who confirmed it, how firmly that stands, and which agencies have carried it out."""
        async with desk.pool.acquire() as connection, connection.transaction():
            answer = await view(connection, desk.log, desk.case(await desk.log.load(connection, case)), case)
            return await reading.show(connection, answer, Shown(View.ERASURE, [case], len(answer.orders)))

    return routes


def asked(case: Case, agency: str, wish: Wish) -> ErasureAsked:
    """The request that a wish means.

    Rejected(FORBIDDEN) for an agency that did not open the case, Rejected(STATE) in an emergency and if nothing is left
    to erase, Rejected(SIZE) if it is too much.
    """
    if case.timeline and case.timeline[0].agency != agency:
        raise Rejected(Code.FORBIDDEN, "agency")
    _check_calm(case)
    events = [event for event in case.timeline if _concerned(case, event, wish.scope)]
    if not events:
        raise Rejected(Code.STATE, "scope")
    if len(events) > MAX_ERASED:
        raise Rejected(Code.SIZE, "events")
    names = tuple(sorted(b64(event.id) for event in events))
    return ErasureAsked(basis=wish.basis, mechanism=case.rules, events=names)


def check_second(case: Case, request: str, officer: Officer) -> None:
    """Raise unless this officer may make an order of a request.

    Rejected(NOT_FOUND) if there is no such request, Rejected(STATE) if it was confirmed already and in an emergency,
    Rejected(FORBIDDEN) for who asked, and for others in the same role.
    """
    found = [order for order in orders(case) if b64(order.asked.id) == request]
    if not found:
        raise Rejected(Code.NOT_FOUND, "request")
    if found[0].confirmed:
        raise Rejected(Code.STATE, "confirmed")
    if not is_second(found[0].asked.agency, officer.actor, found[0].asked):
        raise Rejected(Code.FORBIDDEN, "officer")
    _check_calm(case)


def said(after: Timeline) -> Said:
    """The name of what was just said."""
    return Said(event=b64(after.events[-1].id))


async def view(connection: Connection, log: Log, case: Case, case_id: str) -> Erasures:
    """What is to be said of erasure in a case."""
    return Erasures(case=case_id, orders=[await _shown(connection, log, order) for order in orders(case)])


def _check_calm(case: Case) -> None:
    """Rejected(STATE) in an emergency: what is to go is what somebody is protected by."""
    if case.in_force("emergency") in IN_EMERGENCY:
        raise Rejected(Code.STATE, "emergency")


def _concerned(case: Case, event: Event, scope: Scope) -> bool:
    if event.erased or event.content.type in KEPT:
        return False
    return scope is Scope.CASE or isinstance(case.bodies.get(event.id), PERSONAL)


async def _shown(connection: Connection, log: Log, order: Order) -> OrderView:
    asked_by, confirmed = order.asked.content, order.confirmed
    return OrderView(
        asked=b64(order.asked.id),
        agency=order.asked.agency,
        basis=order.body.basis,
        title={language: label("erasure_basis", order.body.basis, language) for language in ("id", "en")},
        events=len(order.body.events),
        asked_by=(asked_by.actor.role, asked_by.actor.officer),
        asked_at=asked_by.time,
        confirmed=b64(confirmed.id) if confirmed else "",
        confirmed_by=(confirmed.content.actor.role, confirmed.content.actor.officer) if confirmed else None,
        confirmed_at=confirmed.content.time if confirmed else "",
        level=await level(connection, log, confirmed.id) if confirmed else "local",
        executed=list(order.executed),
        open=sorted(set(asked_by.to) - set(order.executed)),
    )
