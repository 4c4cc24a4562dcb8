"""The servers of three agencies: for all files that leave nothing behind, for one file, for one test. Their nodes."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from deploy.dev.runner import ThreeNodes
from tests.e2e.stage import LOGS, opened, report, servers
from tests.integration.trio import Trio, three
from tests.integration.visitors import LPSK, Desk, handle


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


@pytest.fixture
async def desk(agencies: ThreeNodes) -> AsyncIterator[Desk]:
    """The desk of LPSK, with nothing of the node running."""
    async with opened(agencies.homes[LPSK]) as node:
        known = await node.pools["node"].fetchval(
            "select case_id from log.event where type like '%case.opened%' and log = $1 order by seq limit 1",
            LOGS[LPSK],
        )
        case = known or await report(node)
        await handle(node, case)
        yield Desk(node, agencies, case)
