"""What a node does not get is noticed, shown to people, and fetched: dropped, withheld or not said at all."""

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from structlog.testing import capture_logs

from contracts.delivery import Delivery
from contracts.record import EventId, stored
from deploy.dev.runner import AgencyProcesses, ThreeNodes
from deploy.nats.client import connect
from services.cli.case import describe
from services.node.cases import view
from services.node.link import every
from services.node.node import Node
from services.node.sql import Row
from services.node.streams import subject_to
from services.node.witness import notes
from tests import monitoring
from tests.e2e.stage import (
    LOGS,
    READERS,
    ask,
    deliveries,
    events,
    eventually,
    level,
    opened,
    report,
    size,
    talk,
    tasks,
    until,
)
from tests.integration.brokers import repeat
from tests.integration.trio import A, B, C, Trio, agree

HEARTBEAT_S = 0.4
SETTINGS = f"heartbeat_s = {HEARTBEAT_S}\n"  # these nodes are to be heard all the time
REFUSED = "rajut.node.record.refused.v1"
OPEN = "select kind, log, from_seq, to_seq from log.missing where closed_at is null"

# What is told of something that need not have happened, or that only shows a while after it has.
AFTER_SOMETHING = {
    "rajut_admission_refused_total",
    "rajut_date_comes_seconds",
    "rajut_handler_duration_seconds_bucket",
    "rajut_key_lasts_seconds",
    "rajut_promise_missed_total",
    "rajut_promise_open",
    "rajut_promise_overdue",
}
Missing = tuple[str, str, int, int]  # kind, log, first and last place


@pytest.fixture
async def trio(trio: Trio) -> Trio:
    """Nodes that hold the same at the start of a test, and miss nothing."""
    for node in trio:
        await node.duties.heartbeat()
    await agree(trio)
    await trio.b.watch.look()
    assert await missing(trio.b) == set()
    return trio


async def missing(node: Node) -> set[Missing]:
    """What a node lacks now."""
    return {tuple(row) for row in await node.pools["node"].fetch(OPEN)}


async def look(node: Node) -> None:
    """The round by which a node notices what does not come, and nothing else of it."""
    while True:
        await node.watch.look()
        await asyncio.sleep(node.watch.round_s)


async def publish(home: Path, reader: str, *messages: bytes) -> None:
    """Put messages into the stream that a partner reads, as the relay of the node does."""
    admin = await connect(home, "admin")
    for message in messages:
        await admin.request(subject_to(reader), message, timeout=2)
    await admin.close()


async def dial(reader: Node, partner: str) -> None:
    """The reader's link to one partner."""
    await next(link for link in reader.links if link.partner == partner).run()


async def rows(node: Node, kind: str, log: str) -> list[Row]:
    """Everything of a kind that was ever missing of a log, in order."""
    return await node.pools["node"].fetch(
        "select * from log.missing where kind = $1 and log = $2 order by opened_at", kind, log
    )


async def test_a_message_that_the_courier_drops_is_missed_at_once_and_fetched(trio: Trio) -> None:
    """The next message shows that one was lost; it is fetched from its author, byte for byte, and the row stays."""
    start = await size(trio.a, LOGS[A])
    await report(trio.a)
    messages = await deliveries(trio.a, B, start)
    await publish(trio.a.home.path, B, messages[0], *messages[2:])
    async with tasks(dial(trio.b, A)):
        await until(lambda: lacks(trio.b, ("SEQUENCE", LOGS[A], start + 1, start + 1)), 5)
        async with tasks(trio.a.relay.run(), repeat(trio.b)):
            await until(lambda: level_of(trio.a, trio.b))
    query = "select seq, jws from log.record where log = $1 order by seq"
    held, author = [await node.pools["node"].fetch(query, LOGS[A]) for node in (trio.b, trio.a)]
    assert held == author
    assert ("SEQUENCE", LOGS[A]) not in {row[:2] for row in await missing(trio.b)}
    (*_, row) = await rows(trio.b, "SEQUENCE", LOGS[A])
    assert (row["from_seq"], row["to_seq"]) == (start + 1, start + 1)
    assert row["opened_at"] < row["closed_at"]


async def lacks(node: Node, *wanted: Missing) -> bool:
    """Whether all of this is missing at a node."""
    return set(wanted) <= await missing(node)


async def level_of(author: Node, reader: Node) -> bool:
    """Whether a reader holds all of an author's log."""
    log = author.log.log
    return await size(reader, log) == await size(author, log)


