"""Who has a conflict of interest in a case is shown nothing of it here, and says nothing in it.

The rules say who that is (`contracts.workflow.recusal`). Lists leave such cases out; whatever else shows one is refused
where the access log notes it, so that no route can forget. What operators see of an event that is set aside shows
nothing of a case, and a node is looked after whoever it is.
"""

from collections.abc import Collection
from pathlib import Path

from contracts.case import Case, fold
from contracts.content import Actor
from contracts.errors import Code, Rejected
from contracts.events import Body, read_body
from contracts.events.triage import OfficerRecused
from contracts.workflow.recusal import is_out, steps_back, told_recusals
from services.node.log import Log
from services.node.sql import Connection, Row, queries

SQL = queries(Path(__file__).with_name("recusal.sql"))


def refuse(case: Case, agency: str, actor: Actor, body: Body) -> None:
    """Raise Rejected(FORBIDDEN) if this person may say nothing here, but for stepping back once more."""
    if not steps_back(actor, body) and not takes_part(case, agency, actor):
        raise Rejected(Code.FORBIDDEN, "recused")


def takes_part(case: Case, agency: str, actor: Actor) -> bool:
    """Whether this person of an agency may be told of a case, and say something in it."""
    rules = case.mechanism
    return not is_out(agency, actor, told_recusals(case, rules), rules)


async def withheld(log: Log, connection: Connection, actor: Actor, cases: Collection[str]) -> set[str]:
    """Of these cases the ones of which this person of our agency is shown nothing."""
    rows = await connection.fetch(SQL["recusals"], list(cases))
    named = {row["case_id"] for row in rows if _names(log, row, actor)}
    return {case for case in named if await _is_out(log, connection, case, actor)}


async def has_recusals(connection: Connection, case: str) -> bool:
    """Whether anybody was ever recused from a case."""
    return bool(await connection.fetch(SQL["recusals"], [case]))


def _names(log: Log, row: Row, actor: Actor) -> bool:
    """Whether a recusal is this person's; one whose row was edited stops nobody else, and its case opens to nobody."""
    try:
        event = log.open(row)[0]
    except Rejected:
        return False
    body = read_body(event.content.type, event.content.body)
    named = isinstance(body, OfficerRecused) and body.officer == actor.officer
    return named and event.agency == log.agency


async def _is_out(log: Log, connection: Connection, case_id: str, actor: Actor) -> bool:
    try:
        case = fold((await log.load(connection, case_id)).events, log.rules)
    except Rejected:
        return True
    rules = case.judged_by
    return rules is None or is_out(log.agency, actor, told_recusals(case, rules), rules)
