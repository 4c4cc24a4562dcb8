"""Holds the person index against the events that it came from."""

from contracts.case import Case
from services.intake.handlers import SQL, keys_of
from services.node.service import Desk
from services.node.sql import Connection


async def check(desk: Desk, connection: Connection, case_id: str, case: Case) -> list[str]:
    """One line if the index entries of a case are not what its events say."""
    keys = {one.key for one in keys_of(desk, case)}
    if keys == {row["key"] for row in await connection.fetch(SQL["keys_of"], case_id)}:
        return []
    return [f"{case_id}: the person index is not what its events say"]
