"""Whoever edits a node's database is found out, served to nobody, and no service may say what is not its own."""

# ruff: noqa: S608 - edits behind the program's back are what is tested
import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count
from pathlib import Path

import asyncpg
import pytest
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from contracts import sealing
from contracts.content import Actor
from contracts.delivery import Delivery, position
from contracts.events.protection import EmergencyActivated
from contracts.record import stored
from deploy.dev.runner import ThreeNodes
from services.cli.fsck import verify
from services.node.bus import SQL as BUS_SQL
from services.node.fsck import Report
from services.node.node import Node
from services.node.writing import Draft, write
from tests.e2e.stage import LOGS, READERS, ask, level, opened, report, running, talk, until
from tests.integration.commands import rajut
from tests.integration.trio import A, B, C

UNLOCK = "alter table log.record disable trigger record_immutable;"
_copies = count(1)


@pytest.fixture(scope="module")
def machines(machines: ThreeNodes) -> ThreeNodes:
    """The servers of three agencies that have had a report each."""
    asyncio.run(play(machines))
    return machines


async def play(machines: ThreeNodes) -> None:
    """Three nodes take a report each, so that records 1 to 3 of every log are of a case, and settle."""
    for home in machines.homes.values():
        async with opened(home) as node:
            await report(node)
    async with AsyncExitStack() as stack:
        nodes = [await stack.enter_async_context(running(home)) for home in machines.homes.values()]
        await until(lambda: settled(nodes))


async def settled(nodes: list[Node]) -> bool:
    """Whether nodes hold the same and have handled all of it."""
    if not await level(*nodes):
        return False
    for node in nodes:
        for plug in node.plugs:
            types = [body.wire_type for body in plug.handlers]
            if await node.pools[plug.name].fetch(BUS_SQL["unhandled"], types, 0.0, 10**9, 1, []):
                return False
    return True


@asynccontextmanager
async def edited(machines: ThreeNodes, sql: str, agency: str = A, *, source: str = "rajut") -> AsyncIterator[Node]:
    """A node on a copy of an agency's database in which a superuser has changed something."""
    server, name = machines[agency].postgres, f"edited_{next(_copies)}"
    server.copy_database(source, name)
    server.sql(sql, database=name)
    home = machines.homes[agency].parent / name
    shutil.copytree(machines.homes[agency], home, ignore=shutil.ignore_patterns("postgres", "jetstream", "*.log"))
    settings = home / "node.toml"
    settings.write_text(settings.read_text().replace('name = "rajut"', f'name = "{name}"'))
    async with opened(home) as node:
        yield node
    server.drop_database(name)
    shutil.rmtree(home)


async def fsck(node: Node) -> Report:
    """What `rajut fsck` finds."""
    return await verify(node.home.path, node)


async def test_a_store_that_nobody_edited_is_clean(machines: ThreeNodes) -> None:
    """What the nodes wrote by themselves holds, on all three."""
    for agency in (A, B, C):
        async with edited(machines, "", agency) as node:
            found = await fsck(node)
            assert (found.findings, found.records > 10, found.contents > 5) == ([], True, True)


OWN, FOREIGN = f"log = '{LOGS[A]}' and seq = 3", f"log = '{LOGS[C]}' and seq = 2"
FLIP = "{0} = set_byte({0}, {1}, get_byte({0}, {1}) # 1)"
FLIPPED = f"update log.content set {FLIP.format('blob', 99)} where id = (select id from log.record where {OWN});"


