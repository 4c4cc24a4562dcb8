"""Whatever lies in the watched folder: reports are taken, the rest is refused or left alone, and nothing blocks it."""

import json
import os
import pwd
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast
from unittest.mock import AsyncMock

import pytest
from structlog.testing import capture_logs

from contracts.errors import Code, Rejected
from deploy.dev.runner import ThreeNodes
from services.intake import folder
from services.intake.folder import Folder
from services.node.http import status_of
from tests.clocks import BentClock
from tests.e2e.stage import CASES, opened
from tests.integration.hostile import HOSTILE, ordinary

REPORT = (CASES / "saksi-hanya-lpsk.json").read_bytes()
TAKEN = "select count(*) from log.event where type = 'rajut.intake.report.received.v1'"


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
    """Each broken file is refused under its code, and kept; the good ones among them are taken; all at one look."""
    before = await watched.pool.fetchval(TAKEN)
    for name, (spoil, _) in HOSTILE.items():
        watched.write(f"{name}.json", spoil(REPORT))
    os.truncate(watched.write("huge.json", b""), 1 << 40)
    for number, name in enumerate(("good", os.fsdecode(b"\xff\xfe"), "-rf", "a b\n", "n" * 245), start=1):
        watched.write(f"{name}.json", REPORT + b" " * number)
    await watched.look(2)
    for name, (spoil, codes) in HOSTILE.items():
        assert watched.problem(name) in codes.split(), name
        assert (watched.path / "refused" / f"{name}.json").read_bytes() == spoil(REPORT), name
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


@pytest.mark.parametrize("code", [code for code in Code if status_of(code) >= 500])
async def test_a_report_waits_for_a_node_that_can_take_none_now(
    watched: Watched, monkeypatch: pytest.MonkeyPatch, code: Code
) -> None:
    """What is no fault of the report, as in a node that was restored from a backup, leaves it where it is."""
    before = await watched.pool.fetchval(TAKEN)
    file = watched.write("waits.json", REPORT + f"\n{' ' * list(Code).index(code)}\n".encode())
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(folder, "receive", AsyncMock(side_effect=Rejected(code)))
        await watched.look(2)
    assert file.exists()
    assert not (watched.path / "refused").exists()
    await watched.look(2)
    assert (watched.path / "done" / "waits.json").exists()
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


async def test_a_file_that_gets_its_name_while_it_waits_is_taken_once(watched: Watched) -> None:
    """Written under another name, then moved into place, moved again, and gone: one report, and nobody stumbles."""
    before = await watched.pool.fetchval(TAKEN)
    part = watched.write("report.json.part", REPORT + b"\n\t")
    await watched.look(2)
    first = part.rename(watched.path / "first.json")
    await watched.look()
    second = first.rename(watched.path / "second.json")
    watched.write("gone.json", b"{")
    await watched.look()
    assert await watched.pool.fetchval(TAKEN) == before
    (watched.path / "gone.json").unlink()
    with capture_logs() as said:
        await watched.look(2)
    assert not [line for line in said if line["event"] == "stumbled"]
    assert (watched.path / "done" / second.name).exists()
    assert {path.name for path in watched.path.iterdir()} == {"done"}
    assert await watched.pool.fetchval(TAKEN) == before + 1
