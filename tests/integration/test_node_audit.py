"""A case as one file: what real nodes export holds for somebody who has nothing but the file and the pin."""

import asyncio
import json
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from contracts.bundle import Verdict, verify, verify_archive
from contracts.bundle.archive import unpack
from contracts.bundle.assembly import Export
from contracts.bundle.verdict import Scope
from contracts.content import Actor
from contracts.events.access import CaseRead, Door, Purpose, View
from contracts.evidence import RecordFork, encode
from contracts.record import read, sign
from deploy.dev.runner import ThreeNodes
from services.cli.access import operator
from services.cli.audit import describe
from services.node.audit import Auditor, Wish
from services.node.node import Node
from services.node.sql import Connection
from tests.e2e.stage import LOGS, REPORTS, deliveries, events, size, talk, tasks, until
from tests.integration.commands import rajut
from tests.integration.notaries import notaries
from tests.integration.trio import A, B, C, Trio, three
from tests.integration.warrants import erase, settled, shown, told
from tests.unit.contracts.tampering import signed_again, without

pytestmark = pytest.mark.usefixtures("case")  # everybody has signed of their log before somebody goes away

NOW = "2026-11-23T00:00:00.000Z"
ROOT = Path(__file__).parents[2]
WHOLE = Wish("whole")


@pytest.fixture(scope="module")
def case(machines: ThreeNodes) -> str:
    """A case that all three hold, all of it confirmed."""

    async def play() -> str:
        async with three(machines) as trio:
            return await confirmed(trio, await told(trio))

    return asyncio.run(play())


async def confirmed(trio: Trio, case: str) -> str:
    """The case, once all agencies have cosigned all of it and everybody knows."""
    async with talk(*trio), tasks(*notaries(*trio)):
        for node in trio:
            await until(partial(_is_confirmed, node, case))
    return case


async def _is_confirmed(node: Node, case: str) -> bool:
    return {line["level"] for line in (await shown(node, case))["timeline"]} == {"confirmed"}


async def exported(node: Node, case: str, wish: Wish | Scope = "whole") -> bytes:
    """A bundle, without a process of its own; officer and time are always the same."""
    async with node.pools["node"].acquire() as connection, connection.transaction(isolation="repeatable_read"):
        return await on(connection, node, case, Wish(wish) if isinstance(wish, str) else wish)


async def on(connection: Connection, node: Node, case: str, wish: Wish = WHOLE) -> bytes:
    """A bundle of what one connection sees."""
    export = Export(wish.scope, node.log.agency, Actor("operator", "root"), "AUDIT", NOW)
    return await Auditor(connection, node.log, node.keyring.vault, lambda _: None).bundle(case, wish, export)


def judged(node: Node, data: bytes) -> Verdict:
    """The verdict of somebody who knows the pin."""
    return verify_archive(data, node.log.chain.version(1).digest())


async def test_what_a_node_exports_holds(trio: Trio, case: str) -> None:
    """All events that the desk shows are in the bundle: authentic, complete, dated, witnessed; nothing is found."""
    data = await exported(trio.a, case)
    verdict = judged(trio.a, data)
    assert verdict.findings == ()
    assert (verdict.case, verdict.agency, verdict.scope, verdict.pinned) == (case, A, "whole", True)
    view = await shown(trio.a, case)
    here = {line["id"]: line for line in view["timeline"]}
    lines = {line.event: line for line in verdict.lines if line.content == "disclosed"}
    assert lines.keys() == here.keys()
    for name, line in lines.items():
        assert (line.authentic, line.complete, line.type) == ("yes", "yes", here[name]["type"])
        assert line.after.at <= line.before.at != ""
        assert [one.agency for one in line.witnesses] == here[name]["cosigners"]
    assert len(verdict.completeness) == 4


async def test_every_participant_exports_the_same_events(trio: Trio, case: str) -> None:
    """Each agency's bundle has all records of the case, also those whose content only others may read."""
    verdicts = [judged(node, await exported(node, case)) for node in trio]
    assert [verdict.findings for verdict in verdicts] == [(), (), ()]
    assert len({frozenset(line.event for line in verdict.lines) for verdict in verdicts}) == 1
    sealed = {line.agency for line in verdicts[1].lines if line.content == "sealed to others"}
    assert A in sealed


async def test_the_same_state_gives_the_same_bytes(trio: Trio, case: str) -> None:
    """Two exports of one state, by one officer at one time, are the same file."""
    for scope in ("whole", "court"):
        assert await exported(trio.a, case, scope) == await exported(trio.a, case, scope)


