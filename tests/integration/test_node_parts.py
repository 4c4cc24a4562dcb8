"""One agency as five processes, each with its own secrets and nobody else's, beside a partner that is one process."""

import asyncio
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest

from contracts.encoding import b64
from contracts.record import Signed, stored
from contracts.roster import sign
from deploy.dev import cast
from deploy.dev.ports import free_port
from deploy.dev.probe import answers_ok
from deploy.dev.runner import NodeServer, ThreeNodes
from deploy.nats.client import connect
from services import wiring
from services.node.directories import read_chain
from services.node.keys import root_signer
from services.node.part import service
from services.node.settings import PARTS, Doors, Home, Part
from services.node.streams import ADMITTED
from tests.e2e.stage import CASES, LOGS, desk, eventually, migrate, three, until
from tests.integration.commands import rajut

AGENCY, PARTNER, THIRD = "lpsk", "komnas-perempuan", "komnas-ham"
GUIDE = Path(__file__).parents[2] / "docs" / "howto" / "run-a-node.md"


@dataclass(frozen=True, kw_only=True, slots=True)
class House:
    """LPSK in parts, and Komnas Perempuan in one piece."""

    nodes: ThreeNodes
    homes: dict[Part, Path]
    doors: dict[Part, Doors]
    parts: dict[Part, NodeServer]

    def ask(self, part: Part, officer: str, method: str, path: str, body: object = None) -> httpx2.Response:
        """A request of one of LPSK's officers to one part."""
        headers = {"Authorization": f"Bearer {cast.token(self.nodes.homes[AGENCY], officer)}"}
        return httpx2.request(
            method, f"http://127.0.0.1:{self.doors[part].http.port}{path}", headers=headers, json=body
        )

    def done(self, part: Part, officer: str, method: str, path: str, body: object = None) -> Any:
        """As `ask`, for what must succeed: its answer."""
        answer = self.ask(part, officer, method, path, body)
        assert answer.is_success, (part, path, answer.text)
        return answer.json()

    def succeeds(self, part: Part, officer: str, method: str, path: str) -> bool:
        """Whether a request is taken by now."""
        return self.ask(part, officer, method, path).is_success

    def get(self, part: Part, door: str, path: str) -> httpx2.Response:
        """What one of a part's two doors answers to a stranger."""
        return httpx2.get(f"http://127.0.0.1:{getattr(self.doors[part], door).port}{path}")

    def ready(self) -> set[Part]:
        """The parts that say of themselves that they are ready."""
        return {part for part, doors in self.doors.items() if answers_ok(doors.ops.port, "/health/ready")}

    def open_case(self) -> str:
        """Hand a report to LPSK that all three agencies may see; its case."""
        case: str = self.done("intake", "lpsk-hotline", "POST", "/reports", shared_report())["case"]
        return case

    def urgency_is_known(self, case: str) -> bool:
        """Whether triage has assessed a case."""
        return bool(self.done("triage", "lpsk-darurat", "GET", f"/cases/{case}/urgency")["level"])

    def said(self) -> list[Signed]:
        """All that LPSK has said, in order."""
        sql = f"select convert_from(jws, 'UTF8') from log.record where log = '{LOGS[AGENCY]}' order by seq;"  # noqa: S608
        return [stored(jws.encode()) for jws in self.nodes[AGENCY].postgres.sql(sql, database="rajut").split()]


def shared_report() -> dict[str, Any]:
    """A report to LPSK whose consent names the other two."""
    report: dict[str, Any] = json.loads((CASES / "ppham-ancaman-langsung.json").read_text())
    consent = report["consent"] | {"share_with": ["komnas-ham", "komnas-perempuan"]}
    return report | {"received_by": AGENCY, "consent": consent}


def give_addresses(home: Path) -> None:
    """Say in a home's node.toml where its parts listen."""
    with (home / "node.toml").open("a") as settings:
        for part in PARTS:
            http, ops = free_port(), free_port()
            settings.write(
                f'\n[parts.{part}]\nhttp = {{ host = "127.0.0.1", port = {http} }}\nops = {{ port = {ops} }}\n'
            )


@pytest.fixture(scope="module")
def nodes(server_folder: Path) -> Iterator[ThreeNodes]:
    """Three agencies, of which two have their servers and none its node; the third is away all the time."""
    nodes = three(server_folder / "parts")
    try:
        for agency in (AGENCY, PARTNER):
            nodes[agency].prepare(migrate)
        yield nodes
    finally:
        nodes.stop_all()


