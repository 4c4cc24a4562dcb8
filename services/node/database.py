"""Connections to the node's own PostgreSQL: one pool per role, and migrations run by the owner."""

import re
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import asyncpg

from services.node.settings import Home
from services.node.sql import Connection, Pool, Row

NODE_MIGRATIONS = Path(__file__).parent / "sql" / "migrations"
_FILE = re.compile(r"(\d{4})_(pre|post)_[a-z0-9_]+\.sql")
_LEDGER = """
create table if not exists public.migration (
    part text not null, number int not null, name text not null, checksum bytea not null,
    applied_at timestamptz not null default clock_timestamp(), primary key (part, number));
revoke all on public.migration from public;
grant select on public.migration to rajut_node, rajut_intake, rajut_triage, rajut_protection, rajut_notify;
"""


AWAY = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.InternalServerError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidTransactionStateError,
    asyncpg.ObjectNotInPrerequisiteStateError,
    asyncpg.OperatorInterventionError,
    asyncpg.PostgresConnectionError,
    asyncpg.PostgresSystemError,
    asyncpg.TransactionRollbackError,
)
"""The database is not there, full, restarting, or rolled us back: whatever was asked of it can be asked again."""


class MigrationError(Exception):
    """The database and these files do not agree; nothing was changed."""


class Migration(NamedTuple):
    """One step of a part's schema; never edited once released."""

    part: str
    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> bytes:
        """SHA-256 of the file."""
        return sha256(self.sql.encode()).digest()


async def pool(home: Home, role: str, *, size: int = 4) -> Pool:
    """Connections as `rajut_<role>`; commits wait for the disk, statements for at most half a minute."""
    database = home.settings.database
    made: Pool = await asyncpg.create_pool(
        host=database.host,
        port=database.port,
        database=database.name,
        user=f"rajut_{role}",
        password=home.secret(f"secrets/pg-rajut_{role}"),
        min_size=1,
        max_size=size,
        command_timeout=30,
        server_settings={
            "search_path": "log" if role == "node" else role,
            "application_name": f"rajut-{role}",
            "synchronous_commit": "on",
        },
    )
    return made


async def owner(home: Home) -> Connection:
    """A connection as the database's owner, for migrations and for verification."""
    where, password = home.settings.database, home.secret("secrets/pg-rajut_owner")
    return await asyncpg.connect(
        host=where.host, port=where.port, database=where.name, user="rajut_owner", password=password
    )


def migrations(folders: Mapping[str, Path]) -> list[Migration]:
    """All steps of the given parts, in order; MigrationError for a misnamed or repeated file."""
    steps = [_read(part, path) for part, folder in folders.items() for path in sorted(folder.glob("*.sql"))]
    if len({step[:2] for step in steps}) < len(steps):
        raise MigrationError("two files with one number")
    return steps


async def migrate(connection: Connection, steps: Sequence[Migration]) -> list[Migration]:
    """Apply what is missing, each step in a transaction of its own; return what was applied.

    Raises MigrationError if an applied step was edited, or if the database knows steps that we do not.
    """
    await connection.execute("select pg_advisory_lock(7261)")  # before anything is made: others may be about to
    try:
        await connection.execute(_LEDGER)
        todo = pending(steps, await connection.fetch("select part, number, checksum from public.migration"))
        for step in todo:
            async with connection.transaction():
                await connection.execute(step.sql)
                await connection.execute(
                    "insert into public.migration values ($1, $2, $3, $4)", *step[:3], step.checksum
                )
    finally:
        await connection.execute("select pg_advisory_unlock(7261)")
    return todo


def pending(steps: Sequence[Migration], applied: Iterable[Row]) -> list[Migration]:
    """The steps that are not applied yet; MigrationError if what was applied is not what we have."""
    ours = {(step.part, step.number): step for step in steps}
    done = {(row["part"], row["number"]): row["checksum"] for row in applied}
    for key, checksum in done.items():
        if key not in ours:
            raise MigrationError(f"the database has {key[0]} {key[1]}, which this version does not know")
        if ours[key].checksum != checksum:
            raise MigrationError(f"{key[0]} {key[1]} was changed after it was applied")
    return [step for step in steps if (step.part, step.number) not in done]


def _read(part: str, path: Path) -> Migration:
    match = _FILE.fullmatch(path.name)
    if not match:
        raise MigrationError(f"{path.name}: expected NNNN_pre_name.sql or NNNN_post_name.sql")
    return Migration(part, int(match[1]), path.stem, path.read_text(encoding="utf-8"))
