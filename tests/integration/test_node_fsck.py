"""What one pass over a store finds: in the services' tables, of moved and missing rows, of what others saw of a log."""

# ruff: noqa: S608 - edits behind the program's back are what is tested
import asyncio
from functools import partial

import pytest

from deploy.dev.runner import ThreeNodes
from services.node import fsck as checking
from services.node.database import owner
from services.node.fsck import Report
from services.node.readers import side_by_side
from services.node.reading import SQL, Batch, rows_of
from services.node.walk import Cases, Finding
from tests.e2e.stage import LOGS, size
from tests.integration.test_node_store import FLIP, FOREIGN, OWN, UNLOCK, activation, edited, fsck, play, seal_anew
from tests.integration.trio import A, B, C

CASE, ANOTHER = (f"(select case_id from log.event where {place})" for place in (OWN, FOREIGN))


@pytest.fixture(scope="module")
def machines(machines: ThreeNodes) -> ThreeNodes:
    """The servers of three agencies that have had a report each."""
    asyncio.run(play(machines))
    return machines


async def findings(machines: ThreeNodes, *sql: str) -> list[Finding]:
    """Place and fault of all that is found after these edits."""
    async with edited(machines, "".join(f"{one};" for one in sql)) as node:
        return (await fsck(node)).findings


def told(found: list[Finding], place: str, what: str) -> bool:
    """Whether a fault is named at a place."""
    return any(one == place and what in fault for one, fault in found)


ANY_KEY = (
    "do $$ begin execute replace(pg_get_functiondef('log.append'::regproc), "
    "$x$'.' || family || '.%'$x$, $x$'.%'$x$); end $$;"
)
ITEM = "triage.work_item (source, kind, subject, case_id, due_at)"
FACT = "intake.person_key (key, case_id, kind)"
SAID = "notify.notice (id, about, case_id, step, role, level, respond_by)"
MODELS = {
    "a work item is gone": ("triage", "delete from triage.work_item", "is not in the work list"),
    "a work item is put off": (
        "triage",
        "update triage.work_item set due_at = due_at + interval '1 day'",
        "is not in the work list",
    ),
    "a work item is made up": (
        "triage",
        f"insert into {ITEM} select source, kind, 'palsu', case_id, due_at from triage.work_item limit 1",
        "comes from no event",
    ),
    "a person is not found again": ("intake", "delete from intake.person_key", "the person index"),
    "a person is found where they are not": (
        "intake",
        f"insert into {FACT} select '\\x00', {CASE}, 'person'",
        "the person index",
    ),
    "a notice is gone": ("notify", "delete from notify.mail; delete from notify.notice", "is not kept as it was said"),
    "a notice was for somebody else": (
        "notify",
        "update notify.notice set role = 'palsu'",
        "is not kept as it was said",
    ),
    "a clock is gone": ("notify", "delete from notify.look", "its promises are not looked at"),
    "a clock is put off": (
        "notify",
        "update notify.look set look_at = look_at + interval '99 years'",
        "its promises are not looked at",
    ),
    "a notice was never said": (
        "notify",
        f"insert into {SAID} select '\\x00', '\\x00', case_id, 0, role, level, respond_by from notify.notice limit 1",
        "was never said",
    ),
}


@pytest.mark.parametrize("edit", MODELS)
async def test_a_services_table_that_was_edited_is_named(machines: ThreeNodes, edit: str) -> None:
    """What the services derived from the events is held against them: whatever is gone, altered or made up."""
    service, sql, fault = MODELS[edit]
    found = await findings(machines, sql)
    assert told(found, service, fault), found
    assert {place for place, _ in found} == {service}


async def test_content_that_was_sealed_anew_is_named(machines: ThreeNodes) -> None:
    """What opens, and is not what its author signed, is named."""
    async with edited(machines, "") as node:
        await seal_anew(machines, node)
        assert (f"{LOGS[A]} 3", "content: E_BLOB") in (await fsck(node)).findings


async def test_a_decision_that_the_wrong_key_signed_is_named(machines: ThreeNodes) -> None:
    """Who has the intake key, and takes the database's own check of keys away, gets it into the log, and is found."""
    async with edited(machines, ANY_KEY) as node:
        drafts, case = await activation(node)
        async with node.pools["protection"].acquire() as connection, connection.transaction():
            timeline = await node.log.load(connection, case)
            await node.log.append(connection, "intake", timeline, drafts)
        place = f"{LOGS[A]} {await size(node, LOGS[A]) - 1}"
        assert (place, "content: E_GRANT") in (await fsck(node)).findings


async def test_a_deleted_record_is_named_with_all_that_hung_on_it(machines: ThreeNodes) -> None:
    """The hole, the content that belongs to nothing, and the log's head; the case is told without it."""
    found = await findings(machines, f"{UNLOCK} delete from log.record where {OWN}")
    faults = {fault for _, fault in found}
    assert told(found, f"{LOGS[A]} 3", "this record is missing"), found
    assert told(found, LOGS[A], "its head is not what its records give"), found
    assert len([place for place, fault in found if fault == "belongs to no record"]) == 2
    assert not any("does not follow" in fault for fault in faults)  # what is beyond the hole is not accused


