"""Streams are as stated, or nothing runs; and the services' framework lives with the rights that they have."""

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from faststream import AckPolicy
from faststream.nats import JStream, NatsBroker, PullSub
from faststream.nats.security import NatsNKey
from nats.aio.client import Client
from nats.js.errors import APIError

from deploy.dev.errors import RunnerError
from deploy.dev.home import Ports, write_homes
from deploy.dev.nats_server import NatsServer
from deploy.nats.client import client_tls, connect, connect_to_partner
from deploy.nats.provision import ProvisioningError, provision_home
from services.node.pull import BATCH, FIRST, Broken, Puller
from services.node.relay import OutOfStep, publish
from services.node.streams import ADMITTED, API_PREFIX, stream_to, subject_to
from tests.e2e.stage import until

PROJECT = Path(__file__).parents[2]
_numbers = count(1)


@pytest.fixture
def home(server_folder: Path) -> Path:
    """LPSK's home, with a server that no other test uses."""
    return write_homes(server_folder / f"spoiled-{next(_numbers)}", ("komnas-ham", "lpsk"))["lpsk"]


@pytest.fixture
def server(home: Path) -> Iterator[NatsServer]:
    """Its server, provisioned."""
    running = NatsServer(home, Ports.of(home).monitor)
    running.start()
    running.provision()
    yield running
    running.process.stop()


@pytest.fixture
async def admin(server: NatsServer, home: Path) -> AsyncIterator[Client]:
    """Its administrator."""
    assert server.process.pid
    client = await connect(home, "admin")
    yield client
    await client.close()


@pytest.fixture
async def link(server: NatsServer, home: Path) -> AsyncIterator[Client]:
    """The node's connection to it."""
    assert server.process.pid
    client = await connect(home, "link")
    yield client
    await client.close()


async def config_of(admin: Client, stream: str) -> dict[str, Any]:
    """The live configuration of a stream."""
    answer = json.loads((await admin.request(f"$JS.API.STREAM.INFO.{stream}", b"")).data)
    config: dict[str, Any] = answer["config"]
    return config


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("max_age", 3_600_000_000_000),
        ("discard", "new"),
        ("duplicate_window", 1_000_000_000),
        ("republish", {"src": ">", "dest": "copy.>"}),
    ],
)
async def test_a_stream_that_differs_is_refused_by_name_and_left_alone(
    home: Path, admin: Client, field: str, value: object
) -> None:
    """Whoever weakens a stream is told which setting is wrong; provisioning does not paint over it."""
    spoiled = {**await config_of(admin, ADMITTED), field: value}
    await admin.request(f"$JS.API.STREAM.UPDATE.{ADMITTED}", json.dumps(spoiled).encode())
    with pytest.raises(ProvisioningError, match=rf"ADMITTED\.{field}: expected .*, found"):
        await provision_home(home)
    assert (await config_of(admin, ADMITTED))[field] == value


async def test_a_consumer_that_differs_is_refused_by_name(home: Path, admin: Client) -> None:
    """A reader that would skip messages is noticed before anything runs."""
    spoiled = {
        "stream_name": ADMITTED,
        "action": "update",
        "config": {"durable_name": "intake", "ack_policy": "explicit", "max_deliver": 3},
    }
    path = f"{ADMITTED}.intake"
    await admin.request(f"$JS.API.CONSUMER.CREATE.{path}", json.dumps(spoiled).encode())
    with pytest.raises(ProvisioningError, match=r"intake\.max_deliver: expected -1, found 3"):
        await provision_home(home)


