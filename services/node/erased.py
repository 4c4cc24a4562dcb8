"""Holds what is marked as erased against what was signed about it: the order, and our own word that we obeyed.

Where an event stands in its case is told by no content any more once it is erased. So whoever carried out the order
has signed a hash over that, and an edited row is found like any other.
"""

from collections.abc import AsyncIterator
from pathlib import Path

from contracts.encoding import b64
from contracts.errors import Rejected
from contracts.events import Body, read_body
from contracts.events.node import ErasureAsked, ErasureConfirmed, ErasureExecuted
from contracts.record import EventId
from contracts.workflow.erasure import graph
from services.node.log import Log, split
from services.node.sql import Connection, Row, queries

SQL = queries(Path(__file__).with_name("erasure.sql"))


async def unproven(connection: Connection, log: Log) -> AsyncIterator[tuple[str, str]]:
    """Place and fault of every erasure of this node that its own signed word, or the order, does not bear out."""
    for row in await connection.fetch(SQL["erasures"]):
        named = await connection.fetch(SQL["erased_here"], row["executed"])
        try:
            right = await _borne_out(connection, log, row, named)
        except Rejected as rejected:
            yield f"erasure {b64(row['executed'])}", f"cannot be read: {rejected.code}"
            continue
        if not right:
            yield f"erasure {b64(row['executed'])}", "what is marked as erased is not what was ordered and signed"


async def _borne_out(connection: Connection, log: Log, row: Row, named: list[Row]) -> bool:
    executed = await _body(connection, log, row["executed"], row["case_id"])
    confirmed = await _body(connection, log, row["confirmed"], row["case_id"])
    asked = await _body(connection, log, row["asked"], row["case_id"])
    if not (
        isinstance(executed, ErasureExecuted)
        and isinstance(confirmed, ErasureConfirmed)
        and isinstance(asked, ErasureAsked)
    ):
        return False
    held = [(EventId(one["id"]), split(one["parents"] or b"")) for one in named if one["held"]]
    chained = (executed.confirmed, confirmed.asked) == (b64(row["confirmed"]), b64(row["asked"]))
    ordered = {b64(one["id"]) for one in named} <= set(asked.events)
    here = all(one["case_id"] == row["case_id"] for one in named if one["held"])
    return chained and ordered and here and (executed.events, executed.graph) == (len(held), b64(graph(held)))


async def _body(connection: Connection, log: Log, id_: bytes, case_id: str) -> Body | None:
    content = (await log.event(connection, EventId(id_))).content
    return read_body(content.type, content.body) if content.case == case_id else None
