"""(6) What a page of the desk costs with a year behind it, from the request to the last byte, over HTTP.

The year is that of `services.cli.year`, at its rates, played through a node that runs: every record is signed, and
every row of a read model is written by its handler. One agency takes all reports; its partners mirror, acknowledge and
cosign each record and read none of them, so that a year lasts minutes and not hours. Then the partners' nodes are
stopped, and an officer asks for page after page. `tests.perf.floor_pages` reads the same rows and writes as many bytes.
"""

import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any, NamedTuple

import httpx2

from deploy.dev import cast
from deploy.dev.mailbox import Mailbox
from deploy.dev.ports import free_port
from deploy.dev.process import Process
from deploy.dev.runner import AgencyProcesses, ThreeNodes
from deploy.dev.trio import migrate
from deploy.dev.year import DAY_MS, found
from services import wiring
from services.cli.year.play import Year, play
from services.node.database import pool
from services.node.settings import Home
from tests.perf import hotspots, report
from tests.perf.report import Figure

AGENCY, OFFICER = "lpsk", "lpsk-darurat"
PAUSE_S = 0.05
SEED = 1
WARM_UP = 10
MOST_MS = 100
READY_S = 20.0
PATHS = {"queue": "/desk/?whose=unit", "case": "/desk/cases/{case}", "timeline": "/desk/cases/{case}/timeline"}
_PROJECT = Path(__file__).parents[2]
_OPEN = (
    "select count(*) from triage.work_item where done_at is null",
    "select count(*) from notify.notice where acknowledged_at is null",
)
_CASES = "select case_id, count(*) as events from log.event where case_id is not null group by case_id"
Tell = Callable[[str], None]


class Sizes(NamedTuple):
    """How much of a year, and how often each page is asked for in each run."""

    cases: int = 200
    days: int = 365
    runs: int = 3
    looks: int = 200


QUICK = Sizes(cases=3, days=10, runs=1, looks=6)


class Answered(NamedTuple):
    """One page: milliseconds from request to last byte, and its size."""

    ms: float
    size: int


class Found(NamedTuple):
    """What was measured, and how much there was to show, as Markdown."""

    figures: Sequence[Figure]
    words: str


async def measured(root: Path, sizes: Sizes, tell: Tell) -> Found:
    """Play the year, then ask for every page on both sides, in turn."""
    async with year_behind(root, sizes, tell) as agency:
        volume, cases = await _held(agency.home)
        tell("pages, ours")
        async with entered(agency.home, base_url=f"http://127.0.0.1:{agency.ports.http}") as officer:
            ours = {page: await _runs(officer, page, cases, sizes) for page in PATHS}
        tell("pages, floor")
        with floor(agency.home) as url:
            async with httpx2.AsyncClient(base_url=url, timeout=60) as nobody:
                ground = {page: await _runs(nobody, page, cases, sizes, ours[page][0]) for page in PATHS}
        tell("pages, where the time goes")
        async with wiring.node(agency.home, beside=True) as node:
            visits = [path for page in PATHS for path in _visits(page, cases, sizes.looks)]
            inside = httpx2.ASGITransport(app=node.app)
            async with entered(agency.home, transport=inside, base_url="http://127.0.0.1") as officer:
                profile = report.hotspots("Pages", await hotspots.showing(officer, visits))
    return Found([one for page in PATHS for one in _figures(page, ours[page], ground[page])], f"{volume}\n{profile}")


@asynccontextmanager
async def year_behind(root: Path, sizes: Sizes, tell: Tell) -> AsyncIterator[AgencyProcesses]:
    """An agency after a year in which it took every report; RuntimeError if its desk refused an act of it."""
    _set_back(root, sizes.days)
    with Mailbox() as mail, ThreeNodes(root, ceremony=found, migrate=migrate, mail_port=mail.port) as nodes:
        tell(f"a year of {sizes.cases} cases")
        played = await play([nodes.homes[AGENCY]], Year(sizes.cases, SEED, sizes.days, PAUSE_S), lambda _: None)
        if played.refused:
            raise RuntimeError(f"refused: {played.refused}")
        for partner in nodes.agencies.keys() - {AGENCY}:
            nodes[partner].stop("node")
        nodes[AGENCY].postgres.sql("vacuum analyze;", database="rajut")
        yield nodes[AGENCY]


