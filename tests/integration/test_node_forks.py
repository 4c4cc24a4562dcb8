"""An agency that contradicts itself convicts itself, everywhere, without anybody having to believe anybody."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from contracts import evidence, note, record as records
from contracts.bundle import verify_archive
from contracts.bundle.assembly import Export
from contracts.content import Actor
from contracts.encoding import b64
from contracts.events.triage import UrgencyOverridden
from contracts.evidence import RecordFork, Split
from contracts.hlc import instant
from contracts.note import Checkpoint
from contracts.record import stored
from deploy.dev.mailbox import Mailbox
from deploy.dev.runner import ThreeNodes
from deploy.nats.client import connect
from services.cli.fsck import verify
from services.node.audit import Auditor, Wish
from services.node.clock import SystemClock
from services.node.forks import KEPT, SQL, proofs
from services.node.link import every
from services.node.node import Node
from services.node.settings import BadSettings
from services.node.streams import subject_note, subject_to
from services.node.witness import notes
from services.node.writing import Draft
from services.notify.alarm import SUBJECT
from tests.e2e.stage import (
    AGENCIES,
    LOGS,
    READERS,
    ask,
    events,
    level,
    opened,
    report,
    servers,
    talk,
    tasks,
    until,
)
from tests.integration.keepers import Keepers
from tests.integration.notaries import notaries
from tests.integration.trio import A, B, C, Trio, agree, by_name, three

FOUND = "rajut.node.fork.found.v1"


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """Where the agencies' mail goes."""
    with Mailbox() as box:
        yield box


@pytest.fixture
def machines(server_folder: Path, request: pytest.FixtureRequest, mailbox: Mailbox) -> Iterator[ThreeNodes]:
    """The servers of three agencies, for one test alone: it leaves a contradiction behind."""
    with servers(server_folder / request.node.name[:40], mail_port=mailbox.port) as running:
        yield running


async def smuggle(home: Path, subject: str, message: bytes) -> None:
    """Put a message into a partner's stream, as an administrator of the broker could."""
    admin = await connect(home, "admin")
    await admin.request(subject, message, timeout=2)
    await admin.close()


async def convicted(*nodes: Node) -> bool:
    """Whether each of these nodes holds a proof against A's log."""
    held = [await proofs(node.pools["node"]) for node in nodes]
    return all(held)


async def test_two_checkpoints_that_cannot_both_be_true_become_a_proof_at_every_agency(
    trio: Trio, mailbox: Mailbox
) -> None:
    """One partner is shown another root than the others: soon all three hold a proof, say so, show it, and call."""
    a, b, c = trio
    case = await report(a)
    async with talk(a, b, c), tasks(*notaries(a, b, c)):
        await smuggle(a.home.path, subject_note(B), false(a)(2))
        await until(lambda: convicted(a, b, c))
        await until(lambda: said(a, b, c))
        shown = (await ask(c, "GET", f"/cases/{case}", READERS[C])).json()
    for node in trio:
        (proof,) = await proofs(node.pools["node"])
        assert evidence.check(evidence.decode(proof), node.log.chain) == Split(LOGS[A], 2)
    assert shown["disputed"] == [LOGS[A]]
    assert await call(c) >= 1
    mails = [(to, mail["Subject"]) for to, mail in mailbox.mails()]
    assert sorted(mails) == [(f"kh-{who}@{C}.example", SUBJECT) for who in ("admin", "auditor")]


async def call(node: Node) -> int:
    """Let a node's notify hear of every proof that somebody holds, and send its mail twice; how many it heard of."""
    heard = [event for log in LOGS.values() for event in await events(node, log, FOUND)]
    for event in heard:
        await node.inboxes["notify"].handle(event.id)
    _, send, *_ = next(plug for plug in node.plugs if plug.name == "notify").timers
    await send.work()
    await send.work()
    return len(heard)


async def said(*nodes: Node) -> bool:
    """Whether each of these nodes has written into its own log that it holds a proof."""
    return all([await events(node, node.log.log, FOUND) for node in nodes])


async def test_two_records_at_one_place_become_a_proof_at_every_agency(trio: Trio) -> None:
    """A second record at a place that is taken is kept, never applied, and convicts its author everywhere."""
    a, b, c = trio
    await report(a)
    async with talk(a, b, c), tasks(*notaries(a, b, c)):
        await until(lambda: holds(c, 2))
        row = await a.pools["node"].fetchrow("select jws from log.record where log = $1 and seq = 1", LOGS[A])
        assert row
        true = stored(row["jws"]).record
        other = true._replace(kind="hb", to=(), tag=b"", cm=b"", ct=b"", hlc=true.hlc.next(true.hlc.ms + 1))
        await smuggle(a.home.path, subject_to(C), records.sign(other, a.log.signer("node")).jws)
        await until(lambda: convicted(a, b, c))
    (proof,) = await proofs(b.pools["node"])
    assert evidence.check(evidence.decode(proof), b.log.chain) == Split(LOGS[A], 2)


async def holds(node: Node, size: int) -> bool:
    """Whether a node holds that much of A's log."""
    held: int = await node.pools["node"].fetchval("select size from log.head where log = $1", LOGS[A])
    return held >= size


