"""Holds the notices against the events that said them."""

from collections.abc import Sequence

from contracts.encoding import b64
from contracts.events.notify import NoticeAcknowledged, NoticeSent
from services.node.service import Desk
from services.node.sql import Connection
from services.notify.handlers import SQL


async def check(desk: Desk, connection: Connection, cases: Sequence[str]) -> list[str]:
    """One line for every notice of these cases that is missing, altered, unanswered though answered, or made up."""
    kept = {b64(row["id"]): row for row in await connection.fetch(SQL["of_cases"], cases)}
    wrong = []
    for case_id in cases:
        case = desk.case(await desk.log.load(connection, case_id))
        answered = {body.notice for event, body in case.of_type(NoticeAcknowledged) if event.agency == desk.agency}
        for event, body in case.of_type(NoticeSent):
            if event.agency != desk.agency:
                continue
            row = kept.pop(b64(event.id), None)
            said = (body.about, body.step, body.role)
            if row is None or (b64(row["about"]), row["step"], row["role"]) != said:
                wrong.append(f"{case_id}: notice {b64(event.id)} is not kept as it was said")
            elif b64(event.id) in answered and row["acknowledged_at"] is None:
                wrong.append(f"{case_id}: notice {b64(event.id)} was acknowledged, and is kept as open")
    return wrong + [f"{row['case_id']}: notice {name} was never said" for name, row in kept.items()]
