"""A PostgreSQL server of one agency: own cluster, own superuser, TCP on loopback with passwords only.

Unlike the Python wrapper that comes with the wheel it trusts nobody: SCRAM for every connection, no Unix
socket, data checksums, all durability settings on. A cluster is copied from one that was initialised
once per process, which is seven times faster than `initdb`.
"""

import os
import secrets
import shutil
import signal
import subprocess
import time
from atexit import register
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from deploy.dev.binaries import find_binary, version_of
from deploy.dev.errors import RunnerError
from deploy.dev.process import Process
from deploy.dev.unprivileged import (
    give_away,
    make_walkable,
    public_folder,
    reachable_folder,
    reachable_program,
    server_owner,
)

DATABASE = "rajut"
OWNER = "rajut_owner"
SERVICE_ROLES = ("rajut_node", "rajut_intake", "rajut_triage", "rajut_protection", "rajut_notify")
ROLES = (OWNER, *SERVICE_ROLES)

_SUPERUSER = "postgres"
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "shared_buffers": "32MB",
    "max_connections": "100",
    "dynamic_shared_memory_type": "mmap",  # below the data: a server that is killed leaves nothing elsewhere
    "log_min_duration_statement": "-1",  # statements may carry personal data
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",  # drops DETAIL, where rows are quoted
    "log_parameter_max_length_on_error": "0",
}
_POSTMASTER_STATUS_LINE = 7


