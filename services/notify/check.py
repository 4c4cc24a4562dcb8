"""Holds the notices against the events that said them, and the clock of a case against what it promises."""

from contracts.case import Case
from contracts.encoding import b64
from contracts.events.notify import NoticeAcknowledged, NoticeSent
from services.node.service import Desk
from services.node.sql import Connection
from services.notify import clocks
from services.notify.handlers import SQL, minute


async def check(desk: Desk, connection: Connection, case_id: str, case: Case) -> list[str]:
    """One line for every notice and every clock of a case that is not as its events have it."""
    return [*await _notices(desk, connection, case_id, case), *await _clocks(desk, connection, case_id, case)]


async def _clocks(desk: Desk, connection: Connection, case_id: str, case: Case) -> list[str]:
    """A line if a case is to be looked at too late, or never; too early does no harm."""
    look_at = await connection.fetchval(SQL["look_of"], case_id)
    first = min((look.at for look in clocks.looks(case, desk.agency, minute(desk))), default=None)
    late = first is not None and (look_at is None or look_at > first)
    return [f"{case_id}: its promises are not looked at when the case has them due"] if late else []


async def _notices(desk: Desk, connection: Connection, case_id: str, case: Case) -> list[str]:
    """One line for every notice of a case that is missing, altered, unanswered though answered, or made up."""
    kept = {b64(row["id"]): row for row in await connection.fetch(SQL["of_case"], case_id)}
    answered = {body.notice for event, body in case.of_type(NoticeAcknowledged) if event.agency == desk.agency}
    wrong = []
    for event, body in case.of_type(NoticeSent):
        if event.agency != desk.agency:
            continue
        name, row = b64(event.id), kept.pop(b64(event.id), None)
        if row is None or (b64(row["about"]), row["step"], row["role"]) != (body.about, body.step, body.role):
            wrong.append(f"{case_id}: notice {name} is not kept as it was said")
        elif name in answered and row["acknowledged_at"] is None:
            wrong.append(f"{case_id}: notice {name} was acknowledged, and is kept as open")
    return wrong + [f"{case_id}: notice {name} was never said" for name in kept]
