"""Plays a synthetic year through nodes that run, and says how far it is."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from contracts.mechanism import Permission
from services.cli.year.calendar import Calendar
from services.cli.year.desk import Desk, Refused
from services.cli.year.plan import RATES, Chance, year
from services.cli.year.story import Story
from services.cli.year.tally import Tally, read, tally

SETTLED_S = 120.0


class Year(NamedTuple):
    """What is to be played."""

    cases: int
    seed: int
    days: int
    pause_s: float  # between two days, for the nodes' own timers


class Played(NamedTuple):
    """How it went."""

    acts: int
    refused: Mapping[str, int]  # what desks said no to, by code and act
    tally: Tally


async def play(homes: Sequence[Path], wanted: Year, tell: Callable[[str], None]) -> Played:
    """Play a year at the nodes of these homes. BadSettings unless all of them rehearse."""
    desks = {desk.agency: desk for desk in map(Desk, homes)}
    calendar = Calendar([desk.home.path / desk.home.settings.rehearsal for desk in desks.values()], wanted.days)
    fates = year(wanted.cases, wanted.seed, sorted(desks), wanted.days)
    stories = [Story(fate, desks, calendar, wanted.days) for fate in fates]
    refused = Counter[str]()
    chance = Chance(f"{wanted.seed}/notices")

    async def lived(story: Story) -> None:
        try:
            await story.play()
        except Refused as said:
            refused[str(said)] += 1

    async def evening() -> None:
        await asyncio.sleep(wanted.pause_s)
        await asyncio.gather(*(_answer(desk, chance) for desk in desks.values()))
        taken = sum(bool(story.case) for story in stories)
        tell(f"day {calendar.today} of {wanted.days}: {taken} of {wanted.cases} cases")

    try:
        await calendar.play([lived(story) for story in stories], evening)
        return Played(sum(desk.said["POST"] for desk in desks.values()), dict(refused), await _settled(homes))
    finally:
        for desk in desks.values():
            await desk.close()


async def _answer(desk: Desk, chance: Chance) -> None:
    """Officers answer most of the notices that wait for them."""
    for notice in await _notices(desk):
        officer = desk.in_role(notice["role"])
        if officer and chance.happens(RATES["acknowledged"]):
            await desk.try_once(officer, f"/notices/{notice['id']}/acknowledge")


async def _notices(desk: Desk) -> list[dict[str, str]]:
    reader = desk.officers(Permission.ACKNOWLEDGE_NOTICE)[0]
    found: list[dict[str, str]] = await desk.get(reader, "/notices")
    return found


async def _settled(homes: Sequence[Path]) -> Tally:
    """The tally, once the nodes tell one story, or have had time enough to."""
    until = asyncio.get_running_loop().time() + SETTLED_S
    while True:
        told = tally(dict([await read(home) for home in homes]))
        if not told.differing or asyncio.get_running_loop().time() > until:
            return told
        await asyncio.sleep(1)
