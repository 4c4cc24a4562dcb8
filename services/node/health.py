"""Whether this node may serve: every condition checked, all failures named, closed when in doubt.

A failure is a kind and what belongs to it: probes and logs get it as a line in English, pages say it in their language.
"""

import asyncio
import errno
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from services.node import telemetry
from services.node.broker import connected
from services.node.clock import Clock, RehearsalClock
from services.node.database import AWAY, Migration, pending
from services.node.log import SQL
from services.node.server import Server
from services.node.sql import Pool
from services.node.streams import Stream, consumer_differences, stream_differences
from services.node.vault import Vault

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nats.aio.client import Client


OWN_API = "$JS.API"  # where the node asks its JetStream; the services say API_PREFIX instead
DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "data_checksums": "on"}


TEXTS: Mapping[str, str] = MappingProxyType(
    {
        "unanswered": "{part}: {reason}",
        "migration": "database: migration {part} {number} is missing",
        "setting": "database: {name} is not {value}",
        "not_begun": "database: the log is not begun, the node's own part has never run",
        "behind": "log: restored from a backup, and behind what it has said; run `rajut node recover`",
        "clock": "clock: this machine and the database differ by more than the bound",
        "vault": (
            "vault: a key cannot be written there ({reason}), so nothing new can be taken; "
            "make room on its disk, and let the node write in vault/cases"
        ),
        "stream": "{place}: expected {expected}, found {found}",
    }
)


class Problem(NamedTuple):
    """Something that keeps a node from being ready; as text it is a line in English."""

    kind: str
    values: Mapping[str, str] = MappingProxyType({})

    def __str__(self) -> str:
        """The line."""
        return TEXTS[self.kind].format(**self.values)


class Missing(NamedTuple):
    """A piece of a log that others have not given us; as text it is a line."""

    kind: str
    log: str
    first: int
    last: int

    def __str__(self) -> str:
        """The line."""
        return f"{self.kind} {self.log} {self.first}-{self.last}"


class Health:
    """Readiness of one process, and of nobody else; keys that cannot be read stop it earlier, at start."""

    def __init__(
        self,
        pool: Pool,
        server: Server,
        streams: "Sequence[Stream]",
        steps: "Sequence[Migration]",
        clock: Clock,
        bound_ms: int,
        vault: Vault,
        api: str = OWN_API,
    ) -> None:
        """`server` is our own NATS, as this process's user; `bound_ms` is how far clocks may differ."""
        self._pool = pool
        self._server = server
        self._streams = streams
        self._steps = steps
        self._clock = clock
        self._bound_ms = bound_ms
        self._vault = vault
        self._api = api
        self.expiring: Callable[[], Sequence[str]] = list  # a line for every key that people should replace soon

    async def look(self) -> None:
        """Tell the metrics whether we are ready."""
        telemetry.show("health", [telemetry.Reading("rajut.ready", float(not await self.problems()))])

    async def problems(self) -> list[Problem]:
        """Everything that keeps us from being ready; empty if nothing does."""
        found: list[Problem] = []
        for check in (self._database, self._broker, self._keys_of_cases):
            try:
                found += await check()
            except Exception as error:  # noqa: BLE001  an unknown failure is a reason not to be ready, too
                values = {"part": check.__name__.strip("_"), "reason": telemetry.reason(error)}
                found.append(Problem("unanswered", values))
        return found

    async def missing(self) -> list[Missing]:
        """Everything that others have not given us, the newest first: no reason not to be ready."""
        try:
            rows = await self._pool.fetch(SQL["missing_now"])
        except AWAY:
            return []  # `problems` says so
        return [Missing(row["kind"], row["log"], row["from_seq"], row["to_seq"]) for row in rows]

    async def _database(self) -> list[Problem]:
        applied = await self._pool.fetch("select part, number, checksum from public.migration")
        found = [_unapplied(step) for step in pending(self._steps, applied)]
        for name, value in DURABLE.items():
            if await self._pool.fetchval("select current_setting($1)", name) != value:
                found.append(Problem("setting", {"name": name, "value": value}))
        if not await self._pool.fetchval("select exists (select from log.head where own)"):
            found.append(Problem("not_begun"))
        if await self._pool.fetchval(SQL["is_behind"]):
            found.append(Problem("behind"))
        theirs = await self._pool.fetchval("select (extract(epoch from clock_timestamp()) * 1000)::bigint")
        if not isinstance(self._clock, RehearsalClock) and abs(theirs - self._clock.now_ms()) > self._bound_ms:
            found.append(Problem("clock"))
        return found

    async def _keys_of_cases(self) -> list[Problem]:
        try:
            await asyncio.to_thread(self._vault.check_writable)
        except OSError as error:
            reason = errno.errorcode.get(error.errno or 0, telemetry.reason(error))
            return [Problem("vault", {"reason": reason})]
        return []

    async def _broker(self) -> list[Problem]:
        found: list[str] = []
        async with connected(self._server) as client:
            for stream in self._streams:
                info = await self._ask(client, f"STREAM.INFO.{stream.name}")
                found += stream_differences(stream, info.get("config", {}))
                for consumer in stream.consumers:
                    info = await self._ask(client, f"CONSUMER.INFO.{stream.name}.{consumer.name}")
                    found += consumer_differences(consumer, info.get("config", {}))
        return [_unlike(difference) for difference in found]

    async def _ask(self, client: "Client", path: str) -> dict[str, dict[str, object]]:
        message = await client.request(f"{self._api}.{path}", b"", timeout=2)
        answer: dict[str, dict[str, object]] = json.loads(message.data)
        return answer


def _unapplied(step: Migration) -> Problem:
    return Problem("migration", {"part": step.part, "number": str(step.number)})


def _unlike(difference: str) -> Problem:
    place, _, told = difference.partition(": expected ")
    expected, _, found = told.partition(", found ")
    return Problem("stream", {"place": place, "expected": expected, "found": found})
