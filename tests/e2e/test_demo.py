"""The demo is a promise to whoever tries Rajut first: it works, it says so, and it leaves nothing behind."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage, Message
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest

from deploy.dev import cast, demo as played
from deploy.dev.discretion import betraying, private_words
from deploy.dev.postgres import PostgresServer
from deploy.dev.side_by_side import merged
from deploy.dev.stores import await_level, lags
from tests.e2e.stage import AGENCIES, CASES, READERS, eventually
from tests.e2e.test_docs import README, check
from tests.memory import in_memory

_PROJECT = Path(__file__).parents[2]
MAIN = CASES / "ppham-ancaman-langsung.json"
SEATS = {f"{agency} {role}": agency for agency, roles in cast.ROLES.items() for role in roles.values()}
_UP = re.compile(r" +export DEMO=(\S+)")
_ENDING = "ending the nodes"
_DESK = re.compile(r"http://\S+/desk")
_SAID = re.compile(r"^ *[0-9.]+ s  (.*?) {2,}(.*)$", re.MULTILINE)
_WAITED = re.compile(r"([a-z-]+) \+[0-9]+ ms")
_ROW = re.compile(r"^\S+ +[a-z.]+ ((?: +#[0-9]+ valid| +not for it){3})$", re.MULTILINE)
_PLACE = re.compile(r"#([0-9]+) valid|not for it")


@dataclass(frozen=True, kw_only=True, slots=True)
class Demo:
    """A demo that was started, and the folder that it has for its own."""

    process: subprocess.Popen[str]
    folder: Path

    def kin(self) -> list[int]:
        """Processes that name this demo's folder, or run in it."""
        return kin(self.folder)


def kin(folder: Path) -> list[int]:
    """Processes that name a folder, or run in it."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = entry.read_bytes()
        except OSError:
            continue
        if str(folder).encode() in command:
            found.append(int(entry.parent.name))
    return found


def own_folder() -> Path:
    """A folder of the test's own, that servers which gave up root can reach."""
    folder = Path(tempfile.mkdtemp(prefix="rajut-demo-test-", dir=in_memory()))
    folder.chmod(0o711)
    return folder


