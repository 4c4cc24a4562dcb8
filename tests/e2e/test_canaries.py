"""Nothing personal leaves the sealed content: not into a log line, a span, a stream, a table, a mail, an error."""

# ruff: noqa: S608 - the statements are the test's own
import json
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest

from deploy.dev import cast
from deploy.dev.runner import ThreeNodes
from tests.conftest import Postgres
from tests.e2e.canaries import canaries, forms, hits
from tests.e2e.planted import PLANTED, Gossip, plant
from tests.e2e.stage import AGENCIES, CASES, LOGS, READERS, RECEIVERS, desk, eventually, three

FILES = sorted(CASES.glob("*.json"))
CANARIES = [*canaries(FILES), *PLANTED]
SHARED = "ppham-ancaman-langsung"
SECRET = "saksi-hanya-lpsk"
MIB = 1 << 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Played:
    """What is left when everything was played and the nodes have ended; the databases still answer."""

    nodes: ThreeNodes
    folder: Path  # answers, metrics, mails and dumps
    cases: dict[str, str] = field(default_factory=dict)


@pytest.fixture(scope="module")
def played(server_folder: Path) -> Iterator[Played]:
    """All sample reports taken in on three nodes, more said and written beside them, and much that was refused."""
    root, folder = server_folder / "canaries", server_folder / "told"
    folder.mkdir()
    mailbox, settings = Gossip("lpsk-pimpinan-7"), 'traces = "HOME/spans.jsonl"\n'
    with mailbox, three(root, mail_port=mailbox.port, settings=settings) as nodes:
        cases = take_all(nodes)
        plant(nodes, cases[SHARED], cases[SECRET])
        provoke(nodes, folder)
        eventually(lambda: equal_heads(nodes))
        eventually(lambda: len(mailbox.mails()) > len(FILES) and mailbox.told)
        time.sleep(1)  # spans leave twice a second
        for agency in AGENCIES:
            metrics = httpx2.get(f"http://127.0.0.1:{nodes[agency].ports.ops}/metrics")
            (folder / f"{agency}.metrics").write_bytes(metrics.content)
            (folder / f"{agency}.processes").write_bytes(b"\n".join(processes(nodes, agency)))
            nodes[agency].stop("node")
            (folder / f"{agency}.dump").write_text(dump(nodes, agency))
            nodes[agency].postgres.sql("checkpoint;")
        (folder / "mails").write_bytes(b"\n".join(mail.as_bytes() for _, mail in mailbox.mails()))
        yield Played(nodes=nodes, folder=folder, cases=cases)
    shutil.rmtree(root)


def take_all(nodes: ThreeNodes) -> dict[str, str]:
    """Hand every sample report to the agency that it names; file name -> case."""
    cases = {}
    for file in FILES:
        agency = json.loads(file.read_text())["received_by"]
        with desk(nodes, agency) as client:
            cases[file.stem] = client.post(RECEIVERS[agency], "/reports", file.read_bytes())["case"]
    return cases


def provoke(nodes: ThreeNodes, folder: Path) -> None:
    """Send what must be refused, with something personal wherever a caller can put it; keep the answers."""
    answers = []
    for agency in AGENCIES:
        url, token = f"http://127.0.0.1:{nodes[agency].ports.http}", cast.token(nodes.homes[agency], RECEIVERS[agency])
        for method, path, headers, body in refusable():
            sent = {"Authorization": f"Bearer {token}"} | headers
            with suppress(httpx2.TransportError):  # the door may be shut before a hundred megabytes are through
                answer = httpx2.request(method, f"{url}{path}", headers=sent, content=body, timeout=60)
                assert 400 <= answer.status_code < 500, (method, path, answer.status_code, body[:100])
                answers.append(answer.content + repr(answer.headers).encode())
    (folder / "answers").write_bytes(b"\n".join(answers))
    assert len(answers) >= 3 * len(list(refusable())) - 3


