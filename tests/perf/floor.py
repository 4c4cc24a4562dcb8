"""The floor: a node that does only what no node can do without, to have something to measure ours against.

It sends the same bytes through the same statements, streams and connections, from as many processes, and
makes the same cryptographic calls. It parses nothing, decides nothing and measures nothing. Setting up
(homes, keys, pools) is borrowed from the node; of what runs per event, only the Merkle tree and HPKE calls are.
"""

import asyncio
import json
import secrets
import sys
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator, Callable, Sequence
from hashlib import sha256
from hmac import digest as hmac
from pathlib import Path
from typing import Any, NamedTuple

import uvloop
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from nacl.bindings import crypto_sign, crypto_sign_open, crypto_sign_seed_keypair
from nats.aio.client import Client
from nats.aio.msg import Msg

from contracts import record, sealing
from contracts.merkle import Tree
from services.node import fsck as node_fsck
from services.node.broker import Server, connected
from services.node.database import pool
from services.node.keys import Keyring
from services.node.log import SQL
from services.node.node import read_chain
from services.node.relay import BATCH, BATCH_BYTES
from services.node.settings import Home
from services.node.sql import Connection, Pool, Row
from services.node.streams import SERVICES, stream_to, subject_to

RECORD_BYTES, PAYLOAD_BYTES, FRAME_BYTES = 816, 486, 1024  # as our node writes them here; the report shows both
INLINE = 4
TYPE, CASE, HLC = "rajut.notify.notice.sent.v1", "0" * 26, "1760000000000.0000"
_PLACE, _NONCE, _BODY = b"p" * 120, bytes(12), b"b" * (FRAME_BYTES - 32)


class Made(NamedTuple):
    """A finished record and its content."""

    id: bytes
    jws: bytes
    blob: bytes
    locked: bytes


class Identity:
    """What one agency needs to sign, to seal and to open; all logs are signed by the agency's `notify` key."""

    def __init__(self, path: Path) -> None:
        self.home = Home(path)
        settings = self.home.settings
        chain, keyring = read_chain(path / "directory"), Keyring(path, settings.agency)
        self.agency, self.log = settings.agency, settings.log
        self.logs, self.opened_by = chain.logs(), chain.opened_by(settings.log)
        self.partners = {name: chain.sealing_key(1, name) for name in self.logs if name != self.agency}
        self.private = keyring.sealing_key(1)
        self._secret = crypto_sign_seed_keypair(bytes.fromhex(self.home.secret("keys/notify.seed")))[1]
        keys = [key for entry in chain.latest.agencies.values() for key in entry.keys if ".notify." in key.kid]
        self.public = {key.kid.split(".")[0]: urlsafe_b64decode(key.public + "=") for key in keys}
        self._header = record.header(f"{self.agency}.notify.1")
        self._storage = ChaCha20Poly1305(bytes.fromhex(self.home.secret("keys/storage.key")))

    def make(self, prev: bytes, seq: int, hlc: str) -> Made:
        """Seal a content and sign a record over it, with the fields that `log.append` looks for."""
        key, frame = secrets.token_bytes(32), secrets.token_bytes(32) + _BODY
        blob = ChaCha20Poly1305(key).encrypt(_NONCE, frame, _PLACE)
        marks = (prev, sha256(frame).digest(), sha256(blob).digest(), hmac(key, _PLACE, "sha256"))
        fields = f'{{"log":"{self.log}","seq":{seq},"hlc":"{hlc}","marks":"{b"".join(marks).hex()}"}}'
        text = self._header + b"." + urlsafe_b64encode(fields.ljust(PAYLOAD_BYTES).encode())
        jws = text + b"." + urlsafe_b64encode(crypto_sign(text, self._secret)[:64]).rstrip(b"=")
        id_ = _id(text)
        return Made(id_, jws, blob, self.lock(key, id_))

    def lock(self, key: bytes, id_: bytes) -> bytes:
        nonce = secrets.token_bytes(12)
        return nonce + self._storage.encrypt(nonce, key, id_)

    def delivery(self, row: Row, partner: str) -> bytes:
        """A stored record as a partner gets it."""
        key = self._storage.decrypt(row["key"][:12], row["key"][12:], row["id"])
        wrap = sealing.wrap(key, self.partners[partner], row["id"], partner)
        return b"".join((row["jws"], b"\n", wrap, row["blob"]))

    def open(self, source: str, message: bytes) -> Made:
        """Verify and open what a partner sent."""
        jws, _, sealed = message.partition(b"\n")
        wrap, blob = sealed[: sealing.WRAP_BYTES], sealed[sealing.WRAP_BYTES :]
        id_ = _verify(jws, self.public[source])
        key = sealing.unwrap(wrap, self.private, id_, self.agency)
        _unseal(blob, key)
        return Made(id_, jws, blob, self.lock(key, id_))

    def check(self, source: str, row: Row) -> None:
        """Verify and open what is stored."""
        id_ = _verify(row["jws"], self.public[source])
        _unseal(row["blob"], self._storage.decrypt(row["key"][:12], row["key"][12:], id_))


