"""Work that goes on for ever must end when it is told to, and Python 3.11 may forget that it was told.

`asyncio.wait_for`, which nats-py and asyncpg use, drops a cancellation that comes in the same moment as the
answer it waits for (CPython issue 86296, gone in 3.12). A loop that then goes on keeps the group around it
waiting for ever, with its other work already ended. The request itself is not forgotten: the task counts it.
"""

import asyncio
from typing import Literal


def uncancelled() -> Literal[True]:
    """The condition of every endless loop: true, or CancelledError if this task was told to end."""
    task = asyncio.current_task()
    if task and task.cancelling():
        raise asyncio.CancelledError
    return True
