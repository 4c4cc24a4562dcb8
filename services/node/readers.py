"""Several processes that read stored records side by side (`services.node.reading`), for who has many to read.

Each has a connection of its own to the same snapshot of the database and the node's home: it is told places, reads
there by itself, and answers with what it found, in order. It ends with its standard input.
"""

import asyncio
import contextlib
import fcntl
import io
import os
import pickle
import sys
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from itertools import cycle
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from services.node.clock import SystemClock
from services.node.database import owner
from services.node.directories import directories, read_chain
from services.node.keys import Keyring
from services.node.log import Log
from services.node.reading import Batch, Checked, rows_of
from services.node.settings import Home
from services.node.settled import settled

AHEAD = 3  # batches that each is asked for before it has answered
_PIPE = 1 << 20  # bytes: a whole answer, so that nobody waits until it is fetched
_SIZE = 4

Reading = Callable[[Iterable[Batch]], AsyncIterator[tuple[str, list[Checked]]]]
"""Reads batches in order; the log of each, and its rows."""


class Process(NamedTuple):
    """Another process that reads."""

    questions: asyncio.StreamWriter
    answers: asyncio.StreamReader

    def ask(self, batch: Batch) -> None:
        """Have it read a batch."""
        self.questions.write(pickle.dumps(batch))

    async def answer(self) -> list[Checked]:
        """What it has found in the batch that it was asked for first."""
        size = int.from_bytes(await self.answers.readexactly(_SIZE))
        found: list[Checked] = pickle.loads(await self.answers.readexactly(size))  # noqa: S301  our own process
        return found


class _Pickler(pickle.Pickler):
    """Writes a NamedTuple as its class and its members: half the time of what Python asks it for itself."""

    def reducer_override(self, value: object) -> tuple[type, tuple[object, ...]]:
        """See `pickle.Pickler`; asked for whatever is not one of Python's own types."""
        return (type(value), tuple(value)) if isinstance(value, tuple) else NotImplemented


@contextlib.asynccontextmanager
async def side_by_side(home: Path, snapshot: str, count: int) -> AsyncIterator[Reading]:
    """Read in `count` processes as long as this context lasts."""
    async with contextlib.AsyncExitStack() as stack:
        processes = [await stack.enter_async_context(_process(home, snapshot)) for _ in range(count)]

        async def reading(batches: Iterable[Batch]) -> AsyncIterator[tuple[str, list[Checked]]]:
            asked: deque[tuple[str, Process]] = deque()
            for batch, process in zip(batches, cycle(processes)):
                process.ask(batch)
                asked.append((batch.log, process))
                if len(asked) == AHEAD * count:
                    log, first = asked.popleft()
                    yield log, await first.answer()
            for log, process in asked:
                yield log, await process.answer()

        yield reading


async def serve(home: Home, snapshot: str, source: BinaryIO, sink: BinaryIO) -> None:
    """Read what is asked for until there is nothing more."""
    agency = home.settings.agency
    log = Log(home.settings.log, Keyring(home.path, agency, ()), read_chain(directories(home)), SystemClock())
    connection = await owner(home)
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        await connection.execute(f"set transaction snapshot '{snapshot}'")
        with settled(), contextlib.suppress(EOFError):
            while True:
                batch = pickle.load(source)  # noqa: S301  from who started us
                answer = io.BytesIO()
                _Pickler(answer, pickle.HIGHEST_PROTOCOL).dump(await rows_of(connection, log, batch))
                sink.write(answer.tell().to_bytes(_SIZE) + answer.getbuffer())
                sink.flush()
    await connection.close()


@contextlib.asynccontextmanager
async def _process(home: Path, snapshot: str) -> AsyncIterator[Process]:
    pipe = asyncio.subprocess.PIPE
    # -P: the folder in which somebody calls us is none to take programs from.
    command = (sys.executable, "-P", "-m", __name__, home, snapshot)
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, limit=_PIPE)
    questions = cast("asyncio.StreamWriter", process.stdin)
    try:
        yield Process(questions, cast("asyncio.StreamReader", process.stdout))
    finally:
        questions.close()
        await process.wait()


def _main() -> None:
    with contextlib.suppress(OSError):  # where so much is not granted, it only takes longer
        fcntl.fcntl(sys.stdout.fileno(), fcntl.F_SETPIPE_SZ, _PIPE)
    asyncio.run(serve(Home(Path(sys.argv[1])), sys.argv[2], sys.stdin.buffer, sys.stdout.buffer))
    os._exit(0)  # all is said, and who waits for our end need not wait until the interpreter is taken apart


if __name__ == "__main__":
    _main()