async def test_silence_is_noticed_though_nothing_comes(trio: Trio) -> None:
    """Nobody says anything: after two heartbeats each log that we follow is a row and a line in our own journal."""
    before = {log: await size(trio.b, log) for log in LOGS.values()}
    silent = {("SILENCE", LOGS[name], before[LOGS[name]], before[LOGS[name]]) for name in (A, C)}
    with capture_logs() as told:
        async with tasks(look(trio.b)):
            await until(lambda: lacks(trio.b, *silent))
            await until(lambda: asyncio.sleep(0, len(said(told, "missing")) == len(silent)))
    assert before == {log: await size(trio.b, log) for log in LOGS.values()}
    (*_, row) = await rows(trio.b, "SILENCE", LOGS[A])
    heard = await trio.b.pools["node"].fetchval("select max(received_at) from log.record where log = $1", LOGS[A])
    assert row["opened_at"] - heard > timedelta(seconds=2 * HEARTBEAT_S)
    assert {*said(told, "missing")} == {row[:2] for row in silent}
    await trio.a.duties.heartbeat()
    with capture_logs() as told:
        async with talk(trio.a, trio.b), tasks(look(trio.b)):
            await until(lambda: asyncio.sleep(0, said(told, "no longer missing")), 5)
    assert said(told, "no longer missing") == [("SILENCE", LOGS[A])]
    assert ("SILENCE", LOGS[C]) in {row[:2] for row in await missing(trio.b)}


def said(lines: Sequence[Mapping[str, Any]], what: str) -> list[tuple[str, str]]:
    """Of what a node wrote into its journal: kind and log of the lines that say this."""
    return [(line["kind"], line["log"]) for line in lines if line["event"] == what]


async def test_a_restart_neither_ends_a_silence_nor_makes_one(trio: Trio) -> None:
    """An open row stays as it is until the log speaks; and after a long absence of ours everybody is heard first."""
    async with tasks(look(trio.b)):
        await until(lambda: lacks_kind(trio.b, "SILENCE", 2))
    held = await rows(trio.b, "SILENCE", LOGS[A])
    async with opened(trio.b.home.path) as again, tasks(look(again)):
        await asyncio.sleep(3 * HEARTBEAT_S)
        assert await rows(again, "SILENCE", LOGS[A]) == held
    beating = [every(HEARTBEAT_S / 2, node.duties.heartbeat) for node in (trio.a, trio.c)]
    async with talk(*trio), tasks(look(trio.b), *beating):
        await until(lambda: lacks_kind(trio.b, "SILENCE", 0))
    await asyncio.sleep(3 * HEARTBEAT_S)
    async with opened(trio.b.home.path) as away:
        await away.watch.look()
        await away.watch.look()
        assert await missing(away) == set()


async def lacks_kind(node: Node, kind: str, number: int) -> bool:
    """Whether so many rows of a kind are open."""
    return [row[0] for row in await missing(node)].count(kind) == number


async def test_an_end_that_the_author_has_signed_for_is_missed(trio: Trio) -> None:
    """A checkpoint without the records under it shows that they are there: asked for, and soon shown as missing."""
    held = await size(trio.a, LOGS[A])
    await report(trio.a)
    await trio.a.witness.issue()
    end = await size(trio.a, LOGS[A])
    told = [note for note in await notes(trio.a.pools["node"], A, end) if note.startswith(f"{LOGS[A]}\n".encode())]
    await trio.b.admission.admit(A, told)
    async with tasks(look(trio.b), repeat(trio.b)):
        await until(lambda: lacks(trio.b, ("SEQUENCE", LOGS[A], held, end - 1)))
        async with talk(trio.a, trio.b):
            await until(lambda: level_of(trio.a, trio.b))
    (*_, row) = await rows(trio.b, "SEQUENCE", LOGS[A])
    assert row["closed_at"]


