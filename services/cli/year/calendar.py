"""The days of a rehearsal: everybody waits until all that is to be done on a day is done, and then it is tomorrow.

The nodes' clocks, which are set back at first, are set forward together, by the files that they read them from.
Between two days there is a pause, so that the nodes' own timers see every day.
"""

import asyncio
import heapq
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from pathlib import Path

from services.node.settings import BadSettings

DAY_MS = 86_400_000


class Calendar:
    """One day after the other, for any number of stories that wait for theirs."""

    def __init__(self, clocks: Sequence[Path], days: int) -> None:
        """`clocks` are the files that say how far the nodes' clocks are behind.

        BadSettings if that is not so many days: a rehearsal begins in the past and never passes the present.
        """
        self.today = 0
        self._clocks = clocks
        self._behind = min(int(clock.read_text(encoding="ascii")) if clock.exists() else 0 for clock in clocks)
        if self._behind < days * DAY_MS:
            raise BadSettings(f"rehearsal: the clocks are not {days} days behind; begin with new homes")
        self._awake = 0
        self._quiet = asyncio.Event()
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._asked = 0

    async def until(self, day: int) -> None:
        """Wait for a day; not at all for one that has come."""
        if day <= self.today:
            return
        woken = asyncio.get_running_loop().create_future()
        self._asked += 1
        heapq.heappush(self._waiting, (day, self._asked, woken))
        self._leave()
        await woken

    async def play(
        self, stories: Sequence[Coroutine[None, None, None]], evening: Callable[[], Awaitable[None]]
    ) -> None:
        """Play all stories to their end; `evening` is done at the end of each day on which something happens."""
        self._awake = len(stories)
        async with asyncio.TaskGroup() as tasks:
            for story in stories:
                tasks.create_task(self._tell(story))
            while True:
                await self._quiet.wait()
                await evening()
                if not self._waiting:
                    return
                self._turn()

    async def _tell(self, story: Coroutine[None, None, None]) -> None:
        await story
        self._leave()

    def _leave(self) -> None:
        self._awake -= 1
        if not self._awake:
            self._quiet.set()

    def _turn(self) -> None:
        """On to the next day on which something is to be done."""
        self.today = self._waiting[0][0]
        for clock in self._clocks:
            new = clock.with_suffix(".new")
            new.write_text(str(self._behind - self.today * DAY_MS), encoding="ascii")
            new.replace(clock)
        self._quiet.clear()
        while self._waiting and self._waiting[0][0] == self.today:
            self._awake += 1
            heapq.heappop(self._waiting)[2].set_result(None)
