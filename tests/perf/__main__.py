"""`make bench`: six figures, each beside the floor of the same run, and where our time goes."""

import argparse
import asyncio
import logging
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from services.cli.fsck import readers
from services.node import exporting
from tests.perf import figures, hotspots, pages, report
from tests.perf.figures import QUICK, Lags, Recovery, Sizes
from tests.perf.report import Figure
from tests.perf.sides import AUTHOR, Side, both


class Run:
    """One run of what passes between agencies; `tell` is given a line for each step."""

    def __init__(self, ours: Side, ground: Side, sizes: Sizes, tell: pages.Tell) -> None:
        self._sides = (ours, ground)
        self._ours = ours
        self._sizes = sizes
        self.tell = tell

    async def everything(self) -> pages.Found:
        """Measure."""
        for side in self._sides:
            await side.open_logs()
        self._ours.trio[AUTHOR].postgres.copy_database("rajut", "empty")
        found = [*await self._live(), *await self._outage()]
        profiles = await self._profiles()
        found += await self._history()
        sizes = [f"{await side.bytes_a_record()} bytes ({side.name})" for side in self._sides]
        return pages.Found(found, f"A record with its content: {', '.join(sizes)}.\n\n{profiles}")

    async def _live(self) -> list[Figure]:
        lags: list[list[Lags]] = []
        rates: list[list[float]] = []
        for side in self._sides:
            self.tell(f"latency and sustained rate, {side.name}")
            lag, rate = await figures.live(side, self._sizes)
            lags.append(lag)
            rates.append(rate)
        p50, p99 = ([[run[which] for run in runs] for runs in lags] for which in (0, 1))
        return [
            Figure("1 append → admitted at both partners, p50", "ms", p50[0], p50[1], 1.5),
            Figure("1 append → admitted at both partners, p99", "ms", p99[0], p99[1], 1.5),
            Figure("2 sustained, appended and admitted", "events/s", rates[0], rates[1], 0.6, more_is_better=True),
        ]

    async def _outage(self) -> list[Figure]:
        recoveries: list[Sequence[Recovery]] = []
        checks: list[Sequence[float]] = []
        for side in self._sides:
            self.tell(f"an outage of {self._sizes.outage} records, {side.name}")
            size = await figures.outage(side, self._sizes)
            self.tell(f"catching up, {side.name}")
            recoveries.append(await figures.catch_up(side, self._sizes, size))
            self.tell(f"fsck, {side.name}")
            checks.append(await figures.fsck(side, self._sizes))
        rates = [[run.rate for run in runs] for runs in recoveries]
        _, midway, end = zip(*(run.memory for run in recoveries[0]), strict=True)
        count = f"{self._sizes.outage:,}"
        return [
            Figure(f"3 catch-up of {count} records", "records/s", rates[0], rates[1], 0.6, more_is_better=True),
            Figure("3 memory at the end of it; beside it midway", "MiB", end, midway, 1.1),
            Figure(
                f"4 fsck, read by {readers() + 1} processes; the floor is one",
                "records/s",
                checks[0],
                checks[1],
                0.6,
                more_is_better=True,
            ),
        ]

    async def _profiles(self) -> str:
        self.tell("profiles")
        some = min(5_000, self._sizes.outage)
        appending = report.hotspots("Appending", await hotspots.appending(self._ours, self._sizes.appends * 3))
        checking = report.hotspots("fsck", await hotspots.checking(self._ours))
        catching_up = report.hotspots("Catching up", await hotspots.catching_up(self._ours, some))
        return f"{appending}\n{catching_up}\n{checking}"

    async def _history(self) -> list[Figure]:
        self.tell(f"a history of {self._sizes.long} records")
        costs = await figures.long_history(self._ours, self._sizes)
        label = f"5 append after {self._sizes.long:,} records; beside it after {self._sizes.short:,}"
        long, short = ({name: [run[which] for run in runs] for name, runs in costs.items()} for which in (1, 0))
        return [
            Figure(label, "ms", long["ours"], short["ours"], 1.1),
            Figure("5 the same for the floor's append", "ms", long["floor"], short["floor"]),
            Figure("5 append after the short history; beside it the floor's", "ms", short["ours"], short["floor"], 1.5),
        ]


def everything(root: Path, *, quick: bool, desk_alone: bool) -> str:
    """Measure; what was found, as Markdown."""
    machine, started = report.machine(), time.monotonic()

    def tell(what: str) -> None:
        sys.stderr.write(f"{time.monotonic() - started:6.1f} s  {what}\n")

    found = []
    if not desk_alone:
        with both(root) as (ours, ground):
            found.append(asyncio.run(Run(ours, ground, QUICK if quick else Sizes(), tell).everything()))
    found.append(asyncio.run(pages.measured(root / "year", pages.QUICK if quick else pages.Sizes(), tell)))
    tell("done")
    figures_ = [figure for part in found for figure in part.figures]
    return f"{machine}\n{report.table(figures_)}\n" + "\n".join(part.words for part in found)


def main() -> None:
    """Run, print, and unless it was a quick look write the figures into the documentation."""
    options = argparse.ArgumentParser(prog="make bench ARGS=", description=__doc__)
    options.add_argument("--quick", action="store_true", help="tiny sizes: shows that it runs, measures nothing")
    options.add_argument("--desk", action="store_true", help="the desk's pages alone; nothing is written")
    told = options.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    exporting.setup("bench", "")
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # warns of every closed TLS connection
    root = Path(tempfile.mkdtemp(prefix="rajut-bench-"))
    root.chmod(0o711)
    try:
        text = everything(root, quick=told.quick, desk_alone=told.desk)
    finally:
        shutil.rmtree(root, ignore_errors=True)
    sys.stdout.write(text)
    if not (told.quick or told.desk):
        report.write(text)


if __name__ == "__main__":
    main()
