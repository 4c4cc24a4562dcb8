"""Which server program is used, and what is said when there is none that fits."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.dev.binaries import MINIMUM, find_binary, main, version_of
from deploy.dev.errors import RunnerError


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    """Findings are remembered; each test starts without memory and leaves none."""
    find_binary.cache_clear()
    yield
    find_binary.cache_clear()


@pytest.fixture
def named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that is said to be the NATS server."""
    monkeypatch.setenv("RAJUT_NATS_SERVER", str(tmp_path / "named"))
    return tmp_path / "named"


def program(path: Path, output: str) -> Path:
    path.write_text(f"#!/bin/sh\necho '{output}'\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("name", MINIMUM)
def test_every_program_is_found_and_new_enough(name: str) -> None:
    """What `make setup` installs is all that the demo and the tests need."""
    assert version_of(find_binary(name)) >= MINIMUM[name]


def test_the_environment_names_another_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An agency runs its own build of NATS by naming the file."""
    own = program(tmp_path / "my-nats", "nats-server: v2.99.1")
    monkeypatch.setenv("RAJUT_NATS_SERVER", str(own))
    assert find_binary("nats-server") == own


def test_the_environment_names_another_postgresql(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An agency runs its own PostgreSQL by naming the directory of its programs."""
    own = program(tmp_path / "initdb", "initdb (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)")
    monkeypatch.setenv("RAJUT_POSTGRES_BIN", str(tmp_path))
    assert find_binary("initdb") == own


def test_a_wrong_name_is_an_error_and_no_silent_fallback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the named server is not there, no other one is used in its place."""
    monkeypatch.setenv("RAJUT_NATS_SERVER", str(tmp_path / "nowhere"))
    with pytest.raises(RunnerError, match="RAJUT_NATS_SERVER") as failure:
        find_binary("nats-server")
    assert failure.value.code == "BINARY_MISSING"


@pytest.mark.parametrize("output", ["nats-server: v2.9.10", "nats-server: v2.13.9"])
def test_an_old_server_is_refused_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output: str) -> None:
    """A server without CONSUMER.RESET is refused before the link depends on it."""
    monkeypatch.setenv("RAJUT_NATS_SERVER", str(program(tmp_path / "old", output)))
    with pytest.raises(RunnerError, match=r"needed is 2\.14: set RAJUT_NATS_SERVER") as failure:
        find_binary("nats-server")
    assert failure.value.code == "BINARY_TOO_OLD"


def test_a_server_may_be_named_from_where_one_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`./nats-server` is the file of that name here, and not what the search path has; servers run from elsewhere."""
    own = program(tmp_path / "nats-server", "nats-server: v2.99.1")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RAJUT_NATS_SERVER", "./nats-server")
    assert find_binary("nats-server") == own


def test_a_program_of_the_system_keeps_the_name_by_which_it_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Debian's `psql` is a link to one program that does what it is called; every other link is followed home."""
    program(tmp_path / "wrapper", "psql (PostgreSQL) 15.18")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "psql").symlink_to(tmp_path / "wrapper")
    (tmp_path / "bin" / "initdb").symlink_to(program(tmp_path / "initdb", "initdb (PostgreSQL) 15.18"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setattr("deploy.dev.binaries.find_spec", lambda _: None)
    monkeypatch.delenv("RAJUT_POSTGRES_BIN", raising=False)
    assert find_binary("psql") == tmp_path / "bin" / "psql"
    assert find_binary("initdb") == tmp_path / "initdb"


@pytest.mark.parametrize(
    ("script", "mode", "code"),
    [
        ("#!/bin/sh\necho 'v2.99.1'\n", 0o644, "BINARY_BROKEN"),
        ("not a program", 0o755, "BINARY_BROKEN"),
        ("#!/bin/sh\nexit 3\n", 0o755, "BINARY_BROKEN"),
        ("#!/bin/sh\necho hello\n", 0o755, "BINARY_UNKNOWN"),
    ],
    ids=["not executable", "no program", "fails", "no version"],
)
def test_what_is_no_server_is_told_in_one_line_with_the_remedy(
    named: Path, capsys: pytest.CaptureFixture[str], script: str, mode: int, code: str
) -> None:
    """Whoever names a wrong file learns which one, and which setting named it."""
    named.write_text(script)
    named.chmod(mode)
    assert main() == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"{code}: {named} ")
    assert "set RAJUT_NATS_SERVER to" in line
