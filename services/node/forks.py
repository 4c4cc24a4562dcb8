"""What shows that a log has two histories: made into proofs, kept, told to every agency, never resolved by software.

A contradicting record or checkpoint becomes a proof that anybody with the directory can check
(`contracts.evidence`). Proofs travel like checkpoints, so both partners hold what one of them has found.
"""

import contextlib
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from contracts import evidence
from contracts.encoding import b64
from contracts.errors import Code, Rejected
from contracts.events.node import ForkFound
from contracts.evidence import CheckpointFork, Fork, Split
from contracts.hlc import instant
from contracts.merkle import Leaves, leaf_hash
from contracts.note import Checkpoint
from contracts.record import LaterDirectory
from services.node import telemetry
from services.node.clock import Clock
from services.node.contradiction import record_fork
from services.node.log import Log
from services.node.service import SYSTEM
from services.node.sql import Connection, Pool, Row, queries
from services.node.writing import CONTROL, Draft

SQL = queries(Path(__file__).with_name("forks.sql"))
KEPT = 16  # proofs of one log; whoever forks once may fork without end, and the first few convict it
AT_ONCE = 16  # contradicting records that are looked at in one round
_BEGIN = ("", 0, b"")  # before all logs


class Forks:
    """The proofs that one node holds."""

    def __init__(self, pool: Pool, log: Log, clock: Clock) -> None:
        """`pool` connects with the node's role."""
        self._pool = pool
        self._log = log
        self._clock = clock
        self._looked = _BEGIN  # up to which log, place and id
        self.on_news: Callable[[], None] = lambda: None

    async def gather(self) -> None:
        """Make proofs of what contradicts what we hold."""
        async with self._pool.acquire() as connection, connection.transaction():
            for _ in range(AT_ONCE):
                if not (row := await self._contradicting(connection)):
                    break
                near = [row[place] for place in ("same", "before", "after") if row[place]]
                if fork := record_fork(row["other"], near, self._log.chain):
                    with contextlib.suppress(Rejected):  # of a key that was revoked since: it convicts nobody
                        await self._keep(connection, fork)
            for row in await connection.fetch(SQL["contradicting_checkpoints"], KEPT):
                await self._keep(connection, await _checkpoint_fork(connection, row))

    async def take(self, connection: Connection, data: bytes) -> None:
        """Keep a proof from anywhere, in the caller's transaction; Rejected if it proves nothing."""
        await self._keep(connection, evidence.decode(data))

    async def _contradicting(self, connection: Connection) -> Row | None:
        """The next one; None behind the last. Those of which no proof can be made stay, and keep no other waiting."""
        row = await connection.fetchrow(SQL["contradicting_record"], KEPT, *self._looked)
        self._looked = (row["log"], row["seq"], row["id"]) if row else _BEGIN
        return row

    async def _keep(self, connection: Connection, fork: Fork) -> None:
        try:
            split = evidence.check(fork, self._log.chain)
        except LaterDirectory:
            raise Rejected(Code.KEY, "of a later directory") from None
        proof = evidence.encode(fork)
        digest = sha256(proof).digest()
        if await connection.fetchval(SQL["add_evidence"], digest, *split, proof, KEPT):
            telemetry.forked(*split)
            await self._say(connection, split, digest)
            self.on_news()

    async def _say(self, connection: Connection, split: Split, digest: bytes) -> None:
        """Write into our own log that we hold this proof."""
        body = ForkFound(log=split.log, size=split.size, digest=b64(digest))
        draft = Draft(body, tuple(sorted(self._log.directory.agencies)), SYSTEM, instant(self._clock.now_ms()))
        try:
            async with connection.transaction():
                await self._log.append(connection, "node", CONTROL, [draft])
        except Rejected as rejected:  # a log that is behind says nothing; the proof itself is kept and told
            telemetry.stumbled("fork", rejected)


async def proofs(connection: Connection | Pool) -> list[bytes]:
    """The proofs that we hold, as they travel."""
    return [row["proof"] for row in await connection.fetch(SQL["evidence"])]


async def disputed(connection: Connection, logs: list[str]) -> list[str]:
    """Those of these logs that have two histories, or of which somebody says other things than we hold."""
    return [row["log"] for row in await connection.fetch(SQL["disputed"], logs)]


async def _checkpoint_fork(connection: Connection, row: Row) -> CheckpointFork:
    bad = _note(Checkpoint(row["log"], row["size"], row["root"]), row["line"])
    good = _note(Checkpoint(row["log"], row["good_size"], row["good_root"]), row["good_line"])
    if row["size"] == row["good_size"]:
        return CheckpointFork(bad, good)
    leaves = Leaves(
        leaf_hash(leaf["jws"]) for leaf in await connection.fetch(SQL["leaves"], row["log"], row["good_size"])
    )
    return CheckpointFork(bad, good, row["true_root"], leaves.consistency(row["size"], row["good_size"]))


def _note(checkpoint: Checkpoint, line: bytes) -> bytes:
    return checkpoint.encode() + b"\n" + line