async def test_whoever_is_convicted_makes_us_work_no_more(trio: Trio) -> None:
    """So many proofs of one log are made and no more, and they hide nobody else's."""
    b, told = trio.b, dict[str, list[bytes]]()
    await report(trio.a)
    for _ in range(2 * KEPT):
        await trio.c.duties.heartbeat()
    await agree(trio)
    for node in (trio.a, trio.c):
        await node.witness.issue()
        size = await node.pools["node"].fetchval("select size from log.head where own")
        sizes = range(size - 2 * KEPT, size) if node is trio.c else [2]
        told[node.log.agency] = [*await notes(node.pools["node"], node.log.agency, size), *map(false(node), sizes)]
    for agency, said_ in told.items():
        await b.admission.admit(agency, said_)
    for _ in range(KEPT):
        await b.forks.gather()
    convicted_ = [evidence.check(evidence.decode(proof), b.log.chain).log for proof in await proofs(b.pools["node"])]
    assert Counter(convicted_) == {LOGS[C]: KEPT, LOGS[A]: 1}
    assert await b.pools["node"].fetch(SQL["contradicting_checkpoints"], KEPT) == []


def false(node: Node) -> Callable[[int], bytes]:
    """A checkpoint of a node's log with another root, by size."""
    (key,) = note.checkpoint_keys(node.log.chain, node.log.log)
    signer = node.log.signer("checkpoint")
    return lambda size: note.sign(Checkpoint(node.log.log, size, b"\x01" * 32), key, signer).encode()


async def test_a_forked_agency_goes_on_in_a_log_of_the_next_epoch(machines: ThreeNodes, tmp_path: Path) -> None:
    """Nobody cosigns a forked log again; its agency gets a new one by the directory, and what it says is confirmed."""
    home, keepers = machines.homes[A], Keepers(machines.homes, tmp_path)
    async with three(machines) as trio:
        case = await report(trio.a)
        await agree(trio)
        for node in (trio.b, trio.c):
            await node.admission.admit(A, [await contradiction(trio.a)])
        async with talk(*trio), tasks(*notaries(*trio)):
            await until(lambda: said(trio.a))
        assert {line["level"] for line in (await view(trio.b, case))["timeline"]} == {"local"}
        await agree(trio)
        await trio.a.duties.heartbeat()
        keepers.adopt(keepers.version(keepers.ask("new-log", home)))
    write_into(home, "/1", "/2")
    async with by_name(machines) as nodes:
        trio = Trio(nodes[A], nodes[B], nodes[C])
        event, fetches = await decide(trio.a, case), [every(0.1, node.duties.fill_gaps) for node in trio]
        async with talk(*trio), tasks(*notaries(*trio), *fetches):
            await until(lambda: level(*trio))
            for node in trio:
                await until(partial(is_confirmed, node, case, event))
        shown = [await view(node, case) for node in trio]
        assert {one["timeline"][-1]["log"] for one in shown} == {f"{LOGS[A][:-1]}2"}
        assert len({one["digest"] for one in shown}) == 1
        assert shown[2]["disputed"] == [LOGS[A]]
        assert (await verify(home, trio.a)).findings == []
        checked = verify_archive(await exported(trio.b, case), trio.b.log.chain.version(1).digest())
        assert (checked.findings, {fork.log for fork in checked.forks}) == ((), {LOGS[A]})
    write_into(home, "/2", "/1")
    with pytest.raises(BadSettings, match="has ended"):
        await AsyncExitStack().enter_async_context(opened(home))


async def exported(node: Node, case: str) -> bytes:
    """A case with all that a node has of it, as a file."""
    export = Export("whole", node.log.agency, Actor("operator", "root"), "AUDIT", instant(SystemClock().now_ms()))
    async with node.pools["node"].acquire() as connection, connection.transaction(isolation="repeatable_read"):
        auditor = Auditor(connection, node.log, node.keyring.vault, lambda _: None)
        return await auditor.bundle(case, Wish("whole"), export)


def write_into(home: Path, epoch: str, other: str) -> None:
    """Have a home's node write another of its logs."""
    settings, log = home / "node.toml", LOGS[A][:-2]
    settings.write_text(settings.read_text().replace(f'log = "{log}{epoch}"', f'log = "{log}{other}"'))


async def contradiction(node: Node) -> bytes:
    """A proof against A's log: another record for its second place."""
    jws = await node.pools["node"].fetchval("select jws from log.record where log = $1 and seq = 1", LOGS[A])
    true = stored(jws).record
    other = true._replace(kind="hb", to=(), tag=b"", cm=b"", ct=b"", hlc=true.hlc.next(true.hlc.ms + 1))
    return evidence.encode(RecordFork(jws, records.sign(other, node.log.signer("node")).jws))


async def decide(node: Node, case: str) -> str:
    """A decision of an officer; the id of its event."""
    body, actor = UrgencyOverridden(level="TINGGI", reason="dilihat"), Actor("koordinator_upr", "kp-koordinator")
    draft = Draft(body, AGENCIES, actor, instant(SystemClock().now_ms()))
    async with node.pools["triage"].acquire() as connection, connection.transaction():
        timeline = await node.log.lock(connection, case)
        return b64((await node.log.append(connection, "triage", timeline, [draft])).events[-1].id)


async def view(node: Node, case: str) -> Any:
    """A case, as a node shows it."""
    return (await ask(node, "GET", f"/cases/{case}", READERS[node.log.agency])).json()


async def is_confirmed(node: Node, case: str, event: str) -> bool:
    """Whether a node shows an event as cosigned by all others."""
    lines = (await view(node, case))["timeline"]
    return [line["level"] for line in lines if line["id"] == event] == ["confirmed"]
