"""The servers that everything else stands on: durable, closed to strangers, gone when their starter is gone."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import asyncpg
import pytest

from deploy.dev.binaries import find_binary
from deploy.dev.errors import RunnerError
from deploy.dev.home import Ports, write_homes
from deploy.dev.nats_server import NatsServer
from deploy.dev.ports import free_port
from deploy.dev.postgres import OWNER, ROLES, SERVICE_ROLES, PostgresServer
from deploy.dev.runner import AgencyProcesses
from deploy.dev.unprivileged import reachable_program, server_owner
from tests.conftest import Database, Postgres

_ORPHAN_MAKER = """
import sys, time
from pathlib import Path
from deploy.dev.postgres import PostgresServer
server = PostgresServer(Path(sys.argv[1]), int(sys.argv[2]))
server.start()
print(server.process.pid, flush=True)
time.sleep(60)
"""


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_settings_that_keep_data_are_on(postgres: Postgres) -> None:
    """A commit that was acknowledged survives a power cut, and damaged pages are noticed."""
    for setting in ("fsync", "synchronous_commit", "full_page_writes", "data_checksums"):
        assert postgres.server.sql(f"SHOW {setting};") == "on"


def test_only_passwords_over_loopback_open_the_database(postgres: Postgres) -> None:
    """There is no way in but SCRAM on 127.0.0.1: no socket file, no trusted host."""
    server = postgres.server
    assert server.sql("SHOW listen_addresses; SHOW unix_socket_directories;") == "127.0.0.1"
    methods = "SELECT DISTINCT auth_method FROM pg_hba_file_rules;"
    assert server.sql(methods) == "scram-sha-256"
    with pytest.raises(RunnerError, match="password authentication failed"):
        server.sql("SELECT 1;", password="a guess")


def test_statements_with_data_stay_out_of_the_server_log(database: Database, server_folder: Path) -> None:
    """A failing statement leaves neither its text nor the row's values in the log."""
    database.sql("CREATE TABLE t (word text PRIMARY KEY);", OWNER)
    with pytest.raises(RunnerError):
        database.sql("INSERT INTO t VALUES ('perigi'), ('perigi');", OWNER)
    log = (server_folder / "postgres" / "postgres.log").read_text()
    assert "duplicate key" in log
    assert "perigi" not in log


def test_no_role_has_more_than_it_needs(postgres: Postgres) -> None:
    """Our roles can log in and nothing else: no superuser, no databases, no roles."""
    rows = postgres.server.sql(
        "SELECT rolcanlogin, rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls "
        "FROM pg_roles WHERE rolname LIKE 'rajut%';"
    )
    assert rows.splitlines() == ["t|f"] * len(ROLES)


@pytest.mark.parametrize("role", SERVICE_ROLES)
def test_a_service_cannot_create_tables(database: Database, role: str) -> None:
    """Only the owner shapes the database; a service that was taken over cannot add to it."""
    with pytest.raises(RunnerError, match="permission denied"):
        database.sql("CREATE TABLE public.mine (n int);", role)
    with pytest.raises(RunnerError, match="permission denied"):
        database.sql("CREATE SCHEMA mine;", role)


async def test_each_test_has_a_database_of_its_own(database: Database, postgres: Postgres) -> None:
    """What one test writes no other test sees, and asyncpg gets in with the role's password."""
    connection = await asyncpg.connect(database.dsn(OWNER))
    await connection.execute("CREATE TABLE mine (n int)")
    other = postgres.fresh_database()
    assert other.sql("SELECT count(*) FROM pg_tables WHERE tablename = 'mine';", OWNER) == "0"
    await connection.close()
    other.drop()


def test_committed_rows_survive_kill_and_restart(server_folder: Path) -> None:
    """After a power cut the same cluster starts again, with all that was committed and nothing else."""
    server = PostgresServer(server_folder / "killed", free_port())
    server.start()
    server.sql("CREATE TABLE t (n int); INSERT INTO t VALUES (7);")
    server.kill()
    server.start()
    assert server.sql("SELECT n FROM t;") == "7"
    server.restart()
    assert server.sql("SELECT n FROM t;") == "7"
    server.stop()
    assert server.process.pid is None


def test_a_frozen_server_answers_nobody_until_it_goes_on(server_folder: Path) -> None:
    """Pause stops every process of the server, so that a login hangs as behind a dead network."""
    server = PostgresServer(server_folder / "frozen", free_port())
    server.start()
    server.process.pause()
    with pytest.raises(RunnerError, match="timeout expired"):
        server.sql("SELECT 1;")
    server.process.resume()
    assert server.sql("SELECT 1;") == "1"
    server.stop()


