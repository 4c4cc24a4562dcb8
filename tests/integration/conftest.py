"""The servers of three agencies: for all files that leave nothing behind, for one file, for one test. Their nodes."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from deploy.dev.runner import ThreeNodes
from tests.e2e.stage import servers
from tests.integration.trio import Trio, three


@pytest.fixture(scope="session")
def agencies(server_folder: Path) -> Iterator[ThreeNodes]:
    """PostgreSQL and NATS of three agencies; whoever starts a node on them stops it again."""
    with servers(server_folder / "agencies") as running:
        yield running


@pytest.fixture(scope="module")
def machines(server_folder: Path, request: pytest.FixtureRequest) -> Iterator[ThreeNodes]:
    """The servers of three agencies, for one test file alone; its SETTINGS, if any, are in each node.toml."""
    folder = server_folder / request.path.stem.removeprefix("test_")
    with servers(folder, getattr(request.module, "SETTINGS", "")) as running:
        yield running


@pytest.fixture
def doomed(server_folder: Path, request: pytest.FixtureRequest) -> Iterator[ThreeNodes]:
    """The servers of three agencies, for one test alone: it leaves something behind that does not heal."""
    with servers(server_folder / request.node.name[:24]) as running:
        yield running


@pytest.fixture
async def trio(machines: ThreeNodes) -> AsyncIterator[Trio]:
    """Three nodes that hold the same at the start of a test."""
    async with three(machines) as nodes:
        yield nodes
