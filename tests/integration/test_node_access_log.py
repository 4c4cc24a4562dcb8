"""What cannot be noted is not shown; what was noted cannot be taken back, and partners cannot read it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import httpx2
import pytest

from contracts.case import digest, fold
from contracts.record import read
from deploy.dev.runner import ThreeNodes
from services.cli.fsck import verify
from services.node.node import Node
from tests.e2e.stage import LOGS, READERS, ask, deliveries, opened, report, size
from tests.integration.commands import rajut
from tests.integration.trio import A, B, C
from tests.integration.warrants import handle

SUPERVISOR = {A: "kp-koordinator", B: "lpsk-pimpinan-1", C: "kh-komisioner"}
PATHS = {
    "/cases": "node",
    "/cases/CASE": "node",
    "/cases/CASE/access": "node",
    "/cases/CASE/duplicates": "intake",
    "/cases/CASE/urgency": "triage",
    "/cases/CASE/emergency": "protection",
}
APPEND = "function log.append"
INDEX = "table log.access"


@pytest.fixture
async def two(machines: ThreeNodes) -> AsyncIterator[tuple[Node, Node, str]]:
    """Two nodes, and a case of the first that the second may read."""
    async with opened(machines.homes[A]) as node, opened(machines.homes[B]) as partner:
        case = await report(node)
        await exchange(node, partner)
        yield node, partner, case


async def exchange(*nodes: Node) -> None:
    """Each takes what the others have said, and acknowledges news, until nobody has news."""
    while True:
        for node in nodes:
            for other in nodes:
                if other is not node:
                    held = await size(node, LOGS[other.log.agency])
                    await node.admission.admit(other.log.agency, await deliveries(other, node.log.agency, held))
        if not any(node.admission.news for node in nodes):
            return
        for node in nodes:
            await node.duties.acknowledge()


async def see(node: Node, path: str, case: str) -> httpx2.Response:
    """What a route answers."""
    return await ask(node, "GET", path.replace("CASE", case), SUPERVISOR[node.log.agency])


@asynccontextmanager
async def revoked(machines: ThreeNodes, right: str, thing: str, role: str) -> AsyncIterator[None]:
    """A right taken from a service's role meanwhile."""
    server = machines[A].postgres
    await asyncio.to_thread(server.sql, f"revoke {right} on {thing} from rajut_{role};", database="rajut")
    try:
        yield
    finally:
        await asyncio.to_thread(server.sql, f"grant {right} on {thing} to rajut_{role};", database="rajut")


def refused(answer: httpx2.Response, case: str) -> bool:
    """Whether an answer says that the access log cannot be written, and shows nothing."""
    return (answer.status_code, answer.json()["code"]) == (503, "E_ACCESS") and case not in answer.text


@pytest.mark.parametrize(("right", "thing"), [("execute", APPEND), ("insert", INDEX)], ids=["append", "index"])
async def test_what_cannot_be_noted_is_not_shown(
    machines: ThreeNodes, two: tuple[Node, Node, str], right: str, thing: str
) -> None:
    """If the log or its index rejects the entry, the caller gets E_ACCESS and nothing else, and no half entry stays."""
    node, _, case = two
    for path, role in PATHS.items():
        before = await size(node, LOGS[A])
        async with revoked(machines, right, thing, role):
            assert refused(await see(node, path, case), case), path
        assert await size(node, LOGS[A]) == before, path
        assert (await see(node, path, case)).status_code == 200, path
        assert await size(node, LOGS[A]) == before + 1, path


async def test_whoever_holds_the_pen_of_the_log_stops_reading(two: tuple[Node, Node, str]) -> None:
    """While the sequencer lock is held, a read is refused after seconds instead of being shown unnoted."""
    node, _, case = two
    async with node.pools["intake"].acquire() as connection, connection.transaction():
        await connection.execute("select log.lock_own()")
        assert refused(await asyncio.wait_for(see(node, "/cases/CASE", case), 10), case)
    assert (await see(node, "/cases/CASE", case)).status_code == 200


