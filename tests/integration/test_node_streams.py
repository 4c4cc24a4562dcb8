"""A partner's stream is only a copy: made anew, shortened, spoiled or read again, it costs nothing that was said."""

import asyncio
import json
from collections import Counter
from unittest.mock import Mock

import pytest

from deploy.dev.runner import ThreeNodes
from deploy.nats.client import connect_to_partner
from deploy.nats.provision import provision_home
from services.node import relay
from services.node.admit import Place, Step
from services.node.broker import connected
from services.node.log import SQL
from services.node.node import Node
from services.node.pull import Broken
from services.node.streams import ADMITTED, stream_to
from tests.e2e.stage import LOGS, deliveries, level, report, size, talk, tasks, until
from tests.integration.brokers import keep_only, lose, recreate, repeat, said, spoil
from tests.integration.trio import A, B, Trio, agree, three


async def test_a_recreated_stream_is_read_from_its_start(trio: Trio) -> None:
    """A stream that was lost and made anew has low numbers again: the reader notices and skips nothing of it."""
    position = SQL["link"]
    before = await trio.b.pools["node"].fetchrow(position, A)
    assert before
    await recreate(trio.a.home.path, B)
    async with tasks(trio.a.relay.run()):
        for _ in range(before["stream_seq"] // 5 + 1):
            await report(trio.a)
        await agree(trio)
    after = await trio.b.pools["node"].fetchrow(position, A)
    assert after
    assert after["stream_created"] != before["stream_created"]


async def test_a_stream_that_forgot_its_oldest_is_read_on_and_what_was_missed_is_refilled(trio: Trio) -> None:
    """A full stream drops its oldest messages: the reader goes on behind the hole and fetches it aside."""
    start = await size(trio.b, LOGS[A])
    async with tasks(trio.a.relay.run()):
        for _ in range(3):
            await report(trio.a)
        await until(lambda: said(trio.a.home.path, B, trio.a))
    await keep_only(trio.a.home.path, B, 2)
    async with talk(*trio), tasks(repeat(trio.b)):
        await until(lambda: level(*trio))
    assert await size(trio.b, LOGS[A]) > start + 2


async def test_partners_are_told_although_the_stream_for_our_own_services_is_gone(
    trio: Trio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line on which partners are fed and asked stays up; once the stream is there again, our own are told, too."""
    dialled, pointed = Mock(wraps=connected), Mock(wraps=relay._pointer)
    monkeypatch.setattr(relay, "connected", dialled)
    monkeypatch.setattr(relay, "_pointer", pointed)
    home, unsaid = trio.a.home.path, "select count(*) from log.pointer"
    await lose(home, ADMITTED)
    async with tasks(trio.a.relay.run(), *(link.run() for link in trio.b.links)):
        await report(trio.a)
        await until(lambda: asyncio.sleep(0, often(pointed) >= 3))
        await until(lambda: level(trio.a, trio.b))
        assert dialled.call_count == 1
        await provision_home(home)
        await until(lambda: nothing(trio.a, unsaid))


def often(pointed: Mock) -> int:
    """How often the same pointer was tried."""
    return max(Counter(call.args[0]["id"] for call in pointed.call_args_list).values(), default=0)


async def nothing(node: Node, count: str) -> bool:
    """Whether a database holds none of these."""
    return not await node.pools["node"].fetchval(count)


async def test_what_a_forgotten_pull_is_given_is_read_again(trio: Trio) -> None:
    """A request that was left behind on another line takes messages away: the reader sees the hole and goes back."""
    forgotten = await connect_to_partner(trio.b.home.path, A)
    taken = await forgotten.subscribe(forgotten.new_inbox())
    async with talk(*trio):
        await until(lambda: level(*trio))
        pull = {"batch": 4, "expires": 30 * 10**9}
        path = f"$JS.API.CONSUMER.MSG.NEXT.{stream_to(B)}.{B}"
        await forgotten.publish(path, json.dumps(pull).encode(), reply=taken.subject)
        await forgotten.flush()
        await report(trio.a)
        await until(lambda: level(*trio), 20)
    assert (await taken.next_msg(timeout=1)).data
    await forgotten.close()


async def test_a_stream_that_lost_its_end_is_read_anew(trio: Trio) -> None:
    """A broken disk takes back what was read long ago: what is said at its places since is not passed over."""
    async with talk(*trio):
        await report(trio.a)
        await until(lambda: level(*trio))
    async with trio.b.pools["node"].acquire() as connection:
        place = await connection.fetchrow(SQL["link"], A)
        assert place
        await connection.execute(SQL["move_link"], A, place["stream_created"], place["stream_seq"] + 1000, *place)
    await report(trio.a)
    await agree(trio)


async def test_what_a_disk_spoiled_in_a_stream_is_stepped_over_and_fetched(doomed: ThreeNodes) -> None:
    """A bit that turns over in what is unread costs that message in the stream: its reader goes on and asks for it."""
    async with three(doomed) as trio:
        start = await size(trio.a, LOGS[A])
        async with tasks(trio.a.relay.run()):
            for _ in range(3):
                await report(trio.a)
            await until(lambda: said(trio.a.home.path, B, trio.a))
        doomed[A].stop("nats")
        spoil(doomed.homes[A], B, (await deliveries(trio.a, B, start))[3].partition(b"\n")[0])
        doomed[A].start("nats")
        async with talk(*trio), tasks(repeat(trio.b)):
            await until(lambda: level(*trio), 20)


async def test_who_is_sent_back_in_a_stream_does_not_run_on(trio: Trio) -> None:
    """A batch that was under way when a node was told to read again moves nothing: its messages are read again, too."""
    async with trio.b.pools["node"].acquire() as connection:
        row = await connection.fetchrow(SQL["link"], A)
        await connection.execute(SQL["reread_links"])
    assert row
    place = Place(*row)
    with pytest.raises(Broken):
        await trio.b.admission.admit(A, [], Step(place, Place(place.stream_created, place.stream_seq + 1)))
    assert await trio.b.pools["node"].fetchval("select stream_seq from log.link where partner = $1", A) == 0
