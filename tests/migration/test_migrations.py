"""The chain of migrations: applied once, in order, never edited, never run against a database from the future."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import asyncpg
import pytest

from deploy.dev.postgres import OWNER
from deploy.postgres import generate
from deploy.postgres.generate import schema, written
from services import wiring
from services.node.database import Migration, MigrationError, migrate, migrations
from services.node.sql import Connection
from tests.conftest import Database

TABLE = Migration("word", 1, "0001_pre_word", "create table word (n int);")
COLUMN = Migration("word", 2, "0002_post_column", "alter table word add m int;")
BROKEN = Migration("word", 2, "0002_post_column", "alter table word add m int; select 1 / 0;")


@pytest.fixture
async def owner(database: Database) -> AsyncIterator[Connection]:
    """The owner's connection to an empty database."""
    connection = await asyncpg.connect(database.dsn(OWNER))
    yield connection
    await connection.close()


@pytest.mark.parametrize("name", ["1_pre_word.sql", "0001_word.sql", "0001_pre_Word.sql", "0001_pre_.sql"])
def test_a_misnamed_file_is_refused(tmp_path: Path, name: str) -> None:
    """A file whose place in the chain cannot be told stops everything before anything is applied."""
    (tmp_path / name).write_text("select 1;")
    with pytest.raises(MigrationError, match="expected NNNN_pre_name"):
        migrations({"word": tmp_path})


def test_a_number_is_used_once(tmp_path: Path) -> None:
    """Two files with one number would be applied in an order that nobody chose."""
    for name in ("0001_pre_one.sql", "0001_post_two.sql"):
        (tmp_path / name).write_text("select 1;")
    with pytest.raises(MigrationError, match="one number"):
        migrations({"word": tmp_path})


async def test_steps_are_applied_once_and_in_order(owner: Connection) -> None:
    """A second run does nothing, and a later one applies what is new and nothing else."""
    assert await migrate(owner, [TABLE]) == [TABLE]
    assert await migrate(owner, [TABLE]) == []
    assert await migrate(owner, [TABLE, COLUMN]) == [COLUMN]
    assert await migrate(owner, [TABLE, COLUMN]) == []


async def test_several_at_once_on_an_empty_database_apply_each_step_once(database: Database) -> None:
    """Whoever comes second waits and finds it done: the parts of a node may be started together."""
    async with AsyncExitStack() as stack:
        owners = [await asyncpg.connect(database.dsn(OWNER)) for _ in range(5)]
        for one in owners:
            stack.push_async_callback(one.close)
        async with asyncio.timeout(60):
            applied = await asyncio.gather(*(migrate(one, [TABLE, COLUMN]) for one in owners))
    assert sorted(applied) == [[], [], [], [], [TABLE, COLUMN]]


async def test_the_whole_chain_twice_changes_nothing(owner: Connection, database: Database) -> None:
    """Starting a node again leaves its schema as it was."""
    steps = wiring.migrations()
    assert await migrate(owner, steps) == steps
    before = schema(database.dsn(OWNER))
    assert await migrate(owner, steps) == []
    assert schema(database.dsn(OWNER)) == before


async def test_an_applied_step_may_not_be_edited(owner: Connection) -> None:
    """Whoever edits a released step is told so; the database is left alone."""
    await migrate(owner, [TABLE])
    edited = TABLE._replace(sql=TABLE.sql + " ")
    with pytest.raises(MigrationError, match="was changed after it was applied"):
        await migrate(owner, [edited, COLUMN])
    assert await _applied(owner) == [1]


async def test_a_database_from_the_future_is_refused(owner: Connection) -> None:
    """Software that is older than the database does not run against it."""
    await migrate(owner, [TABLE, COLUMN])
    with pytest.raises(MigrationError, match="does not know"):
        await migrate(owner, [TABLE])


async def test_a_step_that_fails_leaves_nothing(owner: Connection) -> None:
    """A step is applied whole or not at all, and can be tried again."""
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(owner, [TABLE, BROKEN])
    assert await _applied(owner) == [1]
    assert await migrate(owner, [TABLE, COLUMN]) == [COLUMN]


def test_the_written_schema_is_what_the_chain_makes(migrated: Database) -> None:
    """What reviewers read in schema.sql is what every node's database looks like, whatever server the agency has."""
    read = migrated.postgres.fresh_database()
    read.sql(written(), OWNER)
    assert schema(read.dsn(OWNER)) == schema(migrated.dsn(OWNER))
    read.drop()


@pytest.fixture
def other_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file, in a copy, beside a server that is not the one it is written with."""
    copy = tmp_path / "schema.sql"
    copy.write_text(generate.SCHEMA.read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setattr(generate, "SCHEMA", copy)
    monkeypatch.setattr(generate, "WRITTEN_WITH", 99)
    return copy


def test_another_server_leaves_the_written_schema_in_its_words(
    other_server: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever uses PostgreSQL of another version does not change the words of half the file."""
    before = other_server.read_text()
    generate.main()
    assert other_server.read_text() == before
    assert "is up to date" in capsys.readouterr().err


def test_another_server_knows_when_the_written_schema_is_old(other_server: Path) -> None:
    """And still learns that the file is not what the chain makes, and which version writes it."""
    with other_server.open("a") as file:
        file.write("alter table log.record add forgotten text;\n")
    with pytest.raises(SystemExit, match="out of date, and PostgreSQL 99 is needed"):
        generate.main()


async def _applied(owner: Connection) -> list[int]:
    return [row["number"] for row in await owner.fetch("select number from public.migration order by number")]
