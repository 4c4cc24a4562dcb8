"""What the commands take from their lines."""

import gc
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_group

from services.cli import NAMES, app, loaded, main

EVENT = "-b" + "A" * 41
TAKE_EVENTS = ("erase confirm", "parked show", "parked replay", "parked discard")
HAS_EVENT = {"event", "request"}


def commands() -> dict[str, Any]:
    """Every command below a family, by what one types."""
    families = {name: get_group(app).commands[name] for name in NAMES}
    return {f"{name} {below}": command for name, one in families.items() for below, command in _below(one).items()}


def _below(family: Any) -> dict[str, Any]:
    found: dict[str, Any] = getattr(family, "commands", {})
    return found


@pytest.mark.parametrize("line", TAKE_EVENTS)
def test_an_event_whose_id_begins_with_a_hyphen_is_taken_as_it_is_shown(
    line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One id in 64 does: it is no option, and nobody has to know of a mark that ends them."""
    monkeypatch.setenv("RAJUT_TOKEN", "t")
    before = [parameter.name for parameter in commands()[line].params if parameter.param_type_name == "argument"][:-1]
    context = commands()[line].make_context(line, [*("case" for _ in before), EVENT, "--home", "h"])
    assert EVENT in context.params.values()


def test_no_other_command_is_told_an_event_as_an_argument() -> None:
    """The list above names all that need it."""
    told = {line for line, one in commands().items() for parameter in one.params if parameter.name in HAS_EVENT}
    assert told == set(TAKE_EVENTS)


def test_what_was_loaded_is_not_gone_through_again_at_the_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The collector of cycles rests while a command is loaded and when all ends, and in between it works."""
    loaded.cache_clear()
    gc.unfreeze()
    monkeypatch.setattr(sys, "argv", ["rajut", "fsck", "--help"])
    with pytest.raises(SystemExit):
        main()
    assert "fsck" in capsys.readouterr().out
    assert gc.isenabled()
    assert gc.get_freeze_count() > 10_000


def test_an_output_that_takes_no_more_is_told_as_that() -> None:
    """A full disk behind `>` is no database that is away: whoever reads the error looks at the right place."""
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "services.cli", "--help"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("rajut: E_SETTINGS: the output could not be written (No space left on device)")
