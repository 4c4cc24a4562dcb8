"""Whatever is sent to the HTTP door: a problem with a code comes back, nothing is stored, and the node lives."""

import asyncio
import json
import os
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import Any

import httpx2
import pytest

from deploy.dev import cast
from deploy.dev.runner import AgencyProcesses, ThreeNodes
from services.cli import main
from services.node import http as door_module
from tests.e2e.stage import CASES, RECEIVERS, REPORTS, eventually, running
from tests.integration.hostile import HOSTILE, MIB, SAID, ordinary

REPORT = (CASES / "saksi-hanya-lpsk.json").read_bytes()
DECISION = json.dumps({"level": "KRITIS", "reason": "dilihat sendiri"}).encode()
JSON = {"Content-Type": "application/json"}
UNREAD = "E_SCHEMA E_SETTINGS"


@dataclass(frozen=True, kw_only=True, slots=True)
class Door:
    """One way into LPSK's node, and what would be taken there."""

    agency: AgencyProcesses
    path: str
    officer: str
    good: bytes

    def send(self, body: bytes | Iterator[bytes], **headers: str) -> httpx2.Response:
        """A request with this body."""
        told = {"Authorization": f"Bearer {cast.token(self.agency.home, self.officer)}"} | JSON | headers
        return httpx2.post(f"{self.url}{self.path}", content=body, headers=told, timeout=60)

    def head(self, *lines: str) -> bytes:
        """The beginning of a request, up to its body."""
        token = cast.token(self.agency.home, self.officer)
        told = (f"POST {self.path} HTTP/1.1", "Host: node", f"Authorization: Bearer {token}", *lines, "", "")
        return "\r\n".join(told).encode()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.agency.ports.http}"

    def stored(self) -> str:
        """How much has been said and noted at this agency."""
        return self.agency.postgres.sql(SAID, database="rajut")


@pytest.fixture(scope="module")
def lpsk(machines: ThreeNodes) -> AgencyProcesses:
    """LPSK with its node, on servers of this file's own: what is said here leads from one agency to the next."""
    machines["lpsk"].start("node")
    return machines["lpsk"]


@pytest.fixture(scope="module")
def doors(lpsk: AgencyProcesses) -> dict[str, Door]:
    """A door that reads its body itself, and one whose body the framework reads, on a case that is there."""
    reports = Door(agency=lpsk, path="/reports", officer="lpsk-hotline", good=REPORT)
    taken = reports.send(REPORT)
    assert taken.status_code == 201, taken.text
    case = taken.json()["case"]
    decisions = Door(agency=lpsk, path=f"/cases/{case}/urgency", officer="lpsk-darurat", good=DECISION)
    settle(reports)
    return {"report": reports, "decision": decisions}


def settle(door: Door) -> None:
    """Wait until what was taken leads to nothing more."""
    seen: list[str] = []

    def nothing_moves() -> bool:
        seen.append(door.stored())
        return len(seen) > 6 and len(set(seen[-6:])) == 1

    eventually(nothing_moves)


@pytest.fixture(params=["report", "decision"])
def door(request: pytest.FixtureRequest, doors: dict[str, Door]) -> Iterator[Door]:
    """Each of the two; the test must leave nothing behind, and the node as it was."""
    one = doors[request.param]
    before = one.stored()
    yield one
    assert one.stored() == before
    assert httpx2.get(f"{one.url}/openapi.json").status_code == 200
    assert "Traceback" not in (one.agency.home / "node.log").read_text()


def problem(answer: httpx2.Response) -> str:
    """The code of a refusal, which must be told as one and say what to do."""
    told = answer.json()
    assert 400 <= answer.status_code < 500, answer.text
    assert (answer.headers["content-type"], told["status"]) == ("application/problem+json", answer.status_code)
    assert told["title"] != told["title_id"]
    assert told["type"] == f"urn:rajut:error:{told['code']}"
    code: str = told["code"]
    return code