async def append(connection: Connection, own: Identity) -> int:
    """Append one record in the caller's transaction; the log's size after it."""
    others = {row["log"]: row for row in await connection.fetch(SQL["own_and_mirrors"])}
    head = others.pop(own.log)
    hlc = f"{int(head['hlc'][:13]) + 1:013d}.0000"
    made = own.make(head["last"], head["size"], hlc)
    for row in others.values():
        _tree(row).root()
    peaks = b"".join(_tree(head).append(made.jws).peaks)
    seen = list(others), [row["size"] for row in others.values()]
    place = (head["size"], head["last"], made.id, made.jws, hlc, peaks)
    event = (TYPE, CASE, head["last"], list(own.logs), made.blob, made.locked)
    await connection.executemany(SQL["append"], [(*place, *seen, *event)])
    return int(head["size"]) + 1


async def fsck(connection: Connection, own: Identity) -> int:
    """Read every record once, verify it and open its content; how many."""
    count = 0
    for source, log in own.logs.items():
        tree = Tree()
        async for row in connection.cursor(node_fsck.SQL["records"], log, prefetch=node_fsck.PREFETCH):
            own.check(source, row)
            tree = tree.append(row["jws"])
            count += 1
    return count


class FloorNode:
    """One agency's floor: says its log to its partners and takes in theirs."""

    def __init__(self, own: Identity, pool_: Pool) -> None:
        self._own = own
        self._pool = pool_
        self._wake = {name: asyncio.Event() for name in (*own.partners, "pointers")}

    async def run(self) -> None:
        home = self._own.home
        connection = await self._pool.acquire()
        await connection.add_listener("log_appended", self._appended)
        async with connected(home.server("link")) as link, asyncio.TaskGroup() as tasks:
            tasks.create_task(self._point(link))
            for partner in self._own.partners:
                tasks.create_task(self._feed(link, partner))
            for one in home.settings.partners:
                tasks.create_task(self._follow(one.agency, home.partner_server(one)))
            for service in SERVICES:
                tasks.create_task(self._serve(service))

    def _appended(self, *_: object) -> None:
        for event in self._wake.values():
            event.set()

    async def _feed(self, client: Client, partner: str) -> None:
        info = await client.request(f"$JS.API.STREAM.INFO.{stream_to(partner)}", timeout=5)
        said: int = json.loads(info.data)["state"]["last_seq"]  # one message a record
        while True:
            rows = await self._pool.fetch(SQL["outgoing"], self._own.log, said, 2**62, BATCH, BATCH_BYTES)
            if not rows:
                await self._sleep(partner)
                continue
            messages = await _maybe_in_thread(rows, lambda row: self._own.delivery(row, partner))
            await _publish(client, subject_to(partner), messages, said)
            said += len(rows)

    async def _point(self, client: Client) -> None:
        stream = client.jetstream()
        while True:
            async with self._pool.acquire() as connection, connection.transaction():
                rows = await connection.fetch(SQL["take_pointers"], BATCH)
                acks = [await stream.publish_async("admitted.notify.notice.sent", b"p" * 150) for _ in rows]
                await asyncio.gather(*acks)
            if not rows:
                await self._sleep("pointers")

    async def _follow(self, source: str, server: Server) -> None:
        stream = stream_to(self._own.agency)
        async with connected(server) as client:
            position = await self._pool.fetchval("select stream_seq from log.link where partner = $1", source) or 0
            reset = json.dumps({"seq": position + 1}).encode()
            await client.request(f"$JS.API.CONSUMER.RESET.{stream}.{self._own.agency}", reset, timeout=5)
            pull = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{self._own.agency}"
            async for batch in _pulled(client, pull):
                made = await _maybe_in_thread(batch, lambda message: self._own.open(source, message.data))
                async with self._pool.acquire() as connection, connection.transaction():
                    await self._admit(connection, source, made, int(batch[-1].reply.split(".")[5]))
                self._wake["pointers"].set()
                await client.publish(batch[-1].reply, b"+ACK")

    async def _admit(self, connection: Connection, source: str, made: Sequence[Made], position: int) -> None:
        """The statements of an admission, in the order and number of `services.node.store`."""
        log, run = self._own.logs[source], connection.execute
        ids, count = [one.id for one in made], len(made)
        await run(SQL["lock_admission"])
        head = await connection.fetchrow(SQL["head"], log)
        assert head is not None
        seqs = list(range(head["size"], head["size"] + count))
        await connection.fetch(SQL["held_at"], log, seqs)
        await connection.fetch(SQL["parents"], [head["last"], *ids[:-1]])
        jws, tree = [one.jws for one in made], _tree(head)
        await run(SQL["add_records"], log, seqs, ids, jws)
        others = [other for other in self._own.logs.values() if other != log]
        await run(SQL["add_seen"], log, others, [0] * len(others), seqs[:1] * len(others), [HLC] * len(others))
        for one in jws:
            tree = tree.append(one)
        await run(SQL["move_head"], log, tree.size, ids[-1], HLC, b"".join(tree.peaks), tree.size)
        await run(SQL["close_gap"], log)
        audience, parents = [" ".join(self._own.logs)] * count, [head["last"], *ids[:-1]]
        same = ([CASE] * count, [TYPE] * count, [HLC] * count, parents, audience, ["applied"] * count)
        await run(SQL["add_events"], log, ids, seqs, *same)
        await run(SQL["add_contents"], ids, [one.blob for one in made], [one.locked for one in made])
        await run(SQL["found_readable"], ids)
        await connection.fetch(SQL["settle_parents"], ids)
        await run(SQL["add_pointers"], ids)
        await run(SQL["move_link"], source, "", position)

    async def _serve(self, service: str) -> None:
        """Take every pointer and acknowledge it, as a service does for which it is nothing."""
        async with connected(self._own.home.server(service)) as client:
            async for batch in _pulled(client, f"js.CONSUMER.MSG.NEXT.ADMITTED.{service}"):
                for message in batch:
                    await client.publish(message.reply, b"+ACK")

    async def _sleep(self, name: str) -> None:
        await self._wake[name].wait()
        self._wake[name].clear()


