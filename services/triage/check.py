"""Holds the work list against the cases that it was derived from."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from contracts.case import Case
from services.node.service import SYSTEM, Desk
from services.node.sql import Connection, Row
from services.triage import domain
from services.triage.handlers import SQL


async def check(desk: Desk, connection: Connection, cases: Mapping[str, Case]) -> list[str]:
    """One line for every work item of a case that is missing, stale, not settled as the case has it, or made up."""
    kept = defaultdict[str, list[Row]](list)
    for row in await connection.fetch(SQL["of_cases"], list(cases)):
        kept[row["case_id"]].append(row)
    return [line for case_id, case in cases.items() for line in _wrong(desk, case_id, case, kept[case_id])]


def _wrong(desk: Desk, case_id: str, case: Case, rows: Sequence[Row]) -> Iterator[str]:
    kept = {(row["source"], row["kind"], row["subject"]): row for row in rows}
    for item in domain.work(case, case.mechanism, desk.agency):
        row = kept.pop((item.source, item.kind, item.subject), None)
        if row is None or not _agrees(row, item):
            yield f"{case_id}: {item.kind} {item.subject} is not in the work list as the case has it"
    yield from (f"{case_id}: {row['kind']} {row['subject']} comes from no event" for row in kept.values())


def _agrees(row: Row, item: domain.Item) -> bool:
    """Whether a row is as the case has it; what an officer has ticked off may be open there."""
    by_hand = row["done_by"] not in {None, SYSTEM.officer}
    return row["due_at"] == item.due_at and (by_hand or item.settled is (row["done_at"] is not None))