async def test_a_command_prints_nothing_that_it_could_not_note(
    machines: ThreeNodes, two: tuple[Node, Node, str], tmp_path: Path
) -> None:
    """The operator's view is refused like anybody's: one coded line, status 1, nothing on standard output, no file."""
    node, _, case = two
    export = ["audit", "export", case, "--out", str(tmp_path / "case.zip")]
    async with revoked(machines, "execute", APPEND, "node"):
        for arguments in (["case", "show", case], ["access", case], export):
            done = await asyncio.to_thread(rajut, node.home.path, *arguments)
            assert (done.returncode, done.stdout) == (1, "")
            assert done.stderr.splitlines()[-1].startswith("rajut: E_ACCESS")
    assert await asyncio.to_thread(lambda: list(tmp_path.iterdir())) == []


async def test_a_partner_holds_the_entry_and_learns_nothing(two: tuple[Node, Node, str]) -> None:
    """The partner mirrors a bare record of kind `ctl`: no content, no case tag, nobody named but the author."""
    node, partner, case = two
    before = await size(node, LOGS[A])
    await see(node, "/cases/CASE", case)
    (message,) = await deliveries(node, B, before)
    signed = read(message, partner.log.chain)
    told = signed.record
    assert (told.kind, told.to, told.tag, told.seq) == ("ctl", (A,), b"", before)
    await exchange(node, partner)
    assert await partner.pools["node"].fetchval("select jws from log.record where id = $1", signed.id) == message
    for table in ("event", "content", "unreadable", "access"):
        assert not await partner.pools["node"].fetch(f"select from log.{table} where id = $1", signed.id)


async def test_a_read_is_acknowledged_once_and_no_more(two: tuple[Node, Node, str]) -> None:
    """Two reads cost two records here and one heartbeat there, and then it is quiet."""
    node, partner, case = two
    ours, theirs = await size(node, LOGS[A]), await size(partner, LOGS[B])
    await see(node, "/cases/CASE", case)
    await see(node, "/cases", case)
    await exchange(node, partner)
    assert (await size(node, LOGS[A]) - ours, await size(partner, LOGS[B]) - theirs) == (2, 1)


async def test_reading_changes_no_case(two: tuple[Node, Node, str]) -> None:
    """Entries are in no timeline: digest, lines and the list of cases are the same after any number of reads."""
    node, _, case = two
    first, listed = (await see(node, "/cases/CASE", case)).json(), (await see(node, "/cases", case)).json()
    for path in PATHS:
        await see(node, path, case)
    again = (await see(node, "/cases/CASE", case)).json()
    assert (again["digest"], len(again["timeline"])) == (first["digest"], len(first["timeline"]))
    assert (await see(node, "/cases", case)).json() == listed
    async with node.pools["node"].acquire() as connection:
        timeline = await node.log.load(connection, case)
    assert not [event for event in timeline.events if event.content.type.endswith("case.read.v1")]
    assert fold(timeline.events).timeline
    assert digest(fold(timeline.events))


async def test_who_saw_a_case_is_answered_with_what_can_be_proven(two: tuple[Node, Node, str]) -> None:
    """Each read of this case, oldest first, and of no other: who, when, what, what for, who holds it."""
    node, partner, case = two
    other = await report(node)
    await ask(node, "GET", f"/cases/{case}", READERS[A], headers={"Rajut-Purpose": "LEGAL"})
    await see(node, "/cases/CASE", other)
    await see(node, "/cases/CASE/urgency", case)
    await exchange(node, partner)
    told = (await see(node, "/cases/CASE/access", case)).json()
    assert (told["case"], told["total"], len(told["entries"])) == (case, 2, 2)
    first, second = told["entries"]
    assert (first["officer"], first["role"], first["purpose"]) == (READERS[A], "petugas_upr", "LEGAL")
    assert (first["view"], first["door"], first["cases"], first["lines"] > 1) == ("CASE", "API", 1, True)
    assert (second["officer"], second["view"], second["purpose"]) == (SUPERVISOR[A], "URGENCY", "HANDLING")
    for entry in told["entries"]:
        assert (entry["signature"], entry["witnesses"]) == ("valid", [B])
        assert entry["after"] <= entry["before"] != ""
    again = (await see(node, "/cases/CASE/access", case)).json()
    assert [entry["view"] for entry in again["entries"]] == ["CASE", "URGENCY", "ACCESS"]


