"""What tests of every tier share: real servers, one set per test process, and no network where none is due."""

import gc
import os
import shutil
import tempfile
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
import pytest_socket
from hypothesis import HealthCheck, settings
from xdist.remote import Producer  # type: ignore[import-untyped]
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

from deploy.dev.home import Ports, write_homes
from deploy.dev.nats_server import NatsServer
from deploy.dev.ports import free_port
from deploy.dev.postgres import DATABASE, PostgresServer, create_roles
from tests.memory import in_memory

# How long an example takes says more about the machine's other work than about us; speed is `make bench`.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=40)
settings.register_profile("thorough", settings.get_profile("any machine"), max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "any machine"))

_TESTS = Path(__file__).parent
_LONG_FIRST = ("e2e", "scenarios", "browser", "integration", "simulation")
_WITHOUT_NETWORK = ("unit", "contract", "simulation")
_BROWSER = "tests/browser/"
_BLOCK = 25
_names = count(1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Postgres:
    """A running server, whose roles exist in every database; `passwords` is role -> password."""

    server: PostgresServer
    passwords: dict[str, str]

    def fresh_database(self, template: str = DATABASE) -> "Database":
        """A copy of `template` that nobody else uses."""
        name = f"copy_{next(_names)}"
        self.server.copy_database(template, name)
        return Database(name=name, postgres=self)


@dataclass(frozen=True, kw_only=True, slots=True)
class Database:
    """One database on a running server."""

    name: str
    postgres: Postgres

    def dsn(self, role: str) -> str:
        """Connection address for asyncpg as one of the roles, such as `rajut_node`."""
        return self.postgres.server.dsn(role, self.postgres.passwords[role], self.name)

    def sql(self, text: str, role: str) -> str:
        """Run SQL as a role; see `PostgresServer.sql`."""
        password = self.postgres.passwords[role]
        return self.postgres.server.sql(text, database=self.name, user=role, password=password)

    def drop(self) -> None:
        """Remove it, ending its connections."""
        self.postgres.server.drop_database(self.name)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--examples", type=int, default=3, help="requests made up for each route of the HTTP door")
    parser.addoption("--shots", default="", help="a folder for pictures of pages; only tests that take some are run")
    parser.addoption("--seeds", type=int, default=1000, help="simulations to run; RAJUT_SEED=n runs just seed n")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for `simulation_seeds` is run once per block of seeds; one per seed would cost too much."""
    if "simulation_seeds" in metafunc.fixturenames:
        blocks = _blocks(metafunc.config.getoption("--seeds"), os.environ.get("RAJUT_SEED"))
        metafunc.parametrize("simulation_seeds", blocks, ids=lambda block: f"{block.start}-{block.stop - 1}")


def _blocks(seeds: int, only: str | None) -> list[range]:
    if only:
        return [range(int(only), int(only) + 1)]
    return [range(first, min(first + _BLOCK, seeds)) for first in range(0, seeds, _BLOCK)]


class OneBrowser(LoadFileScheduling):  # type: ignore[misc]
    """File by file to whoever is free, and all pages to one: they share desks that take long to open."""

    def _split_scope(self, nodeid: str) -> str:
        scope = super()._split_scope(nodeid)
        return _BROWSER if scope.startswith(_BROWSER) else scope


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling | None:
    """Which worker gets which test, where whole files are asked for."""
    return OneBrowser(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """The collector of cycles stays out of what all tests load, then and later: see `services.node.settled`."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.collect()
        gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long comes first, so that at the end no worker waits for another; otherwise the order stays random."""
    items.sort(key=lambda item: _LONG_FIRST.index(_tier(item)) if _tier(item) in _LONG_FIRST else len(_LONG_FIRST))


def _tier(item: pytest.Item) -> str:
    return item.path.relative_to(_TESTS).parts[0]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Tests of pure logic may not open a network connection, unless marked `enable_socket`."""
    if _tier(item) in _WITHOUT_NETWORK and item.get_closest_marker("enable_socket") is None:
        pytest_socket.disable_socket(allow_unix_socket=True)


@pytest.fixture(scope="session")
def server_folder() -> Iterator[Path]:
    """A folder that servers which gave up root can reach, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="rajut-tests-", dir=in_memory()))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgres(server_folder: Path) -> Iterator[Postgres]:
    """One PostgreSQL server with the roles and the empty database `rajut`."""
    server = PostgresServer(server_folder / "postgres", free_port())
    server.start()
    yield Postgres(server=server, passwords=create_roles(server))
    server.stop()


@pytest.fixture
def database(postgres: Postgres) -> Iterator[Database]:
    """An empty database of the test's own, owned by `rajut_owner`."""
    fresh = postgres.fresh_database()
    yield fresh
    fresh.drop()


@pytest.fixture(scope="session")
def homes(server_folder: Path) -> dict[str, Path]:
    """The home directories of three agencies that are partners of each other; agency -> home."""
    return write_homes(server_folder / "homes")


@pytest.fixture(scope="session")
def nats(homes: dict[str, Path]) -> Iterator[NatsServer]:
    """The NATS server of LPSK, provisioned; its streams are shared by the tests of one process."""
    server = NatsServer(homes["lpsk"], Ports.of(homes["lpsk"]).monitor)
    server.start()
    server.provision()
    yield server
    server.process.stop()
