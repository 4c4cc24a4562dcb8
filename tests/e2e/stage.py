"""Three agencies for the tests that need more than one: founded, staffed, migrated, and told to be quick.

Whole nodes run as processes (`ThreeNodes`) or, where a test must hold one part still, inside the test's
own event loop (`opened`, `running`): the servers behind them are real in both cases.
"""

import asyncio
import contextlib
import json
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2

from contracts.timeline import Event
from deploy.dev import cast, ceremony
from deploy.dev.desks import DeskClient
from deploy.dev.probe import answers_ok
from deploy.dev.runner import ThreeNodes
from services import wiring
from services.cli import node as node_command
from services.node.clock import Clock, SystemClock
from services.node.log import SQL
from services.node.node import Node, opened as build, run
from services.node.settings import Home

AGENCIES = ("komnas-ham", "komnas-perempuan", "lpsk")
CASES = Path(__file__).parents[1] / "cases"
REPORTS = {
    "komnas-ham": CASES / "jurnalis-doxing.json",
    "komnas-perempuan": CASES / "ppham-ancaman-langsung.json",
    "lpsk": CASES / "saksi-hanya-lpsk.json",
}
LOGS = {agency: f"rajut.example/{agency}/1" for agency in AGENCIES}
RECEIVERS = {"komnas-ham": "kh-petugas", "komnas-perempuan": "kp-upr", "lpsk": "lpsk-hotline"}
STOP_WITHIN_S = 30
READERS = {"komnas-ham": "kh-hrd", "komnas-perempuan": "kp-upr", "lpsk": "lpsk-darurat"}


def three(root: Path, *, mail_port: int = 2525, supervise: bool = False, settings: str = "") -> ThreeNodes:
    """Three agencies below `root`, not yet started; `settings` are further lines at the head of each node.toml."""

    def found(homes: Mapping[str, Path]) -> None:
        ceremony.found(homes)
        cast.seat(homes)
        for home in homes.values():
            configure(home, f"acknowledge_s = 0.2\n{settings}")

    return ThreeNodes(root, ceremony=found, migrate=migrate, mail_port=mail_port, supervise=supervise)


def configure(home: Path, lines: str) -> None:
    """Put settings at the head of a home's node.toml; HOME in them stands for the home."""
    path = home / "node.toml"
    path.write_text(lines.replace("HOME", str(home)) + path.read_text())


def migrate(home: Path) -> None:
    """Bring a home's database to the schema, without a process of its own."""
    asyncio.run(node_command.migrate(home))


@contextlib.asynccontextmanager
async def opened(home: Path, clock: Clock | None = None) -> AsyncIterator[Node]:
    """A node with its logs begun, nothing of it running."""
    async with build(home, wiring.WIRES, wiring.migrations(), clock) as node:
        await node.duties.open_log()
        yield node


@contextlib.asynccontextmanager
async def running(home: Path) -> AsyncIterator[Node]:
    """A complete node that serves in this event loop."""
    async with opened(home) as node, tasks(run(node)):
        port = Home(home).settings.ops.port
        await until(lambda: asyncio.to_thread(answers_ok, port, "/health/live"))
        yield node


@contextlib.asynccontextmanager
async def tasks(*work: Awaitable[None]) -> AsyncIterator[None]:
    """Parts of nodes that run meanwhile and are cancelled at the end; AssertionError with those that go on."""
    running_ = [asyncio.ensure_future(one) for one in work]
    ended = asyncio.gather(*running_, return_exceptions=True)
    try:
        yield
    finally:
        for task in running_:
            task.cancel()
        await asyncio.wait([ended], timeout=STOP_WITHIN_S)
        assert ended.done(), [task for task in running_ if not task.done()]


async def until(holds: Callable[[], Awaitable[object]], within_s: float = 60.0) -> float:
    """Wait until something is true and say how long it took, in seconds; TimeoutError if it does not come true."""
    started = time.monotonic()
    async with asyncio.timeout(within_s):  # also of a question that is never answered: its stack says where it hangs
        while not await holds():  # noqa: ASYNC110  it is true elsewhere: in a database, or at another node
            await asyncio.sleep(0.02)
    return time.monotonic() - started


