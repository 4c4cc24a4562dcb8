"""Writes `schema.sql` beside this file: what the whole chain of migrations makes of an empty database.

Nothing is ever created from that file. It is there to be read, and so that a review sees what a migration
changes in the whole. It comes from `pg_dump` of a throw-away server, without what differs from run to run.
Servers print one and the same view in different words: the file is written with PostgreSQL 18 alone, and
whoever has another one learns whether the file still says what the chain makes.
"""

import asyncio
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import asyncpg

from deploy.dev.binaries import find_binary, version_of
from deploy.dev.ports import free_port
from deploy.dev.postgres import DATABASE, OWNER, PostgresServer, create_roles
from services import wiring
from services.node.database import migrate

SCHEMA = Path(__file__).with_name("schema.sql")
WRITTEN_WITH = 18
"""The major version of PostgreSQL whose words the file has: that of the wheel."""

_HEADER = "-- What the migrations make of an empty database. Written by deploy.postgres.generate; not to be edited.\n"
_NOISE = re.compile(r"^(--.*|SET .*|SELECT pg_catalog\.set_config.*|\\(un)?restrict .*)$", re.MULTILINE)
_EMPTY_LINES = re.compile(r"\n{2,}")
# As the dump says it where the file leaves it out: a function may stand before the tables that it reads.
_BEFORE_LOADING = "SET check_function_bodies = false; SET search_path = '';\n"


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


def written() -> str:
    """What the file says, as SQL to be run by the owner of an empty database, which is then as the chain makes it."""
    return _BEFORE_LOADING + SCHEMA.read_text(encoding="utf-8")


def main() -> None:
    """Make a database, write down what it looks like, remove it."""
    with tempfile.TemporaryDirectory(prefix="rajut-schema-") as folder:
        Path(folder).chmod(0o711)
        server = PostgresServer(Path(folder) / "postgres", free_port())
        server.start()
        try:
            passwords = create_roles(server)
            asyncio.run(apply_all(server.dsn(OWNER, passwords[OWNER], DATABASE)))
            _write_or_compare(server, passwords[OWNER])
        finally:
            server.stop()


def _write_or_compare(server: PostgresServer, password: str) -> None:
    made = schema(server.dsn(OWNER, password, DATABASE))
    major = version_of(find_binary("postgres"))[0]
    if major == WRITTEN_WITH:
        SCHEMA.write_text(made, encoding="utf-8")
        return
    server.copy_database("template0", "written")
    server.sql(written(), database="written", user=OWNER, password=password)
    if schema(server.dsn(OWNER, password, "written")) != made:
        sys.exit(f"{SCHEMA} is out of date, and PostgreSQL {WRITTEN_WITH} is needed to write it: this is {major}")
    sys.stderr.write(f"{SCHEMA.name} is up to date; it is not written anew with PostgreSQL {major}\n")


def _without_password(dsn: str) -> tuple[str, str]:
    """The address and the password apart: a command line is open to everybody on the machine."""
    start, _, rest = dsn.partition("://")
    user, _, place = rest.partition("@")
    name, _, password = user.partition(":")
    return f"{start}://{name}@{place}", password


if __name__ == "__main__":
    main()
