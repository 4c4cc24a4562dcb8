"""What reaches a node from its partners: all of it, once, whatever a broker loses, repeats or is made to say."""

import asyncio
import random
from collections.abc import Sequence

import asyncpg
import pytest

from contracts import record as records
from contracts.record import stored
from deploy.dev.runner import ThreeNodes
from services.node.admit import Admission, Step
from services.node.link import Link
from services.node.log import SQL
from services.node.node import Node
from services.node.pull import Puller
from tests.e2e.stage import (
    LOGS,
    READERS,
    ask,
    deliveries,
    events,
    level,
    report,
    size,
    talk,
    tasks,
    until,
)
from tests.integration.brokers import flipped, repeat, smuggle
from tests.integration.trio import A, B, C, Trio

REFUSED = "rajut.node.record.refused.v1"


async def quarantined(node: Node) -> list[str]:
    """The codes of what a node refused."""
    rows = await node.pools["node"].fetch("select code from log.quarantine order by received_at")
    return [row["code"] for row in rows]


async def test_two_thousand_appends_from_many_connections_arrive_without_a_hole(trio: Trio) -> None:
    """Transactions that commit in any order, some of them rolled back, leave no hole in the log and lose nothing."""
    start = await size(trio.a, LOGS[A])
    settings = trio.a.home.settings.database
    pool = await asyncpg.create_pool(
        host=settings.host,
        port=settings.port,
        database=settings.name,
        user="rajut_node",
        password=trio.a.home.secret("secrets/pg-rajut_node"),
        server_settings={"search_path": "log"},
        min_size=16,
        max_size=16,
    )

    async def append(number: int) -> None:
        async with pool.acquire() as connection:
            transaction = connection.transaction()
            await transaction.start()
            await trio.a.log.heartbeat(connection)
            await (transaction.rollback() if number % 20 == 0 else transaction.commit())

    async with pool, talk(*trio):
        await asyncio.gather(*map(append, range(2000)))
        assert await size(trio.a, LOGS[A]) == start + 1900
        await until(lambda: level(*trio))


