"""The demo is a promise to whoever tries Rajut first: it works, it says so, and it leaves nothing behind."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import httpx2
import pytest

from tests.e2e.stage import AGENCIES, CASES, eventually
from tests.e2e.test_docs import README, check
from tests.memory import in_memory

_PROJECT = Path(__file__).parents[2]
UP = "Ctrl-C ends them"
_DESK = re.compile(r"http://\S+/desk")


@dataclass(frozen=True, kw_only=True, slots=True)
class Demo:
    """A demo that was started, and the folder that it has for its own."""

    process: subprocess.Popen[str]
    folder: Path

    def kin(self) -> list[int]:
        """Processes that name this demo's folder, or run in it."""
        return kin(self.folder)


def kin(folder: Path) -> list[int]:
    """Processes that name a folder, or run in it."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = entry.read_bytes()
        except OSError:
            continue
        if str(folder).encode() in command:
            found.append(int(entry.parent.name))
    return found


def own_folder() -> Path:
    """A folder of the test's own, that servers which gave up root can reach."""
    folder = Path(tempfile.mkdtemp(prefix="rajut-demo-test-", dir=in_memory()))
    folder.chmod(0o711)
    return folder


def start() -> Demo:
    """Start a demo; what it makes lies below a folder of the test's own."""
    folder = own_folder()
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "deploy.dev.demo"],
        cwd=_PROJECT,
        env={**os.environ, "TMPDIR": str(folder)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return Demo(process=process, folder=folder)


@pytest.fixture
def demos() -> Iterator[list[Demo]]:
    """Demos to be ended, whatever becomes of the test."""
    started: list[Demo] = []
    yield started
    for demo in started:
        if demo.process.poll() is None:
            demo.process.kill()
            demo.process.communicate()
        shutil.rmtree(demo.folder)


def interrupted(demo: Demo) -> None:
    """End it as a person does, and see that nothing is left."""
    demo.process.send_signal(signal.SIGINT)
    demo.process.communicate(timeout=30)
    assert demo.kin() == []
    assert list(demo.folder.iterdir()) == []


@pytest.mark.timeout(300)
def test_two_demos_side_by_side_end_well_and_leave_nothing_behind(demos: list[Demo], tmp_path: Path) -> None:
    """Two at once do not disturb each other: the README's tells what is shown there and ends, the other by Ctrl-C.

    All sample reports are taken; as long as nobody presses Ctrl-C, every agency's desk answers at the address shown.
    """
    demos.append(start())
    folder = own_folder()
    told, *_ = check(README, tmp_path, {"TMPDIR": str(folder)})
    assert "digests equal: yes   stores verified: yes" in told
    assert len(set(re.findall(r"digest of what all three share +(\S+) +(\S+) +(\S+)", told)[0])) == 1
    assert told.count(" 0 findings") == 3
    assert set(re.findall(r"takes the report (\S+):", told)) == {file.stem for file in CASES.glob("*.json")}
    assert kin(folder) == []
    folder.rmdir()  # it is empty
    output = demos[0].process.stdout
    assert output
    assert any(UP in line for line in output)
    desks = list(islice((address for line in output for address in _DESK.findall(line)), len(AGENCIES)))
    assert [httpx2.get(address, follow_redirects=True).status_code for address in desks] == [200 for _ in AGENCIES]
    interrupted(demos[0])


def test_ctrl_c_while_it_starts_leaves_no_process_and_no_folder(demos: list[Demo]) -> None:
    """Whenever a person has seen enough, all of it ends within seconds."""
    demos.append(start())
    output = demos[0].process.stdout
    assert output
    assert output.readline()
    eventually(demos[0].kin, 30)  # its first server is there
    interrupted(demos[0])
