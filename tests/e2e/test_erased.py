"""After an erasure nothing of the case is found in plain anywhere, and what is left sealed is where we say it is."""

# ruff: noqa: S608 - the statements are the test's own
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from deploy.dev import cast
from deploy.dev.runner import ThreeNodes
from deploy.dev.trio import rajut
from tests.e2e.canaries import hits
from tests.e2e.stage import AGENCIES, READERS, RECEIVERS, REPORTS, desk, eventually, three
from tests.e2e.test_canaries import dump, equal_heads

pytestmark = pytest.mark.timeout(300)

OPENER = "komnas-perempuan"
OFFICER, LEADER = "kp-pdp", "kp-piket"
MARKS = ("Kenari-Berlian-7Q41", "Kenari-Mutiara-9Z28")  # in a report over HTTP, and in one dropped as a file


@dataclass(frozen=True, kw_only=True, slots=True)
class Erased:
    """What is left when two cases were erased and the nodes have ended; the databases still answer."""

    nodes: ThreeNodes
    folder: Path  # dumps, made before and after
    sealed: list[bytes] = field(default_factory=list)  # from the middle of each erased content, as it was stored
    keys: list[bytes] = field(default_factory=list)  # each of their content keys, as it was stored at one agency
    vaults: Mapping[str, bytes] = field(default_factory=dict)  # each agency's vault before


@pytest.fixture(scope="module")
def erased(server_folder: Path) -> Iterator[Erased]:
    """Two reports with marks in them, worked on by three agencies, then erased and swept as the how-to says."""
    root, folder = server_folder / "erased-canaries", server_folder / "erased-dumps"
    folder.mkdir()
    with three(root, settings='traces = "HOME/spans.jsonl"\n') as nodes:
        cases = [hand_in(nodes), drop(nodes)]
        eventually(lambda: worked_on(nodes, cases), 60)
        before = remember(nodes, folder, cases)
        for case in cases:
            erase(nodes, case)
        eventually(lambda: all(carried_out(nodes, agency, case) for agency in AGENCIES for case in cases), 60)
        eventually(lambda: equal_heads(nodes))
        for agency in AGENCIES:
            nodes[agency].stop("node")
            sweep(nodes, agency)
            (folder / f"{agency}.after").write_text(dump(nodes, agency))
        yield before
    shutil.rmtree(root)


def marked(mark: str) -> bytes:
    """A sample report whose person, contact and narrative carry a mark."""
    told = json.loads(REPORTS[OPENER].read_text())
    told["defender"]["name"] = mark
    told["defender"]["safe_contact"]["address"] = f"Gang {mark}"
    told["incidents"][0]["text"] = f"Rumah {mark} didatangi."
    return json.dumps(told).encode()


def hand_in(nodes: ThreeNodes) -> str:
    """A report over HTTP; its case."""
    with desk(nodes, OPENER) as client:
        return str(client.post(RECEIVERS[OPENER], "/reports", marked(MARKS[0]))["case"])


def drop(nodes: ThreeNodes) -> str:
    """A report as a file; its case, as the receipt beside it says."""
    inbox = nodes.homes[OPENER] / "inbox"
    (inbox / "laporan.json").write_bytes(marked(MARKS[1]))
    receipt = inbox / "done" / "laporan.receipt.json"
    eventually(receipt.exists)
    assert MARKS[1] in (inbox / "done" / "laporan.json").read_text()
    return str(json.loads(receipt.read_text())["case"])


def worked_on(nodes: ThreeNodes, cases: list[str]) -> bool:
    """Whether the cases are in the opener's work list and notices, and in the person index of all agencies."""
    wanted = "','".join(cases)
    tables = {"triage.work_item": [OPENER], "notify.notice": [OPENER], "intake.person_key": AGENCIES}
    for table, agencies in tables.items():
        counted = f"select count(distinct case_id) from {table} where case_id in ('{wanted}');"
        counts = {int(nodes[agency].postgres.sql(counted, database="rajut")) for agency in agencies}
        if counts != {len(cases)}:
            return False
    return equal_heads(nodes)