def test_nothing_is_left_when_the_runner_is_killed(server_folder: Path) -> None:
    """Killing (-9) whoever started a server ends the server too."""
    maker = subprocess.Popen(
        [sys.executable, "-c", _ORPHAN_MAKER, server_folder / "orphan", str(free_port())],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "TMPDIR": str(server_folder)},  # it cannot clean up after itself
    )
    with maker:
        assert maker.stdout is not None
        pid = int(maker.stdout.readline())
        assert _alive(pid)
        maker.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 5
    while _alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _alive(pid)


def test_a_start_on_a_taken_port_fails_and_says_where_to_look(postgres: Postgres, server_folder: Path) -> None:
    """A server never counts as started because another one answers on its port."""
    second = PostgresServer(server_folder / "second", postgres.server.port)
    with pytest.raises(RunnerError, match=r"PROCESS_DIED.*postgres\.log"):
        second.start()


def test_data_may_lie_where_the_server_cannot_walk(tmp_path: Path) -> None:
    """A private folder is no obstacle: as root, the data is placed where the server's user can reach it."""
    tmp_path.chmod(0o700)
    server = PostgresServer(tmp_path / "postgres", free_port())
    server.start()
    assert server.sql("SELECT 1;") == "1"
    server.stop()
    data = (tmp_path / "postgres" / "data").resolve()
    owner = server_owner() or (os.geteuid(), os.getegid())
    assert data.stat().st_uid == owner[0]
    if not data.is_relative_to(tmp_path):  # the folder that the server made
        shutil.rmtree(data.parent)


def test_data_lies_in_its_home_whatever_the_umask(server_folder: Path) -> None:
    """Under a strict umask, too, removing a home removes the cases in it: nothing lies elsewhere."""
    before = os.umask(0o077)
    try:
        home = write_homes(server_folder / "strict" / "homes", ("lpsk",))["lpsk"]
        server = PostgresServer(home / "postgres", Ports.of(home).postgres)
        server.start()
    finally:
        os.umask(before)
    assert server.sql("SELECT 1;") == "1"
    server.stop()
    assert (home / "postgres" / "data").resolve() == home / "postgres" / "data"


def test_programs_may_lie_where_the_server_cannot_walk(tmp_path: Path) -> None:
    """A project in a private folder is no obstacle: as root, programs run from a copy that is in reach."""
    installed = find_binary("initdb").parents[1]
    private = tmp_path / installed.parent.name / installed.name
    shutil.copytree(installed, private)
    libraries = installed.parents[1] / f"{installed.parent.name}.libs"
    if libraries.exists():
        shutil.copytree(libraries, tmp_path / libraries.name)
    tmp_path.chmod(0o700)
    program = reachable_program(private / "bin" / "initdb")
    uid = (server_owner() or (None,))[0]
    done = subprocess.run([program, "--version"], capture_output=True, check=True, user=uid, cwd="/")
    assert b"initdb (PostgreSQL)" in done.stdout


def test_nats_is_ready_when_start_returns(nats: NatsServer, homes: dict[str, Path]) -> None:
    """Provisioning right after start succeeds, and again: it changes nothing that is right."""
    nats.provision()
    nats.provision()
    assert nats.process.pid is not None
    assert Ports.of(homes["lpsk"]).nats > 0


def test_nats_runs_in_a_home_of_any_name(server_folder: Path) -> None:
    """Quotes, backslashes, line feeds and what else a path may hold mean nothing to the server's configuration."""
    home = write_homes(server_folder / "of \"our\" house\\n\\x41, '#1'\n\r\t$HOME {é}", ("lpsk",))["lpsk"]
    server = NatsServer(home, Ports.of(home).monitor)
    server.start()
    try:
        server.provision()
        assert (home / "nats" / "jetstream" / "jetstream").is_dir()
    finally:
        server.process.stop()


@pytest.mark.parametrize("pattern", ["*.seed", "*.key", "pg-*"])
def test_secrets_of_a_home_are_closed_to_others(homes: dict[str, Path], pattern: str) -> None:
    """No key or password in a home can be read by another user of the machine."""
    for home in homes.values():
        for file in home.rglob(pattern):
            assert file.stat().st_mode & 0o077 == 0


def test_what_dies_is_revived_and_what_was_stopped_stays_down(
    server_folder: Path,
) -> None:
    """Supervision brings back a killed part with its data, and respects a deliberate stop."""
    home = write_homes(server_folder / "supervised", ("lpsk",))["lpsk"]
    agency = AgencyProcesses(home)
    try:
        agency.prepare(lambda _: None)
        first = agency.nats.process.pid
        agency.kill("nats")
        agency.stop("postgres")
        agency.revive()
        assert agency.nats.process.pid not in (None, first)
        assert agency.postgres.process.pid is None
        agency.wipe_jetstream()
        agency.restart("nats")
        agency.prepare(lambda _: None)
        assert agency.postgres.sql("SELECT 1;") == "1"
    finally:
        agency.stop_all()
    assert agency.nats.process.pid is None
