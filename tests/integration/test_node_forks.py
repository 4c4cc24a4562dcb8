"""An agency that contradicts itself convicts itself, everywhere, without anybody having to believe anybody."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from contracts import evidence, note, record as records
from contracts.evidence import Split
from contracts.note import Checkpoint
from contracts.record import stored
from deploy.dev.mailbox import Mailbox
from deploy.dev.runner import ThreeNodes
from deploy.nats.client import connect
from services.node.forks import proofs
from services.node.node import Node
from services.node.streams import subject_note, subject_to
from services.notify.alarm import SUBJECT
from tests.e2e.stage import LOGS, READERS, ask, events, opened, report, servers, talk, tasks, until
from tests.integration.notaries import notaries

A, B, C = "komnas-perempuan", "lpsk", "komnas-ham"
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


@pytest.fixture
async def trio(machines: ThreeNodes) -> AsyncIterator[tuple[Node, Node, Node]]:
    """Three nodes; none of them runs."""
    async with AsyncExitStack() as stack:
        a, b, c = [await stack.enter_async_context(opened(machines.homes[name])) for name in (A, B, C)]
        yield a, b, c


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
    trio: tuple[Node, Node, Node], mailbox: Mailbox
) -> None:
    """One partner is shown another root than the others: soon all three hold a proof, say so, show it, and call."""
    a, b, c = trio
    case = await report(a)
    async with talk(a, b, c), tasks(*notaries(a, b, c)):
        (key,) = note.checkpoint_keys(a.log.chain, LOGS[A])
        false = note.sign(Checkpoint(LOGS[A], 2, b"\x01" * 32), key, a.log.signer("checkpoint"))
        await smuggle(a.home.path, subject_note(B), false.encode())
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
    (send, *_) = next(plug for plug in node.plugs if plug.name == "notify").timers
    await send.work()
    await send.work()
    return len(heard)


async def said(*nodes: Node) -> bool:
    """Whether each of these nodes has written into its own log that it holds a proof."""
    return all([await events(node, node.log.log, FOUND) for node in nodes])


async def test_two_records_at_one_place_become_a_proof_at_every_agency(trio: tuple[Node, Node, Node]) -> None:
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
