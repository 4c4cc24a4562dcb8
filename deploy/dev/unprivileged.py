"""Lets root run PostgreSQL, which refuses to run as root: as `nobody`, where `nobody` can reach it.

A server that gave up root must still walk every folder down to its programs and its data. Where it
cannot (a project below /root, a private folder), programs are copied and data is placed in a temporary
folder, with a link at the place where it was wanted. Whoever removes a home like that has to remove what
the link names, too; so folders that are made here are never closed, and what we remove ourselves has no link.
"""

import atexit
import os
import pwd
import shutil
import stat
import tempfile
from functools import cache
from pathlib import Path

from deploy.dev.errors import RunnerError

_WALK = stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH


@cache
def server_owner() -> tuple[int, int] | None:
    """User and group for servers that refuse root; None when the current user will do."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


@cache
def reachable_program(program: Path) -> Path:
    """`program`, or the same in a copy of its installation that the server's owner may reach."""
    if server_owner() is None or _reachable(program):
        return program
    installation = program.parent.parent
    return _copied(installation) / program.relative_to(installation)


def make_walkable(folder: Path) -> None:
    """Make `folder` and what is missing above it; the server's owner may walk through what is made, whatever the umask.

    A folder that is there keeps its mode: somebody may have closed it on purpose.
    """
    if folder.exists():
        return
    make_walkable(folder.parent)
    folder.mkdir()
    if server_owner() is not None:
        folder.chmod(stat.S_IMODE(folder.stat().st_mode) | _WALK)


def reachable_folder(wanted: Path) -> Path:
    """An empty or earlier used folder, owned by the server's owner, for data wanted at `wanted`.

    Raises:
        RunnerError: `TEMPORARY_FOLDER_CLOSED`.
    """
    make_walkable(wanted.parent)
    if server_owner() is not None and not wanted.is_symlink() and not _reachable(wanted.parent):
        wanted.symlink_to(public_folder("rajut-data-") / "data")
        wanted.resolve().mkdir()
    wanted.mkdir(exist_ok=True)
    give_away(wanted)
    return wanted.resolve()


def public_folder(prefix: str) -> Path:
    """A new temporary folder through which the server's owner may walk.

    Raises:
        RunnerError: `TEMPORARY_FOLDER_CLOSED`.
    """
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    folder.chmod(0o711)
    if server_owner() is not None and not _reachable(folder):
        folder.rmdir()
        text = f"servers run as nobody, who may not enter {folder.parent}: set TMPDIR to a folder like /tmp"
        raise RunnerError("TEMPORARY_FOLDER_CLOSED", text)
    return folder


def give_away(path: Path) -> None:
    """Make the server's owner the owner of `path` and of everything below it."""
    if (owner := server_owner()) is not None:
        for one in (path, *path.rglob("*")):
            os.chown(one, *owner, follow_symlinks=False)


def _reachable(path: Path) -> bool:
    """Whether everybody may walk down to `path`."""
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in (path, *path.resolve().parents) if folder.exists())


@cache
def _copied(installation: Path) -> Path:
    """A copy in the same surroundings: a wheel's programs look for their libraries beside their package."""
    package = installation.parent
    libraries = package.parent / f"{package.name}.libs"
    folder = public_folder("rajut-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    copy = folder / package.name / installation.name
    shutil.copytree(installation, copy, symlinks=True)
    if libraries.exists():
        shutil.copytree(libraries, folder / libraries.name)
    give_away(folder)
    return copy