@contextmanager
def out_of_reach(home: Path) -> Iterator[None]:
    """Without the secrets of a home, and back with them."""
    names = ["keys", "secrets", *(str(path.relative_to(home)) for path in (home / "nats").glob("*.seed"))]
    hidden = home.parent / "hidden"
    (hidden / "nats").mkdir(parents=True)
    for name in names:
        (home / name).rename(hidden / name)
    try:
        yield
    finally:
        for name in names:
            (hidden / name).rename(home / name)
        (hidden / "nats").rmdir()
        hidden.rmdir()


@pytest.fixture(scope="module")
def house(nodes: ThreeNodes, server_folder: Path) -> Iterator[House]:
    """All parts and the partner, up and ready; each part was started when the whole home had no secrets."""
    whole, apart = nodes.homes[AGENCY], server_folder / "apart"
    give_addresses(whole)
    done = rajut(whole, "node", "split", str(whole), str(apart))
    assert done.returncode == 0, done.stderr
    homes: dict[Part, Path] = {part: apart / part for part in PARTS}
    doors = Home(whole).settings.parts
    parts = {part: NodeServer(homes[part], doors[part].ops.port, part) for part in PARTS}
    nodes[PARTNER].start("node")
    try:
        with out_of_reach(whole):
            for part in PARTS:
                parts[part].start()
        yield House(nodes=nodes, homes=homes, doors=doors, parts=parts)
    finally:
        for server in parts.values():
            server.process.stop()


def test_a_report_becomes_a_case_and_protection_with_a_partner(house: House) -> None:
    """Every part does its share, each event is signed by the part that it belongs to, and both stores are whole."""
    case = house.open_case()
    eventually(lambda: house.urgency_is_known(case))
    assert [item for item in house.done("triage", "lpsk-darurat", "GET", "/tasks")["items"] if item["case"] == case]
    with desk(house.nodes, PARTNER) as partner:
        partner.await_case("kp-upr", case, lambda seen: "urgency" in seen["state"])
        emergency = {"ground": "ANCAMAN_NYATA", "needs": ["EVAKUASI"]}
        proposal = partner.post("kp-upr", f"/cases/{case}/emergency", emergency)["proposal"]
        path = f"/cases/{case}/emergency/{proposal}/approve"
        for leader in ("lpsk-pimpinan-1", "lpsk-pimpinan-2"):
            eventually(partial(house.succeeds, "protection", leader, "POST", path))
        partner.await_case("kp-upr", case, lambda seen: seen["state"]["emergency"]["in_force"] == "ACTIVE")
        theirs = partner.case("kp-upr", case)
    ours = house.done("node", "lpsk-darurat", "GET", f"/cases/{case}")
    assert ours["state"]["emergency"] == theirs["state"]["emergency"]
    families = {(line["type"].split(".")[1], line["agency"]) for line in ours["timeline"]}
    assert {(family, AGENCY) for family in ("intake", "triage", "protection", "notify")} <= families
    for agency in (AGENCY, PARTNER):
        verified = rajut(house.nodes.homes[agency], "fsck")
        assert verified.returncode == 0, verified.stdout


def test_every_part_signs_with_its_own_key(house: House) -> None:
    """LPSK's log is written by five processes, record after record, each with the key of its part."""
    case = house.open_case()
    eventually(lambda: house.urgency_is_known(case))
    house.done(
        "protection",
        "lpsk-darurat",
        "POST",
        f"/cases/{case}/emergency",
        {"ground": "ANCAMAN_NYATA", "needs": ["EVAKUASI"]},
    )
    eventually(lambda: {one.kid.split(".")[1] for one in house.said()} == set(PARTS))
    said = house.said()
    assert [one.record.seq for one in said] == list(range(len(said)))
    assert [one.record.prev for one in said[1:]] == [one.id for one in said[:-1]]


@pytest.mark.parametrize("killed", PARTS)
def test_a_killed_part_is_missed_by_itself_alone(house: House, killed: Part) -> None:
    """The others stay ready and do their work; when it is back, it has its own secrets alone and needs no more."""
    house.parts[killed].process.kill()
    assert house.ready() == set(PARTS) - {killed}
    case = house.open_case() if killed != "intake" else ""
    with out_of_reach(house.nodes.homes[AGENCY]):
        house.parts[killed].start()
    assert house.ready() == set(PARTS)
    case = case or house.open_case()
    eventually(lambda: house.urgency_is_known(case))
    with desk(house.nodes, PARTNER) as partner:
        partner.await_case("kp-upr", case, lambda seen: "urgency" in seen["state"])


