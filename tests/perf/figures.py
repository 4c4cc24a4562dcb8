"""The five figures, each measured the same way on our side and on the floor's."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import NamedTuple

from services import wiring
from services.cli.fsck import verify
from services.node.sql import Connection, Pool
from tests.perf import floor
from tests.perf.preload import fill, invent
from tests.perf.sides import AUTHOR, OUT, SERVICE, THIRD, FloorWriter, OurWriter, Side, Writer, owner

WRITERS = 8
WARM_UP = 20


class Sizes(NamedTuple):
    """How much to measure."""

    runs: int = 3
    spaced: int = 400  # events of one latency run: the p99 is the fourth slowest
    pause_s: float = 0.04
    sustained: int = 1_600
    outage: int = 50_000
    short: int = 1_000
    long: int = 1_000_000
    appends: int = 300


QUICK = Sizes(runs=1, spaced=5, pause_s=0.01, sustained=40, outage=600, short=100, long=1_000, appends=10)


class Lags(NamedTuple):
    """Milliseconds from append to admitted at both partners."""

    p50: float
    p99: float


class Recovery(NamedTuple):
    """One catch-up: records a second, and MiB that the node held in memory early, midway and at the end."""

    rate: float
    memory: tuple[float, float, float]


class Costs(NamedTuple):
    """Milliseconds an append, with a short and with a long log."""

    short: float
    long: float


class Bench:
    """One side under load: connections to the author and to both partners."""

    def __init__(self, side: Side, author: Pool, partners: Sequence[Pool]) -> None:
        self._side = side
        self._author = author
        self._partners = partners

    async def latency(self, sizes: Sizes) -> list[Lags]:
        """(1) One event at a time: from the start of its transaction until both partners have committed it."""
        writer = self._side.writer(self._side.home(AUTHOR))
        for _ in range(WARM_UP):
            await self._lag(writer)
        return [await self._lags(writer, sizes) for _ in range(sizes.runs)]

    async def sustained(self, sizes: Sizes) -> list[float]:
        """(2) Events a second, from the first append of many writers until both partners hold the last."""
        writers = [self._side.writer(self._side.home(AUTHOR)) for _ in range(WRITERS)]
        return [await self._rate(writers, sizes.sustained // WRITERS) for _ in range(sizes.runs)]

    async def _lags(self, writer: Writer, sizes: Sizes) -> Lags:
        lags = []
        for _ in range(sizes.spaced):
            lags.append(await self._lag(writer))
            await asyncio.sleep(sizes.pause_s)
        return Lags(median(lags), quantiles(lags, n=100, method="inclusive")[-1])

    async def _lag(self, writer: Writer) -> float:
        started = perf_counter()
        await self._arrived(await self._write(writer, 1))
        return (perf_counter() - started) * 1000

    async def _rate(self, writers: Sequence[Writer], each: int) -> float:
        started = perf_counter()
        await self._arrived(max(await asyncio.gather(*(self._write(writer, each) for writer in writers))))
        return len(writers) * each / (perf_counter() - started)

    async def _write(self, writer: Writer, count: int) -> int:
        size = 0
        for _ in range(count):
            async with self._author.acquire() as connection, connection.transaction():
                size = await writer.append(connection)
        return size

    async def _arrived(self, size: int) -> None:
        await asyncio.gather(*(self._side.until_held(partner, size) for partner in self._partners))


async def live(side: Side, sizes: Sizes) -> tuple[list[Lags], list[float]]:
    """(1) and (2), with all nodes running."""
    with side.running():
        async with (
            side.pool(AUTHOR, SERVICE, WRITERS) as author,
            side.pool(OUT, "node") as one,
            side.pool(THIRD, "node") as other,
        ):
            bench = Bench(side, author, (one, other))
            return await bench.latency(sizes), await bench.sustained(sizes)


async def outage(side: Side, sizes: Sizes) -> int:
    """While both partners are out, say many records to them; the size of the log after it."""
    size = await fill(side, sizes.outage)
    with side.running(AUTHOR):
        await side.until_said(size)
    side.trio[OUT].postgres.copy_database("rajut", "before")
    return size


async def catch_up(side: Side, sizes: Sizes, size: int) -> list[Recovery]:
    """(3) A partner comes back, again and again from the same database; it is left caught up."""
    found = []
    for _ in range(sizes.runs):
        set_back(side)
        with side.running(OUT):
            async with side.pool(OUT, "node") as look:
                found.append(await _recover(side, look, size))
    return found


async def fsck(side: Side, sizes: Sizes) -> list[float]:
    """(4) Records verified a second, on the node that has caught up."""
    return [await _fsck(side) for _ in range(sizes.runs)]


async def long_history(side: Side, sizes: Sizes) -> Mapping[str, Sequence[Costs]]:
    """(5) What an append costs our node and the floor, in turn with a short and with a long log."""
    connections = [await _with_history(side, "short", sizes.short), await _with_history(side, "long", sizes.long)]
    ours, cases = OurWriter(side.home(AUTHOR)), range(sizes.long // floor.EVENTS_A_CASE)
    ours.log._keyring.vault.prepare(f"{number:026d}" for number in cases)
    writers: Mapping[str, Writer] = {"ours": ours, "floor": FloorWriter(side.home(AUTHOR))}
    for writer in writers.values():
        await _costs(connections, writer, WARM_UP)
    costs = {
        name: [await _costs(connections, writer, sizes.appends) for _ in range(sizes.runs)]
        for name, writer in writers.items()
    }
    for connection in connections:
        await connection.close()
    return costs


def set_back(side: Side) -> None:
    """Give the partner that was out its database as it was before it came back."""
    postgres = side.trio[OUT].postgres
    postgres.drop_database("rajut")
    postgres.copy_database("before", "rajut")


async def _recover(side: Side, look: Pool, size: int) -> Recovery:
    found = await side.held(look)
    await side.until_held(look, found + 1)
    first, started = await side.held(look), perf_counter()
    early = _resident(side)
    await side.until_held(look, (found + size) // 2)
    midway = _resident(side)
    await side.until_held(look, size)
    return Recovery((size - first) / (perf_counter() - started), (early, midway, _resident(side)))


def _resident(side: Side) -> float:
    """MiB that the node of the returning partner holds in memory."""
    status = Path(f"/proc/{side.node(OUT).pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0


async def _fsck(side: Side) -> float:
    if side.writer is OurWriter:
        home = side.home(OUT)
        async with wiring.node(home) as built:
            started = perf_counter()
            report = await verify(home, built)
        if report.findings:
            raise RuntimeError(f"fsck: {report.findings[:3]}")
        return report.records / (perf_counter() - started)
    started = perf_counter()
    connection = await owner(side, OUT)
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        records = await floor.fsck(connection, floor.Identity(side.home(OUT)))
    rate = records / (perf_counter() - started)
    await connection.close()
    return rate


async def _with_history(side: Side, name: str, count: int) -> Connection:
    postgres = side.trio[AUTHOR].postgres
    postgres.copy_database("empty", name)
    connection = await owner(side, AUTHOR, name)
    await invent(connection, count)
    await connection.close()
    postgres.sql("checkpoint;")
    return await owner(side, AUTHOR, name, f"rajut_{SERVICE}")


async def _costs(connections: Sequence[Connection], writer: Writer, count: int) -> Costs:
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(count):
        for connection, spent in zip(connections, times, strict=True):
            started = perf_counter()
            async with connection.transaction():
                await writer.append(connection)
            spent.append((perf_counter() - started) * 1000)
    return Costs(median(times[0]), median(times[1]))
