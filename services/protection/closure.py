"""The end of a case at the desk: propose, agree, reopen; and the closing itself, which the lead's node says.

A closing takes protection away, so it rests only on what no agency can take back: it is said once all other agencies
have cosigned the proposal and every agreement that it names. Until then the case is open, however long that takes.
"""

from collections.abc import Iterator
from pathlib import Path

from contracts.case import Case
from contracts.encoding import b64, fixed
from contracts.events.plan import (
    CaseClosed,
    CaseReopened,
    ClosureAgreed,
    ClosureProposed,
    ReviewHeld,
)
from contracts.promises.plan import planned
from contracts.record import EventId
from contracts.timeline import Past
from contracts.workflow.closure import (
    CLOSURE,
    PROPOSED,
    UNDECIDED,
    Reason,
    agreed,
    needed,
    stayed_ordinary,
    to_be_reviewed,
)
from services.node import telemetry
from services.node.acts import Act
from services.node.erasure import level
from services.node.service import SYSTEM, Desk
from services.node.sql import Connection, queries

SQL = queries(Path(__file__).with_name("queries.sql"))
LOOK_EVERY_S = 2.0


ACTS = (
    Act("closure", ClosureProposed, "Propose that the case ends"),
    Act("closure/agree", ClosureAgreed, "Agree that the case ends"),
    Act("reopening", CaseReopened, "Reopen the case"),
)


def missing(case: Case, proposal: str) -> list[str]:
    """The agencies whose agreement a proposal to close still waits for."""
    given = agreed(proposal, case.acts(ClosureAgreed))
    return sorted(needed(case.in_force("lead"), planned(case), case.in_force) - given.keys())


def proposals(case: Case) -> Iterator[str]:
    """The proposals to close that nothing has overtaken."""
    if case.in_force(CLOSURE) == PROPOSED:
        yield from (b64(claim.event) for claim in case.slots[CLOSURE] if claim.value == PROPOSED)


def consequence(case: Case, agency: str) -> CaseClosed | None:
    """What the agreements oblige the lead to say; None while somebody is missing, or for any other agency.

    None, too, while the reason is ordinary risk and a review has yet to look at what happened since.
    """
    if case.in_force("lead") != agency or case.in_force("emergency") in UNDECIDED:
        return None
    for proposal in proposals(case):
        if not missing(case, proposal) and _holds(case, proposal):
            given = agreed(proposal, case.acts(ClosureAgreed))
            return CaseClosed(proposal=proposal, agreements=tuple(sorted(given.values())))
    return None


def _holds(case: Case, proposal: str) -> bool:
    """Whether risk that was the reason to close is still ordinary."""
    reason = next(body.reason for event, body in case.of_type(ClosureProposed) if b64(event.id) == proposal)
    reviews = {act.event.id: act for act in case.acts(ReviewHeld)}
    happened, rules = to_be_reviewed(case, case.mechanism), case.mechanism
    calm = stayed_ordinary(reviews, happened, Past(case.timeline).has, rules)
    return reason != Reason.ORDINARY_RISK or calm


async def look(desk: Desk) -> None:
    """Close every case that can be; one that cannot hinders no other."""
    for row in await desk.pool.fetch(SQL["closing"]):
        try:
            async with desk.pool.acquire() as connection, connection.transaction():
                await close(desk, connection, row["case_id"])
        except Exception as error:  # noqa: BLE001  whatever it is, the next case is looked at
            telemetry.stumbled("closure", error)


async def close(desk: Desk, connection: Connection, case_id: str) -> None:
    """Say that a case is closed if all have agreed and all others have cosigned that they did."""
    timeline = await desk.log.lock(connection, case_id)
    body = consequence(desk.case(timeline), desk.agency)
    if body and await _confirmed(desk, connection, body):
        await desk.say(connection, timeline, SYSTEM, body)


async def _confirmed(desk: Desk, connection: Connection, body: CaseClosed) -> bool:
    names = [body.proposal, *body.agreements]
    return all([await level(connection, desk.log, EventId(fixed(name, 32))) == "confirmed" for name in names])
