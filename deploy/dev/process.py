"""One server process: started detached from the terminal, bound to the life of its starter.

Start it from a thread that outlives it (usually the main thread): the kernel kills the process when the
*thread* that started it ends.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from deploy.dev import launch
from deploy.dev.errors import RunnerError

_POLL_S = 0.02
_LAST_WORDS = 2000


class Process:
    """A named program with its log file, which may be started again and again.

    Args:
        name: how errors call it.
        command: program and arguments; the program is an absolute path.
        log: file that collects what it prints, appended across restarts.
        owner: user and group to run as, or None to stay the current user.
        environment: the complete environment, or None to inherit.
        folder: where it runs, or None for the root directory, which everybody may read.
        stop_signal: the polite way to end it.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        log: Path,
        *,
        owner: tuple[int, int] | None = None,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.name = name
        self.log = log
        self._command = [str(part) for part in command]
        self._owner = owner or (-1, -1)
        self._environment = environment
        self._folder = folder or Path("/")
        self._stop_signal = stop_signal
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Process id while it runs, else None."""
        return self._child.pid if self._child and self._child.poll() is None else None

    def start(self) -> None:
        """Start it; a no-op while it runs."""
        if self.pid is not None:
            return
        guard = [sys.executable, "-I", "-S", launch.__file__, str(os.getpid())]
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                [*guard, *map(str, self._owner), *self._command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                env=self._environment,
                start_new_session=True,
            )

    def wait_until(self, ready: Callable[[], bool], within_s: float = 20.0) -> None:
        """Block until `ready` holds.

        Raises:
            RunnerError: `PROCESS_DIED` or `PROCESS_NOT_READY`, with the end of its log.
        """
        deadline = time.monotonic() + within_s
        while not ready():
            if self.pid is None:
                raise RunnerError("PROCESS_DIED", f"{self.name} ended; {self._last_words()}")
            if time.monotonic() > deadline:
                raise RunnerError("PROCESS_NOT_READY", f"{self.name} is not ready; {self._last_words()}")
            time.sleep(_POLL_S)

    def stop(self, within_s: float = 10.0) -> None:
        """End it politely, by force after `within_s` seconds."""
        self.send(self._stop_signal)
        self.resume()  # a paused process would not see the signal
        try:
            self._reap(within_s)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it as a power cut would (SIGKILL)."""
        self.send(signal.SIGKILL)
        self._reap(None)

    def pause(self) -> None:
        """Freeze it and its children (SIGSTOP): its ports stay open and nothing answers."""
        self._signal_family(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it and its children go on."""
        self._signal_family(signal.SIGCONT)

    def send(self, number: signal.Signals) -> None:
        """Send a signal if it runs."""
        if self.pid is not None and self._child is not None:
            self._child.send_signal(number)

    def _last_words(self) -> str:
        said = self.log.read_text(errors="replace")[-_LAST_WORDS:]
        return f"see {self.log}, which ends:\n{said}"

    def _signal_family(self, number: signal.Signals) -> None:
        if (parent := self.pid) is None:
            return
        self.send(number)
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        for child in map(int, children):
            with suppress(ProcessLookupError):  # it ended meanwhile
                os.kill(child, number)

    def _reap(self, within_s: float | None) -> None:
        if self._child is not None:
            self._child.wait(within_s)
