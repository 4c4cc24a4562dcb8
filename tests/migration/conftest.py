"""A database with the whole chain applied, shared by tests that change nothing in it."""

import asyncio
from collections.abc import Iterator

import pytest

from deploy.dev.postgres import OWNER
from deploy.postgres.generate import apply_all
from tests.conftest import Database, Postgres


@pytest.fixture(scope="session")
def migrated(postgres: Postgres) -> Iterator[Database]:
    """Every migration of the node and its services, on a database of its own."""
    fresh = postgres.fresh_database()
    asyncio.run(apply_all(fresh.dsn(OWNER)))
    yield fresh
    fresh.drop()