@pytest.mark.parametrize("spoiled", HOSTILE)
def test_a_document_that_somebody_spoiled_is_refused(door: Door, spoiled: str) -> None:
    """What is almost a good document is refused for what is wrong with it, at each door alike."""
    spoil, codes = HOSTILE[spoiled]
    assert problem(door.send(spoil(door.good))) in codes.split()


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "/", ""],
)
def test_another_content_type_makes_no_document_of_it(door: Door, kind: str) -> None:
    """What is no JSON stays none under any name; a charset that is claimed changes nothing either."""
    part = b'--x\r\nContent-Disposition: form-data; name="level"\r\n\r\nKRITIS\r\n--x--\r\n'
    assert problem(door.send(part, **{"Content-Type": kind})) in {"E_JSON", "E_SCHEMA"}
    claimed = {"Content-Type": "application/json; charset=utf-16"}
    assert problem(door.send(door.good.decode().encode("utf-16"), **claimed)) == "E_ENCODING"


@pytest.mark.parametrize("announced", [True, False])
def test_a_hundred_megabytes_are_refused_without_being_held(door: Door, *, announced: bool) -> None:
    """Far too much is refused as soon as it is too much; the node's memory does not grow by it."""
    before = resident(door.agency)
    length = {"Content-Length": str(100 * MIB)} if announced else {}
    with suppress(httpx2.TransportError):  # the door may be shut before all of it is through
        assert problem(door.send(repeat(b"x" * MIB, 100), **length)) == "E_SIZE"
    assert resident(door.agency) - before < 32 * MIB


def test_a_body_without_end_is_answered_while_it_still_comes(door: Door) -> None:
    """Who never stops sending gets the answer that stopping would have got."""
    with socket.create_connection(("127.0.0.1", door.agency.ports.http), 10) as line:
        line.sendall(door.head("Content-Type: application/json", "Transfer-Encoding: chunked"))
        line.settimeout(0)
        told, chunk = b"", b"10000\r\n" + b" " * 65_536 + b"\r\n"
        left = memoryview(chunk)

        def talk() -> bool:
            nonlocal told, left
            for _ in range(200):
                try:
                    left = left[line.send(left) :] or memoryview(chunk)
                except BlockingIOError:
                    break
            try:
                told += line.recv(65_536)
            except BlockingIOError:
                return False
            return told.endswith(b"}")

        eventually(talk, 10)
    assert told.startswith(b"HTTP/1.1 413 ")
    assert b'"code":"E_SIZE"' in told


def test_the_command_refuses_files_as_the_door_does(
    doors: dict[str, Door], server_folder: Path, command: Callable[..., tuple[int, str]]
) -> None:
    """`rajut report` of what is spoiled or no file: a code, the file as it was, nothing stored; then a good one is."""
    door, folder = doors["report"], server_folder / "handed in"
    folder.mkdir()
    before = door.stored()
    for name, (spoil, codes) in HOSTILE.items():
        file = folder / name
        file.write_bytes(spoil(door.good))
        status, said = command(file)
        assert (status, said.partition(":")[0] in codes.split()) == (1, True), (name, said)
        assert file.read_bytes() == spoil(door.good)
    for name, codes in no_files(folder).items():
        with ordinary() if name == "closed" else nullcontext():
            status, said = command(folder / name)
        assert (status > 0, said.partition(":")[0] in codes.split()) == (True, True), (name, said)
        assert name in said or codes != UNREAD, (name, said)
    assert door.stored() == before
    for number, name in enumerate(("a\n b", os.fsdecode(b"\xff.json"), "--help", "%s{0}"), start=1):
        (folder / name).write_bytes(door.good + b"\n")
        assert command(folder / name, "--key", "one of many names") == (0, ""), number
    settle(door)