async def test_the_command_answers_who_saw_a_case(two: tuple[Node, Node, str]) -> None:
    """`rajut access` tells it to people and to programs, and stands in its own next answer."""
    node, _, case = two
    await see(node, "/cases/CASE", case)
    people = await asyncio.to_thread(rajut, node.home.path, "access", case)
    assert people.stdout.splitlines()[0] == f"case {case}, seen 1 times"
    assert f"{SUPERVISOR[A]} " in people.stdout
    assert "signature valid" in people.stdout
    programs = await asyncio.to_thread(rajut, node.home.path, "access", case, "--json")
    told = json.loads(programs.stdout)
    assert [(entry["role"], entry["door"]) for entry in told["entries"]] == [
        ("koordinator_upr", "API"),
        ("operator", "CLI"),
    ]
    unknown = await asyncio.to_thread(rajut, node.home.path, "access", "0" * 26)
    assert (unknown.returncode, unknown.stderr.count("\n"), "E_NOT_FOUND" in unknown.stderr) == (1, 1, True)


async def test_entries_leave_the_store_clean(two: tuple[Node, Node, str]) -> None:
    """`rajut fsck` verifies entries like every other record, here and where they are mirrored."""
    node, partner, case = two
    for path in PATHS:
        await see(node, path, case)
    await exchange(node, partner)
    await handle(node, partner)  # or fsck names what has waited for more than a minute
    for one in (node, partner):
        assert (await verify(one.home.path, one)).findings == []


@pytest.mark.parametrize("role", ["node", "triage", "owner"])
async def test_the_index_of_the_access_log_is_only_added_to(two: tuple[Node, Node, str], role: str) -> None:
    """Which cases an entry names is never changed or deleted, whatever role of the node is taken over."""
    node, _, case = two
    await see(node, "/cases/CASE", case)
    database = node.home.settings.database
    password = node.home.secret(f"secrets/pg-rajut_{role}")
    connection = await asyncpg.connect(
        host=database.host, port=database.port, database=database.name, user=f"rajut_{role}", password=password
    )
    for statement in ("update log.access set cases = '{}'", "delete from log.access", "truncate log.access"):
        with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.IntegrityConstraintViolationError)):
            await connection.execute(statement)
    await connection.close()


EDITS = {
    "hides a read": "delete from log.access where cases @> '{CASE}'",
    "names another case": "update log.access set cases = array_replace(cases, 'CASE', 'OTHER') where cases @> '{CASE}'",
}


@pytest.mark.parametrize("edit", EDITS)
async def test_fsck_names_an_index_that_is_not_what_the_entries_say(
    machines: ThreeNodes, two: tuple[Node, Node, str], edit: str
) -> None:
    """Whoever has the database, and edits which cases an entry names, is found out."""
    node, _, case = two
    place = f"{LOGS[A]} {await size(node, LOGS[A])}"
    await see(node, "/cases/CASE", case)
    sql = EDITS[edit].replace("CASE", case).replace("OTHER", "0" * 26)
    async with tampered(machines, sql):
        found = await verify(node.home.path, node)
    assert found.findings == [(place, "its event row is not what its content says")]


@asynccontextmanager
async def tampered(machines: ThreeNodes, sql: str) -> AsyncIterator[None]:
    """The index as a superuser has edited it meanwhile."""
    unlock, lock = (f"alter table log.access {verb} trigger access_immutable;" for verb in ("disable", "enable"))
    server = machines[A].postgres
    server.sql(f"create table kept as table log.access; {unlock} {sql};", database="rajut")
    try:
        yield
    finally:
        back = "delete from log.access; insert into log.access table kept; drop table kept;"
        server.sql(f"{back} {lock}", database="rajut")
