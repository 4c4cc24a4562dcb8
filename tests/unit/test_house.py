"""The house is as the map says: the pure parts reach for nothing, and whoever knows one service knows all four."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from services.node.streams import SERVICES

PROJECT = Path(__file__).parents[2]
FILES = ("domain.py", "handlers.py", "queries.sql", "api.py", "panel.py", "templates", "app.py")
PURE = ("contracts/hlc.py", *(f"services/{name}/domain.py" for name in SERVICES))
IMPURE = (
    *("asyncio", "http.client", "importlib", "io", "logging", "os", "pathlib", "random", "secrets", "shutil", "socket"),
    *("ssl", "subprocess", "sys", "tempfile", "threading", "time", "urllib.request", "uuid"),
)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("file", FILES)
def test_every_service_has_the_same_files(service: str, file: str) -> None:
    """What decides, what handles, what asks, what answers and what shows has one name in all of them."""
    assert (PROJECT / "services" / service / file).exists()


def test_what_is_pure_may_reach_for_nothing(tmp_path: Path) -> None:
    """No contract and no domain can read a file, ask the clock or the network, throw dice or start a process."""
    for package in ("contracts", "services", "deploy"):
        shutil.copytree(PROJECT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    for file in PURE:
        with (tmp_path / file).open("a") as source:
            source.write(f"import {', '.join(IMPURE)}\n")
    found = _verdict(tmp_path)
    for file in PURE:
        pure = file.removesuffix(".py").replace("/", ".")
        assert [name for name in IMPURE if f"{pure} -> {name.split('.')[0]} (" not in found] == []


def _verdict(project: Path) -> str:
    """What import-linter says of a copy of the project."""
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache"], cwd=project, capture_output=True, text=True, check=False, timeout=100)
    return done.stdout
