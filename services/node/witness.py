"""The node as a notary of its own log and a witness of the others' (C2SP tlog-checkpoint, tlog-cosignature).

A checkpoint is cosigned only if our own copy of the log, which only ever grows, has that root at that size:
so whatever we cosign, we hold, and two of our cosignatures never contradict each other. Cosignature and
copy are committed before anybody is told. What contradicts our copy is kept, and stops our cosigning that
log until people have looked.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from contracts import note
from contracts.note import Checkpoint, Line, Note, NoteKey
from contracts.signing import Signer
from services.node import telemetry
from services.node.clock import Clock
from services.node.forks import Forks
from services.node.log import Log
from services.node.sql import Connection, Pool, Row, queries

SQL = queries(Path(__file__).with_name("witness.sql"))


class Witness:
    """Signs for one node what it holds of every log."""

    def __init__(self, pool: Pool, log: Log, clock: Clock, forks: Forks) -> None:
        """`pool` connects with the node's role; `log` must be able to sign as checkpoint and as witness."""
        self._pool = pool
        self._log = log
        self._agency = log.agency
        self._chain = log.chain
        self._clock = clock
        self._forks = forks
        self.on_news: Callable[[], None] = lambda: None

    async def issue(self) -> None:
        """Sign a checkpoint of our own log if it has grown since the last one."""
        async with self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(SQL["own_news"])
            if row is None:
                return
            signer = self._log.signer("checkpoint", row["size"] - 1)
            key = _named(signer, note.checkpoint_keys(self._chain, self._log.log))
            await _keep(connection, note.sign(_checkpoint(row), key, signer), [key])
            await connection.fetch(SQL["compare"], self._log.log)
        self.on_news()

    async def review(self) -> None:
        """Judge what came before the records that it speaks of."""
        for row in await self._pool.fetch(SQL["open_logs"]):
            async with self._pool.acquire() as connection, connection.transaction():
                await self._judge(connection, row["log"])

    async def take(self, connection: Connection, data: bytes) -> None:
        """Keep what a note from anywhere says, and cosign it if our copy bears it out; keep a proof of a fork.

        In the caller's transaction.

        Raises Rejected if it is no note, or is not signed by the log that it speaks of.
        """
        if data.startswith(b"{"):
            await self._forks.take(connection, data)
            return
        told = note.read(data)
        keys = note.checkpoint_keys(self._chain, told.checkpoint.log)
        note.check_log(told, *keys)
        await _keep(connection, told, keys)
        await self._keep_cosignatures(connection, told.checkpoint, note.cosignatures(self._chain, told))
        await self._judge(connection, told.checkpoint.log)

    async def _judge(self, connection: Connection, log: str) -> None:
        for row in await connection.fetch(SQL["compare"], log):
            telemetry.contradicted(log, row["size"])
        best = await connection.fetchrow(SQL["to_cosign"], log, self._agency)
        if best:
            await self._cosign(connection, _checkpoint(best))

    async def _cosign(self, connection: Connection, checkpoint: Checkpoint) -> None:
        signer, seconds = self._log.signer("witness"), self._clock.now_ms() // 1000
        line = note.cosign(checkpoint, _named(signer, note.witness_keys(self._chain, self._agency)), signer, seconds)
        await self._keep_cosignatures(connection, checkpoint, {self._agency: (seconds, line)})
        self.on_news()

    async def _keep_cosignatures(
        self, connection: Connection, checkpoint: Checkpoint, found: Mapping[str, tuple[int, Line]]
    ) -> None:
        if found:
            times, lines = zip(*found.values(), strict=True)
            texts = [line.encode() for line in lines]
            await connection.execute(SQL["add_cosignatures"], *checkpoint, list(found), list(times), texts)


async def notes(connection: Connection | Pool, agency: str, size: int) -> list[bytes]:
    """The notes with all that `agency` has to say of each log; of its own, nothing beyond `size`."""
    rows = await connection.fetch(SQL["notes"], size, agency)
    return [b"".join((_checkpoint(row).encode(), b"\n", row["line"], *row["lines"])) for row in rows]


async def _keep(connection: Connection, told: Note, keys: Iterable[NoteKey]) -> None:
    """Keep a checkpoint with the line of one of its log's own keys; there is one, since that was checked."""
    known = {key.key_id for key in keys}
    line = next(line for line in told.lines if line.name == told.checkpoint.log and line.key_id in known)
    await connection.execute(SQL["add_checkpoint"], *told.checkpoint, line.encode())


def _named(signer: Signer, keys: Iterable[NoteKey]) -> NoteKey:
    """The note key that `signer` signs with; the log has checked that the directory lists it."""
    return next(key for key in keys if key.public == signer.public)


def _checkpoint(row: Row) -> Checkpoint:
    return Checkpoint(row["log"], row["size"], row["root"])