def remember(nodes: ThreeNodes, folder: Path, cases: list[str]) -> Erased:
    """How the content of the cases lies there now, in databases, dumps and vaults."""
    wanted = "','".join(cases)
    before = Erased(nodes=nodes, folder=folder, vaults={agency: vault(nodes, agency) for agency in AGENCIES})
    for agency in AGENCIES:
        (folder / f"{agency}.before").write_text(dump(nodes, agency))
        rows = nodes[agency].postgres.sql(
            "select encode(substring(blob from 301 for 48), 'hex'), encode(key, 'hex') from log.content "
            f"join log.event using (id) where case_id in ('{wanted}');",
            database="rajut",
        )
        for row in rows.split():
            blob, _, key = row.partition("|")
            before.sealed.append(bytes.fromhex(blob))
            before.keys.append(bytes.fromhex(key))
    assert len(before.sealed) > 20
    return before


def vault(nodes: ThreeNodes, agency: str) -> bytes:
    """The keys of cases at an agency."""
    return (nodes.homes[agency] / "vault" / "cases").read_bytes()


def erase(nodes: ThreeNodes, case: str) -> None:
    """Two officers order it, by the commands."""
    home = nodes.homes[OPENER]
    token = {name: cast.token(home, name) for name in (OFFICER, LEADER)}
    asked = rajut(home, "erase", "ask", case, "--basis", "consent_withdrawn", "--token", token[OFFICER])
    assert asked.returncode == 0, asked.stdout + asked.stderr
    request = json.loads(asked.stdout)["event"]
    confirmed = rajut(home, "erase", "confirm", case, request, "--token", token[LEADER])
    assert confirmed.returncode == 0, confirmed.stdout + confirmed.stderr


def carried_out(nodes: ThreeNodes, agency: str, case: str) -> bool:
    """Whether an agency's desk shows that all have carried out the order."""
    with desk(nodes, agency) as client:
        orders = client.get(READERS[agency], f"/cases/{case}/erasure")["orders"]
    return [order["executed"] for order in orders] == [sorted(AGENCIES)]


def sweep(nodes: ThreeNodes, agency: str) -> None:
    """Give deleted rows' space back, and go on to another segment of the write-ahead log."""
    server = nodes[agency].postgres
    server.sql("vacuum full;", database="rajut")
    server.sql("checkpoint; select pg_switch_wal(); checkpoint;")


def test_nothing_is_found_in_plain(erased: Erased, tmp_path: Path) -> None:
    """Homes, logs, spans, databases, JetStream, dropped files, dumps before and after: no mark in any form."""
    homes = list(erased.nodes.homes.values())
    data = [(home / "postgres" / "data").resolve() for home in homes]
    assert hits(MARKS, *homes, *data, erased.folder, scratch=tmp_path) == []
    assert list((erased.nodes.homes[OPENER] / "inbox" / "done").iterdir()) == []


def test_what_is_left_sealed_is_where_we_say(erased: Erased) -> None:
    """Sealed content stays in streams and in the write-ahead log until those are recycled; in no table, in no new dump.

    The locked keys that would open it are in the write-ahead log and older dumps alone, and what they were locked under
    is destroyed.
    """
    homes = list(erased.nodes.homes.values())
    folders = [*homes, *((home / "postgres" / "data").resolve() for home in homes)]
    assert {kind for kind, _ in found(erased.sealed[::4], folders)} == {"jetstream", "pg_wal"}
    assert {kind for kind, _ in found(erased.keys[::4], folders)} == {"pg_wal"}
    for agency in AGENCIES:
        before, after = ((erased.folder / f"{agency}.{when}").read_text() for when in ("before", "after"))
        for secret in (*erased.sealed, *erased.keys):
            assert secret.hex() not in after
        assert any(secret.hex() in before for secret in erased.keys)


def test_the_keys_of_the_cases_are_gone_from_every_vault(erased: Erased) -> None:
    """Each agency's vault had a key for each case, and none of them is in it any more."""
    for agency in AGENCIES:
        before, after = erased.vaults[agency], vault(erased.nodes, agency)
        keys = [before[place + 34 : place + 94] for place in range(0, len(before), 94)]
        assert len(keys) == 2
        assert not any(key in after for key in keys)


def found(secrets: Sequence[bytes], folders: list[Path]) -> set[tuple[str, str]]:
    """In what kind of file, by its folder, and in which, any of these bytes are."""
    files = {file for folder in folders for file in folder.rglob("*") if file.is_file()}
    kinds = ("pg_wal", "jetstream", "base", "vault")
    hit = set()
    for file in sorted(files):
        data = file.read_bytes()
        if any(secret in data for secret in secrets):
            hit.add((next((kind for kind in kinds if kind in file.parts), "elsewhere"), file.name))
    return hit
