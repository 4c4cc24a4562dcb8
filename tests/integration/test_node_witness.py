"""What agencies sign about each other's logs: soon, only what they hold, and never both sides of a contradiction."""

from functools import partial

import pytest

from contracts import note
from contracts.note import Checkpoint
from contracts.signing import SeedSigner
from deploy.dev.runner import ThreeNodes
from deploy.nats.client import connect
from services.node import telemetry
from services.node.node import Node
from services.node.streams import subject_note
from tests.e2e.stage import LOGS, READERS, ask, level, report, talk, tasks, until
from tests.integration.notaries import notaries
from tests.integration.trio import A, B, C, Trio, three


async def levels(node: Node, case: str) -> set[str]:
    """How firmly the events of a case stand, as a node shows it."""
    answer = await ask(node, "GET", f"/cases/{case}", READERS[node.log.agency])
    return {line["level"] for line in answer.json()["timeline"]} if answer.is_success else set()


async def say(trio: Trio, text: bytes, reader: str = B) -> None:
    """Put a note into the stream that a partner reads of A, as an administrator of A's broker could."""
    admin = await connect(trio.a.home.path, "admin")
    await admin.request(subject_note(reader), text, timeout=2)
    await admin.close()


async def signed_by_a(trio: Trio, size: int, root: bytes, signer: SeedSigner | None = None) -> bytes:
    """A note over A's log, signed with A's checkpoint key or another."""
    (key,) = note.checkpoint_keys(trio.a.log.chain, LOGS[A])
    own = trio.a.keyring.signer("checkpoint")
    return note.sign(Checkpoint(LOGS[A], size, root), key, signer or own).encode()


async def cosigned(node: Node, log: str) -> list[tuple[str, int]]:
    """Who has cosigned how much of a log, as a node knows."""
    rows = await node.pools["node"].fetch(
        "select agency, max(size) as size from log.cosignature where log = $1 group by agency order by agency", log
    )
    return [(row["agency"], row["size"]) for row in rows]


async def test_what_is_said_is_confirmed_everywhere(trio: Trio) -> None:
    """Every event starts as local, and stands as confirmed on all three nodes once both others have cosigned."""
    case = await report(trio.a)
    assert await levels(trio.a, case) == {"local"}
    async with talk(*trio), tasks(*notaries(*trio)):
        for node in trio:
            await until(partial(confirmed, node, case))


async def confirmed(node: Node, case: str) -> bool:
    """Whether a node shows all of a case as confirmed."""
    return await levels(node, case) == {"confirmed"}


async def shown(node: Node) -> dict[tuple[str, str], float]:
    """What the gauges of a node show now, by name and agency or kind."""
    await node.gauges.look()
    return {(one.gauge, next(iter(one.labels.values()))): one.value for one in telemetry._shown["node"]}


async def test_operations_see_how_far_everybody_is(trio: Trio) -> None:
    """What others have neither read nor cosigned is counted while they are away, and is nothing once they were here."""
    await report(trio.a)
    alone = await shown(trio.a)
    assert min(alone["rajut.partner.unread", B], alone["rajut.partner.unread", C]) > 0
    assert alone["rajut.witness.behind", B] > 0
    assert alone["rajut.checkpoint.due", ""] > 0
    assert alone["rajut.backlog", "POINTER"] > 0
    async with talk(*trio), tasks(*notaries(*trio)):
        await until(lambda: level(*trio))
        await trio.a.duties.heartbeat()
        trio.a.relay.wake()
        await until(lambda: caught_up(trio.a))
    together = await shown(trio.a)
    assert together["rajut.partner.missing", B] == together["rajut.witness.disputed", B] == 0
    assert together["rajut.witness.disputed", A] == together["rajut.checkpoint.due", ""] == 0
    assert together["rajut.partner.silent", C] < 60


async def caught_up(node: Node) -> bool:
    """Whether the others have cosigned all of a node's log."""
    now = await shown(node)
    return now["rajut.witness.behind", B] == now["rajut.witness.behind", C] == 0


