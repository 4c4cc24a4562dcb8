"""The floor's node: says its log to its partners, takes in theirs, tells its own services; see `tests.perf.floor`.

As many processes, connections, messages and transactions as ours, in the same order. It is never restarted behind
a message that is no record: it says nothing else.
"""

import asyncio
import json
import secrets
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import uvloop
from nats.aio.client import Client
from nats.aio.msg import Msg

from contracts.merkle import EMPTY_ROOT, Tree
from services.node.broker import connected
from services.node.database import pool
from services.node.log import SQL
from services.node.relay import BATCH, BATCH_BYTES
from services.node.server import Server
from services.node.sql import Connection, Pool
from services.node.streams import SERVICES, stream_to, subject_to
from tests.perf.floor import CASE, EVENTS_A_CASE, HLC, TYPE, Identity, Made, tree_of

INLINE = 4


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
            at = await self._pool.fetchval("select stream_seq from log.link where partner = $1", source) or 0
            reset = json.dumps({"seq": at + 1}).encode()
            await client.request(f"$JS.API.CONSUMER.RESET.{stream}.{self._own.agency}", reset, timeout=5)
            pull = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{self._own.agency}"
            async for batch in _pulled(client, pull):
                made = await _maybe_in_thread(batch, lambda message: self._own.open(source, message.data))
                before, at = at, int(batch[-1].reply.split(".")[5])
                async with self._pool.acquire() as connection, connection.transaction():
                    await self._admit(connection, source, made)
                    await connection.execute(SQL["move_link"], source, "", at, "", before)
                self._wake["pointers"].set()
                await client.publish(batch[-1].reply, b"+ACK")

    async def _admit(self, connection: Connection, source: str, made: Sequence[Made]) -> None:
        """The statements of an admission, in the order and number of `services.node.store`."""
        log, run = self._own.logs[source], connection.execute
        ids, count = [one.id for one in made], len(made)
        await run(SQL["lock_admission"])
        head = await connection.fetchrow(SQL["head"], log)
        assert head is not None
        seqs = list(range(head["size"], head["size"] + count))
        await connection.fetch(SQL["held_at"], log, seqs)
        await connection.fetch(SQL["parents"], [head["last"], *ids[:-1]])
        jws = [one.jws for one in made]
        await run(SQL["add_records"], log, seqs, ids, jws)
        others = [other for other in self._own.logs.values() if other != log]
        seen = (seqs[:1] * len(others), [HLC] * len(others), [EMPTY_ROOT] * len(others))
        await run(SQL["add_seen"], log, others, [0] * len(others), *seen)
        trees = list(accumulate(jws, Tree.append, initial=tree_of(head)))[1:]
        await run(SQL["add_roots"], log, [tree.size for tree in trees], [tree.root() for tree in trees])
        tree = trees[-1]
        await run(SQL["move_head"], log, tree.size, ids[-1], HLC, b"".join(tree.peaks), tree.size)
        await run(SQL["close_gap"], log)
        audience, parents = [" ".join(self._own.logs)] * count, [head["last"], *ids[:-1]]
        of_one = ([CASE] * count, [TYPE] * count, [HLC] * count, parents, audience, ["applied"] * count)
        await run(SQL["add_events"], log, ids, seqs, *of_one)
        if any(seq % EVENTS_A_CASE == 0 for seq in seqs):
            self._own.begin_case()
        await run(SQL["add_contents"], ids, [one.blob for one in made], [one.locked for one in made])
        await run(SQL["found_readable"], ids)
        await connection.fetch(SQL["settle_parents"], ids)
        await run(SQL["add_pointers"], ids)

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


async def _main() -> None:
    own = Identity(Path(sys.argv[1]))
    await FloorNode(own, await pool(own.home, "node", size=8)).run()


if __name__ == "__main__":
    uvloop.run(_main())
