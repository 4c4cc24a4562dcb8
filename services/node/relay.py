"""What the node says: its log to each partner, pointers to its own services, and answers to backfill.

The log is the outbox. It has no gaps and commits in order, so one number per partner tells what is
still to be said; after any accident it is read off the last message in the partner's stream. Each
publish names the stream sequence it expects to follow, so two relays, or a stream that was wiped under
our feet, are noticed instead of interleaved.
"""

import asyncio
import contextlib
import json
import re
from base64 import b64decode
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from nats.errors import ConnectionClosedError
from nats.js.errors import Error as JetStreamError

from contracts import sealing
from contracts.delivery import Delivery
from contracts.encoding import b64
from contracts.errors import Rejected
from contracts.record import stored
from services.node import telemetry
from services.node.broker import connected
from services.node.cancellation import together, uncancelled
from services.node.forks import proofs
from services.node.link import RETRY_S, pack
from services.node.log import SQL, Log
from services.node.server import Server
from services.node.sql import Pool, Row
from services.node.streams import stream_to, subject_note, subject_of, subject_to
from services.node.vault import Vault
from services.node.witness import notes

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.msg import Msg
    from nats.js import JetStreamContext

    Answer = dict[str, Any]


BATCH = 256
BATCH_BYTES = 4 * 1024 * 1024
ANSWER_BYTES = 256 * 1024  # one more delivery of the largest size still fits NATS's 1 MB message
IDLE_S = 1.0  # looks by itself this often, should a wake-up be lost
NOTES_EVERY_S = 0.5  # what witnesses say comes in bits, and each would cost every partner a transaction of its own
INLINE = 4
ACK_TIMEOUT_S = 5.0
_NO_MESSAGE = 10037
_WRONG_LAST = re.compile(r"wrong last sequence: (\d+)")


class OutOfStep(Exception):
    """The stream is not where we thought it was; read its last message and go on from there.

    `last` is the sequence behind which the server said that it would store, None if it said nothing of the kind.
    """

    def __init__(self, place: str, last: int | None = None) -> None:
        super().__init__(place)
        self.last = last


class Step(NamedTuple):
    """Where a partner's feed is: the next record to say, and the last sequence of its stream."""

    record: int
    stream: int


