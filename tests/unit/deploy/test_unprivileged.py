"""Where data lies when a server may not be root: in its home whenever that can be, and never somewhere unsaid."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.dev import unprivileged
from deploy.dev.errors import RunnerError
from deploy.dev.home import write_homes
from deploy.dev.unprivileged import make_walkable, public_folder


@pytest.fixture(autouse=True)
def _strict_root(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Root whose new files are nobody else's, as some agencies have it."""
    monkeypatch.setattr(unprivileged, "server_owner", lambda: (os.geteuid(), os.getegid()))
    before = os.umask(0o077)
    yield
    os.umask(before)


def walkable(folder: Path) -> bool:
    return folder.stat().st_mode & 0o111 == 0o111


@pytest.mark.enable_socket
def test_a_home_is_open_to_its_server_whatever_the_umask(tmp_path: Path) -> None:
    """Cases lie below the home and go with it: no closed folder forces PostgreSQL's data to another place."""
    home = write_homes(tmp_path / "demo" / "homes", ("lpsk",))["lpsk"]
    make_walkable(home / "postgres")
    for folder in (home / "postgres", home, home.parent, home.parent.parent):
        assert walkable(folder)
        assert folder.stat().st_mode & 0o066 == 0


def test_a_folder_that_was_closed_on_purpose_stays_closed(tmp_path: Path) -> None:
    """What somebody else made is not opened."""
    closed = tmp_path / "closed"
    closed.mkdir()
    make_walkable(closed / "home")
    assert walkable(closed / "home")
    assert not walkable(closed)


def test_a_temporary_folder_that_servers_cannot_enter_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root's private TMPDIR is told as such, with the remedy, and nothing is left in it."""
    tmp_path.chmod(0o700)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(RunnerError, match=f"{tmp_path}: set TMPDIR to") as failure:
        public_folder("rajut-")
    assert failure.value.code == "TEMPORARY_FOLDER_CLOSED"
    assert not list(tmp_path.iterdir())
