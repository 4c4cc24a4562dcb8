"""The `rajut` command: parse, call, print. Errors say what to do next; `--json` is for programs.

A command's module is loaded when the command is looked up: whoever signs a draft does not wait for a whole node.
"""

import gc
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

from services.cli.arguments import group

NAMES = ("node", "case", "audit", "parked", "erase", "keys", "mechanism", "report", "fsck", "access", "sim")


class _Commands(Mapping[str, Any]):
    """The commands by name, each from the module of its name: its `app`, or the one function of that name."""

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401  what typer makes of it has no public type
        if name not in NAMES:
            raise KeyError(name)
        return get_group(loaded(name)).commands[name]

    def __iter__(self) -> Iterator[str]:
        return iter(NAMES)

    def __len__(self) -> int:
        return len(NAMES)


class _OnUse(TyperGroup):
    def __init__(self, **attributes: Any) -> None:  # noqa: ANN401  typer's own
        super().__init__(**attributes | {"commands": _Commands()})


app = group("Rajut: one protection workflow of several agencies.", cls=_OnUse, callback=lambda: None)


def main() -> None:
    """Entry point: whatever goes wrong is told in one line, with its code and what to do."""
    try:
        sys.exit(app(standalone_mode=False))
    except Exception as error:  # noqa: BLE001  a traceback helps no operator, and quotes what it met
        sys.stderr.write(f"rajut: {' '.join(_module('errors').explain(error).split())}\n")
        sys.exit(getattr(error, "exit_code", 1))
    finally:
        gc.freeze()  # or Python goes through all that was loaded once more before it ends, for half a second


@cache
def loaded(name: str) -> typer.Typer:
    """One of the commands of `NAMES`, with those below it, and no other."""
    module, alone = _module(name), typer.Typer(add_completion=False)
    if hasattr(module, "app"):
        alone.add_typer(module.app, name=name)
    else:
        alone.command(name)(getattr(module, name))
    return alone


def _module(name: str) -> Any:  # noqa: ANN401  a module
    gc.disable()  # what a module makes stays: looking through it for litter is a sixth of what loading takes
    try:
        return import_module(f"{__name__}.{name}")
    finally:
        gc.enable()