@pytest.mark.parametrize(
    "move",
    ["seq = seq + 1000", f"log = '{LOGS[B]}'", f"case_id = {ANOTHER}"],
)
async def test_an_event_that_was_moved_is_named_and_its_case_with_it(machines: ThreeNodes, move: str) -> None:
    """An event's row that says another place, log or case: at its own place, and for the case that it now stands in."""
    async with edited(machines, f"update log.event set {move} where {OWN};") as node:
        found = (await fsck(node)).findings
        case = await node.pools["node"].fetchval(
            f"select case_id from log.event where id = (select id from log.record where {OWN})"
        )
    assert told(found, f"{LOGS[A]} 3", "its event row is not what its content says"), found
    assert told(found, f"case {case}", "cannot be read: E_BIND"), found


@pytest.mark.parametrize("column", ["size = size + 1", "hlc = '1999999999999.0000'", FLIP.format("last", 0)])
async def test_a_head_that_is_not_what_the_records_give_is_named(machines: ThreeNodes, column: str) -> None:
    """A head that is ahead, later, or that names another last record."""
    found = await findings(machines, f"update log.head set {column} where log = '{LOGS[C]}'")
    assert told(found, LOGS[C], "its head is not what its records give"), found


async def test_whoever_had_seen_another_log_is_named(machines: ThreeNodes) -> None:
    """A record of a mirror is replaced: all who had verified that log beyond it witness what it was."""
    found = await findings(machines, f"{UNLOCK} update log.record set {FLIP.format('jws', 300)} where {FOREIGN}")
    witnesses = {place.split()[0] for place, fault in found if fault.startswith(f"had seen another {LOGS[C]} of size")}
    assert witnesses == {LOGS[A], LOGS[B]}


FORGED = f"log = '{LOGS[C]}' and seq = 5"
LETTER = "case substring(jws from length(jws) - 40 for 1) when 'A' then 'B'::bytea else 'A'::bytea end"
ALL_AT_ONCE = (
    f"{UNLOCK} update log.record set {FLIP.format('jws', 700)} where {FOREIGN}",
    f"update log.record set jws = overlay(jws placing {LETTER} from length(jws) - 40 for 1) where {FORGED}",
    f"update log.event set case_id = repeat('0', 26) where {OWN}",
    "update triage.work_item set due_at = due_at + interval '1 day'",
    f"delete from log.content where id = (select id from log.record where log = '{LOGS[C]}' and seq = 3)",
)


@pytest.mark.parametrize(("constant", "value"), [("MANY", 0), ("MOST_HELD", 0), ("MOST_HELD", 5_000), ("BATCH", 1)])
async def test_the_same_is_found_in_every_way(
    machines: ThreeNodes, monkeypatch: pytest.MonkeyPatch, constant: str, value: int
) -> None:
    """With records read by other processes, with no room for cases that are not whole, in the smallest batches."""
    async with edited(machines, "".join(f"{one};" for one in ALL_AT_ONCE)) as node:
        before = await fsck(node)
        monkeypatch.setattr(checking, constant, value)
        after = await fsck(node)
    assert told(before.findings, f"{LOGS[C]} 5", "signature or form: E_SIGNATURE"), before.findings
    assert _sorted(after) == _sorted(before)


def _sorted(report: Report) -> Report:
    return report._replace(findings=sorted(report.findings))


async def test_records_are_read_in_other_processes_as_here(machines: ThreeNodes) -> None:
    """Every row comes back, in order and with the same said of it, however many are asked for at once."""
    sql = "".join(f"{one};" for one in ALL_AT_ONCE)
    async with edited(machines, sql) as node:
        connection = await owner(node.home)
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            snapshot = await connection.fetchval("select pg_export_snapshot()")
            batches = [Batch(*row) for row in await connection.fetch(SQL["batches"], 1)]
            here = partial(rows_of, connection, node.log)
            one_by_one = [(batch.log, await here(batch)) for batch in batches]
            for others in (0, 1, 3):
                async with side_by_side(node.home.path, snapshot, others, here) as reading:
                    assert [one async for one in reading(batches)] == one_by_one
            assert len([log for log, _ in one_by_one if log == LOGS[C]]) > 5
        await connection.close()


def test_cases_take_no_more_room_than_there_is() -> None:
    """What came up last is let go first, and never told by halves; what is whole is told at once and makes room."""
    cases = Cases({"first": 2, "second": 3, "third": 1}, room=100)
    assert cases.add("first", "E_1", 60) is None
    assert cases.add("second", "E_2", 40) is None
    assert cases.add("third", "E_3", 90) == ["E_3"]
    assert cases.let_go == set()
    assert cases.add("second", "E_4", 1) is None
    assert cases.let_go == {"second"}
    assert cases.add("second", "E_5", 1) is None
    assert cases.add("stranger", "E_6", 1) is None
    assert cases.add("first", "E_7", 40) == ["E_1", "E_7"]
    assert list(cases.rest()) == []
