"""Writes `schema.sql` beside this file: what the whole chain of migrations makes of an empty database.

Nothing is ever created from that file. It is there to be read, and so that a review sees what a migration
changes in the whole. It comes from `pg_dump` of a throw-away server, without what differs from run to run.
"""

import asyncio
import os
import re
import subprocess
import tempfile
from pathlib import Path

import asyncpg

from deploy.dev.binaries import find_binary
from deploy.dev.ports import free_port
from deploy.dev.postgres import DATABASE, OWNER, PostgresServer, create_roles
from services import wiring
from services.node.database import migrate

SCHEMA = Path(__file__).with_name("schema.sql")
_HEADER = "-- What the migrations make of an empty database. Written by deploy.postgres.generate; not to be edited.\n"
_NOISE = re.compile(r"^(--.*|SET .*|SELECT pg_catalog\.set_config.*|\\(un)?restrict .*)$", re.MULTILINE)
_EMPTY_LINES = re.compile(r"\n{2,}")


def schema(dsn: str) -> str:
    """Tables, functions, triggers and rights in a database, as SQL. `dsn` is the owner's.

    Raises:
        subprocess.CalledProcessError: the database cannot be read.
    """
    address, password = _without_password(dsn)
    program = find_binary("postgres").with_name("pg_dump")
    dump = subprocess.run(
        [program, "--schema-only", "--no-owner", address],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PGPASSWORD": password},
    )
    return _HEADER + _EMPTY_LINES.sub("\n\n", _NOISE.sub("", dump.stdout)).rstrip() + "\n"


async def apply_all(dsn: str) -> None:
    """Bring a database to the present; `dsn` is the owner's."""
    connection = await asyncpg.connect(dsn)
    try:
        await migrate(connection, wiring.migrations())
    finally:
        await connection.close()


def main() -> None:
    """Make a database, write down what it looks like, remove it."""
    with tempfile.TemporaryDirectory(prefix="rajut-schema-") as folder:
        Path(folder).chmod(0o711)
        server = PostgresServer(Path(folder) / "postgres", free_port())
        server.start()
        try:
            dsn = server.dsn(OWNER, create_roles(server)[OWNER], DATABASE)
            asyncio.run(apply_all(dsn))
            SCHEMA.write_text(schema(dsn), encoding="utf-8")
        finally:
            server.stop()


def _without_password(dsn: str) -> tuple[str, str]:
    """The address and the password apart: a command line is open to everybody on the machine."""
    start, _, rest = dsn.partition("://")
    user, _, place = rest.partition("@")
    name, _, password = user.partition(":")
    return f"{start}://{name}@{place}", password


if __name__ == "__main__":
    main()
