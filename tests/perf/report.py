"""The honest table: each figure beside the floor's of the same run, the ratio, and the aim."""

import os
import platform
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from tests.perf.hotspots import Hotspots

PAGE = Path(__file__).parents[2] / "docs" / "performance.md"
BEGIN, END = "<!-- figures: written by `make bench` -->\n", "<!-- end of figures -->"


class Figure(NamedTuple):
    """Runs of one measurement, on our side and on the other.

    `aim` bounds the ratio of their medians, or ours alone; a figure of the floor alone has none.
    """

    name: str
    unit: str
    ours: Sequence[float]
    other: Sequence[float]
    aim: float | None = None
    more_is_better: bool = False
    absolute: bool = False  # the aim is in the figure's unit, whatever the other side does

    @property
    def ratio(self) -> float:
        """Ours against the other."""
        return median(self.ours) / median(self.other)

    @property
    def verdict(self) -> tuple[str, str]:
        """The aim, and whether what it bounds is within it."""
        if self.aim is None:
            return "none", ""
        bound, unit = (median(self.ours), f" {self.unit}") if self.absolute else (self.ratio, "")
        met = bound >= self.aim if self.more_is_better else bound <= self.aim
        return f"{'≥' if self.more_is_better else '≤'} {self.aim:g}{unit}", "yes" if met else "**no**"


def table(figures: Iterable[Figure]) -> str:
    """The figures as a Markdown table; each as median, smallest and largest run."""
    rows = ["| figure | unit | Rajut | floor | ratio | aim | met |", "|---|---|---|---|---|---|---|"]
    for figure in figures:
        sides = (_runs(figure.ours), _runs(figure.other), f"{figure.ratio:.2f}")
        rows.append(f"| {' | '.join((figure.name, figure.unit, *sides, *figure.verdict))} |")
    return "\n".join(rows) + "\n"


def hotspots(title: str, found: Hotspots) -> str:
    """A profile as Markdown: own time by group, then the heaviest functions."""
    total = sum(found.groups.values())
    groups = ", ".join(f"{name} {seconds / total:.0%}" for name, seconds in found.groups.items())
    rows = [f"**{title}**: {groups}.\n", "| own time | calls | group | function |", "|---|---|---|---|"]
    rows += [f"| {one.seconds / total:.1%} | {one.calls} | {one.group} | `{one.name}` |" for one in found.lines]
    return "\n".join(rows) + "\n"


def machine() -> str:
    """What the figures were measured on."""
    return (
        f"Python {platform.python_version()}, {os.cpu_count()} cores, load before the run {os.getloadavg()[0]:.1f}.\n"
    )


def write(text: str, page: Path = PAGE) -> None:
    """Put the figures into the page between their marks; what people wrote around them stays."""
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, mark, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}{text}{mark}{after}", encoding="utf-8")


def _runs(values: Sequence[float]) -> str:
    return f"{_number(median(values))} ({_number(min(values))}..{_number(max(values))})"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"
