"""A node whose clock can be set, in a thread of this process; everything else of it is as always."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from deploy.dev.probe import answers_ok
from services.node.node import run
from services.node.settings import Home
from tests.clocks import BentClock
from tests.e2e.stage import opened, tasks, until

_WITHIN_S = 60.0


@contextmanager
def bent_node(home: Path) -> Iterator[BentClock]:
    """The node of `home`, which runs meanwhile; its clock."""
    clock, ready, end = BentClock(), threading.Event(), threading.Event()
    with ThreadPoolExecutor(1) as thread:
        life = thread.submit(asyncio.run, _live(home, clock, ready, end))
        try:
            assert ready.wait(_WITHIN_S), life.done() and life.exception()
            yield clock
        finally:
            end.set()
            life.result(_WITHIN_S)


async def _live(home: Path, clock: BentClock, ready: threading.Event, end: threading.Event) -> None:
    port = Home(home).settings.ops.port
    async with opened(home, clock) as node, tasks(run(node)):
        await until(lambda: asyncio.to_thread(answers_ok, port, "/health/live"))
        ready.set()
        await asyncio.to_thread(end.wait)
