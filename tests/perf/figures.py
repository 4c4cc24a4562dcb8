"""The five figures, each measured the same way on our side and on the floor's."""

import asyncio
import re
import statistics
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from services import cli, wiring
from services.node.sql import Connection
from tests.perf import floor
from tests.perf.preload import fill, invent
from tests.perf.sides import AUTHOR, OUT, THIRD, OurWriter, Side, Writer, owner

WRITERS = 8
MIB = 1024


class Sizes(NamedTuple):
    """How much to measure."""

    runs: int = 3
    spaced: int = 100  # events of one latency run
    pause_s: float = 0.04
    sustained: int = 1500
    outage: int = 50_000
    short: int = 1_000
    long: int = 1_000_000
    appends: int = 300


QUICK = Sizes(runs=1, spaced=5, pause_s=0.01, sustained=30, outage=300, short=100, long=1_000, appends=10)


class Lags(NamedTuple):
    """Milliseconds from append to admitted at both partners."""

    p50: float
    p99: float


class Recovery(NamedTuple):
    """One catch-up: records a second, and MiB resident at its start, in its middle and at its end."""

    rate: float
    memory: tuple[float, float, float]


async def latency(side: Side, sizes: Sizes) -> list[Lags]:
    """(1) One event at a time: from the start of its transaction until both partners have committed it."""
    async with (
        side.pool(AUTHOR, f"rajut_{'notify'}".removeprefix("rajut_")) as author,
        side.pool(OUT, "node") as one,
        side.pool(THIRD, "node") as other,
    ):
        writer = side.writer(side.home(AUTHOR))

        async def lag() -> float:
            started = perf_counter()
            async with author.acquire() as connection, connection.transaction():
                size = await writer.append(connection)
            await asyncio.gather(side.until_held(one, size), side.until_held(other, size))
            await asyncio.sleep(sizes.pause_s)
            return (perf_counter() - started - sizes.pause_s) * 1000

        await _warm(lag)
        return [_lags([await lag() for _ in range(sizes.spaced)]) for _ in range(sizes.runs)]


async def sustained(side: Side, sizes: Sizes) -> list[float]:
    """(2) Events a second, from the first append of many writers until both partners hold the last."""
    async with (
        side.pool(AUTHOR, "notify", WRITERS) as author,
        side.pool(OUT, "node") as one,
        side.pool(THIRD, "node") as other,
    ):
        writers = [side.writer(side.home(AUTHOR)) for _ in range(WRITERS)]
        rates = []
        for _ in range(sizes.runs):
            started = perf_counter()
            sizes_after = await asyncio.gather(*(_write(author, writer, sizes.sustained // WRITERS) for writer in writers))
            size = max(sizes_after)
            await asyncio.gather(side.until_held(one, size), side.until_held(other, size))
            rates.append(sizes.sustained // WRITERS * WRITERS / (perf_counter() - started))
        return rates


async def outage(side: Side, sizes: Sizes) -> int:
    """While both partners are out, say many records to them; the size of the log after it."""
    size = await fill(side, sizes.outage)
    with side.running(AUTHOR):
        await side.until_said(size)
    return size


async def catch_up(side: Side, sizes: Sizes, size: int) -> list[Recovery]:
    """(3) A partner comes back, again and again from the same database; it is left caught up."""
    postgres = side.trio[OUT].postgres
    postgres.copy_database("rajut", "before")
    found = []
    for _ in range(sizes.runs):
        postgres.drop_database("rajut")
        postgres.copy_database("before", "rajut")
        with side.running(OUT):
            async with side.pool(OUT, "node") as look:
                found.append(await _recover(side, look, size))
    return found


async def fsck(side: Side, sizes: Sizes) -> list[float]:
    """(4) Records verified a second, on the node that has caught up."""
    return [await _fsck(side) for _ in range(sizes.runs)]


async def long_history(side: Side, sizes: Sizes) -> dict[str, list[tuple[float, float]]]:
    """(5) Milliseconds an append with a short and with a long log, of ours and of the floor."""
    names = {"short": sizes.short, "long": sizes.long}
    for name, count in names.items():
        side.trio[AUTHOR].postgres.copy_database("empty", name)
        connection = await owner(side, AUTHOR, name)
        await invent(connection, count)
        await connection.close()
        side.trio[AUTHOR].postgres.sql("checkpoint;")
    connections = [await owner(side, AUTHOR, name, "rajut_notify") for name in names]
    writers: dict[str, Writer] = {
        "ours": OurWriter(side.home(AUTHOR)),
        "floor": FloorWriter(side.home(AUTHOR)),
    }
    costs: dict[str, list[tuple[float, float]]] = {
        name: [await _costs(connections, writer, sizes.appends) for _ in range(sizes.runs)]
        for name, writer in writers.items()
    }
    for connection in connections:
        await connection.close()
    return costs


async def _warm(work: Callable[[], Awaitable[float]], times: int = 20) -> None:
    for _ in range(times):
        await work()


async def _write(pool: object, writer: Writer, count: int) -> int:
    size = 0
    for _ in range(count):
        async with pool.acquire() as connection, connection.transaction():
            size = await writer.append(connection)
    return size


async def _recover(side: Side, look: object, size: int) -> Recovery:
    node, missing = side.node(OUT), size - await side.held(look)
    await side.until_held(look, size - missing + 1)
    first, started = await side.held(look), perf_counter()
    memory = [resident(node.pid)]
    await side.until_held(look, size - missing // 2)
    memory.append(resident(node.pid))
    await side.until_held(look, size)
    rate = (size - first) / (perf_counter() - started)
    return Recovery(rate, (memory[0], memory[1], resident(node.pid)))
