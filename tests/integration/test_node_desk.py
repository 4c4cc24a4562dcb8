"""A node as its users meet it: the command, the watched folder, the HTTP door and every no that it can say."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from deploy.dev import cast
from deploy.dev.runner import AgencyProcesses, ThreeNodes
from services import wiring
from tests.e2e.stage import CASES, eventually
from tests.integration.commands import rajut
from tests.integration.doors import ACTS
from tests.integration.fuzzing import fuzz, officers, plan
from tests.integration.ways import Way, ways

REPORT = CASES / "saksi-hanya-lpsk.json"
NOBODY = "0" * 26
FEW = 3  # requests for each route


@pytest.fixture(scope="module")
def lpsk(machines: ThreeNodes) -> AgencyProcesses:
    """LPSK with its node."""
    machines["lpsk"].start("node")
    return machines["lpsk"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Door:
    """LPSK's HTTP door."""

    agency: AgencyProcesses
    http: httpx2.Client

    def call(self, officer: str, method: str, path: str, body: bytes = b"", **headers: str) -> httpx2.Response:
        """A request of an officer; of nobody if that is ""."""
        token = {"Authorization": f"Bearer {cast.token(self.agency.home, officer)}"} if officer else {}
        told = {"Content-Type": "application/json"} | token | headers
        return self.http.request(method, path, headers=told, content=body)

    def open_case(self) -> str:
        """Hand in a report; its case."""
        case: str = self.call("lpsk-hotline", "POST", "/reports", REPORT.read_bytes()).json()["case"]
        return case


@pytest.fixture
def door(lpsk: AgencyProcesses) -> Iterator[Door]:
    """A connection to it."""
    with httpx2.Client(base_url=f"http://127.0.0.1:{lpsk.ports.http}", timeout=30) as http:
        yield Door(agency=lpsk, http=http)


def changed(**fields: object) -> bytes:
    """The report with other fields."""
    return json.dumps(json.loads(REPORT.read_text()) | fields).encode()


PROBLEMS: list[tuple[str, str, str, bytes, int, str]] = [
    ("", "GET", "/cases", b"", 401, "E_IDENTITY"),
    ("lpsk-hotline", "POST", f"/cases/{NOBODY}/emergency/{'A' * 43}/approve", b"", 403, "E_FORBIDDEN"),
    ("lpsk-darurat", "GET", f"/cases/{NOBODY}", b"", 404, "E_NOT_FOUND"),
    ("lpsk-darurat", "GET", "/nowhere", b"", 404, "E_NOT_FOUND"),
    ("lpsk-hotline", "DELETE", "/reports", b"", 405, "E_SCHEMA"),
    ("lpsk-hotline", "POST", "/reports", b" " * 300_000, 413, "E_SIZE"),
    ("lpsk-hotline", "POST", "/reports", b" " * 2_000_000, 413, "E_SIZE"),
    ("lpsk-hotline", "POST", "/reports", b"\xff\xfe", 422, "E_ENCODING"),
    ("lpsk-hotline", "POST", "/reports", b'{"channel": 1, "channel": 2}', 422, "E_JSON"),
    ("lpsk-hotline", "POST", "/reports", b"", 422, "E_JSON"),
    ("lpsk-hotline", "POST", "/reports", changed(channel=7), 422, "E_REPORT"),
    ("lpsk-darurat", "POST", f"/cases/{NOBODY}/emergency", b'{"ground": 1}', 422, "E_SCHEMA"),
    ("lpsk-darurat", "GET", "/cases/not-a-case/urgency", b"", 422, "E_SCHEMA"),
]


@pytest.mark.parametrize(
    ("officer", "method", "path", "body", "status", "code"), PROBLEMS, ids=lambda one: str(one)[:24]
)
def test_every_no_is_a_coded_problem_in_both_languages(
    door: Door, officer: str, method: str, path: str, body: bytes, status: int, code: str
) -> None:
    """Whatever is refused is told as problem details: a stable code, what to do, and no value of the request."""
    answer = door.call(officer, method, path, body)
    told = answer.json()
    assert (answer.status_code, told["code"], told["status"]) == (status, code, status)
    assert answer.headers["content-type"] == "application/problem+json"
    assert told["type"] == f"urn:rajut:error:{code}"
    assert told["title"]
    assert told["title_id"]
    assert told["title"] != told["title_id"]


