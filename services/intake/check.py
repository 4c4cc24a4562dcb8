"""Holds the person index against the events that it came from."""

from collections.abc import Iterator

from contracts.case import Case
from contracts.events.intake import IdentityShared, ReportReceived
from services.intake import domain
from services.intake.handlers import SQL
from services.node.service import Desk
from services.node.sql import Connection


async def check(desk: Desk, connection: Connection, case_id: str, case: Case) -> list[str]:
    """One line if the index entries of a case are not what its events say."""
    keys = {key.key for person in _persons(case, desk.agency) for key in domain.person_keys(person, desk.index_key)}
    if keys == {row["key"] for row in await connection.fetch(SQL["keys_of"], case_id)}:
        return []
    return [f"{case_id}: the person index is not what its events say"]


def _persons(case: Case, agency: str) -> Iterator[domain.Person]:
    """Our own reports and what others shared with us: the two ways into the index."""
    yield from (domain.person_of(body.report) for _, body in case.of_type(ReportReceived))
    shared = case.of_type(IdentityShared)
    yield from (domain.person_of(body) for event, body in shared if event.agency != agency)
