"""Admission with its I/O around it: from message bytes to committed records, events and pointers."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import NamedTuple

from contracts.delivery import Delivery, Examined, Reader, examine
from contracts.directory import Chain
from contracts.errors import Code, Rejected
from contracts.record import LaterDirectory
from services.node import telemetry
from services.node.admission import Head, Refusal, decide, is_news
from services.node.clock import Clock
from services.node.database import AWAY
from services.node.log import SQL
from services.node.pull import Broken
from services.node.sql import Connection, Pool
from services.node.store import Bad, PostgresStore
from services.node.vault import Vault
from services.node.witness import Witness

INLINE = 4  # up to this many deliveries are verified on the event loop; more go to a thread


class Judged(NamedTuple):
    """A batch after examination."""

    good: Sequence[Examined]
    notes: Sequence[bytes]
    bad: Sequence[Bad]
    later: int  # how many only a directory version to come can judge; they stay in the stream


def is_record(message: bytes) -> bool:
    """Whether a message means to be a record: a JWS starts with the base64url of `{"`. All else is about logs."""
    return message.startswith(b"eyJ")


class Place(NamedTuple):
    """How far we are in a partner's stream."""

    stream_created: str
    stream_seq: int


class Step(NamedTuple):
    """From where to where a batch brings us in a partner's stream."""

    before: Place
    after: Place


class Admission:
    """Admits deliveries from one source after another into one node."""

    def __init__(self, pool: Pool, chain: Chain, reader: Reader, vault: Vault, clock: Clock, witness: Witness) -> None:
        """`pool` connects with the node's role."""
        self._pool = pool
        self._chain = chain
        self._reader = reader
        self._vault = vault
        self._clock = clock
        self._witness = witness
        self.on_admitted: Callable[[], None] = lambda: None
        self.news = True  # whether somebody said something that we have not acknowledged yet

    async def admit(self, source: str, messages: Sequence[bytes], step: Step | None = None) -> dict[str, Head]:
        """Admit messages from `source` and move our position in its stream, in one transaction.

        Returns the heads of the logs concerned. Raises only for accidents of our own (database gone), and Broken if
        our position is no more where the step begins: whatever is wrong with a message is a row in quarantine, and
        the next message goes on.
        """
        judged = await self._judge(source, messages)
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                heads = await self._write(connection, source, judged)
                await _move(connection, source, step)
        except (*AWAY, Broken):
            raise  # the database is away, or we are to read on elsewhere; the message is not bad
        except Exception as error:  # noqa: BLE001  one message that we cannot take must not hold up the others
            return await self._admit_singly(source, messages, step, error)
        self._tell(source, judged)
        return heads

    async def _admit_singly(
        self, source: str, messages: Sequence[bytes], step: Step | None, error: Exception
    ) -> dict[str, Head]:
        """A batch failed for no known reason: admit it one by one, and keep the culprit in quarantine."""
        telemetry.stumbled(f"admission from {source}", error)
        if len(messages) == 1:
            async with self._pool.acquire() as connection, connection.transaction():
                culprit = self._bad(source, messages[0], Code.UNEXPECTED)
                await PostgresStore(connection, self._vault).quarantine(source, [culprit])
                await _move(connection, source, step)
            return {}
        heads: dict[str, Head] = {}
        for message in messages:
            heads |= await self.admit(source, [message], step if message is messages[-1] else None)
        return heads

    def _tell(self, source: str, judged: Judged) -> None:
        if judged.good:
            telemetry.lag(source, (self._clock.now_ms() - judged.good[-1].signed.record.hlc.ms) / 1000)
        if judged.later:
            telemetry.log.warning("later directory", partner=source, records=judged.later)
        telemetry.admitted(source, len(judged.good), [str(bad.refusal.code) for bad in judged.bad])
        self.on_admitted()

    async def release_clocks(self) -> None:
        """Apply events whose clock was ahead of ours and whose time has come."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(SQL["lock_admission"])
            await PostgresStore(connection, self._vault).release_clocks(self._clock.now_ms())

    async def _judge(self, source: str, messages: Sequence[bytes]) -> Judged:
        if len(messages) <= INLINE:
            return self._judge_all(source, messages)
        return await asyncio.to_thread(self._judge_all, source, messages)

    def _judge_all(self, source: str, messages: Sequence[bytes]) -> Judged:
        good, bad, later = [], [], 0
        notes = [message for message in messages if not is_record(message)]
        for message in filter(is_record, messages):
            try:
                good.append(examine(Delivery.decode(message), self._chain, self._reader))
            except Rejected as rejected:
                bad.append(self._bad(source, message, rejected.code))
            except LaterDirectory:
                later += 1
        return Judged(good, notes, bad, later)

    async def _write(self, connection: Connection, source: str, judged: Judged) -> dict[str, Head]:
        store = PostgresStore(connection, self._vault)
        by_log = defaultdict(list)
        for item in judged.good:
            by_log[item.signed.record.log].append(item)
        heads = {}
        for log, batch in by_log.items():
            known = await store.known(log, batch)
            plan = decide(log, batch, known, reader=self._reader.agency, now_ms=self._clock.now_ms())
            await store.save(plan)
            heads[log] = plan.head
            self.news = self.news or is_news(plan)
        bad = [*judged.bad, *await self._hear(connection, source, judged.notes)]
        if bad:
            await store.quarantine(source, bad)
        return heads

    async def _hear(self, connection: Connection, source: str, notes: Sequence[bytes]) -> list[Bad]:
        """Let the witness take what is said about logs; what it refuses."""
        refused = []
        for note in notes:
            try:
                await self._witness.take(connection, note)
            except Rejected as rejected:
                refused.append(self._bad(source, note, rejected.code))
        return refused

    def _bad(self, source: str, message: bytes, code: Code) -> Bad:
        # An accident of our own is no verdict, so its author is not told of one.
        answer = code != Code.UNEXPECTED
        return Bad(Refusal(sha256(message).digest(), self._chain.logs().get(source, ""), 0, code, answer), message)


async def _move(connection: Connection, source: str, step: Step | None) -> None:
    if step and not await connection.fetchval(SQL["move_link"], source, *step.after, *step.before):
        raise Broken("sent back to another place")
