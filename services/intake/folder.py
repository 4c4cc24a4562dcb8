"""The watched folder: a report file dropped into it is taken as if an officer had handed it in.

A file counts once its name ends in `.json` and nothing has changed in it for a second, so half-written
files wait. Its content is its idempotency key: a crash between commit and move takes nothing twice.
Taken files go to `done/` with their receipt, refused ones to `refused/` with the reason and what to do.
"""

import asyncio
import json
import os
import stat
from collections.abc import Collection, Iterable, Mapping
from http import HTTPStatus
from itertools import chain, count
from pathlib import Path
from typing import NamedTuple

from contracts.encoding import b64
from contracts.errors import Code, Rejected
from contracts.report import MAX_BYTES, file_key
from contracts.timeline import Event
from services.intake.api import taken
from services.intake.handlers import Receipt, Submission, receive
from services.node import telemetry
from services.node.http import problem, status_of
from services.node.service import SYSTEM, Desk
from services.node.sql import Connection

QUIET_MS = 1000
LONGEST_STEM = 200  # bytes of a name, so that a number and the answer's suffix still fit behind it


class Seen(NamedTuple):
    """A file's state and since when it has been in it."""

    state: tuple[int, ...]  # inode, bytes, time of change
    since_ms: int


class Folder:
    """One agency's watched folder."""

    def __init__(self, desk: Desk, path: Path) -> None:
        """The folder is made, readable by its owner alone, when first looked at."""
        self._desk = desk
        self._path = path
        self._seen: Mapping[str, Seen] = {}

    async def sweep(self) -> None:
        """Take or refuse each file that is complete; one that cannot be dealt with now stays and hinders no other."""
        states = await asyncio.to_thread(look, self._path)
        now = self._desk.clock.now_ms()
        self._seen = settle(self._seen, states, now)
        for name in quiet(self._seen, now):
            try:
                await self._deal_with(self._path / name)
            except Exception as error:  # noqa: BLE001  whatever it is, the file stays and the next one is tried
                telemetry.stumbled("watched folder", error)

    async def forget(self, connection: Connection, event: Event) -> None:
        """We have erased something: a report that came as a file does not stay behind as a file."""
        if event.agency != self._desk.agency:
            return
        timeline = await self._desk.log.load(connection, event.content.case)
        gone = {b64(one.id) for one in timeline.events if one.erased and one.agency == self._desk.agency}
        await asyncio.to_thread(destroy, self._path, gone)

    async def _deal_with(self, file: Path) -> None:
        try:
            receipt = await self._take(await asyncio.to_thread(read, file))
        except Rejected as rejected:
            if status_of(rejected.code) >= HTTPStatus.INTERNAL_SERVER_ERROR:  # it is us, not the report
                raise
            answer = bytes(problem(rejected.code, rejected.detail).body)
            await asyncio.to_thread(put_away, file, "refused", ".problem.json", answer)
        else:
            await asyncio.to_thread(put_away, file, "done", ".receipt.json", taken(receipt).model_dump_json().encode())

    async def _take(self, data: bytes) -> Receipt:
        submission = Submission(data, file_key(data), SYSTEM)
        async with self._desk.pool.acquire() as connection, connection.transaction():
            return await receive(self._desk, connection, submission)


def look(folder: Path) -> dict[str, tuple[int, ...]]:
    """The state of each report file in a folder; links, hidden files and other names do not count."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found: dict[str, tuple[int, ...]] = {}
    for path in folder.glob("*.json"):
        status = path.lstat()
        if stat.S_ISREG(status.st_mode) and not path.name.startswith("."):
            found[path.name] = (status.st_ino, status.st_size, status.st_mtime_ns)
    return found


def settle(before: Mapping[str, Seen], states: Mapping[str, tuple[int, ...]], now_ms: int) -> dict[str, Seen]:
    """What was seen before, brought up to date: a file in a new state starts to wait anew."""
    unchanged = {name for name, state in states.items() if name in before and before[name].state == state}
    return {name: before[name] if name in unchanged else Seen(state, now_ms) for name, state in states.items()}


def quiet(seen: Mapping[str, Seen], now_ms: int) -> list[str]:
    """The files in which nothing has changed for a second, by name."""
    return sorted(name for name, file in seen.items() if now_ms - file.since_ms >= QUIET_MS)


def read(file: Path) -> bytes:
    """A file's content; Rejected(SIZE), without reading it, if it is larger than any report."""
    if file.stat().st_size > MAX_BYTES:
        raise Rejected(Code.SIZE, f"more than {MAX_BYTES} bytes")
    return file.read_bytes()


def put_away(file: Path, shelf: str, suffix: str, answer: bytes) -> None:
    """Move a file to a shelf beside it, its answer first; what lies there already is never written over."""
    folder = file.parent / shelf
    folder.mkdir(mode=0o700, exist_ok=True)
    pairs = ((folder / f"{name}.json", folder / f"{name}{suffix}") for name in _names(file))
    moved, answered = next(pair for pair in pairs if not any(path.exists() for path in pair))
    answered.write_bytes(answer)
    file.rename(moved)


def destroy(folder: Path, reports: Collection[str]) -> None:
    """Remove the files in `done/` from which these reports (event ids) were taken, each before its receipt."""
    for receipt in sorted((folder / "done").glob("*.receipt.json")):
        if json.loads(receipt.read_bytes())["receipt"] in reports:
            receipt.with_name(receipt.name.removesuffix(".receipt.json") + ".json").unlink(missing_ok=True)
            receipt.unlink()


def _names(file: Path) -> Iterable[str]:
    stem = os.fsdecode(os.fsencode(file.stem)[:LONGEST_STEM])
    return chain([stem], (f"{stem}-{number}" for number in count(2)))
