"""`rajut sim run`: play a synthetic year of cases through the nodes of a rehearsal."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from services.cli.arguments import JsonOption, group
from services.cli.year.play import Played, Year, play
from services.node import exporting

app = group("Rehearse: cases that never happened, at nodes whose records say so.")

Homes = Annotated[list[Path], typer.Argument(help="The homes of the running nodes, one of each agency.")]


@app.callback()
def sim() -> None:
    """A group of one command."""


@app.command("run")
def run(
    homes: Homes,
    cases: Annotated[int, typer.Option(min=1, help="How many reports come in.")] = 300,
    seed: Annotated[int, typer.Option(help="The same seed makes the same year.")] = 1,
    days: Annotated[int, typer.Option(min=1, max=3650, help="How long the year is.")] = 365,
    pause: Annotated[float, typer.Option(min=0, help="Seconds between two days, for the nodes' own clocks.")] = 1.2,
    as_json: JsonOption = False,
) -> None:
    """Play a year; print the promises kept and missed, by kind, and whether all nodes tell the same.

    Exit status 1 if a desk refused an act, or if nodes tell a case differently.
    """
    exporting.setup("cli", "")
    played = asyncio.run(play(homes, Year(cases, seed, days, pause), _progress))
    typer.echo(_json(played) if as_json else _table(played))
    if played.refused or played.tally.differing:
        raise typer.Exit(1)


def _progress(line: str) -> None:
    sys.stderr.write(f"\r{line}   " if sys.stderr.isatty() else f"{line}\n")


def _json(played: Played) -> str:
    kinds = {kind: count._asdict() for kind, count in played.tally.kinds.items()}
    told = played.tally._asdict() | {"kinds": kinds}
    return json.dumps(told | {"acts": played.acts, "refused": played.refused}, indent=1)


def _table(played: Played) -> str:
    lines = [f"{'promise':<30}{'kept':>8}{'late':>8}{'missed':>8}{'open':>8}"]
    lines += [f"{kind:<30}" + "".join(f"{number:>8}" for number in count) for kind, count in played.tally.kinds.items()]
    lines += [f"refused: {what}: {times}" for what, times in sorted(played.refused.items())]
    lines.append(f"{played.tally.cases} cases, {played.acts} acts, told differently: {played.tally.differing}")
    return "\n".join(lines)
