"""Lets root run PostgreSQL, which refuses to run as root: as `nobody`, where `nobody` can reach it.

A server that gave up root must still walk every folder down to its programs and its data. Where it
cannot (a project below /root, a private temporary folder), programs are copied and data is placed in a
temporary folder, with a link at the place where it was wanted.
"""

import atexit
import os
import pwd
import shutil
import stat
import tempfile
from functools import cache
from pathlib import Path


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


def reachable_folder(wanted: Path) -> Path:
    """An empty or earlier used folder, owned by the server's owner, for data wanted at `wanted`."""
    owner = server_owner()
    if owner is None or wanted.is_symlink() or _reachable(wanted.parent):
        wanted.mkdir(parents=True, exist_ok=True)
    else:
        wanted.parent.mkdir(parents=True, exist_ok=True)
        wanted.symlink_to(_public_folder() / "data")
        wanted.resolve().mkdir()
    give_away(wanted)
    return wanted.resolve()


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
    folder = _public_folder()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    copy = folder / package.name / installation.name
    shutil.copytree(installation, copy, symlinks=True)
    if libraries.exists():
        shutil.copytree(libraries, folder / libraries.name)
    give_away(folder)
    return copy


def _public_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="rajut-"))
    folder.chmod(0o711)
    return folder
