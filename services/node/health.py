"""Whether this node may serve: every condition checked, all failures named, closed when in doubt."""

import json
from typing import TYPE_CHECKING

from services.node import telemetry
from services.node.broker import Server, connected
from services.node.clock import Clock
from services.node.database import Migration, pending
from services.node.sql import Pool
from services.node.streams import consumer_differences, expected_streams, stream_differences

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nats.aio.client import Client


DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "data_checksums": "on"}


class Health:
    """Readiness of one node; keys that cannot be read stop it earlier, at start."""

    def __init__(
        self,
        pool: Pool,
        server: Server,
        partners: "Sequence[str]",
        steps: "Sequence[Migration]",
        clock: Clock,
        bound_ms: int,
    ) -> None:
        """`server` is our own NATS, as the link's user; `bound_ms` is how far clocks may differ."""
        self._pool = pool
        self._server = server
        self._streams = expected_streams(partners)
        self._steps = steps
        self._clock = clock
        self._bound_ms = bound_ms

    async def problems(self) -> list[str]:
        """One line for everything that keeps us from being ready; empty if nothing does."""
        found: list[str] = []
        for check in (self._database, self._broker):
            try:
                found += await check()
            except Exception as error:  # noqa: BLE001  an unknown failure is a reason not to be ready, too
                found.append(f"{check.__name__.strip('_')}: {telemetry.reason(error)}")
        return found

    async def _database(self) -> list[str]:
        applied = await self._pool.fetch("select part, number, checksum from public.migration")
        found = [f"database: migration {step.part} {step.number} is missing" for step in pending(self._steps, applied)]
        for name, value in DURABLE.items():
            if await self._pool.fetchval("select current_setting($1)", name) != value:
                found.append(f"database: {name} is not {value}")
        theirs = await self._pool.fetchval("select (extract(epoch from clock_timestamp()) * 1000)::bigint")
        if abs(theirs - self._clock.now_ms()) > self._bound_ms:
            found.append("clock: this machine and the database differ by more than the bound")
        return found

    async def _broker(self) -> list[str]:
        found: list[str] = []
        async with connected(self._server) as client:
            for stream in self._streams:
                info = await _ask(client, f"STREAM.INFO.{stream.name}")
                found += stream_differences(stream, info.get("config", {}))
                for consumer in stream.consumers:
                    info = await _ask(client, f"CONSUMER.INFO.{stream.name}.{consumer.name}")
                    found += consumer_differences(consumer, info.get("config", {}))
        return found


async def _ask(client: "Client", path: str) -> dict[str, dict[str, object]]:
    answer: dict[str, dict[str, object]] = json.loads((await client.request(f"$JS.API.{path}", b"", timeout=2)).data)
    return answer
