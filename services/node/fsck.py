"""Verifies a node's whole store again from the signed bytes, and names whatever does not hold.

Nothing here trusts a column: ids, chains and roots are recomputed, signatures and grants are verified,
content is opened against its commitment, and event rows are compared with what their content says.
What other agencies claim to have seen of a log is compared with the log itself.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from contracts.case import fold
from contracts.delivery import check_blob, open_content
from contracts.encoding import b64
from contracts.errors import Rejected
from contracts.merkle import Tree
from contracts.record import LaterDirectory, Signed, read, stored
from services.node.keys import Keyring
from services.node.log import Log, head_of
from services.node.service import Plug
from services.node.sql import Connection, Row, queries

SQL = queries(Path(__file__).with_name("fsck.sql"))
PREFETCH = 512


class Finding(NamedTuple):
    """One thing that does not hold."""

    place: str  # log and sequence number, or a table
    what: str


class Report(NamedTuple):
    """What was looked at, and what does not hold."""

    records: int
    contents: int
    findings: list[Finding]


class Claim(NamedTuple):
    """What the author of a record said it had seen of another log."""

    root: bytes
    by: str


class Fsck:
    """One pass over a node's store, inside one read-only snapshot."""

    def __init__(self, connection: Connection, log: Log, keyring: Keyring, progress: Callable[[int], None]) -> None:
        """`progress` is told the number of records every now and then."""
        self._connection = connection
        self._log = log
        self._keyring = keyring
        self._progress = progress
        self._findings: list[Finding] = []
        self._records = 0
        self._contents = 0
        self._claims: dict[str, dict[int, list[Claim]]] = defaultdict(lambda: defaultdict(list))

    async def run(self, plugs: Sequence[Plug] = ()) -> Report:
        """Check everything; an empty list of findings means that all of it holds."""
        heads = await self._connection.fetch(SQL["heads"])
        for head in heads:
            await self._collect_claims(head["log"])
        for head in heads:
            await self._check_log(head)
        await self._check_events()
        await self._check_services(plugs)
        return Report(self._records, self._contents, self._findings)

    async def _collect_claims(self, log: str) -> None:
        async for row in self._rows("records", log):
            try:
                record = stored(row["jws"]).record
            except (Rejected, ValueError):
                continue  # named by the pass over the log itself
            for other, seen in record.seen.items():
                self._claims[other][seen.size].append(Claim(seen.root, f"{log} {record.seq}"))

    async def _check_log(self, row: Row) -> None:
        log, head = row["log"], head_of(row)
        tree, last, hlc = Tree(), self._log.chain.opened_by(log), head.hlc
        async for record_row in self._rows("records", log):
            place = f"{log} {record_row['seq']}"
            self._records += 1
            if self._records % PREFETCH == 0:
                self._progress(self._records)
            signed = self._verified(place, record_row)
            if record_row["seq"] != tree.size:
                continue  # beyond a hole: verified, but not yet part of the tree
            self._check_claims(log, tree)
            if signed is None or signed.record.prev != last or signed.record.log != log:
                self._found(place, "does not follow the record before it")
            tree, last = tree.append(record_row["jws"]), record_row["id"]
            hlc = signed.record.hlc if signed else hlc
            if signed:
                await self._check_content(place, record_row, signed)
        self._check_claims(log, tree)
        if tree.size < head.size:
            self._found(f"{log} {tree.size}", "this record is missing")
        if (tree, last) != (head.tree, head.last) or (tree.size and hlc != head.hlc):
            self._found(log, "its head is not what its records give")

    def _verified(self, place: str, row: Row) -> Signed | None:
        try:
            signed = read(row["jws"], self._log.chain)
        except (Rejected, LaterDirectory) as error:
            self._found(place, f"signature or form: {getattr(error, 'code', 'later directory')}")
            return None
        if signed.id != row["id"] or signed.record.seq != row["seq"]:
            self._found(place, "stored under another id or place than its own")
        return signed

    def _check_claims(self, log: str, tree: Tree) -> None:
        for claim in self._claims[log].pop(tree.size, ()):
            if claim.root != tree.root():
                self._found(claim.by, f"had seen another {log} of size {tree.size}")

    async def _check_content(self, place: str, row: Row, signed: Signed) -> None:
        if self._log.agency not in signed.record.to:
            return
        if row["blob"] is None:
            if row["excused"] is None:
                self._found(place, "content for this agency is missing")
            return
        self._contents += 1
        try:
            check_blob(signed.record, row["blob"])
            key = self._keyring.storage.unlock(row["key"], signed.id)
            content = open_content(signed, row["blob"], key, self._log.chain).content
        except Rejected as rejected:
            self._found(place, f"content: {rejected.code}")
            return
        told = (content.type, content.case or None, str(signed.record.hlc), b"".join(content.parents), list(content.to))
        if told != (row["type"], row["case_id"], row["hlc"], row["parents"], row["audience"]):
            self._found(place, "its event row is not what its content says")

    async def _check_events(self) -> None:
        for row in await self._connection.fetch(SQL["orphans"]):
            self._found(f"{row['part']} {b64(row['id'])}", "belongs to no record")
        for row in await self._connection.fetch(SQL["misplaced"]):
            self._found(f"{row['log']} {row['seq']}", f"{row['state']}, which is not what its parents give")

    async def _check_services(self, plugs: Sequence[Plug]) -> None:
        """Nothing was passed over, and every read model is what the cases give; each case is loaded once for all."""
        checks: dict[str, list[Plug]] = defaultdict(list)
        for plug in plugs:
            types = [body.wire_type for body in plug.handlers]
            for row in await self._connection.fetch(SQL["unhandled"].replace("SERVICE", plug.name), types):
                self._found(f"{row['log']} {row['seq']}", f"{plug.name} has neither handled nor parked it")
            settled = await self._connection.fetch(SQL["settled_cases"].replace("SERVICE", plug.name), types)
            for row in settled:
                checks[row["case_id"]].append(plug)
        for case_id, concerned in checks.items():
            await self._check_case(case_id, concerned)

    async def _check_case(self, case_id: str, plugs: Sequence[Plug]) -> None:
        try:
            case = fold((await self._log.load(self._connection, case_id)).events)
        except Rejected as rejected:
            self._found(f"case {case_id}", f"cannot be read: {rejected.code}")
            return
        for plug in plugs:
            for line in await plug.check(self._connection, case_id, case) if plug.check else ():
                self._found(plug.name, line)

    async def _rows(self, query: str, log: str) -> AsyncIterator[Row]:
        async for row in self._connection.cursor(SQL[query], log, prefetch=PREFETCH):
            yield row

    def _found(self, place: str, what: str) -> None:
        self._findings.append(Finding(place, what))