async def _pulled(client: Client, pull: str) -> AsyncIterator[list[Msg]]:
    """Batches of whatever is there, one request always outstanding."""
    arrived: asyncio.Queue[Msg] = asyncio.Queue()
    inbox = client.new_inbox()
    await client.subscribe(f"{inbox}.*", cb=arrived.put, pending_msgs_limit=-1, pending_bytes_limit=-1)
    request, left = json.dumps({"batch": BATCH, "expires": 5_000_000_000}).encode(), 0
    while True:
        if not left:
            await client.publish(pull, request, reply=f"{inbox}.0")
            left = BATCH
        batch = [await arrived.get()]
        while not arrived.empty() and len(batch) < left:
            batch.append(arrived.get_nowait())
        messages = [one for one in batch if one.reply]
        left = left - len(messages) if len(messages) == len(batch) else 0  # a status ends the request
        if messages:
            yield messages


async def _publish(client: Client, subject: str, messages: Sequence[bytes], expected: int) -> None:
    batch = {"Nats-Batch-Id": secrets.token_hex(12)}
    first = {"Nats-Expected-Last-Sequence": str(expected)}
    for number, message in enumerate(messages[:-1], start=1):
        headers = (first if number == 1 else {}) | batch | {"Nats-Batch-Sequence": str(number)}
        await client.publish(subject, message, headers=headers)
    if len(messages) > 1:
        first = batch | {"Nats-Batch-Sequence": str(len(messages)), "Nats-Batch-Commit": "1"}
    answer = await client.request(subject, messages[-1], timeout=10, headers=first)
    if b'"error"' in answer.data:
        raise RuntimeError(answer.data.decode())


async def _maybe_in_thread(items: Sequence[Any], work: Callable[[Any], Any]) -> list[Any]:
    if len(items) <= INLINE:
        return [work(item) for item in items]
    return await asyncio.to_thread(lambda: [work(item) for item in items])


def _verify(jws: bytes, public: bytes) -> bytes:
    crypto_sign_open(urlsafe_b64decode(jws[-86:] + b"==") + jws[:-87], public)
    return _id(jws[:-87])


def _id(text: bytes) -> bytes:
    return sha256(b"rajut/id/v1\0" + text).digest()


def _unseal(blob: bytes, key: bytes) -> None:
    sha256(blob).digest()
    frame = ChaCha20Poly1305(key).decrypt(_NONCE, blob, _PLACE)
    sha256(frame).digest()
    hmac(key, _PLACE, "sha256")


def _tree(row: Row) -> Tree:
    peaks = row["peaks"]
    return Tree(row["size"], tuple(peaks[at : at + 32] for at in range(0, len(peaks), 32)))


async def _main() -> None:
    own = Identity(Path(sys.argv[1]))
    await FloorNode(own, await pool(own.home, "node", size=8)).run()


if __name__ == "__main__":
    uvloop.run(_main())