class Relay:
    """Everything that this node publishes, over one connection to its own server."""

    def __init__(self, log: Log, vault: Vault, server: Server, pool: Pool, partners: dict[str, str]) -> None:
        """`partners` maps each partner agency to the log that it writes."""
        self.wanted: frozenset[str] | None = None  # subjects of which some service here wants pointers; None: any
        self._log = log
        self._vault = vault
        self._server = server
        self._pool = pool
        self._partners = partners
        self._wake = {name: asyncio.Event() for name in (*partners, "pointers")}

    def wake(self) -> None:
        """Something was appended or admitted: look at once."""
        for event in self._wake.values():
            event.set()

    def wake_pointers(self) -> None:
        """Something was admitted: our own services want to know."""
        self._wake["pointers"].set()

    async def run(self) -> None:
        """Publish until cancelled; reconnects for ever."""
        while uncancelled():
            try:
                async with connected(self._server) as client:
                    await self._serve(client)
            except Exception as error:  # noqa: BLE001  whatever ended it, what is unsaid must still be said
                telemetry.stumbled("relay", error)
            await asyncio.sleep(RETRY_S)

    async def _serve(self, client: "Client") -> None:
        await client.subscribe("backfill.*", cb=self._answer)
        feeds = [partial(self._feed_for_ever, client, partner) for partner in self._partners]
        await together(partial(_attend, client), partial(self._point_for_ever, client), *feeds)

    async def _feed_for_ever(self, client: "Client", partner: str) -> None:
        """Feed one partner; its trouble (a full stream, another writer) is not the others'."""
        last = None
        while uncancelled():
            try:
                await self._feed(client, partner, last)
            except (OutOfStep, TimeoutError, LookupError) as error:
                telemetry.stumbled(f"feed of {partner}", error)
                last = getattr(error, "last", None)
                await asyncio.sleep(IDLE_S)

    async def _feed(self, client: "Client", partner: str, last: int | None) -> None:
        """Say the log to one partner, from where its stream ends; `last` is where the server said so itself.

        After a broken disk a server may count on from a place that the stream does not have any more.
        """
        step, told, look_at = await self._resume(client, partner), frozenset[bytes](), 0.0
        step = step._replace(stream=step.stream if last is None else last)
        while uncancelled():
            rows = await self._pool.fetch(SQL["outgoing"], self._log.log, step.record, 2**62, BATCH, BATCH_BYTES)
            if rows:
                messages = await self._deliveries(rows, partner)
                end = await publish(client, subject_to(partner), messages, step.stream)
                step = Step(step.record + len(messages), end)
            if look_at <= _now():
                look_at = _now() + NOTES_EVERY_S
                said = [*await notes(self._pool, self._log.agency, step.record), *await proofs(self._pool)]
                if news := [note for note in said if note not in told]:
                    step = step._replace(stream=await publish(client, subject_note(partner), news, step.stream))
                told = frozenset(said)
            if not rows:
                await self._sleep(partner, look_at)

    async def _resume(self, client: "Client", partner: str) -> Step:
        last = (await _api(client, f"STREAM.INFO.{stream_to(partner)}", b""))["state"]["last_seq"]
        request = json.dumps({"last_by_subj": subject_to(partner)}).encode()
        answer = await _api(client, f"STREAM.MSG.GET.{stream_to(partner)}", request)
        if answer.get("error", {}).get("err_code", _NO_MESSAGE) != _NO_MESSAGE:
            raise OutOfStep(partner)
        said = self._said(b64decode(answer["message"].get("data", ""))) if "message" in answer else None
        if said is None:
            said = await self._pool.fetchval(SQL["seen_by"], self._log.log, self._partners[partner])
        return Step(said, last)

    def _said(self, message: bytes) -> int | None:
        """The place behind the record in a message; None if it holds no record of ours."""
        try:
            record = stored(Delivery.decode(message).jws).record
        except (Rejected, ValueError, KeyError, TypeError):
            return None
        return record.seq + 1 if record.log == self._log.log else None

    async def _deliveries(self, rows: Sequence[Row], reader: str, version: int = 0) -> list[bytes]:
        if len(rows) <= INLINE:
            return [self._delivery(row, reader, version) for row in rows]
        return await asyncio.to_thread(lambda: [self._delivery(row, reader, version) for row in rows])

    def _delivery(self, row: Row, reader: str, version: int) -> bytes:
        """A record as `reader` gets it: with the content, wrapped to it now, if it is one of its readers.

        Wrapped to its key in the directory version that the record names, unless another one is given.
        """
        jws = row["jws"]
        if row["blob"] is None:
            return bytes(jws)
        record = stored(jws).record
        if reader not in record.to:
            return bytes(jws)
        key = self._vault.unlock(row["key"], row["id"])
        wrap = sealing.wrap(key, self._log.chain.sealing_key(version or record.dir, reader), row["id"], reader)
        return Delivery(jws, wrap, row["blob"]).encode()

    async def _point_for_ever(self, client: "Client") -> None:
        """Point for our own services; without their stream they have their sweeps, and no partner waits for that."""
        stream = client.jetstream(timeout=ACK_TIMEOUT_S)
        while uncancelled():
            try:
                await self._point(stream)
            except (JetStreamError, TimeoutError) as error:
                telemetry.stumbled("pointers", error)
                await asyncio.sleep(IDLE_S)

    async def _point(self, stream: "JetStreamContext") -> None:
        """Tell our own services what there is to read; a pointer carries no case data."""
        while uncancelled():
            async with self._pool.acquire() as connection, connection.transaction():
                rows = await connection.fetch(SQL["take_pointers"], BATCH)
                wanted = [row for row in rows if self.wanted is None or subject_of(row["type"]) in self.wanted]
                acks = [await stream.publish_async(*_pointer(row)) for row in sorted(wanted, key=_position)]
                async with asyncio.timeout(ACK_TIMEOUT_S):
                    await asyncio.gather(*acks)
            if not rows:
                await self._sleep("pointers")

    async def _sleep(self, name: str, until: float = 0.0) -> None:
        """Until somebody wakes us: no longer than `until`, if that is to come, and never for long."""
        # Not wait_for: in Python 3.11 it forgets a cancellation that comes together with the wake-up.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(until if until > _now() else _now() + IDLE_S):
                await self._wake[name].wait()
        self._wake[name].clear()

    async def _answer(self, message: "Msg") -> None:
        """Give a partner records of any log that we hold, and content that it may read."""
        requester = message.subject.removeprefix("backfill.")
        try:
            wanted = json.loads(message.data)
            log, first, last = str(wanted["log"]), int(wanted["first"]), int(wanted["last"])
        except (ValueError, KeyError, TypeError):
            return
        if requester not in self._partners or not 0 <= first <= last < 2**62:
            return
        rows = await self._pool.fetch(SQL["outgoing"], log, first, last + 1, BATCH, ANSWER_BYTES)
        # Whoever asks may have lost the key of that time, or destroyed it: its newest one is there.
        messages = await self._deliveries(rows, requester, self._log.chain.latest.version)
        await message.respond(pack(messages))


async def _attend(client: "Client") -> None:
    """End with the line, though there be nothing to say: over it, too, partners ask for what they lack."""
    while uncancelled():
        await asyncio.sleep(RETRY_S)
        if not client.is_connected:
            raise ConnectionClosedError


async def publish(client: "Client", subject: str, messages: Sequence[bytes], expected: int) -> int:
    """Publish in order, all or nothing, behind stream sequence `expected`; the new last sequence. Raises OutOfStep."""
    headers = {"Nats-Expected-Last-Sequence": str(expected)}
    if len(messages) > 1:
        batch = f"{expected}-{b64(messages[0][-12:])}"
        for number, message in enumerate(messages[:-1], start=1):
            head = headers if number == 1 else {}
            await client.publish(subject, message, headers=head | _batch(batch, number))
        headers = _batch(batch, len(messages)) | {"Nats-Batch-Commit": "1"}
    answer = await client.request(subject, messages[-1], timeout=ACK_TIMEOUT_S, headers=headers)
    reply = json.loads(answer.data)
    if "error" in reply or reply["seq"] != expected + len(messages):
        wrong = _WRONG_LAST.match(str(reply.get("error", {}).get("description", "")))
        raise OutOfStep(subject, int(wrong[1]) if wrong else None)
    return int(reply["seq"])


def _now() -> float:
    return asyncio.get_running_loop().time()


def _batch(name: str, number: int) -> dict[str, str]:
    return {"Nats-Batch-Id": name, "Nats-Batch-Sequence": str(number)}


def _position(row: Row) -> int:
    return int(row["position"])


def _pointer(row: Row) -> tuple[str, bytes]:
    body = {"id": b64(row["id"]), "type": row["type"], "case": row["case_id"], "position": row["position"]}
    return subject_of(row["type"]), json.dumps({k: v for k, v in body.items() if v is not None}).encode()


async def _api(client: "Client", path: str, body: bytes) -> "Answer":
    answer: Answer = json.loads((await client.request(f"$JS.API.{path}", body, timeout=ACK_TIMEOUT_S)).data)
    return answer
