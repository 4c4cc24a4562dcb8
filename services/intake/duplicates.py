"""Cases that may be about one person: what each node finds for itself, and what officers decide of it.

Nothing that is computed from a person is ever exchanged. A node compares only what it holds (`handlers`) and offers
pairs to its own officers. What leaves it is their decision: two case numbers and a code, told in the one of the
two cases in which everybody holds both persons already (`domain.told_in`). A pair without such a case stays an offer.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends

from contracts.case import Case
from contracts.content import Actor
from contracts.encoding import b64
from contracts.errors import Code, Rejected
from contracts.events.access import View
from contracts.events.fields import CaseId
from contracts.events.intake import DuplicateDismissed, DuplicateLinked, DuplicateReopened
from contracts.mechanism import GENESIS, Permission
from contracts.workflow.duplicate import OPEN, Decision, slot
from contracts.workflow.rule import Claim, in_force
from services.intake.domain import told_in
from services.intake.handlers import SQL
from services.node import acts
from services.node.access import ANSWERS, Reading, Shown, reads
from services.node.acts import Act, Said, Terms, perform
from services.node.http import Answer
from services.node.service import Desk
from services.node.sql import Connection


class Decided(Answer):
    """What an agency's officer has decided, as it stands; several stand where they did not know of each other."""

    event: str
    by: str
    state: str
    reason: str
    at: str


class Duplicate(Answer):
    """A case that may be about the same person, which facts suggest it, and what was decided."""

    case: str
    basis: list[str]  # empty if another agency has found it
    state: str  # OPEN, LINKED or DISMISSED
    told_in: str  # the case in which a decision is told; "" if it can be told nowhere
    decisions: list[Decided]


class Duplicates(Answer):
    """What officers may want to compare; nothing is ever merged by machine."""

    duplicates: list[Duplicate]


class Pair(NamedTuple):
    """Two cases, side by side, as this node holds them."""

    other: str
    basis: Sequence[str]
    cases: Mapping[str, Case]

    @property
    def claims(self) -> list[tuple[Case, Claim]]:
        """The decisions that stand in either case about the other."""
        named = [(case, slot(other)) for name, case in self.cases.items() for other in self.cases if other != name]
        return [(case, claim) for case, about in named for claim in case.slots.get(about, ())]


ACTS = (
    Act("duplicates/link", DuplicateLinked, "Say that another case is about the same person"),
    Act("duplicates/dismiss", DuplicateDismissed, "Say that another case is not about the same person"),
    Act("duplicates/reopen", DuplicateReopened, "Take back what was decided of another case"),
)


async def decide(
    desk: Desk, connection: Connection, case_id: str, actor: Actor, act: Act, body: Decision, terms: Terms
) -> Said:
    """Say it in the one of the two cases where it may be said; the version that counts, and is answered, is that one's.

    Raises Rejected(NOT_FOUND) without one of the cases, Rejected(STATE) if there is no such case, and as `perform`.
    """
    cases = {name: desk.case(await desk.log.lock(connection, name)) for name in sorted({case_id, body.other})}
    home = told_in(cases) if len(cases) > 1 else ""
    if not home:
        raise Rejected(Code.STATE, "other")
    other = next(name for name in cases if name != home)
    return await perform(desk, connection, home, actor, act, body.model_copy(update={"other": other}), terms)


async def pairs(desk: Desk, connection: Connection, case_id: str) -> list[Pair]:
    """The cases beside which this one is offered or was decided on; Rejected(NOT_FOUND) if no case."""
    case = desk.case(await desk.log.load(connection, case_id))
    rows = await connection.fetch(SQL["duplicates"], case_id)
    others = {row["case_id"]: desk.case(await desk.log.load(connection, row["case_id"])) for row in rows}
    return [Pair(row["case_id"], row["basis"], {case_id: case, row["case_id"]: others[row["case_id"]]}) for row in rows]


def shown(pair: Pair) -> Duplicate:
    """A pair as the desk sees it."""
    return Duplicate(
        case=pair.other,
        basis=list(pair.basis),
        state=in_force("duplicate", [claim for _, claim in pair.claims], GENESIS) or OPEN,
        told_in=told_in(pair.cases),
        decisions=[_decided(case, claim) for case, claim in pair.claims],
    )


def router(desk: Desk) -> APIRouter:
    """What officers decide of two cases, and which cases there are to compare."""
    routes = acts.router(desk, "duplicates", ACTS, decide)
    reader = Annotated[Reading, Depends(reads(desk, Permission.READ_CASE))]

    @routes.get("/cases/{case}/duplicates", responses=ANSWERS, summary="Cases that may be about the same person")
    async def duplicates(case: CaseId, reading: reader) -> Duplicates:
        """Found by name with birth date, or by safe contact, among all cases whose person this agency may look for."""
        async with desk.pool.acquire() as connection, connection.transaction():
            offered = await pairs(desk, connection, case)
            closed = await reading.withheld(connection, {pair.other for pair in offered})
            found = [pair for pair in offered if pair.other not in closed]
            named = [case, *(pair.other for pair in found)]
            answer = Duplicates(duplicates=[shown(pair) for pair in found])
            return await reading.show(connection, answer, Shown(View.DUPLICATES, named, len(found)))

    return routes


def _decided(case: Case, claim: Claim) -> Decided:
    event = next(event for event in case.timeline if event.id == claim.event)
    said = case.bodies[claim.event]
    reason = said.reason if isinstance(said, Decision) else ""
    return Decided(event=b64(event.id), by=event.agency, state=claim.value, reason=reason, at=event.content.time)