async def test_a_court_sees_what_was_decided_and_not_who_the_person_is(trio: Trio, case: str) -> None:
    """Identity, contact and narrative stay at home unless they are named; nothing else is in doubt."""
    marks = canaries()
    whole, court = [await exported(trio.a, case, scope) for scope in ("whole", "court")]
    assert all(mark in whole for mark in marks)
    assert [mark for mark in marks if mark in court] == []
    verdict = judged(trio.a, court)
    assert verdict.findings == ()
    withheld = [line for line in verdict.lines if line.content == "withheld"]
    assert len(withheld) == 2
    assert not [name for name in unpack(court).files if name.startswith("logs/")]
    by_name = Wish("court", disclose=[withheld[0].event, withheld[1].place])
    named = await exported(trio.a, case, by_name)
    assert all(mark in named for mark in marks)
    assert judged(trio.a, named).findings == ()


def canaries() -> list[bytes]:
    """What the sample report says of people."""
    given = json.loads(REPORTS[A].read_bytes())
    contact = given["defender"]["safe_contact"]["address"]
    return [text.encode() for text in (given["reporter"]["name"], given["defender"]["name"], contact)]


async def test_more_can_be_withheld_but_not_what_explains_a_hole(trio: Trio, case: str, tmp_path: Path) -> None:
    """Whatever is named stays at home; only orders of erasure are always shown. A name that is not here is refused."""
    opened = next(line for line in judged(trio.a, await exported(trio.a, case)).lines if "case.opened" in line.type)
    verdict = judged(trio.a, await exported(trio.a, case, Wish("court", withhold=[opened.place])))
    assert verdict.findings == ()
    assert opened.place in {line.place for line in verdict.lines if line.content == "withheld"}
    never = tmp_path / "never.zip"
    done = await asyncio.to_thread(
        rajut, trio.a.home.path, "audit", "export", case, "-o", str(never), "--withhold", "lpsk/1/999999"
    )
    assert (done.returncode, "E_NOT_FOUND" in done.stderr, never.exists()) == (1, True, False)


