"""Verifies a node's whole store again from the signed bytes, and names whatever does not hold.

Nothing here trusts a column: ids, chains and roots are recomputed, signatures and grants are verified,
content is opened against its commitment, and event rows are compared with what their content says.
What other agencies claim to have seen of a log is compared with the log itself.

Every record is read, verified and opened once. The logs are walked side by side, always the one that is
behind in time, so that what belongs together comes by together: a case is held against the services' read
models when its last event has come, and then forgotten (`services.node.walk`). While a batch is checked,
another process verifies the signatures of the next one.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from asyncpg.cursor import Cursor

from contracts.case import fold
from contracts.delivery import check_blob
from contracts.encoding import b64
from contracts.errors import Code, Rejected
from contracts.record import LaterDirectory, Signed, read
from contracts.timeline import Event
from services.node.access import named_in
from services.node.erased import unproven
from services.node.log import Log, head_of
from services.node.service import Plug
from services.node.signatures import Claimed, Verifier, elsewhere, here
from services.node.sql import Connection, Row, queries
from services.node.walk import Cases, Finding, Told, Walk, Whole

SQL = queries(Path(__file__).with_name("fsck.sql"))
BATCH = 256  # records
MANY = 8 * BATCH  # records: worth a process that verifies their signatures
MOST_HELD = 64 * 1024 * 1024  # bytes of sealed content whose events wait for the rest of their case


class Report(NamedTuple):
    """What was looked at, and what does not hold."""

    records: int
    contents: int
    erased: int  # events whose content was destroyed by order
    findings: list[Finding]


class Batch(NamedTuple):
    """Some rows of one log, in order, and what they say if their signatures are good."""

    walk: Walk
    rows: Sequence[Row]
    read: Sequence[Signed | None]  # nothing if anything is wrong beside the signature
    good: Awaitable[Sequence[bool]]  # whether the signatures are, of those that were read


class Checked(NamedTuple):
    """What one row of the log says by itself."""

    signed: Signed | None
    told: Told | None = None  # nothing if there is no content
    wrong: Sequence[str] = ()


class Fsck:
    """One pass over a node's store."""

    def __init__(self, connections: Sequence[Connection], log: Log, progress: Callable[[int], None]) -> None:
        """All connections see one snapshot; `progress` is told the number of records every now and then."""
        self._connections = connections
        self._connection = connections[0]
        self._log = log
        self._progress = progress
        self._findings: list[Finding] = []
        self._records = 0
        self._contents = 0
        self._erased = 0
        self._plugs: dict[str, list[Plug]] = defaultdict(list)  # by case: who has handled all of it
        self._cases = Cases({}, 0)

    async def run(self, plugs: Sequence[Plug] = ()) -> Report:
        """Check everything; an empty list of findings means that all of it holds."""
        self._cases = Cases(await self._check_handled(plugs), MOST_HELD)
        heads = await self._connection.fetch(SQL["heads"])
        walks = {log: Walk(log, self._log.chain.opened_by(log)) for log in (head["log"] for head in heads)}
        many = sum(head["highest"] for head in heads) >= MANY
        async with elsewhere() if many else contextlib.nullcontext(here) as verified:
            await self._walk(walks, verified)
        for head in heads:
            self._check_head(head, walks[head["log"]])
        await self._check_cases(list(self._cases.rest()))
        for case_id in self._cases.let_go:
            await self._check_case(self._connection, case_id, await self._read_again(case_id))
        await self._check_events()
        self._findings += [Finding(*fault) async for fault in unproven(self._connection, self._log)]
        return Report(self._records, self._contents, self._erased, self._findings)

    async def _walk(self, walks: Mapping[str, Walk], verified: Verifier) -> None:
        """All records, a batch of the log that is behind in time after the other."""
        cursors = {log: await self._connection.cursor(SQL["records"], log) for log in walks}
        ahead = await self._next(walks, cursors, verified)
        while batch := ahead:
            good = iter(await batch.good)
            ahead = await self._next(walks, cursors, verified)
            whole: list[Whole] = []
            for row, signed in zip(batch.rows, batch.read, strict=True):
                whole += self._check_record(walks, batch.walk, row, signed if signed and next(good) else None)
            await self._check_cases(whole)
            self._progress(self._records)

    async def _next(self, walks: Mapping[str, Walk], cursors: dict[str, Cursor], verified: Verifier) -> Batch | None:
        while cursors:
            walk = min((walks[log] for log in cursors), key=lambda one: one.hlc)
            if rows := await cursors[walk.log].fetch(BATCH):
                claimed: list[Claimed] = []
                read_ = [self._read(row["jws"], claimed) for row in rows]
                return Batch(walk, rows, read_, verified(claimed))
            del cursors[walk.log]
        return None

    def _read(self, jws: bytes, claimed: list[Claimed]) -> Signed | None:
        """A record with nothing wrong but perhaps its signature, which is added to those that are claimed."""
        parts: list[Claimed] = []
        try:
            signed = read(jws, self._log.chain, lambda *three: parts.append(Claimed(*three)))
        except (Rejected, LaterDirectory):
            return None
        claimed += parts
        return signed

    def _check_record(self, walks: Mapping[str, Walk], walk: Walk, row: Row, signed: Signed | None) -> Iterator[Whole]:
        place = f"{walk.log} {row['seq']}"
        self._records += 1
        signed, told, wrong = self._checked(row, signed)
        self._findings += [Finding(place, what) for what in wrong]
        self._findings += walk.take(place, row, signed)
        for log, seen in signed.record.seen.items() if signed else ():
            if log in walks:
                self._findings += walks[log].hear(seen, place)
        if told and row["state"] == "applied" and row["case_id"]:
            whole = self._cases.add(row["case_id"], told, len(row["blob"] or b""))
            if whole:
                yield row["case_id"], whole

    def _checked(self, row: Row, signed: Signed | None) -> Checked:
        try:
            signed = signed or read(row["jws"], self._log.chain)
        except (Rejected, LaterDirectory) as error:
            code = getattr(error, "code", "later directory")
            return Checked(None, code, (f"signature or form: {code}",))
        wrong = []
        if signed.id != row["id"] or signed.record.seq != row["seq"]:
            wrong.append("stored under another id or place than its own")
        if row["blob"] is None and (row["erased"] is None or row["event_log"] is None):
            unexcused = self._log.agency in signed.record.to and row["excused"] is None and row["erased"] is None
            if row["type"] or unexcused:
                wrong.append("content for this agency is missing")
            return Checked(signed, None, wrong)
        self._erased += row["blob"] is None
        self._contents += row["blob"] is not None
        told = self._opened(row, signed)
        if isinstance(told, str):
            wrong.append(f"content: {told}")
        elif _said(told) != _filed(row):
            wrong.append("its event row is not what its content says")
            told = Code.BIND
        return Checked(signed, told, wrong)

    def _opened(self, row: Row, signed: Signed) -> Told:
        try:
            if row["blob"] is None:
                return self._log.remains(signed, row)[0]
            check_blob(signed.record, row["blob"])
            return self._log.unseal(signed, row)[0]
        except Rejected as rejected:
            return rejected.code

    def _check_head(self, row: Row, walk: Walk) -> None:
        head = head_of(row)
        if walk.tree.size < head.size:
            self._found(f"{walk.log} {walk.tree.size}", "this record is missing")
        if (walk.tree, walk.last) != (head.tree, head.last) or (walk.tree.size and walk.hlc != head.hlc):
            self._found(walk.log, "its head is not what its records give")

    async def _check_events(self) -> None:
        for row in await self._connection.fetch(SQL["orphans"]):
            self._found(f"{row['part']} {b64(row['id'])}", "belongs to no record")
        for row in await self._connection.fetch(SQL["misplaced"]):
            self._found(f"{row['log']} {row['seq']}", f"{row['state']}, which is not what its parents give")

    async def _check_handled(self, plugs: Sequence[Plug]) -> dict[str, int]:
        """Nothing was passed over; the cases of which a service has handled everything, and their events."""
        events: dict[str, int] = {}
        for plug in plugs:
            types = [body.wire_type for body in plug.handlers]
            for row in await self._connection.fetch(SQL["unhandled"].replace("SERVICE", plug.name), types):
                self._found(f"{row['log']} {row['seq']}", f"{plug.name} has neither handled nor parked it")
            for row in await self._connection.fetch(SQL["settled_cases"].replace("SERVICE", plug.name), types):
                self._plugs[row["case_id"]].append(plug)
                events[row["case_id"]] = row["events"]
        return events

    async def _check_cases(self, cases: Sequence[Whole]) -> None:
        """Share them out: a connection that waits for its server keeps no other from asking."""
        count = len(self._connections)
        await asyncio.gather(*(self._check_some(one, cases[n::count]) for n, one in enumerate(self._connections)))

    async def _check_some(self, connection: Connection, cases: Iterable[Whole]) -> None:
        for case_id, told in cases:
            await self._check_case(connection, case_id, told)

    async def _check_case(self, connection: Connection, case_id: str, told: Sequence[Told]) -> None:
        """The read models of a case are what it gives; it is computed once for all services."""
        code = next((one for one in told if isinstance(one, str)), None)
        if code:
            self._found(f"case {case_id}", f"cannot be read: {code}")
            return
        case = fold((one for one in told if not isinstance(one, str)), self._log.rules)
        if case.judged_by is None or any(event.void for event in case.timeline):
            return  # without rules nothing is made of it; what was made before a key was revoked people settle
        for plug in self._plugs[case_id]:
            for line in await plug.check(connection, case_id, case) if plug.check else ():
                self._found(plug.name, line)

    async def _read_again(self, case_id: str) -> Sequence[Told]:
        try:
            return (await self._log.load(self._connection, case_id)).events
        except Rejected as rejected:
            return [rejected.code]

    def _found(self, place: str, what: str) -> None:
        self._findings.append(Finding(place, what))


def _said(event: Event) -> tuple[object, ...]:
    content = event.content
    parents, to = b"".join(content.parents), list(content.to)
    return event.log, event.seq, content.type, content.case or None, str(event.hlc), parents, to, named_in(content)


def _filed(row: Row) -> tuple[object, ...]:
    place = row["event_log"], row["event_seq"]
    return (*place, row["type"], row["case_id"], row["hlc"], row["parents"], row["audience"], row["shown"])
