"""Verifies a node's whole store again from the signed bytes, and names whatever does not hold.

Nothing here trusts a column: ids, chains and roots are recomputed, signatures and grants are verified,
content is opened against its commitment, and event rows are compared with what their content says.
What other agencies claim to have seen of a log is compared with the log itself.

Every record is read, verified and opened once, many of them by other processes (`services.node.readers`). The
logs are walked side by side, always the one that is behind in time, so that what belongs together comes by
together: a case is held against the services' read models when its last event has come, and then forgotten
(`services.node.walk`).
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from contracts.case import fold
from contracts.encoding import b64
from contracts.errors import Rejected
from services.node.erased import unproven
from services.node.log import Log, head_of
from services.node.readers import Reading, side_by_side
from services.node.reading import SQL, Batch, Checked, Told, one_by_one
from services.node.service import Plug
from services.node.sql import Connection, Row
from services.node.walk import Cases, Finding, Walk, Whole

BATCH = 256  # records
MANY = 8 * BATCH  # records: worth processes that read them
MOST_HELD = 64 * 1024 * 1024  # bytes of sealed content whose events wait for the rest of their case


class Report(NamedTuple):
    """What was looked at, and what does not hold."""

    records: int
    contents: int
    erased: int  # events whose content was destroyed by order
    findings: list[Finding]


class Fsck:
    """One pass over a node's store."""

    def __init__(
        self, home: Path, connections: Sequence[Connection], log: Log, progress: Callable[[int], None]
    ) -> None:
        """All connections see one snapshot; `progress` is told the number of records every now and then."""
        self._home = home
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

    async def run(self, plugs: Sequence[Plug] = (), *, beside: int = 0) -> Report:
        """Check everything; an empty list of findings means that all of it holds.

        If there is much to read, `beside` processes do it.
        """
        self._cases = Cases(await self._check_handled(plugs), MOST_HELD)
        heads = await self._connection.fetch(SQL["heads"])
        walks = {log: Walk(log, self._log.chain.opened_by(log)) for log in (head["log"] for head in heads)}
        batches = [Batch(*row) for row in await self._connection.fetch(SQL["batches"], BATCH) if row["log"] in walks]
        many = sum(head["highest"] for head in heads) >= MANY
        async with self._readers(beside if many else 0) as reading:
            await self._walk(walks, batches, reading)
        for head in heads:
            self._check_head(head, walks[head["log"]])
        await self._check_cases(list(self._cases.rest()))
        for case_id in self._cases.let_go:
            await self._check_case(self._connection, case_id, await self._read_again(case_id))
        await self._check_events()
        self._findings += [Finding(*fault) async for fault in unproven(self._connection, self._log)]
        return Report(self._records, self._contents, self._erased, self._findings)

    @contextlib.asynccontextmanager
    async def _readers(self, count: int) -> AsyncIterator[Reading]:
        if not count:
            yield partial(one_by_one, self._connection, self._log)
            return
        snapshot = await self._connection.fetchval("select pg_export_snapshot()")
        async with side_by_side(self._home, snapshot, count) as reading:
            yield reading

    async def _walk(self, walks: Mapping[str, Walk], batches: Iterable[Batch], reading: Reading) -> None:
        """All records, a batch of the log that is behind in time after the other."""
        async for log, rows in reading(batches):
            whole: list[Whole] = []
            for row in rows:
                whole += self._check_record(walks, log, row)
            await self._check_cases(whole)
            self._progress(self._records)

    def _check_record(self, walks: Mapping[str, Walk], log: str, row: Checked) -> Iterator[Whole]:
        place = f"{log} {row.seq}"
        self._records += 1
        self._erased += row.erased
        self._contents += bool(row.signed and row.size)
        self._findings += [Finding(place, what) for what in row.wrong]
        self._findings += walks[log].take(place, row)
        for other, seen in row.signed.record.seen.items() if row.signed else ():
            if other in walks:
                self._findings += walks[other].hear(seen, place)
        if row.told and row.case:
            whole = self._cases.add(row.case, row.told, row.size)
            if whole:
                yield row.case, whole

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
