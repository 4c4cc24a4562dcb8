"""What one process does until it is told to stop: work that never ends, work that comes again, and its doors."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Coroutine, Iterator, Sequence
from typing import Any, NamedTuple

import asyncpg
import uvicorn
from fastapi import FastAPI

from services.node import telemetry
from services.node.bus import Bus
from services.node.cancellation import uncancelled
from services.node.link import every
from services.node.service import Timer
from services.node.settings import BadSettings, Home, Http, Ops, Part
from services.node.sql import Pool

STOP_WITHIN_S = 3
Work = Callable[[], Coroutine[Any, Any, None]]


class Door(NamedTuple):
    """An app, and where it listens; `name` is the section of node.toml that says so."""

    name: str
    app: FastAPI
    at: Http | Ops


class Shift(NamedTuple):
    """All that a process has to do."""

    begin: Work  # done once, before anything else
    works: Sequence[Work]  # each goes on for as long as the process runs
    timers: Sequence[Timer]
    doors: Sequence[Door]
    greet: Work | None = None  # done once while the works go on, before the timers and the doors


class Ended(Exception):
    """Work that should never end has ended. Better no process, which is noticed and started again, than half of one."""


async def serve(shift: Shift) -> None:
    """Do it until cancelled.

    Raises, in an exception group: BadSettings if a port is taken, Ended if some work ends by itself.
    """
    await shift.begin()
    async with asyncio.TaskGroup() as tasks:
        works = [
            tasks.create_task(work, name=getattr(work, "__qualname__", None))
            for work in (begin() for begin in shift.works)
        ]
        tasks.create_task(_first_to_end(works))
        if shift.greet:
            await shift.greet()
        for timer in shift.timers:
            tasks.create_task(every(*timer))
        for door in shift.doors:
            tasks.create_task(_keep_open(door))


async def _first_to_end(works: Sequence[asyncio.Task[Any]]) -> None:
    """A group takes notice of members that fail, and of none that returns or is cancelled."""
    if works:
        ended, _ = await asyncio.wait(works, return_when=asyncio.FIRST_COMPLETED)
        raise Ended(", ".join(sorted(work.get_name() for work in ended)))


def both_doors(home: Home, part: Part | None, api: FastAPI, ops: FastAPI) -> tuple[Door, Door]:
    """The doors of a part, or of the one process of all, where node.toml wants them; BadSettings if it says nothing."""
    at, section = home.doors(part), f"parts.{part}." if part else ""
    return Door(f"{section}http", api, at.http), Door(f"{section}ops", ops, at.ops)


async def listen(pool: Pool, on_append: Callable[[], None]) -> None:
    """Call `on_append` the moment anything is appended to the log; a connection that was lost is made again."""

    def notified(*_: object) -> None:
        on_append()

    while uncancelled():
        with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            async with pool.acquire() as connection:
                await connection.add_listener("log_appended", notified)
                try:
                    while uncancelled():
                        await asyncio.sleep(1)
                        await connection.execute("select 1")
                finally:
                    await connection.remove_listener("log_appended", notified)
        await asyncio.sleep(1)


async def keep(bus: Bus) -> None:
    """Start a service's end of the bus, again if its server is not there yet; stop it on cancellation."""
    try:
        while uncancelled():
            try:
                await bus.broker.start()
                break
            except Exception as error:  # noqa: BLE001  whatever keeps it down, the sweep works meanwhile
                telemetry.stumbled("bus", error)
                await asyncio.sleep(1)
        await asyncio.Event().wait()
    finally:
        with contextlib.suppress(Exception):
            async with asyncio.timeout(1):
                await bus.broker.stop()


class _Server(uvicorn.Server):
    """Uvicorn inside our task group: signals are the command line's business."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _keep_open(door: Door) -> None:
    """Serve until cancelled, then let the requests that have begun end."""
    config = uvicorn.Config(
        door.app,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=STOP_WITHIN_S,
        server_header=False,
        proxy_headers=False,  # whoever connects says who they are: nothing here rests on it
    )
    server = _Server(config)
    with _bound(door) as listening:
        serving = asyncio.create_task(server.serve([listening]))
        try:
            await asyncio.shield(serving)
        finally:
            server.should_exit = True
            await serving


def _bound(door: Door) -> socket.socket:
    """A listening socket. Left to bind it itself, uvicorn would end the process from inside a task, which hangs."""
    host, port = door.at.host, door.at.port
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError:
        raise BadSettings(f"node.toml: {door.name}: cannot listen there; is another node running?") from None
