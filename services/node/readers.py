"""Several processes that read stored records side by side (`services.node.reading`), for who has many to read.

Each has a connection of its own to the same snapshot of the database and the node's home: it is told places, reads
there by itself, and answers with what it found, in order. It ends with its standard input. Who asks reads, too,
whenever all the others have enough to do.
"""

import asyncio
import contextlib
import fcntl
import io
import os
import pickle
import sys
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable
from pathlib import Path
from typing import BinaryIO, cast

from services.node.clock import SystemClock
from services.node.database import owner
from services.node.directories import directories, read_chain
from services.node.keys import Keyring
from services.node.log import Log
from services.node.reading import Batch, Checked, rows_of
from services.node.settings import Home
from services.node.settled import settled

AHEAD = 3  # batches that each is asked for before it has answered
MOST = 16  # batches, asked for or read, while the first of them is waited for
_PIPE = 1 << 20  # bytes: a whole answer, so that nobody waits until it is fetched
_SIZE = 4

Rows = list[Checked]
Here = Callable[[Batch], Awaitable[Rows]]
"""Reads a batch in this process."""
Reading = Callable[[Iterable[Batch]], AsyncIterator[tuple[str, Rows]]]
"""Reads batches in order; the log of each, and its rows."""


class Process:
    """Another process that reads."""

    def __init__(self, questions: asyncio.StreamWriter, answers: asyncio.StreamReader) -> None:
        """By its standard input and output."""
        self.asked = 0  # batches that it has yet to answer
        self._questions = questions
        self._answers = answers
        self._turn = asyncio.Lock()

    def read(self, batch: Batch) -> asyncio.Task[Rows]:
        """Have it read a batch; it answers in the order in which it was asked."""
        self.asked += 1
        self._questions.write(pickle.dumps(batch))
        return asyncio.create_task(self._answer())

    async def _answer(self) -> Rows:
        async with self._turn:
            size = int.from_bytes(await self._answers.readexactly(_SIZE))
            found: Rows = pickle.loads(await self._answers.readexactly(size))  # noqa: S301  our own process
        self.asked -= 1
        return found


class _Pickler(pickle.Pickler):
    """Writes a NamedTuple as its class and its members: half the time of what Python asks it for itself."""

    def reducer_override(self, value: object) -> tuple[type, tuple[object, ...]]:
        """See `pickle.Pickler`; asked for whatever is not one of Python's own types."""
        return (type(value), tuple(value)) if isinstance(value, tuple) else NotImplemented


@contextlib.asynccontextmanager
async def side_by_side(home: Path, snapshot: str, count: int, here: Here) -> AsyncIterator[Reading]:
    """Read in `count` other processes and in this one, as long as this context lasts."""
    async with contextlib.AsyncExitStack() as stack:
        processes = [await stack.enter_async_context(_process(home, snapshot)) for _ in range(count)]

        async def reading(batches: Iterable[Batch]) -> AsyncIterator[tuple[str, Rows]]:
            ahead: deque[tuple[str, asyncio.Future[Rows]]] = deque()
            try:
                for batch in batches:
                    ahead.append((batch.log, await _begun(batch, processes, here)))
                    while ahead and (ahead[0][1].done() or len(ahead) == MOST):
                        yield ahead[0][0], await ahead[0][1]
                        ahead.popleft()
                for log, rows in ahead:
                    yield log, await rows
            finally:
                await _ended([rows for _, rows in ahead])

        yield reading


async def _begun(batch: Batch, processes: Iterable[Process], here: Here) -> asyncio.Future[Rows]:
    """The reading of a batch: by another process or, if all have enough to do, by this one, and then it is done."""
    free = next((process for process in processes if process.asked < AHEAD), None)
    if free:
        return free.read(batch)
    done: asyncio.Future[Rows] = asyncio.get_running_loop().create_future()
    done.set_result(await here(batch))
    return done


async def _ended(answers: Collection[asyncio.Future[Rows]]) -> None:
    """Whatever is still waited for is given up, and nobody is told later how it failed."""
    for answer in answers:
        answer.cancel()
    await asyncio.gather(*answers, return_exceptions=True)


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
