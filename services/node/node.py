"""One agency's node: builds its parts from a home directory and runs them together until told to stop."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import asyncpg
import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from contracts.delivery import Reader
from contracts.directory import Chain
from contracts.mechanism import LATEST
from services.node import cases, http, telemetry
from services.node.admit import Admission
from services.node.bus import Bus, Inbox
from services.node.clock import Clock, SystemClock
from services.node.database import Migration, pool
from services.node.duties import Duties
from services.node.health import Health
from services.node.keys import Keyring
from services.node.link import BACKFILL_EVERY_S, Link, every
from services.node.log import Log
from services.node.officers import Officers
from services.node.relay import Relay
from services.node.service import Desk, Plug
from services.node.settings import BadSettings, Home
from services.node.sql import Pool

SWEEP_EVERY_S = 2.0
DUTY_EVERY_S = 0.5
STOP_WITHIN_S = 3
Wire = Callable[[Desk], Plug]


class Node(NamedTuple):
    """The parts of a node, connected to its database, not yet running."""

    home: Home
    log: Log
    keyring: Keyring
    pools: Mapping[str, Pool]
    relay: Relay
    links: Sequence[Link]
    admission: Admission
    duties: Duties
    plugs: Sequence[Plug]
    inboxes: Mapping[str, Inbox]
    buses: Sequence[Bus]
    app: FastAPI


@contextlib.asynccontextmanager
async def opened(
    path: Path, wires: Mapping[str, Wire], steps: Sequence[Migration], clock: Clock | None = None
) -> AsyncIterator[Node]:
    """Build a node from its home; its database connections close on leaving.

    Raises BadSettings, OSError, ValueError or Rejected if settings, keys or directory cannot be used.
    """
    home, clock = Home(path), clock or SystemClock()
    settings = home.settings
    keyring = Keyring(path, settings.agency)
    chain = read_chain(path / "directory")
    log = Log(settings.log, keyring, chain, clock)
    async with contextlib.AsyncExitStack() as stack:
        pools = {role: await stack.enter_async_context(await pool(home, role)) for role in ("node", *wires)}
        yield _build(home, log, keyring, pools, wires, steps, clock)


def read_chain(folder: Path) -> Chain:
    """The directory chain in `N.json` files, from the digest pinned in `pin`."""
    first, *later = sorted(folder.glob("*.json"), key=lambda path: int(path.stem))
    chain = Chain(first.read_bytes(), pin=bytes.fromhex((folder / "pin").read_text().strip()))
    for path in later:
        chain.adopt(path.read_bytes())
    return chain


async def run(node: Node) -> None:
    """Serve until cancelled."""
    await node.duties.open_log()
    settings = node.home.settings
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_listen(node))
        tasks.create_task(node.relay.run())
        for link in node.links:
            tasks.create_task(link.run())
        for bus in node.buses:
            tasks.create_task(_keep(bus))
        for seconds, work in (
            (DUTY_EVERY_S, node.duties.answer_refused),
            (DUTY_EVERY_S, node.duties.release_clocks),
            (DUTY_EVERY_S, node.duties.adopt_directories),
            (BACKFILL_EVERY_S, node.duties.fill_gaps),
            (settings.acknowledge_s, node.duties.acknowledge),
            (settings.heartbeat_s, node.duties.heartbeat),
            *((SWEEP_EVERY_S, inbox.sweep) for inbox in node.inboxes.values()),
            *(timer for plug in node.plugs for timer in plug.timers),
        ):
            tasks.create_task(every(seconds, work))
        await _serve(node.app, settings.http.host, settings.http.port)


def _build(
    home: Home,
    log: Log,
    keyring: Keyring,
    pools: Mapping[str, Pool],
    wires: Mapping[str, Wire],
    steps: Sequence[Migration],
    clock: Clock,
) -> Node:
    settings = home.settings
    logs = log.chain.logs()
    linked = [partner for partner in settings.partners if partner.agency in logs]  # others left the directory
    partners = {partner.agency: logs[partner.agency] for partner in linked}
    officers = Officers(home.path / "officers.json", LATEST.agencies[settings.agency])
    admission = Admission(
        pools["node"], log.chain, Reader(settings.agency, keyring.sealing_key), keyring.storage, clock
    )
    links = [Link(settings.agency, p.agency, home.partner_server(p), pools["node"], admission) for p in linked]
    relay = Relay(log, keyring.storage, home.server("link"), pools["node"], partners)
    admission.on_admitted = relay.wake_pointers

    def desk(service: str) -> Desk:
        return Desk(service, settings.agency, settings, LATEST, log, pools[service], officers, clock, keyring.index)

    plugs = [wire(desk(name)) for name, wire in wires.items()]
    inboxes = {plug.name: Inbox(plug, pools[plug.name], log) for plug in plugs}
    relay.wanted = frozenset[str]().union(*(inbox.subjects for inbox in inboxes.values()))
    buses = [Bus(inbox, home.server(inbox.service)) for inbox in inboxes.values()]
    health = Health(pools["node"], home.server("link"), list(partners), steps, clock, settings.clock_bound_ms)
    app = _app(desk("node"), plugs, health)
    duties = Duties(pools["node"], log, admission, links, clock, home.path / "directory")
    return Node(home, log, keyring, pools, relay, links, admission, duties, plugs, inboxes, buses, app)


def _app(desk: Desk, plugs: Sequence[Plug], health: Health) -> FastAPI:
    app = FastAPI(
        title="Rajut",
        version="1",
        summary=f"The node of {desk.agency}",
        docs_url=None,
        redoc_url=None,
        # Its own spans and log records carry paths, queries and exception texts: whatever a caller put there.
        telemetry={"tracing": False, "logs": False, "auto_configure": False},
    )
    http.install(app)
    app.include_router(cases.router(desk))
    for plug in plugs:
        app.include_router(plug.router)

    @app.get("/health/live", include_in_schema=False)
    async def live() -> Response:
        return JSONResponse({"live": True})

    @app.get("/health/ready", include_in_schema=False)
    async def ready() -> Response:
        problems = await health.problems()
        return JSONResponse({"ready": not problems, "problems": problems}, 503 if problems else 200)

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    @app.middleware("http")
    async def traced(request: Request, call: Callable[[Request], "asyncio.Future[Response]"]) -> Response:
        with telemetry.span(request.method, request.headers.get("traceparent", "")) as work:
            answer = await call(request)
            # The route's pattern, never the path: a path may carry whatever a caller put there.
            work.update_name(f"{request.method} {getattr(request.scope.get('route'), 'path', 'no route')}")
            return answer

    return app


async def _listen(node: Node) -> None:
    """Wake the relay the moment anything is appended; its own look every second covers a lost connection."""

    def on_append(*_: object) -> None:
        node.relay.wake()

    while True:
        with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            async with node.pools["node"].acquire() as connection:
                await connection.add_listener("log_appended", on_append)
                try:
                    while True:
                        await asyncio.sleep(1)
                        await connection.execute("select 1")
                finally:
                    await connection.remove_listener("log_appended", on_append)
        await asyncio.sleep(1)


async def _keep(bus: Bus) -> None:
    """Start a service's end of the bus, again if its server is not there yet; stop it on cancellation."""
    try:
        while True:
            try:
                await bus.broker.start()
                break
            except Exception as error:  # noqa: BLE001  whatever keeps it down, the sweep works meanwhile
                telemetry.stumbled("bus", error)
                await asyncio.sleep(1)
        await asyncio.Event().wait()
    finally:
        with contextlib.suppress(Exception):
            await asyncio.wait_for(bus.broker.stop(), 1)


class _Server(uvicorn.Server):
    """Uvicorn inside our task group: signals are the command line's business."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _serve(app: FastAPI, host: str, port: int) -> None:
    """Serve until cancelled, then let the requests that have begun end. BadSettings if the port is taken."""
    config = uvicorn.Config(
        app, log_config=None, access_log=False, timeout_graceful_shutdown=STOP_WITHIN_S, server_header=False
    )
    server = _Server(config)
    with _bound(host, port) as door:
        serving = asyncio.create_task(server.serve([door]))
        try:
            await asyncio.shield(serving)
        finally:
            server.should_exit = True
            await serving


def _bound(host: str, port: int) -> socket.socket:
    """A listening socket. Left to bind it itself, uvicorn would end the process from inside a task, which hangs."""
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError:
        raise BadSettings("node.toml: http: cannot listen there; is another node running?") from None
