"""The servers of three agencies for test files that leave nothing behind that another one would mind."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.dev.runner import ThreeNodes
from tests.e2e.stage import servers


@pytest.fixture(scope="session")
def agencies(server_folder: Path) -> Iterator[ThreeNodes]:
    """PostgreSQL and NATS of three agencies; whoever starts a node on them stops it again."""
    with servers(server_folder / "agencies") as running:
        yield running