async def test_who_is_told_to_read_again_while_it_dials_reads_again(
    trio: Trio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The position was set back in the moment in which the link went to the old one: nothing is left unread."""
    link = next(one for one in trio.b.links if one.partner == A)
    start, starts = Puller.start, []

    async def set_back(puller: Puller, created: str, position: int) -> str:
        found = await start(puller, created, position)
        starts.append(position)
        if len(starts) == 1:
            await trio.b.pools["node"].execute("update log.link set stream_seq = 0 where partner = $1", A)
            await link.restart()
        return found

    monkeypatch.setattr(Puller, "start", set_back)
    async with tasks(link.run()):
        await until(lambda: asyncio.sleep(0, len(starts) > 1), 20)
        await until(lambda: read_on(trio.b), 20)
    assert starts[0] > starts[1] == 0


async def test_a_partner_is_read_while_its_answer_about_our_own_log_is_awaited(
    trio: Trio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its server is there and its node is not, or it is slow: what it has said already does not wait for that."""
    monkeypatch.setattr(Link, "backfill", lambda *_: asyncio.Event().wait())
    async with talk(*trio):
        await report(trio.a)
        await until(lambda: level(*trio), 20)


async def read_on(node: Node) -> bool:
    """Whether a node is behind the start of its partner's stream again."""
    at = await node.pools["node"].fetchval("select stream_seq from log.link where partner = $1", A)
    return bool(at > 0)


async def test_a_frozen_server_is_left_and_found_again(machines: ThreeNodes, trio: Trio) -> None:
    """A partner's server that stops answering in the middle of a pull delays its news, and two seconds are enough."""
    async with talk(*trio):
        await until(lambda: asyncio.sleep(0, trio.b.links[1].up and trio.b.links[0].up))
        machines[A].pause("nats")
        await asyncio.sleep(4)
        machines[A].resume("nats")
        await report(trio.a)
        assert await until(lambda: level(*trio)) < 4


async def test_a_node_without_news_is_there_again_once_its_server_is(machines: ThreeNodes, trio: Trio) -> None:
    """Over its server partners ask for what they lack: it answers within seconds, though it has nothing to say."""
    link = next(link for link in trio.b.links if link.partner == A)
    async with talk(*trio):
        await until(lambda: link.backfill(LOGS[A], 0, 0))
        machines[A].restart("nats")  # in this thread: with the one that started it the server would end
        await until(lambda: link.backfill(LOGS[A], 0, 0), 8)


async def test_what_is_smuggled_into_a_stream_is_kept_apart_and_holds_up_nothing(trio: Trio) -> None:
    """Rubbish, a foreign log under our key, a message dressed as a status: none counts, and the next record flows."""
    home, foreign = trio.a.home.path, await size(trio.b, LOGS[C])
    template = stored((await deliveries(trio.a, B))[0].partition(b"\n")[0]).record
    signer = trio.a.keyring.signer("intake")
    forged = records.sign(template._replace(log=LOGS[C], seq=foreign, to=("komnas-ham", "lpsk"), seen={}), signer)
    await smuggle(home, B, b"\xff\x00rubbish", b"", b"x" * 900_000, forged.jws)
    await smuggle(home, B, b"", headers={"Status": "100"})
    await smuggle(home, B, b"", headers={"Status": "409", "Description": "Consumer Deleted"})
    async with talk(*trio):
        await report(trio.a)
        await until(lambda: level(*trio), 8)
    codes = await quarantined(trio.b)
    assert {"E_ENCODING", "E_SIZE", "E_KEY"} <= set(codes)
    assert await size(trio.b, LOGS[C]) == foreign


async def test_a_genuine_record_may_come_from_anybody(trio: Trio) -> None:
    """A record of one agency that another one delivers counts by its signature, and coming twice changes nothing."""
    async with tasks(trio.c.relay.run()):
        await report(trio.c)
    messages = await deliveries(trio.c, B)
    await smuggle(trio.a.home.path, B, *reversed(messages), *messages)
    async with talk(trio.a, trio.b):
        await until(lambda: level_of(trio.b, trio.c, LOGS[C]))
    assert not await trio.b.pools["node"].fetch("select from log.fork")


async def level_of(one: Node, other: Node, log: str) -> bool:
    """Whether two nodes hold the same of a log."""
    return await size(one, log) == await size(other, log)


async def test_a_damaged_record_is_refused_in_a_signed_answer_that_its_author_admits(trio: Trio) -> None:
    """Bits that fell over on the way cost that message only: the author learns of it, and all records arrive."""
    start = await size(trio.a, LOGS[A])
    await report(trio.a)
    good = await deliveries(trio.a, B, start)
    await smuggle(trio.a.home.path, B, flipped(good[0], 200), flipped(good[1], len(good[1]) - 9), good[2][:2000])
    told = len(await events(trio.a, LOGS[B], REFUSED))
    async with talk(*trio), tasks(repeat(trio.b)):
        await until(lambda: level(*trio))
        await until(lambda: at_least(trio.a, told + 2))
    refusals = [event.content.body for event in await events(trio.a, LOGS[B], REFUSED)]
    assert {LOGS[A]} == {refusal["log"] for refusal in refusals[told:]}  # type: ignore[index,call-overload]
    assert not await trio.b.pools["node"].fetch("select from log.unreadable where found_at is null")


async def at_least(node: Node, number: int) -> bool:
    """Whether a node holds so many refusals of LPSK."""
    return len(await events(node, LOGS[B], REFUSED)) >= number


@pytest.mark.parametrize("source", [A, C])
async def test_a_hole_is_filled_by_the_origin_or_else_by_a_third_agency(trio: Trio, source: str) -> None:
    """What was missed is fetched from the log's own agency and, while that is away, from another that holds a copy."""
    start = await size(trio.a, LOGS[A])
    await report(trio.a)
    async with talk(trio.a, trio.c):
        await until(lambda: level_of(trio.c, trio.a, LOGS[A]))
    await trio.b.admission.admit(A, (await deliveries(trio.a, B, start))[-1:])
    assert await size(trio.b, LOGS[A]) == start
    assert await trio.b.pools["node"].fetch(SQL["open_gaps"])
    teller = trio.a if source == A else trio.c
    link = next(link for link in trio.b.links if link.partner == source)
    async with tasks(teller.relay.run(), link.run(), repeat(trio.b)):
        await until(lambda: level_of(trio.b, trio.a, LOGS[A]))
    assert not await trio.b.pools["node"].fetch(SQL["open_gaps"])
    readable = "select count(*) from log.event where log = $1 and seq >= $2 and state = 'applied'"
    assert await trio.b.pools["node"].fetchval(readable, LOGS[A], start) > 2


async def test_the_relay_goes_on_behind_whatever_ends_its_stream(trio: Trio) -> None:
    """A last message that is no record of ours does not silence the node: it goes on from what the reader has said."""
    for last in (b"", b"rubbish", (await deliveries(trio.c, B))[0]):
        await smuggle(trio.a.home.path, B, last)
        await report(trio.a)
        async with talk(*trio):
            await until(lambda: level(*trio), 8)


async def test_a_batch_that_is_twisted_and_doubled_gives_the_same_log(trio: Trio) -> None:
    """Records in reverse order, each of them twice and in two batches, are admitted once and in their places."""
    start = await size(trio.a, LOGS[A])
    for _ in range(3):
        await report(trio.a)
    messages = await deliveries(trio.a, B, start)
    await trio.b.admission.admit(C, list(reversed(messages)))
    await trio.b.admission.admit(A, [one for one in messages for _ in range(2)])
    assert await level_of(trio.b, trio.a, LOGS[A])
    assert not await trio.b.pools["node"].fetch("select from log.fork")
    counted = "select count(*) from log.event where log = $1 and seq >= $2"
    held = await trio.b.pools["node"].fetchval(counted, LOGS[A], start)
    assert held == sum(b"\n" in message for message in messages)


class Shuffling:
    """Stands in a link's way: everything is admitted twice, in another order, in pieces."""

    def __init__(self, admission: Admission, dice: random.Random) -> None:
        self._admission = admission
        self._dice = dice

    async def admit(self, source: str, messages: Sequence[bytes], step: Step | None = None) -> None:
        """As `Admission.admit`; the position moves with the last piece."""
        doubled = [*messages, *messages]
        self._dice.shuffle(doubled)
        cut = self._dice.randrange(len(doubled) + 1)
        await self._admission.admit(source, doubled[:cut])
        await self._admission.admit(source, doubled[cut:], step)


async def test_everything_twice_and_in_any_order_gives_one_story(trio: Trio) -> None:
    """Three nodes to which each message comes twice and shuffled end with equal logs and equal digests."""
    dice = random.Random(7)
    for link in (link for node in trio for link in node.links):
        link._admission = Shuffling(link._admission, dice)  # type: ignore[assignment]
    cases = [await report(node) for _ in range(4) for node in (trio.a, trio.c)]
    async with talk(*trio), tasks(*map(repeat, trio)):
        await until(lambda: level(*trio))
        for case in cases:
            told = [(await ask(node, "GET", f"/cases/{case}", READERS[node.log.agency])).json() for node in trio]
            assert len({one["digest"] for one in told}) == 1