@pytest.mark.parametrize(
    ("sql", "place", "what"),
    [
        pytest.param(
            f"{UNLOCK} update log.record set {FLIP.format('jws', 300)} where {OWN}",
            f"{LOGS[A]} 3",
            "signature or form",
            id="own record",
        ),
        pytest.param(
            f"{UNLOCK} update log.record set {FLIP.format('jws', 300)} where {FOREIGN}",
            f"{LOGS[C]} 2",
            "signature or form",
            id="mirrored record",
        ),
        pytest.param(
            f"{UNLOCK} update log.record set {FLIP.format('id', 0)} where {FOREIGN}",
            f"{LOGS[C]} 2",
            "stored under another id",
            id="record id",
        ),
        pytest.param(f"{UNLOCK} delete from log.record where {OWN}", f"{LOGS[A]} 3", "missing", id="deleted record"),
        pytest.param(
            f"{UNLOCK} delete from log.record where log = '{LOGS[C]}' and seq = (select size - 1 from log.head "
            f"where log = '{LOGS[C]}')",
            LOGS[C],
            "its head",
            id="deleted last record",
        ),
        pytest.param(
            f"update log.event set type = 'rajut.triage.status.determined.v1' where {OWN}",
            f"{LOGS[A]} 3",
            "its event row",
            id="event type",
        ),
        pytest.param(
            f"update log.event set case_id = repeat('0', 26) where {OWN}", f"{LOGS[A]} 3", "its event row", id="case"
        ),
        pytest.param(f"delete from log.event where {OWN}", f"{LOGS[A]} 3", "its event row", id="deleted event"),
        pytest.param(
            f"update log.event set audience = '{{}}' where {OWN}", f"{LOGS[A]} 3", "its event row", id="audience"
        ),
        pytest.param(
            f"update log.event set state = 'refused' where {OWN}", f"{LOGS[A]} 3", "refused", id="hidden event"
        ),
        pytest.param(
            f"update log.event set state = 'waiting' where {OWN}", f"{LOGS[A]} 3", "waiting", id="delayed event"
        ),
        pytest.param(
            f"update log.content set {FLIP.format('blob', 99)} where id = (select id from log.record where {OWN})",
            f"{LOGS[A]} 3",
            "content: E_BLOB",
            id="content",
        ),
        pytest.param(
            f"update log.content set {FLIP.format('key', 20)} where id = (select id from log.record where {OWN})",
            f"{LOGS[A]} 3",
            "content: E_WRAP",
            id="content key",
        ),
        pytest.param(
            f"delete from log.content where id = (select id from log.record where {OWN})",
            f"{LOGS[A]} 3",
            "content for this agency is missing",
            id="deleted content",
        ),
        pytest.param(
            f"update log.head set size = size - 1 where log = '{LOGS[B]}'", LOGS[B], "its head", id="head size"
        ),
        pytest.param(
            f"update log.head set {FLIP.format('peaks', 5)} where log = '{LOGS[B]}'", LOGS[B], "its head", id="peaks"
        ),
        pytest.param(
            "insert into log.content values ('\\x00', '\\x00', '\\x00')", "content AA", "no record", id="orphan"
        ),
    ],
)
async def test_fsck_names_what_a_superuser_edited(machines: ThreeNodes, sql: str, place: str, what: str) -> None:
    """Every kind of edit behind the program's back is named with its place."""
    async with edited(machines, f"{sql};") as node:
        findings = (await fsck(node)).findings
        assert [one for one in findings if one.place == place and what in one.what], findings


async def seal_anew(machines: ThreeNodes, node: Node) -> None:
    """Change content as an administrator can who has the storage key: it opens, and is not what was signed."""
    row = await node.pools["node"].fetchrow(
        f"select r.id, r.jws, c.blob, c.key from log.record r join log.content c using (id) where {OWN}"
    )
    assert row
    key = node.keyring.vault.unlock(row["key"], row["id"])
    place = position(stored(row["jws"]).record).encode()
    frame = bytearray(ChaCha20Poly1305(key).decrypt(bytes(12), row["blob"], place))
    frame[-1] ^= 1
    blob = ChaCha20Poly1305(key).encrypt(bytes(12), bytes(frame), place)
    changed = f"update log.content set blob = '\\x{blob.hex()}' where id = '\\x{row['id'].hex()}';"
    machines[A].postgres.sql(changed, database=node.home.settings.database.name)


async def test_fsck_says_no_by_its_status(machines: ThreeNodes) -> None:
    """The command prints the finding and ends with status 1, also as JSON."""
    async with edited(machines, FLIPPED) as node:
        for arguments, line in ((["fsck"], f"{LOGS[A]} 3: content: E_BLOB\n"), (["fsck", "--json"], '"findings": [{')):
            done = await asyncio.to_thread(rajut, node.home.path, *arguments)
            assert done.returncode == 1
            assert line in done.stdout


@pytest.mark.parametrize("holder", ["of the database alone", "of the storage key too"])
async def test_edited_content_is_served_by_no_read(machines: ThreeNodes, holder: str) -> None:
    """Not even an administrator who has the storage key and encrypts anew gets a changed event read by anybody."""
    async with edited(machines, FLIPPED if holder == "of the database alone" else "") as node:
        case = await node.pools["node"].fetchval(f"select case_id from log.event where {OWN}")
        if holder == "of the storage key too":
            await seal_anew(machines, node)
        for path in ("", "/urgency", "/emergency", "/duplicates"):
            answer = await ask(node, "GET", f"/cases/{case}{path}", READERS[A])
            if path != "/duplicates" or answer.status_code != 200:
                code = "E_WRAP" if holder == "of the database alone" else "E_COMMIT"
                assert (answer.status_code, answer.json()["code"]) == (422, code), path


