"""Both stores for the store's suite; and says aloud when the vectors of others were not there to be run."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.conftest import Database, Postgres
from tests.contract.authors import OWN, Author
from tests.contract.outside import ABSENT, HERE
from tests.contract.shelves import MemoryShelf, Shelf, postgres_shelf
from tests.simulation.charter import charter


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not HERE:
        terminalreporter.write_line(ABSENT, yellow=True)


@pytest.fixture(scope="session")
def node_database(postgres: Postgres) -> Iterator[Database]:
    """A database for the node's tables; every test undoes what it wrote there."""
    fresh = postgres.fresh_database()
    yield fresh
    fresh.drop()


@pytest.fixture(params=["memory", "postgres"])
async def shelf(request: pytest.FixtureRequest) -> AsyncIterator[Shelf]:
    """LPSK's store, with every log at its start."""
    if request.param == "memory":
        yield MemoryShelf(OWN, charter().chain)
        return
    async with postgres_shelf(request.getfixturevalue("node_database"), OWN, charter().chain) as made:
        yield made


@pytest.fixture
def ham() -> Author:
    """Komnas HAM, at the start of its log."""
    return Author("komnas-ham")


@pytest.fixture
def perempuan() -> Author:
    """Komnas Perempuan, at the start of its log."""
    return Author("komnas-perempuan", 2)
