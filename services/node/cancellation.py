"""Work that goes on for ever must end when it is told to, and at no other time. Python 3.11 gets both wrong.

`asyncio.wait_for`, which nats-py and asyncpg use, drops a cancellation that comes in the same moment as the
answer it waits for (CPython issue 86296, gone in 3.12). A loop that then goes on keeps the group around it
waiting for ever, with its other work already ended. The request itself is not forgotten: the task counts it.

`asyncio.TaskGroup` cancels the task that waits for it when a member fails, and does not take that back (CPython
issue 116720, gone in 3.13). By the count alone that task looks as if it had been told to end. So a group inside
an endless loop gets a task of its own.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Literal

Work = Callable[[], Coroutine[None, None, None]]
"""Begins when it is called: one that was begun and is then never waited for would be lost without a word."""


def uncancelled() -> Literal[True]:
    """The condition of every endless loop: true, or CancelledError if this task was told to end."""
    task = asyncio.current_task()
    if task and task.cancelling():
        raise asyncio.CancelledError
    return True


async def together(*works: Work) -> None:
    """Do these side by side, until all have ended or one has failed; ExceptionGroup of what failed."""
    uncancelled()  # a request to end that was dropped on the way here would reach none of them
    await asyncio.create_task(_group(works))


async def _group(works: tuple[Work, ...]) -> None:
    async with asyncio.TaskGroup() as tasks:
        for work in works:
            tasks.create_task(work())
