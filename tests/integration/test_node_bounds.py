"""What a partner, a broker or a service that was taken over cannot do to a node, however much it says."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence, Set as AbstractSet
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import count

import asyncpg
import pytest
from nats.aio.client import Client

from contracts.encoding import b64
from contracts.record import EventId
from deploy.dev.runner import ThreeNodes
from deploy.nats.client import connect
from services.node.bus import SQL as BUS_SQL, Bus
from services.node.duties import ANSWERS_PER_HOUR
from services.node.log import SQL
from services.node.node import Node
from services.node.store import QUARANTINE_PER_HOUR
from services.node.streams import ADMITTED
from tests.e2e.stage import (
    LOGS,
    READERS,
    ask,
    deliveries,
    level,
    opened,
    report,
    size,
    talk,
    tasks,
    until,
)
from tests.integration.trio import A, B, C

SAID = "select count(*) from log.event where log = $1 and type = 'rajut.node.record.refused.v1'"
REFUSE = """insert into log.quarantine (digest, source, log, seq, code, bytes)
    select sha256(n::text::bytea), '{log}', '{log}', 0, 'E_BLOB', '' from generate_series(1, {number}) n;"""
_numbers = count(1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """Two nodes in this event loop that hold the same, none of them running, and the servers behind them."""

    a: Node
    b: Node
    servers: ThreeNodes

    def edit(self, sql: str) -> None:
        """Change something at the second one as a superuser."""
        self.servers[B].postgres.sql(sql, database="rajut")


@pytest.fixture
async def pair(agencies: ThreeNodes) -> AsyncIterator[Pair]:
    """Komnas Perempuan and LPSK, of which LPSK has refused nothing within this hour."""
    async with AsyncExitStack() as stack:
        a, b = [await stack.enter_async_context(opened(agencies.homes[name])) for name in (A, B)]
        async with talk(a, b):
            await until(lambda: level(a, b))
        made = Pair(a=a, b=b, servers=agencies)
        made.edit("delete from log.quarantine;")
        yield made
        made.edit("delete from log.quarantine;")


def rubbish(number: int) -> list[bytes]:
    """Messages that nobody can read, each of them new."""
    return [f"rubbish {next(_numbers)}".encode() for _ in range(number)]


async def answer_all(node: Node) -> int:
    """Tell authors of refusals until there is nothing left to tell; how many were told."""
    before = -1
    start = after = await node.pools["node"].fetchval(SAID, node.log.log)
    while before != after:
        before = after
        await node.duties.answer_refused()
        after = await node.pools["node"].fetchval(SAID, node.log.log)
    return int(after - start)


async def test_who_sends_garbage_does_not_make_us_write_without_end(pair: Pair) -> None:
    """Six hundred refusals an hour are said to one agency, whatever way they came about; others still get theirs."""
    some = ANSWERS_PER_HOUR // 2
    await pair.b.admission.admit(A, rubbish(some))
    pair.edit(REFUSE.format(log=LOGS[A], number=some + 50))
    assert await answer_all(pair.b) == ANSWERS_PER_HOUR
    await pair.b.admission.admit(A, rubbish(1))
    await pair.b.admission.admit(C, rubbish(2))
    assert await answer_all(pair.b) == 2
    pair.edit("update log.quarantine set answered_at = answered_at - interval '1 hour';")
    assert await answer_all(pair.b) == 51


async def test_who_sends_garbage_does_not_fill_our_disk(pair: Pair) -> None:
    """A thousand rows an hour are kept of one source, to the row; its next good record goes through all the same."""
    kept = "select count(*) from log.quarantine where source = $1"
    fetch = pair.b.pools["node"].fetchval
    for batch in (QUARANTINE_PER_HOUR - 100, 256, 256):
        await pair.b.admission.admit(A, rubbish(batch))
    assert await fetch(kept, A) == QUARANTINE_PER_HOUR
    start = await size(pair.a, LOGS[A])
    await report(pair.a)
    await pair.b.admission.admit(A, [*rubbish(256), *await deliveries(pair.a, B, start), *rubbish(256)])
    assert await size(pair.b, LOGS[A]) == await size(pair.a, LOGS[A]) > start
    assert await fetch(kept, A) == QUARANTINE_PER_HOUR
    await pair.b.admission.admit(C, rubbish(3))
    assert await fetch(kept, C) == 3
    pair.edit("update log.quarantine set received_at = received_at - interval '1 hour';")
    await pair.b.admission.admit(A, rubbish(2))
    assert await fetch(kept, A) == QUARANTINE_PER_HOUR + 2


HOLDS = (
    SQL["lock_admission"],
    "select 1 from log.admission for share",
    "select 1 from log.admission for key share",
    "update log.admission set only_row = only_row",
    "lock table log.admission in access share mode",
    "lock table log.record in row exclusive mode",
    "lock table log.head in share mode",
    "select 1 from log.head for update",
)


@pytest.mark.parametrize("service", ["intake", "triage", "protection", "notify"])
async def test_a_service_that_was_taken_over_does_not_stop_what_comes_in(pair: Pair, service: str) -> None:
    """No service can take the lock of admission; with all the locks that it can take, partners are still heard."""
    start = await size(pair.a, LOGS[A])
    case = await report(pair.a)
    async with pair.b.pools[service].acquire() as connection, connection.transaction():
        for statement in HOLDS:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with connection.transaction():
                    await connection.execute(statement)
        await connection.execute("lock table log.record, log.event, log.content, log.head in access share mode")
        await connection.execute(SQL["lock_case"], case)
        await connection.fetch(SQL["own_and_mirrors"])
        async with asyncio.timeout(5):
            await pair.b.admission.admit(A, await deliveries(pair.a, B, start))
    assert await size(pair.b, LOGS[A]) == await size(pair.a, LOGS[A]) > start


async def test_an_event_whose_pointer_came_under_a_wrong_subject_is_found(pair: Pair) -> None:
    """A broker that misnames what it brings delays an event; the sweep finds it, and it is handled once."""
    case = await report(pair.b)
    rows = await pair.b.pools["node"].fetch("select id, type from log.event where case_id = $1", case)
    pair.edit("delete from log.pointer;")
    link = await connect(pair.b.home.path, "link")
    for row in rows:
        body = json.dumps({"id": b64(row["id"]), "type": row["type"], "case": case, "position": 1}).encode()
        await link.jetstream().publish("admitted.nothing.that.anybody.wants", body)
    admin = await connect(pair.b.home.path, "admin")
    async with tasks(*map(_served, pair.b.buses)):
        await until(lambda: _read_up(admin, *pair.b.inboxes), 20)
    told = {row["id"] for row in rows}
    assert await _unhandled(pair.b, told) == {"triage", "protection", "notify"}
    pair.edit("update log.event set admitted_at = admitted_at - interval '10 seconds';")
    for _ in range(2):
        for inbox in pair.b.inboxes.values():
            await inbox.sweep()
    assert not await _unhandled(pair.b, told)
    assert len((await ask(pair.b, "GET", f"/cases/{case}/urgency", READERS[B])).json()["level"]) > 3
    await link.close()
    await admin.close()


async def test_an_event_that_a_broker_brings_twice_takes_effect_once(pair: Pair) -> None:
    """Every pointer again, to every service: no record more, and every table as it was."""
    case = await report(pair.b)
    told: list[bytes] = []
    while new := await _events_of(pair.b, case, told):  # handlers say something, too
        told += new
        await _brought(pair.b, new)
    once = await _made_of(pair.b)
    await _brought(pair.b, told)
    assert await _made_of(pair.b) == once
    assert len(told) > 3


async def _events_of(node: Node, case: str, known: Sequence[bytes]) -> list[bytes]:
    found = "select id from log.event where case_id = $1 and id <> all($2::bytea[]) order by seq"
    return [row["id"] for row in await node.pools["node"].fetch(found, case, known)]


async def _brought(node: Node, ids: Sequence[bytes]) -> None:
    for inbox in node.inboxes.values():
        assert [await inbox.attempt(EventId(id_)) for id_ in ids] == [None for _ in ids]


async def _made_of(node: Node) -> tuple[int, dict[str, list[str]]]:
    """How much a node has said, and every row of its services' tables."""
    listed = "select table_name from information_schema.tables where table_schema = $1 order by 1"
    rows = {}
    for service in node.inboxes:
        pool = node.pools[service]
        for (table,) in await pool.fetch(listed, service):
            found = await pool.fetch(f"select t::text from {service}.{table} t order by 1")  # noqa: S608
            rows[f"{service}.{table}"] = [row for (row,) in found]
    return await size(node, node.log.log), rows


async def _served(bus: Bus) -> None:
    await bus.broker.start()
    try:
        await asyncio.Event().wait()
    finally:
        await bus.broker.stop()


async def _read_up(admin: Client, *services: str) -> bool:
    """Whether services have taken all pointers that there are."""
    paths = [f"$JS.API.CONSUMER.INFO.{ADMITTED}.{service}" for service in services]
    told = [json.loads((await admin.request(path, b"", timeout=2)).data) for path in paths]
    return all(one["num_pending"] == one["num_ack_pending"] == 0 for one in told)


async def _unhandled(node: Node, ids: AbstractSet[bytes]) -> AbstractSet[str]:
    """Which services have not dealt with all of these events that they should have dealt with."""
    waiting = set()
    for plug in node.plugs:
        types = [body.wire_type for body in plug.handlers]
        rows = await node.pools[plug.name].fetch(BUS_SQL["unhandled"], types, 0.0, 10**9, 1000, [])
        waiting |= {plug.name} if ids & {row["id"] for row in rows} else set()
    return waiting