def test_a_problem_names_what_is_wrong_with_the_request_itself(door: Door) -> None:
    """A method that there is not, with those that there are, and a header that is too long: by name, not by `?`."""
    answer = door.call("lpsk-hotline", "DELETE", "/reports")
    assert (answer.json()["detail"], answer.headers["allow"]) == ("method", "POST")
    answer = door.call("lpsk-hotline", "POST", "/reports", REPORT.read_bytes(), **{"Idempotency-Key": "k" * 300})
    assert (answer.status_code, answer.json()["detail"]) == (422, "header.idempotency-key")


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain", ""])
def test_an_act_that_is_json_is_taken_under_any_content_type(door: Door, kind: str) -> None:
    """As a report is: `curl --data` calls everything a form, and nothing else in the request says that it is one."""
    path, body = f"/cases/{door.open_case()}/urgency", json.dumps({"level": "KRITIS", "reason": "terlihat"}).encode()
    answer = door.call("lpsk-darurat", "POST", path, body, **{"Content-Type": kind})
    assert answer.status_code == 201, answer.text


def test_a_case_that_does_not_allow_it_and_a_key_used_twice_are_conflicts(door: Door) -> None:
    """Voting again on what was decided, and another report under the same idempotency key, are told apart as 409.

    The key is an officer's own: somebody else who uses it first keeps nobody's report out.
    """
    case = door.open_case()
    proposal = door.call(
        "lpsk-darurat", "POST", f"/cases/{case}/emergency", b'{"ground": "ANCAMAN_NYATA", "needs": ["EVAKUASI"]}'
    )
    assert proposal.status_code == 201, proposal.text
    path = f"/cases/{case}/emergency/{proposal.json()['proposal']}/approve"
    votes = [door.call(f"lpsk-pimpinan-{number}", "POST", path) for number in (1, 2, 3)]
    assert [vote.status_code for vote in votes] == [200, 200, 409]
    assert votes[-1].json()["code"] == "E_STATE"
    key = {"Idempotency-Key": "the same"}
    assert door.call("lpsk-darurat", "POST", "/reports", changed(channel="email"), **key).status_code == 201
    taken = [
        door.call("lpsk-hotline", "POST", "/reports", body, **key)
        for body in (changed(), changed(), changed(channel="email"))
    ]
    assert [answer.status_code for answer in taken] == [201, 200, 409]
    assert taken[0].json() == taken[1].json()
    assert taken[2].json()["code"] == "E_CONFLICT"


def test_an_accident_is_a_coded_problem_and_leaves_no_text_in_the_log(door: Door) -> None:
    """When our own software fails, the caller gets a code, and the log names the kind of failure and no more."""
    server = door.agency.postgres
    server.sql("alter table intake.person_key rename to gone;", database="rajut")
    answer = door.call("lpsk-hotline", "POST", "/reports", REPORT.read_bytes())
    server.sql("alter table intake.gone rename to person_key;", database="rajut")
    assert (answer.status_code, answer.json()["code"]) == (500, "E_UNEXPECTED")
    log = (door.agency.home / "node.log").read_text()
    assert "Traceback" not in log
    assert "person_key" not in log
    assert door.open_case()


def test_a_database_that_is_away_is_a_coded_problem_and_passes(door: Door) -> None:
    """Without its database the node says 503 and what to do; it needs no restart when the database is back."""
    door.agency.stop("postgres")
    answer = door.call("lpsk-hotline", "POST", "/reports", REPORT.read_bytes())
    assert (answer.status_code, answer.json()["code"]) == (503, "E_UNAVAILABLE")
    ready = f"http://127.0.0.1:{door.agency.ports.ops}/health/ready"
    assert httpx2.get(ready).status_code == 503
    door.agency.start("postgres")
    eventually(lambda: httpx2.get(ready).status_code == 200)
    assert door.open_case()


