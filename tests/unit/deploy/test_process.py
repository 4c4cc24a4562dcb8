"""A process that we start ends when we say so, how we say so, and never outlives us."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.dev.errors import RunnerError
from deploy.dev.process import Process

_POLITE = "trap 'echo bye; exit 0' TERM; echo up; while true; do sleep 0.05; done"
_STUBBORN = "trap '' TERM; echo up; while true; do sleep 0.05; done"
_STARTER = """
import sys, time
from pathlib import Path
from deploy.dev.process import Process
process = Process("child", ["/bin/sleep", "60"], Path(sys.argv[1]))
process.start()
print(process.pid, flush=True)
time.sleep(60)
"""


def shell(script: str, log: Path) -> Process:
    return Process("shell", ["/bin/sh", "-c", script], log)


def says(process: Process, word: str) -> Callable[[], bool]:
    return lambda: word in process.log.read_text()


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_stop_lets_it_finish(tmp_path: Path) -> None:
    """A polite program gets the time to say goodbye."""
    process = shell(_POLITE, tmp_path / "log")
    process.start()
    process.wait_until(says(process, "up"))
    process.stop()
    assert process.pid is None
    assert "bye" in process.log.read_text()


def test_stop_reaches_a_paused_program(tmp_path: Path) -> None:
    """A frozen program is woken to hear that it shall end."""
    process = shell(_POLITE, tmp_path / "log")
    process.start()
    process.wait_until(says(process, "up"))
    process.pause()
    process.stop()
    assert "bye" in process.log.read_text()


def test_stop_ends_a_program_that_does_not_listen(tmp_path: Path) -> None:
    """After the grace period a stubborn program is ended by force."""
    process = shell(_STUBBORN, tmp_path / "log")
    process.start()
    process.wait_until(says(process, "up"))
    process.stop(within_s=0.2)
    assert process.pid is None


def test_it_can_be_started_again_and_keeps_its_log(tmp_path: Path) -> None:
    """A restart appends to the log; starting what runs changes nothing."""
    process = shell(_POLITE, tmp_path / "log")
    process.start()
    first = process.pid
    process.start()
    assert process.pid == first
    process.wait_until(says(process, "up"))
    process.kill()
    process.start()
    process.wait_until(lambda: process.log.read_text().count("up") == 2)
    process.kill()


def test_a_program_that_dies_early_is_told_at_once(tmp_path: Path) -> None:
    """Waiting for readiness ends when the program does, and names its log."""
    process = shell("exit 3", tmp_path / "log")
    process.start()
    with pytest.raises(RunnerError, match="log") as failure:
        process.wait_until(lambda: False)
    assert failure.value.code == "PROCESS_DIED"


def test_a_program_that_never_gets_ready_is_told_after_a_while(tmp_path: Path) -> None:
    """Waiting for readiness has an end."""
    process = shell(_POLITE, tmp_path / "log")
    process.start()
    with pytest.raises(RunnerError) as failure:
        process.wait_until(lambda: False, within_s=0.1)
    assert failure.value.code == "PROCESS_NOT_READY"
    process.kill()


def test_it_dies_with_its_starter(tmp_path: Path) -> None:
    """Killing the runner (-9) leaves nothing behind."""
    with subprocess.Popen(
        [sys.executable, "-c", _STARTER, tmp_path / "log"],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    ) as starter:
        assert starter.stdout is not None
        pid = int(starter.stdout.readline())
        assert not is_gone(pid)
        starter.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 5
    while not is_gone(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert is_gone(pid)
