"""What each stored record says by itself, whoever wrote the row: read again from the signed bytes.

No record needs another one for this, so many can be read at once, in several processes (`services.node.readers`).
What they say together is `services.node.fsck`'s.
"""

from pathlib import Path
from typing import NamedTuple

from contracts.delivery import check_blob
from contracts.errors import Code, Rejected
from contracts.events.access import named_in
from contracts.merkle import leaf_hash
from contracts.record import LaterDirectory, Record, Signed, read
from contracts.timeline import Event
from services.node.log import Log
from services.node.sql import Connection, Row, queries

SQL = queries(Path(__file__).with_name("fsck.sql"))

Told = Event | str
"""An event, or the code of what keeps it from being read."""


class Batch(NamedTuple):
    """A part of a log, by sequence numbers."""

    log: str
    first: int
    end: int  # the one behind it


class Checked(NamedTuple):
    """One row of the log, and what it says by itself."""

    seq: int
    id: bytes
    leaf: bytes  # its hash in the log's tree
    case: str  # under which its event counts; empty if it does not
    size: int  # bytes of sealed content
    record: Record | None  # nothing if it is not authentic
    told: Told | None = None  # nothing if there is no content
    erased: bool = False  # whether an order destroyed its content
    wrong: tuple[str, ...] = ()


async def rows_of(connection: Connection, log: Log, batch: Batch) -> list[Checked]:
    """Read one batch; `log` is any of the node, for its directory and its vault."""
    return [check(log, row) for row in await connection.fetch(SQL["records"], *batch)]


def check(log: Log, row: Row) -> Checked:
    """Verify the record, open its content, and hold both against the row that they are stored in."""
    case = (row["case_id"] or "") if row["state"] == "applied" else ""
    place = row["seq"], row["id"], leaf_hash(row["jws"]), case, len(row["blob"] or b"")
    try:
        signed = read(row["jws"], log.chain)
    except (Rejected, LaterDirectory) as error:
        code = getattr(error, "code", "later directory")
        return Checked(*place, None, told=code, wrong=(f"signature or form: {code}",))
    wrong = _misplaced(row, signed)
    if row["blob"] is None and (row["erased"] is None or row["event_log"] is None):
        return Checked(*place, signed.record, wrong=(*wrong, *_missing(log, row, signed)))
    told, fault = _held_against(row, _opened(log, row, signed))
    return Checked(*place, signed.record, told, row["blob"] is None, (*wrong, *fault))


def _misplaced(row: Row, signed: Signed) -> tuple[str, ...]:
    here = signed.id == row["id"] and signed.record.seq == row["seq"]
    return () if here else ("stored under another id or place than its own",)


def _missing(log: Log, row: Row, signed: Signed) -> tuple[str, ...]:
    unexcused = log.agency in signed.record.to and row["excused"] is None and row["erased"] is None
    return ("content for this agency is missing",) if row["type"] or unexcused else ()


def _opened(log: Log, row: Row, signed: Signed) -> Told:
    try:
        if row["blob"] is None:
            return log.remains(signed, row)[0]
        check_blob(signed.record, row["blob"])
        return log.unseal(signed, row)[0]
    except Rejected as rejected:
        return rejected.code


def _held_against(row: Row, told: Told) -> tuple[Told, tuple[str, ...]]:
    if isinstance(told, str):
        return told, (f"content: {told}",)
    if _said(told) != _filed(row):
        return Code.BIND, ("its event row is not what its content says",)
    return told, ()


def _said(event: Event) -> tuple[object, ...]:
    content = event.content
    parents, to, shown = b"".join(content.parents), list(content.to), named_in(content.type, content.body)
    return event.log, event.seq, content.type, content.case or None, str(event.hlc), parents, to, shown


def _filed(row: Row) -> tuple[object, ...]:
    place = row["event_log"], row["event_seq"]
    return (*place, row["type"], row["case_id"], row["hlc"], row["parents"], row["audience"], row["shown"])