async def test_an_export_is_noted_before_it_is_written(trio: Trio, case: str, tmp_path: Path) -> None:
    """Entries say door and purpose, and that the person is in the file; it is the owner's alone, never overwritten."""
    before, out = await size(trio.a, LOGS[A]), tmp_path / "case.zip"
    done = await asyncio.to_thread(
        rajut, trio.a.home.path, "audit", "export", case, "-o", str(out), "--scope", "whole", "--purpose", "legal"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "0 findings"
    entries = (await events(trio.a, LOGS[A], CaseRead.wire_type))[-2:]
    seen, known = [CaseRead.read(entry.content.body) for entry in entries]
    assert ([entry.seq for entry in entries], await size(trio.a, LOGS[A])) == ([before, before + 1], before + 2)
    assert (seen.door, seen.purpose, seen.view, seen.cases) == (Door.EXPORT, Purpose.LEGAL, View.CASE, (case,))
    assert known == seen.model_copy(update={"view": View.PERSON, "lines": 2}), "the report, and what was shared of it"
    assert (seen.lines, entries[0].content.actor) == (len(judged(trio.a, out.read_bytes()).lines), operator())
    assert out.stat().st_mode & 0o777 == 0o600
    again = await asyncio.to_thread(rajut, trio.a.home.path, "audit", "export", case, "-o", str(out))
    assert again.returncode == 1
    assert again.stderr.splitlines()[-1] == "rajut: E_SETTINGS: case.zip: exists already; choose another name"
    assert await size(trio.a, LOGS[A]) == before + 2


async def test_an_export_that_cannot_be_noted_is_not_written(
    machines: ThreeNodes, trio: Trio, case: str, tmp_path: Path
) -> None:
    """While the access log cannot be written, nothing leaves: no file, one coded line."""
    server, out = machines[A].postgres, tmp_path / "case.zip"
    await asyncio.to_thread(server.sql, "revoke execute on function log.append from rajut_node;", database="rajut")
    try:
        done = await asyncio.to_thread(rajut, trio.a.home.path, "audit", "export", case, "-o", str(out))
    finally:
        await asyncio.to_thread(server.sql, "grant execute on function log.append to rajut_node;", database="rajut")
    assert (done.returncode, out.exists(), "E_ACCESS" in done.stderr) == (1, False, True)


def outsider(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`rajut audit verify` in an empty environment: no home, no settings, nothing to reach."""
    command = [sys.executable, "-m", "services.cli", "audit", "verify", *arguments]
    alone = {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=folder, env=alone, capture_output=True, text=True, check=False, timeout=60)


async def test_an_outsider_verifies_with_the_file_and_the_pin(trio: Trio, case: str, tmp_path: Path) -> None:
    """The command needs nothing else; it says what is proven, tells programs the same, and names a changed byte."""
    data, pin = await exported(trio.a, case), trio.a.log.chain.version(1).digest().hex()
    (tmp_path / "case.zip").write_bytes(data)
    people = await asyncio.to_thread(outsider, tmp_path, "case.zip", "--pin", pin)
    assert (people.returncode, people.stderr) == (0, "")
    assert f"directory {pin}, versions 1 to 1: the one that you gave" in people.stdout
    assert people.stdout.count("authentic: yes") == len(judged(trio.a, data).lines)
    programs = json.loads((await asyncio.to_thread(outsider, tmp_path, "case.zip", "--json")).stdout)
    assert (programs["case"], programs["findings"], programs["pinned"]) == (case, [], False)
    assert programs["lines"][0]["witnesses"][0].keys() == {"agency", "at"}
    name = next(name for name in unpack(data).files if name.startswith("records/"))
    at = data.rindex(unpack(data).files[name])
    (tmp_path / "bad.zip").write_bytes(data[:at] + b"x" + data[at + 1 :])
    bad = await asyncio.to_thread(outsider, tmp_path, "bad.zip", "--pin", "00" * 32)
    assert bad.returncode == 1
    assert f"{name}: was changed" in bad.stdout
    assert "directory/1.json: is not the pinned directory" in bad.stdout


@pytest.mark.parametrize(("arguments", "said"), [("no.zip", "cannot be read"), ("no.zip --pin xy", "not hexadecimal")])
def test_a_command_that_cannot_be_carried_out_says_why(tmp_path: Path, arguments: str, said: str) -> None:
    """One line that an operator understands, status 1."""
    done = rajut(tmp_path, "audit", "verify", *arguments.split())
    assert (done.returncode, said in done.stderr, done.stderr.count("\n")) == (1, True, 1)


async def test_whatever_the_exporter_leaves_out_is_named(trio: Trio, case: str) -> None:
    """A node that takes any one event out of its bundle, without a trace, and signs the rest: the record is named."""
    files = dict(unpack(await exported(trio.a, case)).files)
    for line in verify(files).lines:
        left = signed_again(without(files, line.place), trio.a.keyring.signer("node"))
        assert f"records/{line.place}.jws" in {finding.file for finding in verify(left).findings}


async def test_colluders_are_called_the_only_witnesses(trio: Trio) -> None:
    """While one agency is away, what the two others have cosigned for each other is not shown as if all had."""
    case = await told(trio)
    async with talk(trio.a, trio.b), tasks(*notaries(trio.a, trio.b)):
        await until(partial(_is_provisional, trio.a, case))
    verdict = judged(trio.a, await exported(trio.a, case))
    assert verdict.findings == ()
    told_of_a = [line for line in verdict.lines if line.agency == A]
    assert {tuple(one.agency for one in line.witnesses) for line in told_of_a} == {(B,)}
    assert describe(verdict).count(f"witnessed only by {B} at ") == len(told_of_a)


async def _is_provisional(node: Node, case: str) -> bool:
    lines = (await shown(node, case))["timeline"]
    return {line["level"] for line in lines if line["agency"] == A} == {"provisional"}


async def test_a_contradiction_that_the_node_holds_is_in_the_bundle(trio: Trio, case: str) -> None:
    """The proof that a participant has two histories goes with the case, and the verdict names the log."""
    node = trio.c
    first, *_ = await deliveries(trio.a, C)
    true = read(first.partition(b"\n")[0], node.log.chain)
    twin = sign(true.record._replace(hlc=true.record.hlc.next(0)), trio.a.keyring.signer("node"))
    async with node.pools["node"].acquire() as connection:
        meanwhile = connection.transaction()
        await meanwhile.start()
        await node.forks.take(connection, encode(RecordFork(true.jws, twin.jws)))
        verdict = judged(node, await on(connection, node, case))
        await meanwhile.rollback()
    assert verdict.findings == ()
    assert [tuple(one) for one in verdict.forks] == [(LOGS[A], 1)]


async def test_after_an_erasure_the_rest_still_holds(trio: Trio) -> None:
    """What two officers had destroyed is told as erased, with its order; records, dates and witnesses stand."""
    case = await settled(trio)
    await erase(trio, case)
    await confirmed(trio, case)
    for node in trio:
        data = await exported(node, case)
        verdict = judged(node, data)
        assert verdict.findings == (), node.log.agency
        gone = [line for line in verdict.lines if line.content == "erased"]
        assert len(gone) >= 4
        assert {(line.authentic, line.complete) for line in gone} == {("yes", "yes")}
        assert all(line.witnesses for line in gone)
        assert [mark for mark in canaries() if mark in data] == []
        left = {line.type for line in verdict.lines if line.content == "disclosed"}
        assert left == {f"rajut.node.erasure.{verb}.v1" for verb in ("asked", "confirmed", "executed")}


async def test_an_event_that_nobody_has_cosigned_is_exported_as_such(trio: Trio) -> None:
    """A bundle made at once is honest: authentic, and witnessed by nobody yet."""
    case = await told(trio)
    verdict = judged(trio.b, await exported(trio.b, case))
    assert verdict.findings == ()
    assert all(line.authentic == "yes" for line in verdict.lines)
    assert any(not line.witnesses for line in verdict.lines)
    assert "witnessed by nobody yet" in describe(verdict)
