"""Which server program is used, and what is said when there is none that fits."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.dev.binaries import MINIMUM, find_binary, version_of
from deploy.dev.errors import RunnerError


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    """Findings are remembered; each test starts without memory and leaves none."""
    find_binary.cache_clear()
    yield
    find_binary.cache_clear()


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