def start(*arguments: str, **environment: str) -> Demo:
    """Start a demo that heeds a hangup; what it makes lies below a folder of the test's own."""
    folder = own_folder()
    process = subprocess.Popen(
        ["env", "--default-signal=HUP", sys.executable, "-u", "-m", "deploy.dev.demo", *arguments],
        cwd=_PROJECT,
        env={**os.environ, "TMPDIR": str(folder), **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return Demo(process=process, folder=folder)


@pytest.fixture
def demos() -> Iterator[list[Demo]]:
    """Demos to be ended, whatever becomes of the test."""
    started: list[Demo] = []
    yield started
    for demo in started:
        if demo.process.poll() is None:
            demo.process.kill()
            demo.process.communicate()
        shutil.rmtree(demo.folder)


def up(demo: Demo) -> tuple[Path, list[str]]:
    """What a demo tells once its nodes are up: where their homes are, and the desks."""
    output, desks = demo.process.stdout, []
    assert output
    for line in output:
        desks += _DESK.findall(line)
        if told := _UP.match(line):
            return Path(told[1]), desks
    raise AssertionError(desks)


def interrupted(demo: Demo, *signals: signal.Signals) -> int:
    """End it by a signal, send the others while it cleans up, and see that nothing is left; its status."""
    first, *others = signals
    demo.process.send_signal(first)
    output = demo.process.stdout
    assert output
    assert any(_ENDING in line for line in output)
    for further in others:
        time.sleep(0.05)
        demo.process.send_signal(further)
    demo.process.communicate(timeout=30)
    assert demo.kin() == []
    assert list(demo.folder.iterdir()) == []
    return demo.process.returncode


def columns(told: str) -> list[list[int]]:
    """For each node the places of the events of the comparison in its own timeline, from top to bottom."""
    rows = [_PLACE.findall(row) for row in _ROW.findall(told)]
    return [[int(place) for place in column if place] for column in zip(*rows, strict=True)]


@pytest.mark.timeout(300)
def test_two_demos_side_by_side_end_well_and_leave_nothing_behind(demos: list[Demo], tmp_path: Path) -> None:
    """Two at once do not disturb each other: the README's tells what is shown there and ends, the other by Ctrl-C.

    As long as nobody presses Ctrl-C, every agency's desk answers at the address shown, and the guides find the homes.
    """
    demos.append(start())
    folder = own_folder()
    told, *_ = check(README, tmp_path, {"TMPDIR": str(folder)})
    held_what_it_promises(told)
    assert kin(folder) == []
    folder.rmdir()  # it is empty
    homes, desks = up(demos[0])
    assert [httpx2.get(address, follow_redirects=True).status_code for address in desks] == [200 for _ in AGENCIES]
    assert {home.name for home in homes.iterdir()} == set(AGENCIES)
    assert all(cast.token(homes / agency, READERS[agency]) for agency in AGENCIES)
    assert interrupted(demos[0], signal.SIGINT, signal.SIGINT) == 0


def held_what_it_promises(told: str) -> None:
    """All sample reports are taken, nothing is wrong, and the account is true to what the nodes say."""
    assert "digests equal: yes   mails discreet: yes   stores verified: yes" in told
    assert re.search(r"^[1-9][0-9]* notices sent by mail, none with a word about a case$", told, re.MULTILINE)
    assert len(set(re.findall(r"digest of what all three share +(\S+) +(\S+) +(\S+)", told)[0])) == 1
    assert told.count(" 0 findings") == 3
    assert set(re.findall(r"takes the report (\S+):", told)) == {file.stem for file in CASES.glob("*.json")}
    officers_of_all_agencies_act(told)
    lags_are_those_of_partners(told)
    assert all(column == list(range(len(column))) and column for column in columns(told))


def officers_of_all_agencies_act(told: str) -> None:
    """Before protection is active, an officer of each agency has done something; work is shown where there is some."""
    before, _, after = told.partition("PROTECTION IS ACTIVE")
    assert {SEATS[who] for who, _ in _SAID.findall(before) if who in SEATS} == set(AGENCIES)
    waiting = {who for who, what in _SAID.findall(after) if what.startswith("waiting: ")}
    assert waiting == {"komnas-perempuan desk", "lpsk desk"}


def lags_are_those_of_partners(told: str) -> None:
    """Who said something did not wait for it: the two others did, and the account says how long."""
    shown = [what for _, what in _SAID.findall(told) if _WAITED.search(what)]
    authors = {what.partition(" (")[0]: set(AGENCIES).difference(_WAITED.findall(what)) for what in shown}
    assert authors == {
        "the case is open": {"komnas-perempuan"},
        "urgency is known": {"komnas-perempuan"},
        "the answer is known": {"komnas-ham"},
        "the proposal is known": {"komnas-perempuan"},
        "PROTECTION IS ACTIVE": {"lpsk"},
        "the status is known": {"komnas-perempuan"},
    }


@pytest.mark.parametrize(
    "signals",
    [(signal.SIGINT,) * 5, (signal.SIGHUP, signal.SIGINT), (signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM)],
    ids=lambda signals: "-".join(one.name for one in signals),
)
def test_a_signal_while_it_starts_leaves_no_process_and_no_folder(
    demos: list[Demo], signals: tuple[signal.Signals, ...]
) -> None:
    """Whenever a person has seen enough or the terminal goes, all of it ends, whatever comes next, and not as done."""
    demos.append(start("--once"))
    output = demos[0].process.stdout
    assert output
    assert output.readline()
    eventually(demos[0].kin, 30)  # its first server is there
    assert interrupted(demos[0], *signals) == 130


def test_a_demo_that_fails_says_so_in_one_line_and_keeps_the_log_that_it_names(
    demos: list[Demo], tmp_path: Path
) -> None:
    """Where a server does not start a person reads one line and finds the log that it names, with no key beside it."""
    broken = tmp_path / "nats-server"
    broken.write_text('#!/bin/sh\nif [ "$1" = --version ]; then echo v2.14.0; else echo no room; exit 1; fi\n')
    broken.chmod(0o755)
    demos.append(start("--once", RAJUT_NATS_SERVER=str(broken)))
    told, _ = demos[0].process.communicate(timeout=60)
    assert demos[0].process.returncode == 1
    assert "Traceback" not in told
    log = re.search(r"^the demo failed: RunnerError: PROCESS_DIED: .*; see (\S+) ", told, re.MULTILINE)
    assert log
    assert "no room" in Path(log[1]).read_text()
    kept = [path for path in demos[0].folder.rglob("*") if path.is_file()]
    assert {path.suffix for path in kept} == {".log"}


def test_columns_keep_the_order_of_their_nodes() -> None:
    """An event that only one node may read stands where that node tells it, and never an effect above its cause."""
    assert merged([["b", "c", "e"], ["a", "b", "c", "d", "e"], ["b", "c", "x", "e"]]) == ["a", "b", "c", "x", "d", "e"]
    assert merged([["z", "y"], ["z", "y", "x"]]) == ["z", "y", "x"]
    assert merged([["a"], ["first", "a", "last"], ["a", "last", "more"]]) == ["first", "a", "last", "more"]


def _mail(text: str) -> Message:
    mail = EmailMessage()
    mail["Subject"] = "Ada tugas"
    mail.set_content(text, cte="base64")
    return mail


def test_a_mail_with_a_word_about_a_case_is_noticed() -> None:
    """Names, numbers and what was told are found, also in a mail that does not travel as plain text."""
    report = json.loads(MAIN.read_text())
    words = private_words(report)
    assert {"Mama Yo", "+62 812-0000-0102", "pesanan kain", "Enam orang mendatangi rumah membawa parang"} <= words
    harmless = _mail("Ada tugas yang menunggu di meja kerja Anda.")
    bad = [_mail(f"Tentang {report['defender']['name']}"), _mail("hubungi mama\nyo"), _mail("kasus 0qhpaj7rctdq")]
    assert betraying([harmless, *bad], {*words, "0qhpaj7rctdq"}) == bad


@pytest.mark.parametrize(
    ("texts", "discreet"), [(["Ada tugas."], True), (["Ada tugas.", "Tentang Mama Yo."], False), ([], False)]
)
def test_the_mails_decide_whether_a_demo_held(texts: list[str], *, discreet: bool) -> None:
    """One mail with a word about a person is enough to fail; so are no mails, which show nothing."""
    room: Any = SimpleNamespace(mails=lambda: [("kp-upr@komnas-perempuan.example", _mail(text)) for text in texts])
    nodes: Any = SimpleNamespace(homes={}, agencies={})
    assert played.Demo(nodes, room).check_mails() == discreet


class Answers(PostgresServer):
    """A database that answers what it is told to, one after the other, and the last for ever."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)

    def sql(self, _text: str, **_more: object) -> str:  # type: ignore[override]
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def test_lags_are_measured_from_the_author_to_each_partner() -> None:
    """What is told of an event is the time between the databases, and its author's own is not among them."""
    took = {
        "lpsk": Answers("l|6|9\nl|7|1000.5"),
        "komnas-ham": Answers("l|7|1080.5"),
        "x": Answers("l|7|1001.5\no|7|2"),
    }
    assert lags(took, "lpsk", "l", 7) == {"komnas-ham": 80.0, "x": 1.0}


def test_nodes_are_level_when_they_hold_the_same_and_nothing_waits() -> None:
    """Another size, an event that waits and a mail that was not sent are waited for, and not for ever."""
    one = Answers("l|7|7\n0\n0", "l|8|8\n1\n0", "l|8|8\n0\n1", "l|8|8\n0\n0")
    other = Answers("l|8|8\n0\n0", "l|8|8\n1\n0", "l|8|8\n0\n1", "l|8|8\n0\n0")
    await_level([one, other])
    assert (len(one.answers), len(other.answers)) == (1, 1)
    with pytest.raises(TimeoutError, match="do not hold the same"):
        await_level([one, Answers("l|9|9\n0\n0")], within_s=0)