def eventually(holds: Callable[[], object], within_s: float = 30.0) -> float:
    """As `until`, for tests without an event loop."""
    started = time.monotonic()
    while not holds():
        if time.monotonic() - started > within_s:
            raise TimeoutError
        time.sleep(0.05)
    return time.monotonic() - started


@contextlib.contextmanager
def desk(nodes: ThreeNodes, agency: str) -> Iterator[DeskClient]:
    """One agency's desk, its connections closed at the end."""
    client = DeskClient(agency, nodes.homes[agency])
    with client._http:
        yield client


@contextlib.contextmanager
def servers(root: Path, settings: str = "", *, mail_port: int = 2525) -> Iterator[ThreeNodes]:
    """The PostgreSQL and NATS servers of three agencies, without their nodes; `settings` as in `three`."""
    nodes = three(root, mail_port=mail_port, settings=settings)
    try:
        nodes.start_servers()
        yield nodes
    finally:
        nodes.stop_all()
        shutil.rmtree(root)  # many such sets come after one another


def talk(*nodes: Node) -> contextlib.AbstractAsyncContextManager[None]:
    """These nodes say what they have and read each other, and do nothing else."""
    there = {node.log.agency for node in nodes}
    links = [link.run() for node in nodes for link in node.links if link.partner in there]
    return tasks(*(node.relay.run() for node in nodes), *links)


async def ask(node: Node, method: str, path: str, officer: str, **more: Any) -> httpx2.Response:
    """A request of an officer to a node in this event loop."""
    headers = {"Authorization": f"Bearer {cast.token(node.home.path, officer)}"} | more.pop("headers", {})
    transport = httpx2.ASGITransport(app=node.app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://node") as client:
        return await client.request(method, path, headers=headers, **more)


async def report(node: Node, clock: Clock | None = None) -> str:
    """Hand a sample report to a node, which lives by a clock of its own if one is named; the case that it opened."""
    agency = node.log.agency
    content = dated(REPORTS[agency].read_bytes(), clock or SystemClock())
    answer = await ask(node, "POST", "/reports", RECEIVERS[agency], content=content)
    assert answer.status_code == 201, answer.text
    node.relay.wake()
    case: str = answer.json()["case"]
    return case


def dated(report: bytes, clock: Clock) -> bytes:
    """A sample report as it comes in by a clock that is set back: it never tells of what is still to come there."""
    told = json.loads(report)
    given = datetime.fromisoformat(told["consent"]["at"])
    ahead = given - datetime.fromtimestamp(clock.now_ms() / 1000, UTC)
    if ahead <= timedelta():
        return report
    for noted, name in ((told["consent"], "at"), *((incident, "occurred_at") for incident in told["incidents"])):
        noted[name] = (datetime.fromisoformat(noted[name]) - ahead).isoformat(timespec="milliseconds")
    return json.dumps(told).encode()


async def size(node: Node, log: str) -> int:
    """How many records of a log a node holds without a hole."""
    held: int = await node.pools["node"].fetchval("select size from log.head where log = $1", log)
    return held


async def level(*nodes: Node) -> bool:
    """Whether nodes hold the same of every log, with no hole and nothing that waits."""
    heads = [await node.pools["node"].fetch("select log, size, highest, last, peaks from log.head") for node in nodes]
    waiting = [await node.pools["node"].fetchval("select count(*) from log.waiting") for node in nodes]
    held = {tuple(sorted(tuple(row) for row in rows)) for rows in heads}
    return len(held) == 1 and not any(waiting) and all(row["size"] == row["highest"] for row in heads[0])


async def events(node: Node, log: str, kind: str) -> list[Event]:
    """The readable events of one type in a log, as a node opens them."""
    async with node.pools["node"].acquire() as connection:
        rows = await connection.fetch("select id from log.event where log = $1 and type = $2 order by seq", log, kind)
        return [await node.log.event(connection, row["id"]) for row in rows]


async def deliveries(node: Node, reader: str, first: int = 0) -> list[bytes]:
    """What a node says to a partner, from a place in its log on."""
    rows = await node.pools["node"].fetch(SQL["outgoing"], node.log.log, first, 2**62, 1000, 2**40)
    return await node.relay._deliveries(rows, reader)
