"""Three complete agencies as processes on this machine, each with its own PostgreSQL, NATS and node.

The same runner serves the demo and the tests that kill, freeze and wipe: a part is reached by agency and
name. With `supervise` it plays systemd and starts again what died; what was stopped on purpose stays
stopped.
"""

import sys
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Literal, Protocol, Self

from deploy.dev.home import AGENCIES, Ports, write_database_secrets, write_homes
from deploy.dev.nats_server import NatsServer
from deploy.dev.postgres import PostgresServer, create_roles
from deploy.dev.probe import answers_ok
from deploy.dev.process import Process

Part = Literal["postgres", "nats", "node"]
PARTS: tuple[Part, ...] = ("postgres", "nats", "node")
"""In the order of starting."""

Ceremony = Callable[[Mapping[str, Path]], None]
"""Agency -> home, once all keys exist: signs and writes the directory that makes them one mechanism."""

Migration = Callable[[Path], None]
"""The home whose running, empty database `rajut` gets its tables, as role `rajut_owner`."""

_PROJECT = Path(__file__).parents[2]
_WATCH_S = 0.2


class Server(Protocol):
    """What the runner needs of a part."""

    def start(self) -> None:
        """Start, and return when ready."""
        ...

    @property
    def process(self) -> Process:
        """The process behind it."""
        ...


class NodeServer:
    """The node of one agency, `rajut node run <home>`, or one part of it alone; `ops` is where its health is asked."""

    def __init__(self, home: Path, ops: int, *part: str) -> None:
        self._ops = ops
        self.process = Process(
            ":".join(("node", home.name, *part)),
            [sys.executable, "-m", "services.cli", "node", "run", home, *(f"--part={name}" for name in part)],
            home / "node.log",
            folder=_PROJECT,
        )

    def start(self) -> None:
        """Start it, and return when `/health/ready` says so."""
        self.process.start()
        self.process.wait_until(lambda: answers_ok(self._ops, "/health/ready"), within_s=60.0)


class AgencyProcesses:
    """The three parts of one agency; every method may be called from any thread that lives on."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.ports = Ports.of(home)
        self.postgres = PostgresServer(home / "postgres", self.ports.postgres)
        self.nats = NatsServer(home, self.ports.monitor)
        self.node = NodeServer(home, self.ports.ops)
        self._parts: Mapping[Part, Server] = {
            "postgres": self.postgres,
            "nats": self.nats,
            "node": self.node,
        }
        self._wanted: set[Part] = set()
        self._lock = threading.RLock()

    def prepare(self, migrate: Migration) -> None:
        """Start PostgreSQL and NATS, and give them what a node finds: roles, tables, streams."""
        first_time = not (self.home / "secrets").exists()
        self.start("postgres")
        if first_time:
            write_database_secrets(self.home, create_roles(self.postgres))
        migrate(self.home)
        self.start("nats")
        self.nats.provision()

    def start(self, part: Part) -> None:
        """Start a part and wait until it is ready."""
        with self._lock:
            self._parts[part].start()
            self._wanted.add(part)

    def launch(self, part: Part) -> None:
        """Start a part and do not wait: `start` does that later."""
        with self._lock:
            self._wanted.add(part)
            self._parts[part].process.start()

    def stop(self, part: Part) -> None:
        """Stop a part in order; supervision leaves it alone until it is started again."""
        with self._lock:
            if part in self._wanted:
                self._wanted.remove(part)
                self._parts[part].process.stop()

    def kill(self, part: Part) -> None:
        """End a part as a power cut would; supervision brings it back."""
        self._parts[part].process.kill()

    def pause(self, part: Part) -> None:
        """Freeze a part: its ports stay open and nothing answers."""
        self._parts[part].process.pause()

    def resume(self, part: Part) -> None:
        """Let a frozen part go on."""
        self._parts[part].process.resume()

    def restart(self, part: Part) -> None:
        """Stop and start a part."""
        with self._lock:
            self.stop(part)
            self.start(part)

    def wipe_jetstream(self) -> None:
        """Lose all that JetStream holds; streams and consumers come back empty."""
        with self._lock:
            self.nats.wipe()

    def revive(self) -> None:
        """Start again every part that died, without waiting until it is ready."""
        with self._lock:
            for part in self._wanted:
                self._parts[part].process.start()

    def runs(self) -> bool:
        """Whether any part should be running."""
        return bool(self._wanted)

    def stop_all(self) -> None:
        """Stop every part, last started first."""
        for part in reversed(PARTS):
            self.stop(part)


class ThreeNodes:
    """Agencies below `root`, made on first use and found again later; a context manager.

    Args:
        root: where the homes are or will be.
        ceremony: run once, when the homes are new.
        migrate: run at every start, so it must do nothing when nothing is to be done.
        supervise: start again what dies.
    """

    def __init__(
        self,
        root: Path,
        *,
        ceremony: Ceremony,
        migrate: Migration,
        agencies: tuple[str, ...] = AGENCIES,
        mail_port: int = 2525,
        supervise: bool = False,
    ) -> None:
        self.homes = {name: root / name for name in agencies}
        if not all(home.exists() for home in self.homes.values()):
            ceremony(write_homes(root, agencies, mail_port=mail_port))
        self.agencies = {name: AgencyProcesses(home) for name, home in self.homes.items()}
        self._migrate = migrate
        self._supervise = supervise
        self._ending = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="supervisor", daemon=True)

    def __enter__(self) -> Self:
        with ExitStack() as on_failure:
            on_failure.callback(self.stop_all)
            self.start_servers()
            self.start_nodes()
            on_failure.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop_all()

    def __getitem__(self, agency: str) -> AgencyProcesses:
        return self.agencies[agency]

    def start_servers(self) -> None:
        """Start and prepare every PostgreSQL and NATS server."""
        for agency in self.agencies.values():
            agency.prepare(self._migrate)

    def start_nodes(self) -> None:
        """Start every node, side by side, and supervision if it was asked for."""
        for agency in self.agencies.values():
            agency.launch("node")
        for agency in self.agencies.values():
            agency.start("node")
        if self._supervise:
            self._watcher.start()

    def stop_all(self) -> None:
        """Stop supervision and every process; the agencies side by side, since a busy one takes its time."""
        self._ending.set()
        with ThreadPoolExecutor(len(self.agencies)) as side_by_side:
            for stopped in [side_by_side.submit(agency.stop_all) for agency in self.agencies.values()]:
                stopped.result()
        # Last: the kernel ends what the watcher started when the watcher ends.
        if self._watcher.is_alive():
            self._watcher.join()

    def _watch(self) -> None:
        """Until the end, and then on until nothing is left that this thread started."""
        while not self._ending.wait(_WATCH_S):
            for agency in self.agencies.values():
                agency.revive()
        while any(agency.runs() for agency in self.agencies.values()):
            threading.Event().wait(_WATCH_S)
