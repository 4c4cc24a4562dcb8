"""What `rajut report` sends, and what it says when no node, or no answer, comes back."""

import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest

from contracts.report import file_key
from services.cli import main

REPORT = b'{"channel": "hotline"}\n'
SETTINGS = """
agency = "lpsk"
log = "rajut.example/lpsk/1"
http = { host = "127.0.0.1", port = 1 }
ops = { port = 2 }
database = { host = "127.0.0.1", port = 3, name = "rajut" }
nats = { url = "tls://x", hostname = "x", ca = "x", certificate = "x", key = "x" }
mail = { host = "x", port = 25, sender = "x@lpsk.example" }
partners = []
"""


class Command:
    """`rajut` in this process, before a network that a test plays."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], home: Path) -> None:
        self.asked: list[dict[str, Any]] = []
        self._monkeypatch, self._capsys, self._home = monkeypatch, capsys, home

    def meets(self, answer: httpx2.Response | Exception) -> None:
        """What comes of a request from here on."""

        def post(_url: str, **asked: Any) -> httpx2.Response:
            self.asked.append(asked)
            if isinstance(answer, Exception):
                raise answer
            return answer

        self._monkeypatch.setattr(httpx2, "post", post)

    def report(self, *more: str) -> tuple[int, str]:
        """Hand in the report: the status, and the line that was said of an error."""
        return self.run("report", str(self._home / "report.json"), "--token", "t", "--home", str(self._home), *more)

    def run(self, *line: str) -> tuple[int, str]:
        """Any command."""
        self._monkeypatch.setattr(sys, "argv", ["rajut", *line])
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0), self._capsys.readouterr().err


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Command:
    """The command, with a home and a report."""
    (tmp_path / "node.toml").write_text(SETTINGS)
    (tmp_path / "report.json").write_bytes(REPORT)
    return Command(monkeypatch, capsys, tmp_path)


def test_the_same_file_is_the_same_report_unless_its_sender_says_otherwise(command: Command) -> None:
    """Who sends a file again, not knowing whether it came, opens no second case; a key of one's own goes before."""
    command.meets(httpx2.Response(201, json={"case": "x"}))
    assert [command.report(), command.report(), command.report("--key", "desk-17")] == [(0, "")] * 3
    assert [one["headers"]["Idempotency-Key"] for one in command.asked] == [file_key(REPORT)] * 2 + ["desk-17"]
    assert {one["content"] for one in command.asked} == {REPORT}
    assert all(one["timeout"] >= 60 for one in command.asked), "a node that is slow takes it all the same"


@pytest.mark.parametrize(
    "cut",
    [httpx2.ReadTimeout("x"), httpx2.WriteTimeout("x"), httpx2.ReadError("x"), httpx2.RemoteProtocolError("x")],
    ids=lambda cut: type(cut).__name__,
)
def test_no_answer_is_not_told_as_no_node(command: Command, cut: Exception) -> None:
    """Once the line was there the report may have been taken: the command says so, and that sending again is safe."""
    command.meets(cut)
    status, said = command.report()
    assert (status, said.startswith("rajut: E_UNAVAILABLE: "), said.count("\n")) == (1, True, 1)
    assert "may have taken the report" in said
    assert "the same file again is safe" in said
    assert "is it running" not in said


def test_a_node_that_is_not_there_has_taken_nothing(command: Command) -> None:
    """Where no line was to be had, the command asks whether the node runs."""
    command.meets(httpx2.ConnectError("x"))
    assert command.report() == (
        1,
        "rajut: E_UNAVAILABLE: the node does not answer: is it running, and is --home right?\n",
    )


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.Response(502, html="<h1>Bad Gateway</h1>"),
        httpx2.Response(200, html="<h1>Welcome to this network</h1>"),
        httpx2.Response(404, json={"detail": "Not Found"}),
        httpx2.Response(500, json=[]),
        httpx2.Response(422, json={"code": "E_OF_LATER", "detail": ""}),
    ],
    ids=lambda answer: str(answer.status_code),
)
def test_what_is_no_answer_of_a_node_is_not_told_as_one(command: Command, answer: httpx2.Response) -> None:
    """A proxy, a portal, another server: the command names the status, and blames no software of ours."""
    command.meets(answer)
    status, said = command.report()
    assert (status, said.count("\n")) == (1, 1)
    assert said.startswith("rajut: E_UNAVAILABLE: what answered is no node")
    assert f"HTTP status {answer.status_code}" in said
    assert "<" not in said


def test_a_refusal_of_the_node_keeps_its_code(command: Command) -> None:
    """What the node says no to is told with its code and its place."""
    command.meets(httpx2.Response(422, json={"code": "E_REPORT", "detail": "defender.name"}))
    status, said = command.report()
    assert (status, said.startswith("rajut: E_REPORT: defender.name: ")) == (1, True)


def test_a_command_without_a_home_names_the_option(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Who forgets it hears what to give, and a file that is no TOML is told apart from one that is not there."""
    monkeypatch.delenv("RAJUT_HOME", raising=False)
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    line = ("report", str(tmp_path / "report.json"), "--token", "t")
    _, said = command.run(*line)
    assert said.startswith("rajut: E_SETTINGS: node.toml: not there")
    assert "--home" in said
    (tmp_path / "empty" / "node.toml").write_text("{")
    assert command.run(*line)[1] == "rajut: E_SETTINGS: node.toml: not TOML\n"
