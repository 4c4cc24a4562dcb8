"""The Chromium that the tests drive, and how it is started: alike on every machine, with its own fonts and libraries.

`RAJUT_CHROMIUM` names another one, on a machine for which the package carries none; that one brings its own libraries.
Run as a module it prints what would be used.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(sys.prefix) / "browser"
UNPACKED = FOLDER / "chromium"
PACKAGES = FOLDER / "node_modules"
# Nothing that a browser says by itself to its maker or to other machines, and nothing that asks for a screen.
FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class Chromium(NamedTuple):
    """A program, and the environment that it needs."""

    path: Path
    environment: Mapping[str, str]

    def version(self) -> str:
        """What it says of itself."""
        told = subprocess.run(
            [self.path, "--version"], env=dict(self.environment), capture_output=True, text=True, check=True
        )
        return told.stdout.strip()


def find() -> Chromium:
    """What to start; FileNotFoundError if it is not there."""
    other = os.environ.get("RAJUT_CHROMIUM")
    path = Path(other) if other else UNPACKED / "chromium"
    if not path.is_file():
        raise FileNotFoundError(f"no {path.name}: run `make setup` or let RAJUT_CHROMIUM name one")
    return Chromium(path, dict(os.environ) if other else os.environ | _own())


def _own() -> dict[str, str]:
    libraries = [str(UNPACKED / "al2023" / "lib"), os.environ.get("LD_LIBRARY_PATH", "")]
    return {
        "LD_LIBRARY_PATH": ":".join(filter(None, libraries)),
        "FONTCONFIG_FILE": str(UNPACKED / "fonts.conf"),
        "XDG_CACHE_HOME": str(UNPACKED / "cache"),  # of the letters
    }


if __name__ == "__main__":
    print(f"{find().version()} {find().path}")  # noqa: T201 - a report for people