def refusable() -> Iterator[tuple[str, str, dict[str, str], bytes]]:
    """Requests that are refused: reports that do not fit, rubbish, unknown people, strange paths and headers."""
    name = "Yohana B."
    for file in FILES:
        told = json.loads(file.read_text())
        for changed in (
            told | {"received_by": name},
            told | {name: 1},
            told | {"channel": told["incidents"][0]["text"]},
            told | {"defender": told["defender"] | {"age_band": told["defender"]["name"]}},
            told | {"location": {"province": told["defender"]["safe_contact"]["address"]}},
        ):
            yield "POST", "/reports", {}, json.dumps(changed).encode()
        yield "POST", "/reports", {}, file.read_bytes()[:-20]
        yield (
            "POST",
            "/reports",
            {"Authorization": f"Bearer {told['defender']['name'].replace(' ', '-')}"},
            file.read_bytes(),
        )
    yield "POST", "/reports", {}, b"\xff" + name.encode()
    yield "POST", "/reports", {}, json.dumps(name).encode() * 100_000
    yield "POST", "/reports", {}, f"{name} +62 812-0000-0102 ".encode() * (100 * MIB // 26)
    yield "POST", "/reports", {"Idempotency-Key": name * 40}, FILES[0].read_bytes()
    yield "GET", "/cases/Yohana%20B.", {}, b""
    yield "GET", "/cases/%2B62%20812-0000-0102/urgency?name=Yohana%20B.", {}, b""
    yield "GET", "/Yohana%20B.", {"traceparent": name, "User-Agent": name}, b""
    yield "PUT", "/reports", {}, name.encode()
    yield "POST", f"/cases/{'0' * 26}/status", {}, json.dumps({"defender_kind": name}).encode()


def processes(nodes: ThreeNodes, agency: str) -> Iterator[bytes]:
    """What anybody on the machine reads of a node, its servers and their children: arguments, titles, environment."""
    parts = nodes[agency]
    left = [part.process.pid for part in (parts.postgres, parts.nats, parts.node)]
    while left:
        told = Path("/proc") / str(left.pop())
        with suppress(FileNotFoundError, ProcessLookupError):  # a server's child may be gone by now
            yield (told / "cmdline").read_bytes() + (told / "environ").read_bytes()
            left += map(int, (told / "task" / told.name / "children").read_text().split())


def equal_heads(nodes: ThreeNodes) -> bool:
    """Whether all nodes hold the same of every log."""
    heads = {
        nodes[agency].postgres.sql("select log, last from log.head order by 1;", database="rajut")
        for agency in AGENCIES
    }
    return len(heads) == 1


def dump(nodes: ThreeNodes, agency: str) -> str:
    """Every row of every table as text: on disk, long values are compressed."""
    server = nodes[agency].postgres
    listed = "select schemaname || '.' || tablename from pg_tables where schemaname !~ '^(pg_|information)';"
    tables = server.sql(listed, database="rajut").split()
    assert "log.content" in tables
    return "\n".join(server.sql(f"copy {table} to stdout;", database="rajut") for table in tables)


def test_nothing_personal_is_found_anywhere(played: Played, tmp_path: Path) -> None:
    """Logs, databases, streams, spans, metrics, mails, refusals, processes of all agencies, byte by byte: no hit."""
    assert len(CANARIES) > 60
    homes = list(played.nodes.homes.values())
    for agency, home in played.nodes.homes.items():
        for expected in ("node.log", "spans.jsonl", "nats/server.log", "nats/jetstream", "postgres/postgres.log"):
            assert (home / expected).exists(), (agency, expected)
        assert b"services.cli\x00node\x00run" in (played.folder / f"{agency}.processes").read_bytes()
    data = [(home / "postgres" / "data").resolve() for home in homes]
    found = hits(CANARIES, *homes, *data, played.folder, scratch=tmp_path)
    assert not found, "\n".join(found)


def test_the_search_finds_what_is_planted(postgres: Postgres, server_folder: Path, tmp_path: Path) -> None:
    """Every canary is found in every form in a file, and one in a row that only a database holds."""
    for number, text in enumerate(CANARIES):
        folder = tmp_path / str(number)
        folder.mkdir()
        for place, form in enumerate(forms(text)):
            (folder / f"{place}").write_bytes(b"\x00\xffx" + form + b"y")
    found = {line.partition(":")[0] for line in hits(CANARIES, *tmp_path.glob("[0-9]*"), scratch=tmp_path)}
    assert found == {str(file) for file in tmp_path.glob("*/*")}
    server = postgres.server  # not one that is searched in earnest
    server.sql("create database planted;")
    server.sql(f"create table row as select '{CANARIES[0]}' as text; checkpoint;", database="planted")
    data = (server_folder / "postgres" / "data").resolve()
    assert hits(CANARIES, data, scratch=tmp_path)
    server.drop_database("planted")


def test_a_case_of_one_agency_is_bare_records_elsewhere(played: Played, tmp_path: Path) -> None:
    """Who consented to LPSK alone exists at the other two as sealed-off records: no content, no event, no case id."""
    case = played.cases[SECRET]
    lpsk = played.nodes["lpsk"].postgres
    ids = lpsk.sql(f"select id from log.event where case_id = '{case}';", database="rajut").split()
    assert len(ids) >= 4
    listed = ", ".join(f"'{id_}'" for id_ in ids)
    for agency in ("komnas-ham", "komnas-perempuan"):
        server = played.nodes[agency].postgres
        for table, held in (("record", len(ids)), ("event", 0), ("content", 0), ("unreadable", 0)):
            counted = server.sql(f"select count(*) from log.{table} where id in ({listed});", database="rajut")
            assert int(counted) == held, (agency, table)
        home = played.nodes.homes[agency]
        assert hits([case], home, (home / "postgres" / "data").resolve(), scratch=tmp_path) == []
    assert hits([case], played.folder / "lpsk.dump", scratch=tmp_path)


def test_one_trace_leads_from_the_door_to_the_handlers_of_all_agencies(played: Played) -> None:
    """The request at Komnas Perempuan and what the other two did about it share one trace id."""
    spans = {
        agency: [json.loads(line) for line in (home / "spans.jsonl").read_text().splitlines()]
        for agency, home in played.nodes.homes.items()
    }
    started = {
        span["context"]["trace_id"]
        for span in spans["komnas-perempuan"]
        if span["name"] == "POST /reports" and span["parent_id"] is None
    }
    for agency in ("komnas-ham", "lpsk"):
        handled = {
            span["context"]["trace_id"] for span in spans[agency] if "rajut.intake.case.opened.v1" in span["name"]
        }
        assert started & handled, agency


def test_a_report_leaves_its_mark_on_the_metrics(played: Played) -> None:
    """The metrics that were searched are the real ones: they count what was admitted."""
    for agency in AGENCIES:
        metrics = (played.folder / f"{agency}.metrics").read_text()
        assert "rajut_admission_records" in metrics
        assert all(other in metrics for other in LOGS if other != agency)
        assert READERS[agency] not in metrics
