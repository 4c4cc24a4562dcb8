"""The two stores of a node behind one front, so that one suite can hold both to the same promises."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple, Protocol

import asyncpg

from contracts.delivery import Examined
from contracts.directory import Chain
from services.node.admission import Head, decide
from services.node.database import NODE_MIGRATIONS, migrate, migrations
from services.node.log import SQL, head_of
from services.node.sql import Connection, Row
from services.node.storage import StorageKey
from services.node.store import Bad, PostgresStore, Store
from services.node.testing import MemoryStore, MemoryWatch
from services.node.vault import Vault
from tests.conftest import Database

READER = "lpsk"
LACKING = """select kind, log, from_seq, to_seq, id, closed_at is not null as closed from log.gap
    where kind <> 'SEQUENCE' order by kind, log, from_seq, id"""
GAPS = """select log, from_seq, to_seq, closed_at is not null as closed from log.gap
    where kind = 'SEQUENCE' order by closed desc, log, from_seq, to_seq"""


Lacking = tuple[str, str, int, int, bytes, bool]  # kind, log, first and last place, parent, whether it is closed


class Observed(NamedTuple):
    """Everything that a store holds, in a form that can be compared."""

    heads: dict[str, Head]
    records: dict[tuple[str, int], bytes]
    states: dict[bytes, str]
    contents: set[bytes]
    waiting: dict[tuple[bytes, bytes], int]  # until, in ms; 0 for a parent
    gaps: list[tuple[str, int, int, bool]]  # first and last place, and whether it is closed
    holes: list[tuple[str, int, int]]
    forks: set[tuple[str, int, bytes]]
    unreadable: dict[bytes, bool]
    refused: dict[bytes, tuple[str, int, str, bytes, bool]]
    seen: dict[tuple[str, str, int], tuple[int, str]]
    pointers: list[bytes]


class Shelf(Protocol):
    """One store, one node's."""

    async def admit(self, batch: Sequence[Examined], *, now_ms: int) -> None:
        """Admit a batch of one or more logs in one transaction, as `Admission` does."""
        ...

    async def refuse(self, source: str, bad: Sequence[Bad]) -> None: ...

    async def release_clocks(self, now_ms: int) -> None: ...

    async def due(self) -> list[tuple[str, int]]:
        """Content to be asked for now."""
        ...

    async def look(self, logs: Sequence[str]) -> list[Lacking]:
        """Call missing what these logs, all that others write, have not said and nobody has given; every such row."""
        ...

    async def observe(self) -> Observed: ...

    def undone(self) -> AbstractAsyncContextManager[None]:
        """Whatever is done inside is gone afterwards."""
        ...


class Undo(Exception):
    """Ends a transaction that shall leave nothing."""


class MemoryShelf:
    """A `MemoryStore`."""

    def __init__(self, own: str, chain: Chain) -> None:
        self.store = MemoryStore(own, chain)

    async def admit(self, batch: Sequence[Examined], *, now_ms: int) -> None:
        with self.store.transaction():
            await _admit(self.store, batch, now_ms)

    async def refuse(self, source: str, bad: Sequence[Bad]) -> None:
        await self.store.quarantine(source, bad)

    async def release_clocks(self, now_ms: int) -> None:
        await self.store.release_clocks(now_ms)

    async def due(self) -> list[tuple[str, int]]:
        return [(log, first) for log, first, _ in self.store.due(now_ms=0)]

    async def look(self, logs: Sequence[str]) -> list[Lacking]:
        watch, rows = MemoryWatch(self.store), self.store.tables
        watch.close_come()
        watch.note(lack for lack in watch.absent() if lack.log in logs)
        come = [(kind, log, gap.first, gap.last, id_, True) for kind, log, id_, gap in rows.come]
        return sorted(
            [*come, *((kind, log, one[1], one[2], id_, False) for (kind, log, id_), one in rows.lacking.items())]
        )

    @asynccontextmanager
    async def undone(self) -> AsyncIterator[None]:
        with suppress(Undo), self.store.transaction():
            yield
            raise Undo

    async def observe(self) -> Observed:
        rows = self.store.tables
        return Observed(
            heads=dict(rows.heads),
            records={place: signed.jws for place, signed in rows.records.items()},
            states={id_: kept.state for id_, kept in rows.events.items()},
            contents=set(rows.contents),
            waiting={(event, parent): until for (event, parent), until in rows.waiting.items()},
            gaps=[*sorted((*gap, True) for gap in rows.closed), *sorted((*gap, False) for gap in rows.gaps.values())],
            holes=sorted(self.store.holes()),
            forks=set(rows.forks),
            unreadable={id_: one.found for id_, one in rows.unreadable.items()},
            refused={
                digest: (refusal.log, refusal.seq, str(refusal.code), data, digest in rows.answered)
                for digest, (refusal, data) in rows.quarantine.items()
            },
            seen={place: (seq, str(hlc)) for place, (seq, hlc) in rows.seen.items()},
            pointers=list(rows.pointers),
        )