async def test_the_command_fails_with_the_difference(server: NatsServer, home: Path, admin: Client) -> None:
    """An administrator reads what is wrong, not a traceback."""
    spoiled = {**await config_of(admin, ADMITTED), "max_age": 3_600_000_000_000}
    await admin.request(f"$JS.API.STREAM.UPDATE.{ADMITTED}", json.dumps(spoiled).encode())
    command = [sys.executable, "-m", "deploy.nats.provision", str(home)]
    done = await asyncio.to_thread(subprocess.run, command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode
    assert "not provisioned: ADMITTED.max_age" in done.stderr
    assert "Traceback" not in done.stderr
    with pytest.raises(RunnerError, match=r"NOT_PROVISIONED: ADMITTED\.max_age"):
        server.provision()


async def test_nobody_deletes_from_a_stream(admin: Client, link: Client) -> None:
    """Not even the administrator removes a message from a stream by mistake."""
    stream = stream_to("komnas-ham")
    await link.jetstream().publish(subject_to("komnas-ham"), b"kept")
    for request, body in (("PURGE", {}), ("MSG.DELETE", {"seq": 1})):
        answer = await admin.request(f"$JS.API.STREAM.{request}.{stream}", json.dumps(body).encode())
        assert "error" in json.loads(answer.data)


async def test_a_pointer_has_no_room_for_a_case(link: Client) -> None:
    """The local bus refuses a body too big for a pointer."""
    await link.jetstream().publish("admitted.intake.report.received", b"x" * 1000)
    with pytest.raises(APIError, match="maximum"):
        await link.jetstream().publish("admitted.intake.report.received", b"x" * 5000)


async def test_a_relay_that_is_out_of_step_hears_behind_what_it_may_go_on(link: Client) -> None:
    """Whatever the relay believes of a stream, the server's word is enough to publish again, alone or in a batch."""
    subject = subject_to("komnas-ham")
    assert await publish(link, subject, [b"1", b"2"], 0) == 2
    for wrong, messages in ((7, [b"3"]), (1, [b"3", b"4"])):
        with pytest.raises(OutOfStep) as refused:
            await publish(link, subject, messages, wrong)
        assert refused.value.last == 2
    assert await publish(link, subject, [b"3"], 2) == 3


async def test_what_waited_is_read_in_growing_batches(home: Path, link: Client) -> None:
    """The first of what was said while nobody read is handed on after a few messages; all of it comes, in order."""
    said = [str(number).encode() for number in range(300)]
    await publish(link, subject_to("komnas-ham"), said, 0)
    async with reading(home) as puller:
        await puller.start("", 0)
        await until(lambda: asyncio.sleep(0, puller._arrived.qsize() >= BATCH))
        batches = [await puller.batch()]
        while sum(map(len, batches)) < len(said):
            batches.append(await puller.batch())
    assert [len(batch) for batch in batches[:4]] == [FIRST, 2 * FIRST, 4 * FIRST, 8 * FIRST]
    assert [message.data for batch in batches for message in batch] == said


@pytest.mark.parametrize("more", [0, 2 * BATCH], ids=["all of them", "the first"])
async def test_what_a_dead_pull_was_given_is_missed(home: Path, link: Client, more: int) -> None:
    """An earlier connection's open pull takes what is said again: the reader notices, and passes nothing over."""
    said = [str(number).encode() for number in range(10 + more)]
    await publish(link, subject_to("komnas-ham"), said[:10], 0)
    async with reading(home) as dead, reading(home) as reader:
        created = await dead.start("", 0)
        await until(lambda: asyncio.sleep(0, dead._arrived.qsize() >= 10))
        await reader.start(created, 0)
        await until(lambda: asyncio.sleep(0, dead._arrived.qsize() >= 20))
        if more:
            await publish(link, subject_to("komnas-ham"), said[10:], 10)
        with pytest.raises(Broken):
            await asyncio.wait_for(reader.batch(), 20)
    await until(lambda: reads_first(home, created, said), 20)


@contextlib.asynccontextmanager
async def reading(home: Path) -> AsyncIterator[Puller]:
    """A partner's reader on a connection of its own."""
    client = await connect_to_partner(home.parent / "komnas-ham", "lpsk")
    try:
        yield Puller(client, stream_to("komnas-ham"), "komnas-ham")
    finally:
        await client.close()


async def reads_first(home: Path, created: str, said: list[bytes]) -> bool:
    """Whether a new connection reads a stream from its start; it may be told to go back while dead ones are there."""
    async with reading(home) as puller:
        await puller.start(created, 0)
        with contextlib.suppress(Broken):
            read = [message.data for message in await puller.batch()]
            return read == said[: len(read)]
    return False


async def test_a_wiped_server_comes_back_empty_and_right(home: Path, server: NatsServer, link: Client) -> None:
    """After losing its disk the server has its streams again, and none of the messages."""
    await link.jetstream().publish(subject_to("komnas-ham"), b"lost")
    await link.close()
    server.wipe()
    back = await connect(home, "link")
    info = await back.request(f"$JS.API.STREAM.INFO.{stream_to('komnas-ham')}", b"")
    assert json.loads(info.data)["state"]["messages"] == 0
    await back.close()


async def test_faststream_reads_with_a_services_rights(home: Path, link: Client) -> None:
    """A subscriber of the framework pulls its durable and acknowledges, without a right to create anything."""
    heard: asyncio.Queue[bytes] = asyncio.Queue()
    folder = home / "nats"
    broker = NatsBroker(
        f"tls://127.0.0.1:{Ports.of(home).nats}",
        security=NatsNKey(
            folder / "triage.seed",
            ssl_context=client_tls(folder / "ca.pem", folder / "node.pem", folder / "node.key"),
            tls_hostname="nats.lpsk.example",
            tls_handshake_first=True,
        ),
        inbox_prefix="_INBOX_triage",
        js_options={"prefix": API_PREFIX},
        logger=None,
    )

    @broker.subscriber(
        "admitted.>",
        durable="triage",
        stream=JStream(ADMITTED, declare=False),
        pull_sub=PullSub(batch_size=1, timeout=0.5),
        ack_policy=AckPolicy.NACK_ON_ERROR,
        inbox_prefix=b"_INBOX_triage.",  # the broker's own prefix does not reach its pulls
    )
    async def hear(body: bytes) -> None:
        heard.put_nowait(body)

    async with broker:
        await broker.start()
        for body in (b"one", b"two"):
            await link.jetstream().publish("admitted.intake.report.received", body)
            assert await asyncio.wait_for(heard.get(), timeout=5) == body
    reader = await connect(home, "triage")
    info = await reader.jetstream(prefix=API_PREFIX).consumer_info(ADMITTED, "triage")
    assert info.ack_floor is not None
    assert info.ack_floor.stream_seq == 2
    await reader.close()
