"""The two sides of the comparison: three agencies with our nodes, and three with the floor's.

Both have servers, settings and tables of their own, made by the same runner. The benchmark itself is the
load generator and the observer: it appends at one agency over its own database connections and looks at
the partners' heads, the same way on both sides.
"""

import asyncio
import contextlib
import secrets
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import asyncpg
from nats.js.manager import JetStreamManager

from contracts.content import Actor, case_name
from contracts.encoding import b64
from contracts.events.notify import NoticeSent
from contracts.hlc import instant
from deploy.dev import cast, ceremony
from deploy.dev.process import Process
from deploy.dev.runner import ThreeNodes
from deploy.dev.trio import migrate
from deploy.nats.client import connect
from services import wiring
from services.node.clock import SystemClock
from services.node.database import pool
from services.node.directories import read_chain
from services.node.keys import Keyring
from services.node.log import SQL, Log
from services.node.settings import Home
from services.node.sql import Connection, Pool
from services.node.streams import stream_to, subject_to
from services.node.writing import Draft, Timeline
from tests.perf import floor
from tests.perf.floor import EVENTS_A_CASE

AUTHOR, OUT, THIRD = "lpsk", "komnas-ham", "komnas-perempuan"  # OUT is the one that has the outage
SERVICE = "notify"  # nobody handles its `notice.sent`: what is measured is the way, not a handler
LOOK_S = 0.001
PATIENCE_S = 300.0
ACTOR = Actor("system", "rajut")
_PROJECT = Path(__file__).parents[2]


class Writer(Protocol):
    """One author of events; each `append` is one committed transaction."""

    async def append(self, connection: Connection) -> int:
        """Append one event in the caller's transaction; the size of the log after it."""
        ...


class OurWriter:
    """Writes case after case of a few events through `services.node.log`."""

    def __init__(self, path: Path) -> None:
        """For the agency of a home."""
        home = Home(path)
        chain = read_chain(path / "directory")
        self.log = Log(home.settings.log, Keyring(path, home.settings.agency), chain, SystemClock())
        self._timeline = new_case(self.log.log)

    async def append(self, connection: Connection) -> int:
        """See `Writer`."""
        if len(self._timeline.events) == EVENTS_A_CASE:
            self._timeline = new_case(self.log.log)
        draft = new_draft(tuple(sorted(self.log.chain.logs())))
        self._timeline = await self.log.append(connection, SERVICE, self._timeline, [draft])
        return self._timeline.events[-1].seq + 1


class FloorWriter:
    """Writes what the floor writes."""

    def __init__(self, path: Path) -> None:
        """For the agency of a home."""
        self._own = floor.Identity(path)

    async def append(self, connection: Connection) -> int:
        """See `Writer`."""
        return await floor.append(connection, self._own)


