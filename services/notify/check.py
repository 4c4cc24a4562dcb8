"""Holds the notices against the events that said them, and the clock of a case against what it promises."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from contracts.case import Case
from contracts.encoding import b64
from contracts.events.notify import NoticeAcknowledged, NoticeSent
from services.node.service import Desk
from services.node.sql import Connection, Row
from services.notify import clocks
from services.notify.handlers import SQL, minute


async def check(desk: Desk, connection: Connection, cases: Mapping[str, Case]) -> list[str]:
    """One line for every notice and every clock of a case that is not as its events have it."""
    looks = {row["case_id"]: row["look_at"] for row in await connection.fetch(SQL["looks_of"], list(cases))}
    kept = defaultdict[str, list[Row]](list)
    for row in await connection.fetch(SQL["of_cases"], list(cases)):
        kept[row["case_id"]].append(row)
    wrong = []
    for case_id, case in cases.items():
        found = [*_notices(desk, case, kept[case_id]), *_clock(desk, case, looks.get(case_id))]
        wrong += [f"{case_id}: {line}" for line in found]
    return wrong


def _clock(desk: Desk, case: Case, look_at: datetime | None) -> Iterator[str]:
    """A line if a case is to be looked at too late, or never; too early does no harm."""
    first = min((look.at for look in clocks.looks(case, desk.agency, minute(desk))), default=None)
    if first is not None and (look_at is None or look_at > first):
        yield "its promises are not looked at when the case has them due"


def _notices(desk: Desk, case: Case, rows: Sequence[Row]) -> Iterator[str]:
    """One line for every notice of a case that is missing, altered, unanswered though answered, or made up."""
    kept = {b64(row["id"]): row for row in rows}
    answered = {body.notice for event, body in case.of_type(NoticeAcknowledged) if event.agency == desk.agency}
    for event, body in case.of_type(NoticeSent):
        if event.agency != desk.agency:
            continue
        name, row = b64(event.id), kept.pop(b64(event.id), None)
        if row is None or (b64(row["about"]), row["step"], row["role"]) != (body.about, body.step, body.role):
            yield f"notice {name} is not kept as it was said"
        elif name in answered and row["acknowledged_at"] is None:
            yield f"notice {name} was acknowledged, and is kept as open"
    yield from (f"notice {name} was never said" for name in kept)