def put_next_directory(house: House) -> int:
    """Put a further version of the directory where LPSK and the partner look for it; its number."""
    folders = [house.nodes.homes[agency] / "directory" for agency in (AGENCY, PARTNER)]
    last = read_chain(folders[0]).latest
    following = last.model_copy(update={"version": last.version + 1, "previous": b64(last.digest())})
    signed = sign(following, [root_signer(house.nodes.homes[agency] / "keys") for agency in (PARTNER, THIRD)])
    for folder in folders:
        (folder / f"{following.version}.json").write_bytes(signed)
    return following.version


def latest_by(house: House, part: Part) -> int:
    """The directory version in the last record of a part."""
    return [one.record.dir for one in house.said() if one.kid.split(".")[1] == part][-1]


def test_a_later_directory_reaches_every_part_and_no_record_goes_back(house: House) -> None:
    """The node's part adopts it, the others follow; whoever writes the next record never names an older version."""
    version = put_next_directory(house)
    cases = [house.open_case() for _ in range(20)]
    eventually(lambda: bool(house.open_case()) and latest_by(house, "intake") == version)
    eventually(lambda: latest_by(house, "triage") == version)
    versions = [one.record.dir for one in house.said()]
    assert versions == sorted(versions)
    with desk(house.nodes, PARTNER) as partner:
        partner.await_case("kp-upr", cases[-1], lambda seen: "urgency" in seen["state"])


async def test_who_has_not_heard_of_a_directory_learns_of_it_before_writing(house: House) -> None:
    """A service that looked at nothing since it was built writes by the version that the record before it names."""
    async with service(house.homes["intake"], "intake", wiring.WIRES["intake"], wiring.migrations()) as alone:
        version = put_next_directory(house)
        await asyncio.to_thread(eventually, lambda: latest_by(house, "node") == version)
        assert alone.log.chain.latest.version == 1
        headers = {"Authorization": f"Bearer {cast.token(house.nodes.homes[AGENCY], 'lpsk-hotline')}"}
        transport = httpx2.ASGITransport(app=alone.app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://intake", headers=headers) as client:
            answer = await client.post("/reports", json=shared_report())
        assert answer.status_code == 201, answer.text
    assert latest_by(house, "intake") == version


async def test_services_that_run_elsewhere_are_woken(house: House) -> None:
    """The node's part says a pointer for every event: which of them somebody wants, it does not know."""
    client = await connect(house.nodes.homes[AGENCY], "admin")
    before = (await client.jsm().stream_info(ADMITTED)).state.messages
    case = house.open_case()
    events = house.done("node", "lpsk-darurat", "GET", f"/cases/{case}")["timeline"]

    async def all_are_said() -> bool:
        return (await client.jsm().stream_info(ADMITTED)).state.messages >= before + len(events)

    await until(all_are_said)
    await client.close()


def test_the_two_doors_have_nothing_in_common(house: House) -> None:
    """Health and metrics are asked at one door, the API at the other; what one serves, the other has not."""
    for part in PARTS:
        for path in ("/metrics", "/health/live", "/health/ready"):
            assert house.get(part, "ops", path).status_code == 200
            assert house.get(part, "http", path).json()["code"] == "E_NOT_FOUND"
        for path in house.get(part, "http", "/openapi.json").json()["paths"]:
            assert house.get(part, "ops", path).json()["code"] == "E_NOT_FOUND"


def test_each_path_is_served_by_the_part_that_the_guide_names(house: House) -> None:
    """Whoever sets up a proxy by the guide's table reaches every path, each at the one part that has it."""
    rows = re.findall(r"^\| (`/.*?) \| (\w+) \|$", GUIDE.read_text(), re.MULTILINE)
    table = [(pattern, part) for patterns, part in rows for pattern in re.findall(r"`(.*?)`", patterns)]
    whole = f"http://127.0.0.1:{house.nodes[PARTNER].ports.http}/openapi.json"
    expected = set(httpx2.get(whole).json()["paths"])
    served: dict[str, Part] = {}
    for part in PARTS:
        paths = house.get(part, "http", "/openapi.json").json()["paths"]
        assert not served.keys() & paths.keys()
        served |= dict.fromkeys(paths, part)
    assert served.keys() == expected
    for path, part in served.items():
        assert next(told for pattern, told in table if fnmatch(path, pattern)) == part, path


@pytest.mark.parametrize(("home", "part", "named"), [("intake", "triage", "keys/triage"), ("triage", "node", "keys/")])
def test_a_part_does_not_start_with_the_secrets_of_another(house: House, home: Part, part: Part, named: str) -> None:
    """It ends in one line that says which secret it lacks."""
    done = rajut(house.homes[home], "node", "run", str(house.homes[home]), "--part", part)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith(f"rajut: E_SETTINGS: {named}")