class PostgresShelf:
    """A `PostgresStore` on a connection that has the role of the node."""

    def __init__(self, connection: Connection, folder: Path) -> None:
        self.connection = connection
        self.store = PostgresStore(connection, Vault(folder / "cases", StorageKey(bytes(32))))

    async def start(self, own: str, chain: Chain) -> None:
        """Open the log and the mirrors, as `Duties.open_log`."""
        for log in chain.logs().values():
            await self.connection.execute(SQL["add_head"], log, log == own, chain.opened_by(log))

    async def admit(self, batch: Sequence[Examined], *, now_ms: int) -> None:
        async with self.connection.transaction():
            await _admit(self.store, batch, now_ms)

    async def refuse(self, source: str, bad: Sequence[Bad]) -> None:
        await self.store.quarantine(source, bad)

    async def release_clocks(self, now_ms: int) -> None:
        async with self.connection.transaction():
            await self.store.release_clocks(now_ms)

    async def due(self) -> list[tuple[str, int]]:
        return [(row["log"], row["seq"]) for row in await self.connection.fetch(SQL["open_unreadable"])]

    async def look(self, logs: Sequence[str]) -> list[Lacking]:
        await self.connection.execute(SQL["close_come"], list(logs))
        silent = [
            ("SILENCE", row["log"], row["seq"], row["seq"], b"") for row in await self._rows("next_records", logs)
        ]
        named = [
            ("PARENT", row["log"], row["seq"], row["seq"], row["id"]) for row in await self._rows("absent_parents")
        ]
        await self.connection.executemany(SQL["open_gap"], [*silent, *named])
        return [tuple(row) for row in await self.connection.fetch(LACKING)]

    async def _rows(self, query: str, *arguments: object) -> list[Row]:
        return await self.connection.fetch(SQL[query], *arguments)

    @asynccontextmanager
    async def undone(self) -> AsyncIterator[None]:
        with suppress(Undo):
            async with self.connection.transaction():
                yield
                raise Undo

    async def observe(self) -> Observed:
        fetch = self.connection.fetch
        holes = [tuple(row) for row in await fetch(SQL["open_gaps"])]
        waiting = await fetch("select id, parent, (extract(epoch from until) * 1000)::bigint from log.waiting")
        refused = await fetch("select digest, log, seq, code, bytes, answered_at is not null from log.quarantine")
        return Observed(
            heads={row["log"]: head_of(row) for row in await fetch(SQL["heads"])},
            records={(row[0], row[1]): row[2] for row in await fetch("select log, seq, jws from log.record")},
            states={row[0]: row[1] for row in await fetch("select id, state from log.event")},
            contents={id_ for (id_,) in await fetch("select id from log.content")},
            waiting={(id_, parent): until or 0 for id_, parent, until in waiting},
            gaps=[tuple(row) for row in await fetch(GAPS)],
            holes=sorted([*holes, *(tuple(row) for row in await fetch(SQL["unheard"]))]),
            forks={tuple(row) for row in await fetch("select log, seq, id from log.fork")},
            unreadable={row[0]: row[1] for row in await fetch("select id, found_at is not null from log.unreadable")},
            refused={row[0]: tuple(row)[1:] for row in refused},
            seen={
                tuple(row)[:3]: tuple(row)[3:]
                for row in await fetch("select log, by_log, size, by_seq, hlc from log.seen")
            },
            pointers=[id_ for (id_,) in await fetch("select id from log.pointer order by position")],
        )


@asynccontextmanager
async def postgres_shelf(database: Database, own: str, chain: Chain) -> AsyncIterator[PostgresShelf]:
    """The node's tables, with the node's role, in a transaction that is never committed."""
    async with _connected(database, "rajut_owner") as owner:
        await migrate(owner, migrations({"node": NODE_MIGRATIONS}))
    async with _connected(database, "rajut_node") as connection:
        with TemporaryDirectory() as folder:
            made = PostgresShelf(connection, Path(folder))
            async with made.undone():
                await made.start(own, chain)
                yield made


@asynccontextmanager
async def _connected(database: Database, role: str) -> AsyncIterator[Connection]:
    connection = await asyncpg.connect(database.dsn(role))
    try:
        yield connection
    finally:
        await connection.close()


async def _admit(store: Store, batch: Sequence[Examined], now_ms: int) -> None:
    for log, items in groupby(sorted(batch, key=_log), key=_log):
        some = list(items)
        known = await store.known(log, some)
        await store.save(decide(log, some, known, reader=READER, now_ms=now_ms))


def _log(item: Examined) -> str:
    return item.signed.record.log
