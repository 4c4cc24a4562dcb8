"""Whatever lies in the watched folder: reports are taken, the rest is refused or left alone, and nothing blocks it."""

import json
import os
import pwd
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import pytest
from structlog.testing import capture_logs

from deploy.dev.runner import ThreeNodes
from services.intake.folder import Folder
from tests.clocks import BentClock
from tests.e2e.stage import CASES, opened

REPORT = (CASES / "saksi-hanya-lpsk.json").read_bytes()
TAKEN = "select count(*) from log.event where type = 'rajut.intake.report.received.v1'"
REFUSED = {
    "empty": (b"", "E_JSON"),
    "binary": (bytes(range(256)), "E_ENCODING"),
    "nul": (bytes(1000), "E_JSON"),
    "deep": (b"[" * 100_000, "E_JSON"),
    "cut": (REPORT[:-3], "E_JSON"),
    "utf-16": (REPORT.decode().encode("utf-16"), "E_ENCODING"),
    "twice": (b'{"channel": 1, "channel": 1}', "E_JSON"),
    "other": (b"[1]", "E_REPORT"),
    "large": (REPORT + b" " * 300_000, "E_SIZE"),
}


class Watched:
    """A watched folder of LPSK that is looked at when a test says so."""

    def __init__(self, folder: Folder, clock: BentClock) -> None:
        self.path = folder._path
        self.pool = folder._desk.pool
        self._folder = folder
        self._clock = clock

    async def look(self, times: int = 1) -> None:
        """Look, each time more than a second after the last time."""
        for _ in range(times):
            self._clock.off_ms += 1500
            await self._folder.sweep()

    def write(self, name: str, data: bytes) -> Path:
        """A file of that user."""
        file = self.path / name
        file.write_bytes(data)
        given(file)
        return file

    def problem(self, name: str) -> str:
        """Why a file was refused."""
        told = json.loads((self.path / "refused" / f"{name}.problem.json").read_text())
        assert told["title"] != told["title_id"]
        return cast("str", told["code"])


def given(path: Path) -> None:
    """Make a file that of the user who looks."""
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(path, nobody.pw_uid, nobody.pw_gid, follow_symlinks=False)


@contextmanager
def ordinary() -> Iterator[None]:
    """Be somebody to whom a file can be closed, which root is not."""
    was_root = os.geteuid() == 0
    if was_root:
        os.seteuid(pwd.getpwnam("nobody").pw_uid)
    try:
        yield
    finally:
        if was_root:
            os.seteuid(0)


@pytest.fixture
async def watched(agencies: ThreeNodes, server_folder: Path, request: pytest.FixtureRequest) -> AsyncIterator[Watched]:
    """LPSK's intake over a folder of its own."""
    path = server_folder / request.node.name
    path.mkdir(mode=0o700)
    given(path)
    clock = BentClock()
    async with opened(agencies.homes["lpsk"], clock) as node:
        (intake,) = (plug for plug in node.plugs if plug.name == "intake")
        desk = intake.timers[0].work.__self__._desk  # type: ignore[attr-defined]
        yield Watched(Folder(desk, path), clock)


async def test_what_is_no_report_is_put_aside_with_its_reason(watched: Watched) -> None:
    """Each broken file is refused under its code; the good ones among them are taken; all of it at one look."""
    before = await watched.pool.fetchval(TAKEN)
    for name, (data, _) in REFUSED.items():
        watched.write(f"{name}.json", data)
    os.truncate(watched.write("huge.json", b""), 1 << 40)
    for number, name in enumerate(("good", os.fsdecode(b"\xff\xfe"), "-rf", "a b\n", "n" * 245), start=1):
        watched.write(f"{name}.json", REPORT + b" " * number)
    await watched.look(2)
    assert {name: watched.problem(name) for name in REFUSED} == {name: code for name, (_, code) in REFUSED.items()}
    assert watched.problem("huge") == "E_SIZE"
    assert len(list((watched.path / "done").glob("*.receipt.json"))) == 5
    assert not list(watched.path.glob("*.json"))
    assert await watched.pool.fetchval(TAKEN) == before + 5


async def test_what_is_not_a_plain_file_is_left_alone(watched: Watched, tmp_path: Path) -> None:
    """Links, pipes, folders and hidden files are neither followed nor waited for, and hold up nothing."""
    before = await watched.pool.fetchval(TAKEN)
    (tmp_path / "elsewhere").write_bytes(REPORT + b"\n\n")
    (watched.path / "link.json").symlink_to(tmp_path / "elsewhere")
    (watched.path / "dangling.json").symlink_to("nowhere")
    (watched.path / "circle.json").symlink_to("circle.json")
    (watched.path / "folder.json").mkdir()
    os.mkfifo(watched.path / "pipe.json")
    watched.write(".hidden.json", REPORT)
    watched.write("report.json.part", REPORT)
    left = {path.name for path in watched.path.iterdir()}
    watched.write("good.json", REPORT + b"\n")
    await watched.look(3)
    assert {path.name for path in watched.path.iterdir()} - {"done"} == left
    assert await watched.pool.fetchval(TAKEN) == before + 1


async def test_a_file_that_cannot_be_read_waits_and_holds_up_no_other(watched: Watched) -> None:
    """A closed file stays where it is and the node says so; opened, it is taken like any other, once."""
    before = await watched.pool.fetchval(TAKEN)
    closed = watched.write("closed.json", REPORT + b"\t")
    closed.chmod(0)
    watched.write("then.json", b"{")
    with capture_logs() as said, ordinary():
        await watched.look(3)
    assert {line["reason"] for line in said if line["event"] == "stumbled"} == {"PermissionError"}
    assert closed.exists()
    assert watched.problem("then") == "E_JSON"
    closed.chmod(0o600)
    await watched.look(2)
    assert (watched.path / "done" / "closed.json").exists()
    assert await watched.pool.fetchval(TAKEN) == before + 1


async def test_a_file_that_is_still_written_is_not_taken_by_halves(watched: Watched) -> None:
    """As long as a file grows, however slowly, nothing is made of it; whole, it is one report."""
    before = await watched.pool.fetchval(TAKEN)
    whole = REPORT + b"\r\n"
    for end in range(0, len(whole), len(whole) // 6):
        watched.write("slow.json", whole[:end])
        await watched.look()
        assert not (watched.path / "refused").exists()
        assert await watched.pool.fetchval(TAKEN) == before
    watched.write("slow.json", whole)
    await watched.look(2)
    assert (watched.path / "done" / "slow.receipt.json").exists()
    assert await watched.pool.fetchval(TAKEN) == before + 1
    watched.write("again.json", whole)
    await watched.look(2)
    receipts = [(watched.path / "done" / f"{name}.receipt.json").read_text() for name in ("slow", "again")]
    assert receipts[0] == receipts[1]
    assert await watched.pool.fetchval(TAKEN) == before + 1