def no_files(folder: Path) -> dict[str, str]:
    """What lies in a folder and is no file that can be read, and the codes that it may earn."""
    (folder / "folder").mkdir()
    (folder / "nowhere").symlink_to("away")
    (folder / "circle").symlink_to("circle")
    os.mkfifo(folder / "pipe")
    (folder / "sparse").touch()
    os.truncate(folder / "sparse", 100 * MIB)
    (folder / "closed").touch(0)
    unread = dict.fromkeys(("folder", "nowhere", "circle", "never", "closed", "n" * 300), UNREAD)
    return unread | {"pipe": "E_JSON", "sparse": "E_SIZE"}


@pytest.fixture
def command(
    doors: dict[str, Door], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """`rajut report`, by an officer of the door, in this process: its status, and the last line that it said."""
    door = doors["report"]
    given = ("--home", str(door.agency.home), "--token", cast.token(door.agency.home, door.officer))

    def run(file: Path, *more: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["rajut", "report", str(file), *given, *more])
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0), capsys.readouterr().err.rpartition("rajut: ")[2]

    return run


def test_who_hangs_up_in_the_middle_leaves_nothing(door: Door) -> None:
    """A good document whose last byte never comes is no document."""
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", door.agency.ports.http), 10) as line:
            line.sendall(door.head(f"Content-Length: {len(door.good)}", "Content-Type: application/json"))
            line.sendall(door.good[:-1])


def test_every_door_that_takes_a_document_reads_it_strictly(doors: dict[str, Door]) -> None:
    """No route that is described anywhere, now or later, takes a document with one member twice."""
    reports = doors["report"]
    described: dict[str, Any] = httpx2.get(f"{reports.url}/openapi.json").json()
    paths = [path for path, verbs in described["paths"].items() if "requestBody" in verbs.get("post", {})]
    assert len(paths) >= 4
    for path in paths:
        there = path.format(case="0" * 26, proposal="A" * 43, item=1, notice="A" * 43)
        answer = Door(agency=reports.agency, path=there, officer="lpsk-hotline", good=b"").send(b'{"a": 1, "a": 1}')
        assert problem(answer) == "E_JSON", path


async def test_who_sends_slowly_is_answered_and_holds_up_nobody(
    machines: ThreeNodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A body that does not come in time is refused; one that comes slowly but in time is taken; others do not wait."""
    monkeypatch.setattr(door_module, "BODY_WITHIN_S", 1.5)
    agency = machines["komnas-ham"]
    officer, good = RECEIVERS["komnas-ham"], REPORTS["komnas-ham"].read_bytes()
    slow = Door(agency=agency, path="/reports", officer=officer, good=good)
    opened = "select count(*) from log.event where type = 'rajut.intake.report.received.v1';"
    before = int(agency.postgres.sql(opened, database="rajut"))
    async with running(agency.home):
        stuck = [asyncio.create_task(dribble(slow, 20, 0.5)) for _ in range(20)]
        steady = asyncio.create_task(dribble(slow, 20, 0.02))
        async with asyncio.timeout(2):
            quick = await asyncio.to_thread(slow.send, good)
        assert quick.status_code == 201
        assert (await steady).startswith(b"HTTP/1.1 201 ")
        for one in stuck:
            told = await one
            assert told.startswith(b"HTTP/1.1 408 ")
            assert b'"code":"E_SLOW"' in told
    assert int(agency.postgres.sql(opened, database="rajut")) == before + 2


async def dribble(door: Door, pieces: int, pause_s: float) -> bytes:
    """Send a good document in pieces, until it is through or answered; the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", door.agency.ports.http)
    writer.write(door.head(f"Content-Length: {len(door.good)}", "Content-Type: application/json"))
    answer = asyncio.create_task(reader.readuntil(b"}"))
    step = len(door.good) // pieces + 1
    for at in range(0, len(door.good), step):
        await asyncio.wait({answer}, timeout=pause_s)
        if answer.done():
            break
        writer.write(door.good[at : at + step])
    async with asyncio.timeout(20):
        told = await answer
    writer.transport.abort()
    return told


def resident(agency: AgencyProcesses) -> int:
    """The most memory that the node has held so far, in bytes."""
    status = Path(f"/proc/{agency.node.process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024
