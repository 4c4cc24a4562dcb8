"""Who takes no part in a case: an officer steps back, or two superiors say it of them; somebody else takes it back.

Whoever says it names the person alone: which role they hold this agency knows.
"""

from typing import Annotated, ClassVar, NamedTuple

from fastapi import APIRouter, Depends

from contracts.case import Case
from contracts.errors import Code, Rejected
from contracts.events import Body
from contracts.events.fields import CaseId, CodeText, OfficerName
from contracts.events.triage import OfficerReadmitted, OfficerRecused
from contracts.mechanism import Permission
from contracts.workflow.recusal import said_by, said_recusals, told_recusals
from services.node.acts import Act, Moment, OnTerms, Said, perform
from services.node.http import StrictRoute, allowed, problems
from services.node.officers import Officer, Officers
from services.node.service import Desk


class Recusal(Body):
    """Who takes no part in this case from now on, and why; without `officer` whoever says it.

    What is said of it is an `OfficerRecused`.
    """

    type: ClassVar[str] = OfficerRecused.type
    officer: OfficerName | None = None
    reason: CodeText


class Out(NamedTuple):
    """Somebody of whom it was said that they take no part in a case, and by whom; `stands` unless a second must."""

    event: str
    agency: str
    officer: str
    role: str
    reason: str
    by: str
    at: str
    stands: bool


def check_readmitted(moment: Moment, body: OfficerReadmitted) -> None:
    """Rejected(NOT_FOUND) without such a recusal here, (FORBIDDEN) for whom it is about and for who said it."""
    ours = (one for one in said_of(moment.case) if one.agency == moment.agency)
    recusal = next((one for one in ours if one.event == body.recusal), None)
    if recusal is None:
        raise Rejected(Code.NOT_FOUND, "recusal")
    if moment.actor.officer in {recusal.officer, recusal.by}:
        raise Rejected(Code.FORBIDDEN, "a second person")


def check_recused(moment: Moment, body: OfficerRecused) -> None:
    """Rejected(STATE) for what the same person has said already, and nobody has taken back: it adds nothing."""
    said = {(one.agency, one.officer, one.role, one.by) for one in said_of(moment.case)}
    if (moment.agency, body.officer, body.role, moment.actor.officer) in said:
        raise Rejected(Code.STATE, "recusal")


RECUSE = Act("recusals", OfficerRecused, "Take no part in this case, or say so of another officer", check_recused)
READMIT = Act("recusals/end", OfficerReadmitted, "Let an officer take part again, as a second person", check_readmitted)


def router(desk: Desk) -> APIRouter:
    """The route by which somebody takes no part any more."""
    refused = problems(Code.STATE, Code.CONFLICT, Code.STALE)
    routes = APIRouter(tags=["triage"], responses=refused, route_class=StrictRoute)
    anybody = Annotated[Officer, Depends(allowed(desk.officers, Permission.STEP_BACK))]

    @routes.post("/cases/{case}/recusals", status_code=201, summary=RECUSE.summary)
    async def recuse(case: CaseId, officer: anybody, body: Recusal, terms: OnTerms) -> Said:
        """From then on the officer is shown nothing of the case and says nothing in it; what they said stays.

        Of another officer it takes a second person who says the same.
        """
        said = named(desk.officers, officer, body)
        async with desk.pool.acquire() as connection, connection.transaction():
            return await perform(desk, connection, case, officer.actor, RECUSE, said, terms)

    return routes


def named(officers: Officers, officer: Officer, wish: Recusal) -> OfficerRecused:
    """What is said of a wish.

    Rejected(FORBIDDEN) for who may not recuse others, Rejected(NOT_FOUND) if nobody here is called so.
    """
    other = wish.officer not in {None, officer.officer}
    if other:
        officers.allow(officer, Permission.RECUSE_OFFICER)
    who = officers.named(wish.officer) if wish.officer and other else officer
    return OfficerRecused(officer=who.officer, role=who.role, reason=wish.reason)


def said_of(case: Case) -> list[Out]:
    """Of whom it was said that they take no part in a case, and not taken back, in timeline order."""
    stands = {act.name for act in told_recusals(case, case.mechanism)}
    return [
        Out(
            act.name,
            act.agency,
            act.body.officer,
            act.body.role,
            act.body.reason,
            said_by(act),
            act.event.content.time,
            act.name in stands,
        )
        for act in said_recusals(case)
    ]