class PostgresServer:
    """One server, its cluster below `directory`, listening on 127.0.0.1:`port`.

    The superuser's password is kept in `directory`/superuser.password, so that a later runner can start
    the same cluster. `directory` must belong to this server alone.
    """

    def __init__(self, directory: Path, port: int) -> None:
        self.port = port
        self._directory = directory
        self._data = directory / "data"
        self._password_file = directory / "superuser.password"
        self._process: Process | None = None

    @property
    def process(self) -> Process:
        """The running or last run server process.

        Raises:
            RunnerError: `POSTGRES_NOT_STARTED`.
        """
        if self._process is None:
            raise RunnerError("POSTGRES_NOT_STARTED", f"port {self.port}: call start() first")
        return self._process

    def start(self) -> None:
        """Create the cluster if there is none, start the server, return when a login succeeds."""
        first_time = not self._password_file.exists()
        data = self._prepare() if first_time else self._data.resolve()
        self._process = Process(
            f"postgres:{self.port}",
            [_program("postgres"), "-D", data, "-p", str(self.port)],
            self._directory / "postgres.log",
            owner=server_owner(),
            stop_signal=signal.SIGINT,  # fast shutdown; SIGTERM would wait for every open pool
        )
        self._process.start()
        self._process.wait_until(lambda: self._is_ready(data))
        if first_time:
            self._take_over()

    def stop(self) -> None:
        """Shut down in order: connections are ended, everything is written."""
        if self._process is not None:
            self._process.stop()

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()

    def restart(self) -> None:
        """Stop, then start; data stays."""
        self.stop()
        self.start()

    def sql(
        self,
        text: str,
        *,
        database: str = "postgres",
        user: str = _SUPERUSER,
        password: str | None = None,
    ) -> str:
        """Run SQL over TCP and return the rows, columns separated by `|`; one failure stops it.

        Statements travel by standard input, so passwords in them show in no process list.

        Raises:
            RunnerError: `SQL_FAILED` with the server's message.
        """
        password = password or self._password_file.read_text()
        done = self._psql(text, database, user, password)
        if done.returncode != 0:
            raise RunnerError("SQL_FAILED", done.stderr.strip())
        return done.stdout.strip()

    def dsn(self, user: str, password: str, database: str = DATABASE) -> str:
        """Connection address for asyncpg."""
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def copy_database(self, template: str, name: str) -> None:
        """Create database `name` as a copy of `template`, to which nobody may be connected."""
        self.sql(f'CREATE DATABASE "{name}" TEMPLATE "{template}" OWNER {OWNER};')
        self.sql(_database_grants(name))

    def drop_database(self, name: str) -> None:
        """Drop database `name`, ending its connections."""
        self.sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE);')

    def _prepare(self) -> Path:
        make_walkable(self._directory)
        data = reachable_folder(self._data)
        _copy_cluster(_template_cluster(), data)
        return data

    def _take_over(self) -> None:
        """Replace the superuser's password, which all copies of the template share."""
        password = secrets.token_hex(32)
        self.sql(f"ALTER ROLE {_SUPERUSER} PASSWORD '{password}';", password=_template_password())
        _write_secret(self._password_file, password)

    def _is_ready(self, data: Path) -> bool:
        """The status that this very process wrote, and then a real login.

        A login alone could be answered by another server on the same port.
        """
        try:
            lines = (data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        if len(lines) <= _POSTMASTER_STATUS_LINE or lines[0] != str(self.process.pid):
            return False
        return lines[_POSTMASTER_STATUS_LINE].strip() == "ready" and self._can_log_in()

    def _can_log_in(self) -> bool:
        known = self._password_file.exists()
        password = self._password_file.read_text() if known else _template_password()
        return self._psql("SELECT 1;", "postgres", _SUPERUSER, password).returncode == 0

    def _psql(self, text: str, database: str, user: str, password: str) -> subprocess.CompletedProcess[str]:
        address = f"host=127.0.0.1 port={self.port} user={user} dbname={database} connect_timeout=3"
        quiet = ["--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--set=ON_ERROR_STOP=1"]
        return subprocess.run(
            [_program("psql"), *quiet, address],
            input=text,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PGPASSWORD": password, "PGREQUIREAUTH": "scram-sha-256"},
        )


def create_roles(server: PostgresServer, names: Iterable[str] = ROLES) -> dict[str, str]:
    """Create the roles, the database `rajut` owned by `rajut_owner`, and return the new passwords.

    No role is a superuser or may create databases or roles, and only the owner may create tables in schema
    public (PostgreSQL 15 and later close it to everybody else). Run it once per server.
    """
    passwords = {name: secrets.token_hex(24) for name in names}
    rights = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION"
    roles = [f"CREATE ROLE {name} {rights} PASSWORD '{password}';" for name, password in passwords.items()]
    server.sql("\n".join((*roles, f"CREATE DATABASE {DATABASE} OWNER {OWNER};", _database_grants(DATABASE))))
    return passwords


def _database_grants(name: str) -> str:
    """A copy of a database does not inherit the rights on it, so they are given anew each time."""
    roles = ", ".join(SERVICE_ROLES)
    return f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC; GRANT CONNECT ON DATABASE "{name}" TO {roles};'


def _program(name: str) -> Path:
    return reachable_program(find_binary(name))


@cache
def _template_password() -> str:
    return secrets.token_hex(32)


@cache
def _template_cluster() -> Path:
    """A cluster made by `initdb` that no server ever runs on."""
    folder = public_folder("rajut-initdb-")
    register(_remove, folder)
    password_file = folder / "password"
    _write_secret(password_file, _template_password())
    give_away(password_file)
    data = folder / "data"
    data.mkdir()
    give_away(data)
    _initdb(data, password_file)
    with (data / "postgresql.conf").open("a") as settings:
        settings.writelines(f"{name} = '{value}'\n" for name, value in _SETTINGS.items())
    return data


def _remove(folder: Path) -> None:
    """Remove a folder in which an `initdb` that was interrupted may still be writing its last files."""
    for _ in range(50):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.1)


def _initdb(data: Path, password_file: Path) -> None:
    owner = server_owner()
    done = subprocess.run(
        [
            _program("initdb"),
            *("-D", data, "-U", _SUPERUSER, f"--pwfile={password_file}"),
            *("--auth=scram-sha-256", "--encoding=UTF8", "--data-checksums", "--no-sync"),
            *_locale(),
        ],
        check=False,
        capture_output=True,
        text=True,
        cwd="/",
        user=owner[0] if owner else None,
        group=owner[1] if owner else None,
        extra_groups=[] if owner else None,
    )
    if done.returncode != 0:
        raise RunnerError("INITDB_FAILED", f"no database below {data.parent}: {done.stderr.strip()}")


def _locale() -> list[str]:
    """Byte order for sorting and Unicode for letters: the same on every machine, without ICU."""
    builtin_provider_since = 17
    if version_of(find_binary("initdb"))[0] >= builtin_provider_since:
        return ["--locale-provider=builtin", "--locale=C.UTF-8"]
    return ["--locale=C", "--lc-ctype=C.UTF-8"]


def _copy_cluster(source: Path, target: Path) -> None:
    shutil.copytree(source, target, dirs_exist_ok=True)
    give_away(target)
    target.chmod(0o700)


def _write_secret(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