async def test_one_cosigner_of_two_makes_an_event_provisional(trio: Trio) -> None:
    """While one of the others is away, an event is no more than provisional."""
    case = await report(trio.a)
    async with talk(trio.a, trio.b), tasks(*notaries(trio.a, trio.b)):
        await until(lambda: provisional(trio.a, case))


async def provisional(node: Node, case: str) -> bool:
    """Whether a node shows all of a case as provisional."""
    return await levels(node, case) == {"provisional"}


async def test_a_checkpoint_may_come_before_its_records(trio: Trio) -> None:
    """What we cannot judge yet is kept, and cosigned as soon as we hold what it speaks of."""
    await report(trio.a)
    row = await trio.a.pools["node"].fetchrow(
        "select r.* from log.root r join log.head h using (log, size) where h.own"
    )
    assert row
    early = await signed_by_a(trio, row["size"], row["root"])
    async with trio.b.pools["node"].acquire() as connection, connection.transaction():
        await trio.b.witness.take(connection, early)
    assert not await has_cosigned(trio.b, B, row["size"])
    async with talk(trio.a, trio.b), tasks(*notaries(trio.b)):
        await until(lambda: has_cosigned(trio.b, B, row["size"]))


async def has_cosigned(node: Node, agency: str, size: int) -> bool:
    """Whether a node knows that an agency has cosigned that much of A's log."""
    return (agency, size) in await cosigned(node, LOGS[A])


async def test_a_witness_stops_where_its_copy_is_contradicted(doomed: ThreeNodes) -> None:
    """A checkpoint with another root is never cosigned, and nothing of that log is from then on, until people look."""
    async with three(doomed) as trio:
        async with talk(trio.a, trio.b):
            await report(trio.a)
            await until(lambda: level(trio.a, trio.b))
            await say(trio, await signed_by_a(trio, 2, b"\x01" * 32))
            await until(lambda: contradicted(trio.b))
            async with tasks(*notaries(trio.a, trio.b)):
                await until(lambda: knows_checkpoints(trio.b))
        assert await cosigned(trio.b, LOGS[A]) == []


async def contradicted(node: Node) -> bool:
    """Whether a node has noticed a checkpoint that its copy of A's log contradicts."""
    found: bool = await node.pools["node"].fetchval("select exists (select from log.checkpoint where not agrees)")
    return found


async def knows_checkpoints(node: Node) -> bool:
    """Whether a node has been told a good checkpoint of A's log."""
    found: bool = await node.pools["node"].fetchval(
        "select exists (select from log.checkpoint where log = $1 and agrees)", LOGS[A]
    )
    return found


@pytest.mark.parametrize("what", ["stranger", "cut", "nonsense"])
async def test_a_bad_note_is_refused_and_the_next_is_heard(trio: Trio, what: str) -> None:
    """A note that its log's own key did not sign is kept apart with a code; what follows it in the stream is heard."""
    await report(trio.a)
    good = await signed_by_a(trio, 1, b"\x02" * 32)
    stranger = await signed_by_a(trio, 1, b"\x02" * 32, SeedSigner("komnas-perempuan.checkpoint.1", b"\x07" * 32))
    data = {"stranger": stranger, "cut": good[:-9], "nonsense": b"\xff\x00"}[what]
    await say(trio, data)
    code = {"stranger": "E_SIGNATURE", "cut": "E_ENCODING", "nonsense": "E_ENCODING"}[what]
    async with talk(trio.a, trio.b), tasks(*notaries(trio.a)):
        await until(lambda: refused(trio.b, code, data))
        await until(lambda: knows_checkpoints(trio.b))


async def refused(node: Node, code: str, data: bytes) -> bool:
    """Whether a node keeps exactly these bytes, with this code."""
    kept = await node.pools["node"].fetchval("select code from log.quarantine where bytes = $1", data)
    return bool(kept == code)
