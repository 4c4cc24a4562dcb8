"""Holds the person index against the events that it came from."""

from collections import defaultdict
from collections.abc import Mapping

from contracts.case import Case
from services.intake.handlers import SQL, keys_of
from services.node.service import Desk
from services.node.sql import Connection


async def check(desk: Desk, connection: Connection, cases: Mapping[str, Case]) -> list[str]:
    """One line for every case whose index entries are not what its events say."""
    kept = defaultdict[str, set[bytes]](set)
    for row in await connection.fetch(SQL["keys_of"], list(cases)):
        kept[row["case_id"]].add(row["key"])
    wrong = [case_id for case_id, case in cases.items() if kept[case_id] != {one.key for one in keys_of(desk, case)}]
    return [f"{case_id}: the person index is not what its events say" for case_id in wrong]