@asynccontextmanager
async def entered(home: Path, **client: Any) -> AsyncIterator[httpx2.AsyncClient]:
    """A browser without its pages, in which an officer is logged in; `client` says how it reaches the desk."""
    async with httpx2.AsyncClient(timeout=60, **client) as browser:
        typed = {"officer": OFFICER, "token": cast.token(home, OFFICER), "to": "/desk"}
        answer = await browser.post("/desk/login", data=typed)
        if not answer.has_redirect_location:
            raise RuntimeError(f"login: {answer.status_code}")
        yield browser


@contextmanager
def floor(home: Path) -> Iterator[str]:
    """The floor's process beside an agency's database; where it listens."""
    port = free_port()
    command: list[str | Path] = [sys.executable, "-m", "tests.perf.floor_pages", home, str(port)]
    process = Process("floor:pages", command, home / "floor.log", folder=_PROJECT)
    url = f"http://127.0.0.1:{port}"
    try:
        process.start()
        process.wait_until(lambda: _answers(url), within_s=READY_S)
        yield url
    finally:
        process.stop()


def _set_back(root: Path, days: int) -> None:
    """So many days lie before the homes that will be in this folder."""
    root.mkdir(mode=0o711)
    (root / "behind").write_text(str(days * DAY_MS), encoding="ascii")


async def _held(home: Path) -> tuple[str, Sequence[str]]:
    """How much there is to show, in words; and the cases."""
    async with await pool(Home(home), "owner") as look:
        work, calls = [await look.fetchval(query) for query in _OPEN]
        rows = await look.fetch(_CASES)
    events = sorted(row["events"] for row in rows)
    words = (
        f"The desk of figure 6 holds {len(events):,} cases with {sum(events):,} events: {median(events):.0f} in the "
        f"median one, {events[-1]:,} in the longest. {work:,} pieces of work and {calls:,} notices wait.\n"
    )
    return words, sorted(row["case_id"] for row in rows)


async def _runs(
    client: httpx2.AsyncClient, page: str, cases: Sequence[str], sizes: Sizes, like: Sequence[Answered] = ()
) -> list[list[Answered]]:
    """Each run asks for the same pages; what they should be like is told to the floor alone."""
    visits = _visits(page, cases, sizes.looks)
    if like:
        named = (cases[number % len(cases)] for number in range(sizes.looks))
        visits = [f"/{page}?case={case}&size={one.size}" for case, one in zip(named, like, strict=True)]
    for visit in visits[:WARM_UP]:
        await _ask(client, visit)
    return [[await _ask(client, visit) for visit in visits] for _ in range(sizes.runs)]


def _visits(page: str, cases: Sequence[str], looks: int) -> list[str]:
    """As many paths of a page, of one case after the other."""
    return [PATHS[page].format(case=cases[number % len(cases)]) for number in range(looks)]


async def _ask(client: httpx2.AsyncClient, path: str) -> Answered:
    started = time.perf_counter()
    answer = await client.get(path)
    ms = (time.perf_counter() - started) * 1000
    if answer.status_code != httpx2.codes.OK:
        raise RuntimeError(f"{answer.status_code} for a page")
    return Answered(ms, len(answer.content))


def _figures(page: str, ours: Sequence[Sequence[Answered]], ground: Sequence[Sequence[Answered]]) -> Iterator[Figure]:
    size = median(one.size for one in ours[0]) / 1000
    for name, at in (("p50", 50), ("p95", 95)):
        sides = [[_percentile(run, at) for run in side] for side in (ours, ground)]
        yield Figure(f"6 {page} page ({size:.0f} kB), {name}", "ms", sides[0], sides[1], MOST_MS, absolute=True)


def _percentile(run: Sequence[Answered], at: int) -> float:
    return quantiles([one.ms for one in run], n=100, method="inclusive")[at - 1]


def _answers(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/ready").is_success
    except httpx2.HTTPError:
        return False
