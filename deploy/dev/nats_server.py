"""The NATS server of one agency, run from the configuration in its home directory."""

import asyncio
import logging
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from deploy.dev.binaries import find_binary
from deploy.dev.errors import RunnerError
from deploy.dev.probe import answers_ok
from deploy.dev.process import Process
from deploy.nats.provision import ProvisioningError, provision_home

# It warns of every TLS connection that nats-py closes.
logging.getLogger("asyncio").setLevel(logging.ERROR)


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
        with ThreadPoolExecutor(1) as apart:  # whoever calls may have an event loop of their own
            try:
                apart.submit(asyncio.run, provision_home(self._home)).result()
            except ProvisioningError as error:
                raise RunnerError("NOT_PROVISIONED", str(error)) from None

    def wipe(self) -> None:
        """Lose everything that JetStream holds, as a broken disk would, and come back empty."""
        self.process.kill()
        shutil.rmtree(self._store, ignore_errors=True)
        self.start()
        self.provision()
