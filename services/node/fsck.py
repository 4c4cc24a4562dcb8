"""Verifies a node's whole store again from the signed bytes, and names whatever does not hold.

Nothing here trusts a column: ids, chains and roots are recomputed, signatures and grants are verified,
content is opened against its commitment, and event rows are compared with what their content says.
What other agencies claim to have seen of a log is compared with the log itself.

Every record is read, verified and opened once, many of them by other processes (`services.node.readers`). The
logs are walked side by side, always the one that is behind in time, so that what belongs together comes by
together: a case is held against the services' read models when its last event has come, and then forgotten
(`services.node.walk`).
"""

import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from contracts.case import Case, fold
from contracts.encoding import b64
from contracts.errors import Rejected
from services.node.erased import unproven
from services.node.log import Log, head_of
from services.node.readers import Reading, side_by_side
from services.node.reading import SQL, Batch, Checked, Told, rows_of
from services.node.service import Plug
from services.node.settled import settled
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

    def __init__(self, home: Path, connection: Connection, log: Log, progress: Callable[[int], None]) -> None:
        """`connection` sees one snapshot; `progress` is told the number of records every now and then."""
        self._home = home
        self._connection = connection
        self._log = log
        self._progress = progress
        self._findings: list[Finding] = []
        self._records = 0
        self._contents = 0
        self._erased = 0
        self._handled: list[tuple[Plug, set[str]]] = []  # each service, and the cases that it has handled all of
        self._cases = Cases({}, 0)

    async def run(self, plugs: Sequence[Plug] = (), *, beside: int = 0) -> Report:
        """Check everything; an empty list of findings means that all of it holds.

        If there is much to read, `beside` processes do it.
        """
        heads = await self._connection.fetch(SQL["heads"])
        walks = {log: Walk(log, self._log.chain.opened_by(log)) for log in (head["log"] for head in heads)}
        many = sum(head["highest"] for head in heads) >= MANY
        async with self._readers(beside if many else 0) as reading:  # they come up while we ask
            self._cases = Cases(await self._check_handled(plugs), MOST_HELD)
            found = await self._connection.fetch(SQL["batches"], BATCH)
            with settled():
                await self._walk(walks, [Batch(*row) for row in found if row["log"] in walks], reading)
        for head in heads:
            self._check_head(head, walks[head["log"]])
        await self._check_cases(self._cases.rest())
        for case_id in self._cases.let_go:
            await self._check_cases([(case_id, await self._read_again(case_id))])
        await self._check_events()
        self._findings += [Finding(*fault) async for fault in unproven(self._connection, self._log)]
        return Report(self._records, self._contents, self._erased, self._findings)

    @contextlib.asynccontextmanager
    async def _readers(self, count: int) -> AsyncIterator[Reading]:
        here = partial(rows_of, self._connection, self._log)
        snapshot = await self._connection.fetchval("select pg_export_snapshot()") if count else ""
        async with side_by_side(self._home, snapshot, count, here) as reading:
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
        self._contents += bool(row.record and row.size)
        self._findings += [Finding(place, what) for what in row.wrong]
        self._findings += walks[log].take(place, row)
        for other, seen in row.record.seen.items() if row.record else ():
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
            settled = await self._connection.fetch(SQL["settled_cases"].replace("SERVICE", plug.name), types)
            events |= {row["case_id"]: row["events"] for row in settled}
            self._handled.append((plug, {row["case_id"] for row in settled}))
        return events

    async def _check_cases(self, whole: Iterable[Whole]) -> None:
        """The read models of cases are what these give; each is computed once for all services."""
        cases = {case_id: case for case_id, told in whole if (case := self._computed(case_id, told))}
        for plug, done in self._handled:
            if plug.check and (its := {case_id: cases[case_id] for case_id in cases.keys() & done}):
                for line in await plug.check(self._connection, its):
                    self._found(plug.name, line)

    def _computed(self, case_id: str, told: Sequence[Told]) -> Case | None:
        """A case; None if nothing can be held against it."""
        code = next((one for one in told if isinstance(one, str)), None)
        if code:
            self._found(f"case {case_id}", f"cannot be read: {code}")
            return None
        case = fold((one for one in told if not isinstance(one, str)), self._log.rules)
        # Without rules nothing is made of it; what was made before a key was revoked people settle.
        return None if case.judged_by is None or any(event.void for event in case.timeline) else case

    async def _read_again(self, case_id: str) -> list[Told]:
        try:
            return list((await self._log.load(self._connection, case_id)).events)
        except Rejected as rejected:
            return [rejected.code]

    def _found(self, place: str, what: str) -> None:
        self._findings.append(Finding(place, what))
