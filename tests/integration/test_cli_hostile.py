"""Whatever the command is given, on its line, in a file or in a home: a coded line and a status, never a traceback."""

import inspect
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from itertools import count
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest
import typer
from hypothesis import HealthCheck, given, settings, strategies as st
from typer.models import OptionInfo

from deploy.dev.runner import ThreeNodes
from services.cli import NAMES, loaded
from tests.integration.forked import Rajut, Ran
from tests.integration.hostile import HOSTILE

CODED = re.compile(r"rajut: E_(?!UNEXPECTED)[A-Z_]+: .+")  # bad input is to be expected
ANSWERS_BY_STATUS = {"fsck", "node recover", "audit export", "audit verify"}  # 1 is an answer of theirs, too
SERVES = "node run"  # with a home that is in order it would not end
REPORT = Path(__file__).parents[1] / "cases" / "saksi-hanya-lpsk.json"
BROKEN = (
    *(b"", b"\xff\xfe\x00", b"{", b"[]", b"null", b'{"a": 1}', b"0" * 64, b"zz" * 32, b"=\n", b"x" * 70_000),
    *(spoil(REPORT.read_bytes()) for spoil, _ in HOSTILE.values()),
)
FILES = ("nowhere", "folder", "circle", "pipe", "huge", "/dev/zero", "/dev/full", "", *map(str, range(len(BROKEN))))
WORDS = ("", "-", "--", "-1", "0" * 26, "A" * 43, "lpsk.intake.1", "..", "node", "%s{0}\n\t", "é\udcff", "9" * 400)
SPOILED = ("node.toml", "officers.json", "directory/1.json", "directory/pin", "keys/*", "secrets/pg-*", "nats/*.seed")
MANY = settings(
    max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
_numbers = count(1)

word = st.one_of(
    st.sampled_from(WORDS),
    st.text(st.characters(exclude_characters="\0/", exclude_categories=["Cs"]), max_size=30),
    st.binary(max_size=12).map(lambda raw: os.fsdecode(raw.translate(None, b"\0/"))),
)


def commands(group: typer.Typer, *path: str) -> Mapping[str, Callable[..., Any]]:
    """Every command that there is, by what one types."""
    found = {" ".join((*path, str(one.name))): one.callback for one in group.registered_commands if one.callback}
    for below in group.registered_groups:
        assert below.typer_instance
        found |= commands(below.typer_instance, *path, str(below.name))
    return found


COMMANDS = {line: command for name in NAMES for line, command in commands(loaded(name)).items()}


@pytest.fixture(scope="module")
def rajut(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rajut]:
    """The command, run in a folder of hostile files."""
    folder = tmp_path_factory.mktemp("cli")
    for number, data in enumerate(BROKEN):
        (folder / str(number)).write_bytes(data)
    (folder / "folder").mkdir()
    (folder / "circle").symlink_to("circle")
    os.mkfifo(folder / "pipe")
    (folder / "huge").touch()
    os.truncate(folder / "huge", 1 << 40)
    with Rajut(folder) as made:
        yield made


@pytest.fixture(scope="module")
def home(agencies: ThreeNodes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """LPSK's home, its servers running, its node not; a copy, which commands may change."""
    return copied(agencies.homes["lpsk"], tmp_path_factory.mktemp("homes"))


def copied(home: Path, folder: Path) -> Path:
    """A home of its own, without the servers' data."""
    copy = folder / f"home-{next(_numbers)}"
    ignored = shutil.ignore_patterns("postgres", "jetstream", "*.log", "inbox")
    return Path(shutil.copytree(home, copy, ignore=ignored))


def told_well(ran: Ran, command: str) -> bool:
    """Whether a run ended in order, and with a coded line if it did not do what it was asked."""
    last = (ran.err.splitlines() or [""])[-1]
    coded = CODED.fullmatch(last) or (ran.status == 1 and command in ANSWERS_BY_STATUS)
    return "Traceback" not in ran.err + ran.out and (ran.status == 0 or (ran.status in {1, 2} and bool(coded)))


def value(draw: st.DrawFn, name: str, kind: Any, homes: tuple[str, ...]) -> list[str]:
    """Something for a parameter, mostly of the kind that it takes."""
    if name == "home":
        return [draw(st.sampled_from(homes))]
    if kind is Path:
        return [draw(st.sampled_from(FILES))]
    if get_origin(kind) is list:
        return draw(st.lists(st.sampled_from(FILES), max_size=3))
    choices = [str(one.value) for one in kind] if inspect.isclass(kind) and issubclass(kind, Enum) else []
    choices += map(str, get_args(kind)) if get_origin(kind) is Literal else []
    return [draw(st.one_of(word, st.sampled_from(choices or WORDS)))]


@st.composite
def lines(draw: st.DrawFn, good_home: str) -> tuple[str, list[str]]:
    """A command with what it asks for, and sometimes with what nobody asked for."""
    command = draw(st.sampled_from(sorted(COMMANDS)))
    homes = FILES if command == SERVES else (good_home,) * len(FILES) + FILES
    told: list[str] = []
    for parameter in inspect.signature(COMMANDS[command]).parameters.values():
        kind, info = get_args(parameter.annotation)[0], get_args(parameter.annotation)[-1]
        if not isinstance(info, OptionInfo):
            told += value(draw, parameter.name, kind, homes)
        elif parameter.default is parameter.empty or parameter.name == "home" or draw(st.booleans()):
            option = (info.param_decls or (f"--{parameter.name.replace('_', '-')}",))[0]
            told += [option] if kind is bool else [option, *value(draw, parameter.name, kind, homes)]
    return command, told + draw(st.one_of(st.just([]), st.just([]), st.just([]), st.lists(word, max_size=2)))


@MANY
@given(data=st.data())
def test_no_line_makes_the_command_fall_over(rajut: Rajut, home: Path, data: st.DataObject) -> None:
    """Any command with any arguments, options and files: done, or refused in a line with a code."""
    command, told = data.draw(lines(str(home)))
    ran = rajut([*command.split(), *told])
    assert told_well(ran, command), (command, told, ran)


@MANY
@given(data=st.data())
def test_no_home_makes_the_command_fall_over(
    rajut: Rajut, home: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """A home in which one file is missing, broken or something else stops a command, if at all, in a coded line."""
    spoiled = copied(home, tmp_path_factory.getbasetemp())
    files = sorted(file for pattern in SPOILED for file in spoiled.glob(pattern))
    file = files[data.draw(st.integers(0, len(files) - 1))]
    file.unlink()
    content = data.draw(st.sampled_from((None, *BROKEN)))
    if content is not None:
        file.write_bytes(content)
    elif data.draw(st.booleans()):
        file.symlink_to(file.name)
    command = data.draw(st.sampled_from(sorted(WITH_A_HOME)))
    if command == SERVES:
        nobody = re.sub(r"(\[database\]\nhost = .*\nport = )\d+", r"\g<1>1", (home / "node.toml").read_text())
        (spoiled / "node.toml").write_text(nobody if file.name != "node.toml" else "")
    ran = rajut([*command.split(), *WITH_A_HOME[command], str(spoiled)])
    assert told_well(ran, command), (command, str(file), ran)
    shutil.rmtree(spoiled)


WITH_A_HOME: Mapping[str, tuple[str, ...]] = {
    "fsck": ("--home",),
    "case show": ("0" * 26, "--home"),
    "parked list": ("--home",),
    "report": (str(REPORT), "--token", "none", "--home"),
    "node run": (),
    "node migrate": (),
    "keys list": (),
}


def test_every_family_of_commands_is_tried() -> None:
    """A command that is added is tried without being named here."""
    assert set(WITH_A_HOME) < set(COMMANDS)
    assert len(COMMANDS) > 10
