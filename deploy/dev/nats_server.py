"""The NATS server of one agency, run from the configuration in its home directory."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from deploy.dev.binaries import find_binary
from deploy.dev.errors import RunnerError
from deploy.dev.probe import answers_ok
from deploy.dev.process import Process

_PROJECT = Path(__file__).parents[2]


class NatsServer:
    """A server with JetStream whose files are in `home`/nats; `monitor_port` is its monitoring port."""

    def __init__(self, home: Path, monitor_port: int) -> None:
        self._home = home
        self._monitor_port = monitor_port
        folder = home / "nats"
        self._store = folder / "jetstream"
        self.process = Process(
            f"nats-server:{home.name}",
            [find_binary("nats-server"), "-c", folder / "server.conf"],
            folder / "server.log",
        )

    def start(self) -> None:
        """Start it, and return when clients and JetStream are served."""
        self.process.start()
        self.process.wait_until(lambda: answers_ok(self._monitor_port, "/healthz"))

    def provision(self) -> None:
        """Create streams and consumers, as an administrator would before the node runs.

        Raises:
            RunnerError: `NOT_PROVISIONED` with the differences.
        """
        done = subprocess.run(
            [sys.executable, "-m", "deploy.nats.provision", self._home],
            capture_output=True,
            text=True,
            check=False,
            cwd=_PROJECT,
            env={**os.environ, "PYTHONWARNINGS": "default"},
        )
        if done.returncode != 0:
            raise RunnerError("NOT_PROVISIONED", done.stderr.strip())

    def wipe(self) -> None:
        """Lose everything that JetStream holds, as a broken disk would, and come back empty."""
        self.process.kill()
        shutil.rmtree(self._store, ignore_errors=True)
        self.start()
        self.provision()
