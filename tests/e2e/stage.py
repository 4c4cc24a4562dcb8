"""Three agencies for the tests that need more than one: founded, staffed, migrated, and told to be quick.

Whole nodes run as processes (`ThreeNodes`) or, where a test must hold one part still, inside the test's
own event loop (`opened`, `running`): the servers behind them are real in both cases.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path

from deploy.dev import cast, ceremony
from deploy.dev.probe import answers_ok
from deploy.dev.runner import ThreeNodes
from services import cli, wiring
from services.node.clock import Clock
from services.node.node import Node, opened as build, run
from services.node.settings import Home

AGENCIES = ("komnas-ham", "komnas-perempuan", "lpsk")
CASES = Path(__file__).parents[1] / "cases"
MAIN = CASES / "ppham-ancaman-langsung.json"
SHARED = tuple(file for file in sorted(CASES.glob("*.json")) if file.stem != "saksi-hanya-lpsk")
LOGS = {agency: f"rajut.example/{agency}/1" for agency in AGENCIES}
RECEIVERS = {"komnas-ham": "kh-petugas", "komnas-perempuan": "kp-upr", "lpsk": "lpsk-hotline"}
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
    asyncio.run(cli.migrate(home))


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
        port = Home(home).settings.http.port
        await until(lambda: asyncio.to_thread(answers_ok, port, "/health/live"))
        yield node


@contextlib.asynccontextmanager
async def tasks(*work: Awaitable[None]) -> AsyncIterator[None]:
    """Parts of nodes that run meanwhile and are cancelled at the end."""
    running_ = [asyncio.ensure_future(one) for one in work]
    try:
        yield
    finally:
        for task in running_:
            task.cancel()
        await asyncio.gather(*running_, return_exceptions=True)


async def until(holds: Callable[[], Awaitable[object]], within_s: float = 20.0) -> float:
    """Wait until something is true and say how long it took, in seconds; TimeoutError if it does not come true."""
    started = time.monotonic()
    while not await holds():
        if time.monotonic() - started > within_s:
            raise TimeoutError
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