async def test_a_parent_that_nobody_gives_is_missed_and_people_see_it(trio: Trio) -> None:
    """An event whose past does not come is shown as waiting; a case tells its readers what of it may be missing."""
    start = await size(trio.a, LOGS[A])
    case = await report(trio.a)
    last = (await deliveries(trio.a, B, start))[-1]
    await trio.b.admission.admit(A, [last])
    place = stored(Delivery.decode(last).jws).record.seq
    async with tasks(look(trio.b)):
        await until(lambda: lacks(trio.b, ("PARENT", LOGS[A], place, place)))
        async with talk(*trio), tasks(repeat(trio.b)):
            await until(lambda: level(*trio))
            await until(lambda: lacks_kind(trio.b, "PARENT", 0))
        await until(lambda: lacks_kind(trio.b, "SILENCE", 2))
    shown = (await ask(trio.b, "GET", f"/cases/{case}", READERS[B])).json()["gaps"]
    kinds = [(gap["kind"], gap["agency"], bool(gap["closed"])) for gap in shown]
    assert {kind[::2] for kind in kinds[:2]} == {("SILENCE", False)}
    assert {("PARENT", A, True), ("SEQUENCE", A, True)} <= set(kinds[2:])
    assert all(gap["title"]["id"] and gap["title"]["en"] != gap["title"]["id"] for gap in shown)
    async with trio.b.pools["node"].acquire() as connection:
        told = describe(await view(connection, trio.b.log, case))
    assert f"GAP: Tidak ada kabar dari lembaga ini / Nothing is heard from this agency: {LOGS[A]}" in told
    other = (await ask(trio.b, "GET", f"/cases/{await report(trio.b)}", READERS[B])).json()["gaps"]
    assert [gap["kind"] for gap in other if gap["closed"]] == []
    assert "PARENT" not in {gap["kind"] for gap in other}


async def test_a_wrap_that_does_not_open_is_answered_and_replaced_by_another_reader(trio: Trio) -> None:
    """Content spoilt for one reader: it says so, signed, and gets the same content from another reader."""
    start = await size(trio.a, LOGS[A])
    case = await report(trio.a)
    await trio.c.admission.admit(A, await deliveries(trio.a, C, start))
    good = [Delivery.decode(message) for message in await deliveries(trio.a, B, start)]
    spoilt = [one._replace(wrap=bytes(len(one.wrap))).encode() for one in good]
    await publish(trio.a.home.path, B, *spoilt)
    sealed = [stored(one.jws) for one in good if one.blob]
    async with tasks(dial(trio.b, A)):
        await until(lambda: lacks(trio.b, *(("CONTENT", LOGS[A], one.record.seq, one.record.seq) for one in sealed)))
    refused = len(await events(trio.b, LOGS[B], REFUSED))
    async with tasks(dial(trio.b, C), trio.c.relay.run(), repeat(trio.b)):
        await until(lambda: lacks_kind(trio.b, "CONTENT", 0))
    for one in sealed:
        assert await content(trio.b, one.id) == await content(trio.a, one.id)
    await agree(trio)
    answers = [event.content.body for event in (await events(trio.a, LOGS[B], REFUSED))[refused:]]
    codes = [(answer["code"], answer["log"]) for answer in answers]  # type: ignore[index,call-overload]
    assert codes == [("E_WRAP", LOGS[A])] * len(sealed)
    told = [(await ask(node, "GET", f"/cases/{case}", READERS[node.log.agency])).json() for node in (trio.a, trio.b)]
    assert told[0]["digest"] == told[1]["digest"]


async def content(node: Node, id_: EventId) -> object:
    """An event as a node opens it: held against the commitment in the record."""
    async with node.pools["node"].acquire() as connection:
        return (await node.log.event(connection, id_)).content


def test_a_partner_whose_node_is_killed_is_noticed(machines: ThreeNodes) -> None:
    """Of two processes one is killed: the other goes on, is ready, and says who is not heard, until it is back."""
    killed, watcher = machines[A], machines[B]
    silent = f"SILENCE {LOGS[A]} "
    for agency in (killed, watcher):
        agency.start("node")
    eventually(lambda: silent not in asked(watcher, "/health/ready"))
    killed.kill("node")
    eventually(lambda: silent in asked(watcher, "/health/ready"))
    assert json.loads(asked(watcher, "/health/ready"))["ready"]
    counted = rf'^rajut_gap_open\S*{{kind="SILENCE",log="{LOGS[A]}".*}} 1.0$'
    assert re.search(counted, asked(watcher, "/metrics"), re.MULTILINE)
    assert set(monitoring.asked()) - set(monitoring.told(asked(watcher, "/metrics"))) <= AFTER_SOMETHING
    assert f'"kind": "SILENCE", "log": "{LOGS[A]}"' in watcher.node.process.log.read_text()
    killed.start("node")
    eventually(lambda: silent not in asked(watcher, "/health/ready"))
    for agency in (killed, watcher):
        agency.stop("node")


def asked(agency: AgencyProcesses, path: str) -> str:
    """What a node tells those who look after its machine."""
    with urlopen(f"http://127.0.0.1:{agency.ports.ops}{path}") as answer:
        return str(answer.read().decode())