class Side:
    """Three agencies, all servers running, with either kind of node."""

    def __init__(self, name: str, root: Path, command: Sequence[str], writer: type[OurWriter | FloorWriter]) -> None:
        self.name = name
        self.trio = ThreeNodes(root / name, ceremony=_found, migrate=migrate)
        self.writer = writer
        self._log = Home(self.home(AUTHOR)).settings.log
        self._nodes = {
            agency: Process(
                f"{name}:{agency}", [sys.executable, "-m", *command, home], home / "node.log", folder=_PROJECT
            )
            for agency, home in self.trio.homes.items()
        }

    def home(self, agency: str) -> Path:
        """An agency's home directory."""
        return self.trio.homes[agency]

    def node(self, agency: str) -> Process:
        """An agency's node."""
        return self._nodes[agency]

    @contextlib.contextmanager
    def running(self, *agencies: str) -> Iterator[None]:
        """With the nodes of some agencies, or of all."""
        chosen = [self._nodes[agency] for agency in agencies or self._nodes]
        try:
            for node in chosen:
                node.start()
            yield
        finally:
            for node in chosen:
                node.stop()

    @contextlib.asynccontextmanager
    async def pool(self, agency: str, role: str, size: int = 1) -> AsyncIterator[Pool]:
        """Connections to an agency's database."""
        made = await pool(Home(self.home(agency)), role, size=size)
        try:
            yield made
        finally:
            await made.close()

    async def open_logs(self) -> None:
        """Give every database its heads, as a node does at its first start."""
        for home in self.trio.homes.values():
            async with wiring.node(home) as built:
                for agency, log in built.log.chain.logs().items():
                    own = agency == built.log.agency
                    await built.pools["node"].execute(SQL["add_head"], log, own, built.log.chain.opened_by(log))

    async def held(self, pool_: Pool) -> int:
        """How much of the author's log a node holds."""
        size = await pool_.fetchval(SQL["size"], self._log)
        return int(size)

    async def until_held(self, pool_: Pool, size: int) -> None:
        """Wait until a node holds so much of the author's log; TimeoutError if it never does."""
        async with asyncio.timeout(PATIENCE_S):
            while await self.held(pool_) < size:  # noqa: ASYNC110  the database has no event for it
                await asyncio.sleep(LOOK_S)

    async def until_said(self, size: int) -> None:
        """Wait until the author's node has said so much of its log to its partners."""
        client = await connect(self.home(AUTHOR), "admin")
        async with asyncio.timeout(PATIENCE_S):
            for partner in (OUT, THIRD):
                await _until_full(client.jsm(), partner, size)
        await client.close()

    async def bytes_a_record(self) -> int:
        """Mean size of a record with its content, at the author."""
        query = "select avg(length(jws) + coalesce(length(blob), 0)) from log.record left join log.content using (id)"
        async with self.pool(AUTHOR, "node") as look:
            mean = float(await look.fetchval(query))
        return round(mean)


async def owner(side: Side, agency: str, database: str = "rajut", role: str = "rajut_owner") -> Connection:
    """A connection to one of an agency's databases as a role, the owner unless told otherwise."""
    password = Home(side.home(agency)).secret(f"secrets/pg-{role}")
    address = side.trio[agency].postgres.dsn(role, password, database)
    made: Connection = await asyncpg.connect(address, server_settings={"search_path": "log"})
    return made


@contextlib.contextmanager
def both(root: Path) -> Iterator[tuple[Side, Side]]:
    """Our side and the floor's, servers running, nodes not."""
    ours = Side("ours", root, ["services.cli", "node", "run"], OurWriter)
    ground = Side("floor", root, ["tests.perf.floor_node"], FloorWriter)
    try:
        for side in (ours, ground):
            side.trio.start_servers()
        yield ours, ground
    finally:
        for side in (ours, ground):
            side.trio.stop_all()


def new_case(log: str) -> Timeline:
    """A case without events, opened by a log."""
    key = secrets.token_bytes(32)
    return Timeline(case_name(key, log), key)


def new_draft(agencies: tuple[str, ...]) -> Draft:
    """One more event of a case, for all agencies."""
    now = instant(SystemClock().now_ms())
    about = b64(secrets.token_bytes(32))
    body = NoticeSent(about=about, role="komisioner_piket", step=0, channel="email", respond_by=now)
    return Draft(body, agencies, ACTOR, now)


async def _until_full(streams: JetStreamManager, partner: str, messages: int) -> None:
    while await _records(streams, partner) < messages:  # noqa: ASYNC110  nor has the stream
        await asyncio.sleep(0.2)


async def _records(streams: JetStreamManager, partner: str) -> int:
    """How many records a partner's stream holds; what is said about logs lies between them."""
    info = await streams.stream_info(stream_to(partner), subjects_filter=subject_to(partner))
    return (info.state.subjects or {}).get(subject_to(partner), 0)


def _found(homes: Mapping[str, Path]) -> None:
    ceremony.found(homes)
    cast.seat(homes)