def test_the_command_takes_a_report_and_shows_its_case(lpsk: AgencyProcesses) -> None:
    """`rajut report` prints the case; `rajut case show` tells it to people and, with --json, to programs."""
    token = cast.token(lpsk.home, "lpsk-hotline")
    sent = rajut(lpsk.home, "report", str(REPORT), "--token", token, "--key", "from the command")
    assert sent.returncode == 0, sent.stderr
    case = json.loads(sent.stdout)["case"]
    again = rajut(lpsk.home, "report", str(REPORT), "--token", token, "--key", "from the command")
    assert json.loads(again.stdout)["case"] == case
    for_people = rajut(lpsk.home, "case", "show", case)
    assert (for_people.returncode, for_people.stdout.splitlines()[0]) == (0, f"case {case}")
    assert "signature valid" in for_people.stdout
    for_programs = json.loads(rajut(lpsk.home, "case", "show", case, "--json").stdout)
    assert for_programs["case"] == case
    assert {line["signature"] for line in for_programs["timeline"]} == {"valid"}
    for line in for_programs["timeline"]:
        assert (
            f"{line['claimed']}  {line['agency']:<17} {line['role']:<20} {line['title']['id']}\n" in for_people.stdout
        )
        assert f"between {line['after'] or '?'} and {line['before'] or '?'}; signature valid" in for_people.stdout


def test_the_command_says_no_in_one_line(lpsk: AgencyProcesses, tmp_path: Path) -> None:
    """A wrong token, an unknown case and a node that is not there: status 1, one line, no trace of the program."""
    refused = rajut(lpsk.home, "report", str(REPORT), "--token", "a guess")
    assert (refused.returncode, json.loads(refused.stdout)["code"]) == (1, "E_IDENTITY")
    unknown = rajut(lpsk.home, "case", "show", NOBODY)
    assert (unknown.returncode, unknown.stderr.count("\n")) == (1, 1)
    assert "E_NOT_FOUND" in unknown.stderr
    settings = (lpsk.home / "node.toml").read_text().replace(f"port = {lpsk.ports.http}", "port = 1")
    (tmp_path / "node.toml").write_text(settings)
    absent = rajut(tmp_path, "report", str(REPORT), "--token", "any")
    assert (absent.returncode, absent.stderr.count("\n")) == (1, 1)
    assert absent.stderr.startswith("rajut: ")


def test_a_report_in_the_watched_folder_is_taken_or_refused_with_its_reason(lpsk: AgencyProcesses, door: Door) -> None:
    """A dropped file opens a case like any other report; one that cannot be read is put aside with the problem."""
    folder = lpsk.home / "inbox"
    eventually(folder.exists)
    (folder / "good.json").write_bytes(changed(channel="email"))
    (folder / "bad.json").write_bytes(b"{")
    receipt, problem = folder / "done" / "good.receipt.json", folder / "refused" / "bad.problem.json"
    eventually(lambda: exist(receipt, problem, folder / "done" / "good.json", folder / "refused" / "bad.json"))
    assert json.loads(problem.read_text())["code"] == "E_JSON"
    assert door.call("lpsk-darurat", "GET", f"/cases/{json.loads(receipt.read_text())['case']}").status_code == 200
    assert not list(folder.glob("*.json"))


def exist(*files: Path) -> bool:
    """Whether all of these are there."""
    return all(file.exists() for file in files)


async def ways_of(home: Path) -> Sequence[Way]:
    """Every route of a node that runs."""
    async with wiring.node(home, beside=True) as node:
        return ways(node)


@pytest.mark.timeout(0)  # `fuzz` has a bound of its own
def test_the_door_keeps_to_its_own_description(door: Door, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Requests made from the node's OpenAPI find no failure and no answer that it does not describe.

    They are made by officers who may, about cases that there are: on every way that somebody here may go, one of them
    gets past the permission and is read. `make fuzz` makes thousands of them, and tries every bound of every field.
    """
    home, url = door.agency.home, str(door.http.base_url)
    known = asyncio.run(ways_of(home))
    examples = request.config.getoption("--examples")
    found = fuzz(url, plan(door.call, home, known), tmp_path, examples, bounds=examples > FEW)
    assert not found.failed, found.failed
    possible = {way.name for way in known if officers(way)}
    assert possible - found.heard(known) == set()
    assert "POST /reports" in found.done()
    assert len(found.done() & possible & set(ACTS)) > len(ACTS) / 8  # most need what other acts did before them
