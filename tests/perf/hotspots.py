"""Where our node's time goes: cProfile around appends, a catch-up, fsck and pages, all in this process.

Threads are played by the event loop's own thread, so that one profile holds everything. cProfile charges
Python functions more than native ones; the table tells what to look at, not what it costs.
"""

import asyncio
import cProfile
import pstats
import re
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import httpx2

from services import wiring
from services.cli.fsck import verify
from services.node.link import Link
from services.node.node import Node
from tests.perf.figures import set_back
from tests.perf.sides import AUTHOR, OUT, SERVICE, OurWriter, Side

_PROJECT = Path(__file__).parents[2]
TOP = 15
GROUPS = (
    ("waiting", r"epoll|select\.py|time\.sleep"),
    ("pages", r"jinja2|markupsafe|/web/|templates|<template>|/panels?|\.html|starlette|fastapi|httpx2"),
    ("database", r"asyncpg|store\.py|/sql/|unnest"),
    ("NATS", r"/nats/|nkeys|pull\.py|/link\.py|relay\.py|_ssl|sslproto|faststream|socket"),
    (
        "crypto",
        r"nacl|_cffi|cryptography|hpke|chacha|sha256|hash|hmac|sealing|signing|merkle|crypto_|hazmat|token_bytes",
    ),
    (
        "parsing",
        r"json|canonical|record\.py|content\.py|encoding|base64|binascii|events/|pydantic|hlc|re\.|Pattern|unicode|isascii",
    ),
    (
        "decide",
        r"(admission|case|writing|admit|log|fsck|reading|walk|check|state|timeline)\.py|workflow/|promises|mechanism",
    ),
)


class Line(NamedTuple):
    """One function: its own seconds and calls."""

    seconds: float
    calls: int
    group: str
    name: str


class Hotspots(NamedTuple):
    """Own time by group and the heaviest functions; waiting is left out."""

    groups: dict[str, float]
    lines: list[Line]


class _Here(ThreadPoolExecutor):
    """Runs what it is given at once, in the calling thread."""

    def submit(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        done: Future[Any] = Future()
        done.set_result(work(*args, **kwargs))
        return done


async def appending(side: Side, count: int) -> Hotspots:
    """Appends, one after the other."""
    writer = OurWriter(side.home(AUTHOR))

    async def work() -> None:
        for _ in range(count):
            async with pool.acquire() as connection, connection.transaction():
                await writer.append(connection)

    async with side.pool(AUTHOR, SERVICE) as pool:
        return await _profiled(work)


async def checking(side: Side) -> Hotspots:
    """One `fsck` of the partner that has caught up, all of it in this process."""
    home = side.home(OUT)

    async with wiring.node(home) as built:

        async def work() -> None:
            await verify(home, built, beside=0)

        return await _profiled(work)


async def showing(officer: httpx2.AsyncClient, paths: Sequence[str]) -> Hotspots:
    """Pages of a desk in this process, one after the other, after one that fills its caches."""

    async def work() -> None:
        for path in paths:
            (await officer.get(path)).raise_for_status()

    (await officer.get(paths[0])).raise_for_status()
    return await _profiled(work)


async def catching_up(side: Side, count: int) -> Hotspots:
    """The author's link at the partner that was out, for the first `count` records; nothing else of its node runs."""
    set_back(side)
    async with wiring.node(side.home(OUT)) as built:
        target = await side.held(built.pools["node"]) + count
        return await _profiled(lambda: _follow(side, built, target))


async def _follow(side: Side, built: Node, target: int) -> None:
    link: Link = next(link for link in built.links if link.partner == AUTHOR)
    following = asyncio.create_task(link.run())
    while await side.held(built.pools["node"]) < target:  # noqa: ASYNC110  the database has no event for it
        await asyncio.sleep(0.05)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)


async def _profiled(work: Callable[[], Awaitable[None]]) -> Hotspots:
    asyncio.get_running_loop().set_default_executor(_Here())
    profile = cProfile.Profile()
    profile.enable()
    await work()
    profile.disable()
    stats: Any = pstats.Stats(profile)
    lines = [_line(place, numbers) for place, numbers in stats.stats.items()]
    busy = sorted((line for line in lines if line.group != "waiting"), reverse=True)
    groups: dict[str, float] = {}
    for line in busy:
        groups[line.group] = groups.get(line.group, 0.0) + line.seconds
    return Hotspots(dict(sorted(groups.items(), key=lambda item: -item[1])), busy[:TOP])


def _line(place: tuple[str, int, str], numbers: tuple[int, int, float, float, object]) -> Line:
    file, number, function = place
    ours = file.removeprefix(f"{_PROJECT}/")
    short = re.sub(r"^.*/(?:site-packages|python3\.\d+)/", "", ours)
    name = function if file == "~" else f"{short}:{number} {function}"
    group = next((group for group, form in GROUPS if re.search(form, f"{file} {function}")), "other")
    return Line(numbers[2], numbers[1], group, name)