async def test_an_event_that_was_moved_to_another_case_is_served_by_no_read(machines: ThreeNodes) -> None:
    """Moving an event's row into another case does not move the event."""
    other = f"select case_id from log.event where log = '{LOGS[C]}' and case_id is not null limit 1"
    async with edited(machines, f"update log.event set case_id = ({other}) where {OWN};") as node:
        victim = await node.pools["node"].fetchval(other)
        answer = await ask(node, "GET", f"/cases/{victim}", READERS[A])
        assert (answer.status_code, answer.json()["code"]) == (422, "E_BIND")


@pytest.mark.parametrize("role", ["rajut_node", "rajut_intake", "rajut_protection", "rajut_owner"])
async def test_no_role_changes_or_deletes_a_record(machines: ThreeNodes, role: str) -> None:
    """What was written stays, whatever role of the node is taken over."""
    async with edited(machines, "") as node:
        database = node.home.settings.database
        connection = await asyncpg.connect(
            host=database.host,
            port=database.port,
            database=database.name,
            user=role,
            password=node.home.secret(f"secrets/pg-{role}"),
        )
        for sql in ("update log.record set seq = seq", "delete from log.record", "truncate log.record"):
            with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.IntegrityConstraintViolationError)):
                await connection.execute(sql)
        await connection.close()


async def activation(node: Node) -> tuple[list[Draft], str]:
    """An emergency that nobody decided, and the case that it is about."""
    sample = Path(__file__).parents[1] / "cases" / "bodies" / f"{EmergencyActivated.wire_type}.json"
    body = EmergencyActivated.read(json.loads(sample.read_text()))
    case = await node.pools["node"].fetchval(
        "select case_id from log.event where log = $1 and type = 'rajut.intake.case.opened.v1'", LOGS[A]
    )
    return [Draft(body, (C, A, B), Actor("system", "rajut"), "2026-11-22T01:54:48.123Z")], case


async def test_the_intake_role_cannot_write_a_decision_into_the_log(machines: ThreeNodes) -> None:
    """The service that faces the internet cannot append an emergency decision, whichever key signs it."""
    async with edited(machines, "") as node, node.pools["intake"].acquire() as connection:
        drafts, case = await activation(node)
        timeline = await node.log.load(connection, case)
        for key in ("protection", "intake"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="own family"):
                async with connection.transaction():
                    await node.log.append(connection, key, timeline, drafts)
        for table in ("log.record", "log.event", "log.content"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(f"insert into {table} select * from {table} limit 1")


async def test_a_decision_signed_with_the_intake_key_is_refused_by_every_partner(machines: ThreeNodes) -> None:
    """Who steals the intake key can forge a valid record, and still decides nothing: partners answer E_GRANT."""
    async with edited(machines, "") as thief, edited(machines, "", B) as lpsk:
        drafts, case = await activation(thief)
        async with thief.pools["node"].acquire() as connection, connection.transaction():
            timeline = await thief.log.load(connection, case)
            desk = await thief.log._desk(connection)
        forged = write(desk, thief.keyring.signer("intake"), timeline, drafts)[0]
        assert forged.sealed
        wrap = sealing.wrap(forged.sealed.key, thief.log.chain.sealing_key(1, B), forged.signed.id, B)
        await lpsk.admission.admit(A, [Delivery(forged.signed.jws, wrap, forged.sealed.blob).encode()])
        codes = await lpsk.pools["node"].fetch("select code, seq from log.quarantine where log = $1", LOGS[A])
        assert [tuple(row) for row in codes] == [("E_GRANT", desk.head.size)]
        assert not await lpsk.pools["node"].fetch("select from log.event where id = $1", forged.signed.id)
        answer = await ask(lpsk, "GET", f"/cases/{case}/emergency", READERS[B])
        assert answer.json()["state"] != "ACTIVE"
        async with talk(lpsk):
            await lpsk.duties.answer_refused()
        said = "select count(*) from log.event where log = $1 and type = 'rajut.node.record.refused.v1'"
        assert await lpsk.pools["node"].fetchval(said, LOGS[B]) == 1
