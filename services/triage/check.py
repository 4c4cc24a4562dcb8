"""Holds the work list against the cases that it was derived from."""

from contracts.case import Case
from services.node.service import Desk
from services.node.sql import Connection
from services.triage import domain
from services.triage.handlers import SQL


async def check(desk: Desk, connection: Connection, case_id: str, case: Case) -> list[str]:
    """One line for every work item of a case that is missing, stale, open though settled, or made up."""
    rows = await connection.fetch(SQL["of_case"], case_id)
    kept = {(row["source"], row["kind"], row["subject"]): row for row in rows}
    wrong = []
    for item in domain.work(case, desk.mechanism, desk.agency):
        row = kept.pop((item.source, item.kind, item.subject), None)
        if row is None or row["due_at"] != item.due_at or (item.settled and row["done_at"] is None):
            wrong.append(f"{case_id}: {item.kind} {item.subject} is not in the work list as the case has it")
    return wrong + [f"{case_id}: {row['kind']} {row['subject']} comes from no event" for row in kept.values()]
