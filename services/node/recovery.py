"""Brings back the end of our own log after a restored backup: from the partners, who mirror it.

Until this is done the log refuses to append (`log.lock_own`), since it would contradict what it has said.
What the partners give is our own signed records, each naming the one before it, so it matters little who
gives them. Content that was sealed to us alone is with nobody else, and does not come back.
"""

import json
from collections.abc import Sequence
from typing import NamedTuple

from contracts.delivery import Delivery, Examined, examine
from contracts.errors import Code, Rejected
from services.node.admission import decide
from services.node.broker import connected
from services.node.clock import Clock
from services.node.keys import Keyring
from services.node.link import BACKFILL_RECORDS, BACKFILL_TIMEOUT_S, unpack
from services.node.log import SQL, Log
from services.node.server import Server
from services.node.sql import Connection, Pool
from services.node.store import PostgresStore


class Recovered(NamedTuple):
    """What came back."""

    before: int  # records that the log held
    after: int  # records that it holds now
    lost: int  # of those that came back, how many had content for us alone, or none that a partner could give
    still_behind: bool


class Recovery:
    """One recovery of one node's own log; the node itself does not run meanwhile."""

    def __init__(self, pool: Pool, log: Log, keyring: Keyring, clock: Clock) -> None:
        """`pool` connects with the node's role."""
        self._pool = pool
        self._log = log.log
        self._chain = log.chain
        self._reader = log.reader()
        self._vault = keyring.vault
        self._clock = clock

    async def run(self, partners: Sequence[Server]) -> Recovered:
        """Fetch what each partner holds beyond our end, in turn. Raises what `connected` raises if one is away."""
        before = await self._size()
        for server in partners:
            while records := await self._fetch(server, await self._size()):
                if not await self._admit(records):
                    break
        return Recovered(before, await self._size(), await self._unreadable(before), await self._behind())

    async def _fetch(self, server: Server, first: int) -> list[Examined]:
        wanted = {"log": self._log, "first": first, "last": first + BACKFILL_RECORDS - 1}
        async with connected(server) as client:
            answer = await client.request("backfill", json.dumps(wanted).encode(), timeout=BACKFILL_TIMEOUT_S)
        return [self._examined(message) for message in unpack(answer.data)]

    def _examined(self, message: bytes) -> Examined:
        found = examine(Delivery.decode(message), self._chain, self._reader)
        if found.signed.record.log != self._log:
            raise Rejected(Code.BIND, "another log's record")
        return found

    async def _admit(self, batch: Sequence[Examined]) -> bool:
        """Take back a stretch of our log; whether it grew."""
        async with self._pool.acquire() as connection, connection.transaction():
            store = PostgresStore(connection, self._vault)
            known = await store.known(self._log, batch)
            plan = decide(
                self._log, batch, known, reader=self._reader.agency, now_ms=self._clock.now_ms(), recovering=True
            )
            await store.save(plan)
        return plan.moved

    async def _size(self) -> int:
        row = await self._pool.fetchrow(SQL["own_head"])
        return int(row["size"]) if row else 0

    async def _unreadable(self, since: int) -> int:
        lost: int = await self._pool.fetchval(SQL["count_unreadable"], self._log, since)
        return lost

    async def _behind(self) -> bool:
        async with self._pool.acquire() as connection:
            return await is_behind(connection)


async def is_behind(connection: Connection) -> bool:
    """Whether our own keys have signed more of our log than we hold."""
    behind: bool = await connection.fetchval(SQL["is_behind"])
    return behind
