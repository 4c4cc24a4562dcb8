"""What a bad key signs: refused alike by every node, and void where it was believed before it was known as stolen."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from contracts import note, record as records, sealing
from contracts.content import Actor
from contracts.delivery import Delivery
from contracts.encoding import b64
from contracts.errors import Code, Rejected
from contracts.events import Body
from contracts.events.triage import UrgencyOverridden
from contracts.evidence import RecordFork, encode
from contracts.note import Checkpoint
from contracts.record import Record
from contracts.signing import SeedSigner
from contracts.timeline import Event
from deploy.dev.runner import ThreeNodes
from services.cli.fsck import verify
from services.node.bus import Inbox
from services.node.forks import proofs
from services.node.node import Node
from services.node.service import Plug
from services.node.sql import Connection
from services.node.voiding import SQL as VOIDING
from services.node.writing import Draft, Written, write
from tests.e2e.stage import (
    AGENCIES,
    LOGS,
    READERS,
    ask,
    events,
    report,
    size,
    talk,
    tasks,
    until,
)
from tests.integration.keepers import Keepers, take_up
from tests.integration.notaries import notaries
from tests.integration.trio import A, B, C, Trio, agree, three

TIME = "2026-11-22T01:54:48.123Z"


@pytest.fixture
def keepers(machines: ThreeNodes, tmp_path: Path) -> Keepers:
    """Whoever may change the directory of these agencies."""
    return Keepers(machines.homes, tmp_path)


def override(urgency: str) -> Draft:
    """A decision that triage's key and database role may write down."""
    body = UrgencyOverridden(level=urgency, reason="dilihat")
    return Draft(body, AGENCIES, Actor("koordinator_upr", "kp-koordinator"), TIME)


async def decide(node: Node, case: str, urgency: str) -> int:
    """A decision on a case; its place in the log."""
    async with node.pools["triage"].acquire() as connection, connection.transaction():
        timeline = await node.log.lock(connection, case)
        after = await node.log.append(connection, "triage", timeline, [override(urgency)])
    return after.events[-1].seq


async def forge(node: Node, case: str, kid: str) -> Written:
    """What a thief of a key would put at the end of the log, without the database."""
    async with node.pools["node"].acquire() as connection, connection.transaction():
        desk, timeline = await node.log._desk(connection), await node.log.load(connection, case)
    return write(desk, node.keyring.signer("triage", [kid]), timeline, [override("BIASA")])[0]


def wrapped(node: Node, forged: Written, reader: str) -> bytes:
    """The message that carries a forged event to a partner."""
    assert forged.sealed
    public = node.log.chain.sealing_key(forged.signed.record.dir, reader)
    wrap = sealing.wrap(forged.sealed.key, public, forged.signed.id, reader)
    return Delivery(forged.signed.jws, wrap, forged.sealed.blob).encode()


async def refusals(node: Node, since: int = 0) -> list[str]:
    """The codes of what a node refused, from the so-manieth on."""
    rows = await node.pools["node"].fetch("select code from log.quarantine order by received_at offset $1", since)
    return [row["code"] for row in rows]


async def seen(node: Node, case: str) -> tuple[str, str, dict[str, str]]:
    """What an agency's officers see: the urgency in force, the digest, and the verdict on each event."""
    answer = (await ask(node, "GET", f"/cases/{case}", READERS[node.log.agency])).json()
    verdicts = {f"{line['log']} {line['seq']}": line["signature"] for line in answer["timeline"]}
    return answer["state"]["urgency"]["in_force"], answer["digest"], verdicts


async def test_what_a_stolen_key_decided_counts_for_nothing_once_it_is_revoked(
    machines: ThreeNodes, keepers: Keepers
) -> None:
    """Who learns of it early or late shows the same case, the thief's decision in it as void; and the log goes on."""
    home, stolen = machines.homes[A], keepers.current(A, "triage")
    async with three(machines) as trio:
        case = await report(trio.a)
        good, theft = await decide(trio.a, case, "MENDESAK"), await decide(trio.a, case, "BIASA")
        await agree(trio)
        assert (await seen(trio.b, case))[0] == "BIASA"
        assert f"\n{theft} 2" in (await asyncio.to_thread(keepers.tried, A, "used", home, stolen)).stdout
        revoked = keepers.ask("revoke", home, stolen, "--last-good", good)
        keepers.adopt(keepers.version(revoked, keepers.ask("rotate", home, "triage")))
        await take_up(trio.b)
        assert [(await seen(node, case))[0] for node in (trio.b, trio.c)] == ["MENDESAK", "BIASA"]
        forged, told = await forge(trio.a, case, stolen), [len(await refusals(node)) for node in (trio.b, trio.c)]
        await take_up(trio.c)
        for node, before in zip((trio.b, trio.c), told, strict=True):
            await node.admission.admit(A, [wrapped(trio.a, forged, node.log.agency)])
            assert await refusals(node, before) == ["E_REVOKED"]
        await take_up(trio.a)
        await decide(trio.a, case, "TINGGI")
        await agree(trio)
        shown = [await seen(node, case) for node in trio]
        told_by_all = {(urgency, digest, verdicts[f"{LOGS[A]} {theft}"]) for urgency, digest, verdicts in shown}
        assert told_by_all == {("TINGGI", shown[0][1], "E_REVOKED")}
        for node in trio:
            assert (await verify(node.home.path, node)).findings == []
        woken = await handled(trio.c, UrgencyOverridden)
        assert (good in woken, theft in woken) == (True, False)
    assert keepers.states(A)[stolen] == "revoked"


async def handled(node: Node, kind: type[Body]) -> list[int]:
    """The places in A's log of the events that wake a handler, when a service is told of all of this kind."""
    places: list[int] = []

    async def note(_connection: Connection, event: Event) -> None:
        places.append(event.seq)

    inbox = Inbox(Plug("notify", {kind: note}, list), node.pools["notify"], node.log)
    for event in await events(node, LOGS[A], kind.wire_type):
        await inbox.handle(event.id)
    return places


async def test_a_stolen_key_accuses_and_stops_nobody_once_it_is_revoked(machines: ThreeNodes, keepers: Keepers) -> None:
    """Two records at one place, and a checkpoint of a log that does not exist, count until the revocation is there."""
    home, stolen, seal = machines.homes[A], keepers.current(A, "triage"), keepers.current(A, "checkpoint")
    async with three(machines) as trio:
        case, last = await report(trio.a), await size(trio.a, LOGS[A])
        await agree(trio)
        one, other, *said = await slander(trio.a, case, (stolen, seal))
        await trio.a.admission.admit(B, [one])
        for node, source in zip(trio, (B, A, A), strict=True):
            await node.admission.admit(source, said)
            assert await proofs(node.pools["node"])
        with pytest.raises(Rejected, match=Code.BEHIND):
            await decide(trio.a, case, "MENDESAK")
        revoked = [keepers.ask("revoke", home, kid, "--last-good", last - 1) for kid in (stolen, seal)]
        keepers.adopt(
            keepers.version(*revoked, *(keepers.ask("rotate", home, one) for one in ("triage", "checkpoint")))
        )
        await take_up(*trio)
        assert [await proofs(node.pools["node"]) for node in trio] == [[], [], []]
        before = len(await refusals(trio.a))
        await trio.a.admission.admit(B, [other])
        assert await refusals(trio.a, before) == ["E_REVOKED"]
        await decide(trio.a, case, "TINGGI")
        await agree(trio)
        async with talk(*trio), tasks(*notaries(*trio)):
            await until(lambda: is_confirmed(trio.b, case))
        told = (await ask(trio.c, "GET", f"/cases/{case}", READERS[C])).json()
        assert (told["disputed"], told["state"]["urgency"]["in_force"]) == ([], "TINGGI")


async def test_a_revoked_key_takes_nothing_from_others_of_the_same_id(machines: ThreeNodes) -> None:
    """Four bytes can be searched for, so whose key it was counts too: a partner's cosignature stays."""
    async with three(machines) as trio:
        case = await report(trio.a)
        await agree(trio)
        async with talk(*trio), tasks(*notaries(*trio)):
            await until(lambda: is_confirmed(trio.b, case))
        ours, theirs = (note.witness_keys(trio.b.log.chain, agency)[0] for agency in (B, C))
        sound = "select line from log.sound_cosignature where agency = $1"
        async with trio.b.pools["node"].acquire() as connection:
            undone = connection.transaction()
            await undone.start()
            await connection.execute(VOIDING["void_lines"], [theirs.name], [ours.key_id])
            left = [await connection.fetch(sound, agency) for agency in (B, C)]
            await connection.execute(VOIDING["void_lines"], [ours.name], [ours.key_id])
            gone = await connection.fetch(sound, B)
            await undone.rollback()
        assert all(left)
        assert not gone


async def slander(node: Node, case: str, kids: tuple[str, str]) -> list[bytes]:
    """What a thief of two keys of A would show: two records, the proof that they are, and a log that never ends."""
    record, seal = kids
    one, other = await forge(node, case, record), await forge(node, case, record)
    signer = node.keyring.signer("checkpoint", [seal])
    key = next(key for key in note.checkpoint_keys(node.log.chain, LOGS[A]) if key.public == signer.public)
    endless = note.sign(Checkpoint(LOGS[A], 10**6, bytes(32)), key, signer)
    pair = one.signed.jws, other.signed.jws
    return [*pair, encode(RecordFork(*pair)), endless.encode()]


async def is_confirmed(node: Node, case: str) -> bool:
    """Whether all of a case is cosigned by all others."""
    told = (await ask(node, "GET", f"/cases/{case}", READERS[node.log.agency])).json()
    return {line["level"] for line in told["timeline"]} == {"confirmed"}


class Bad(NamedTuple):
    """A record that nobody may take: who signs it, what it says, how it is bent, and the code."""

    code: str
    kid: str
    version: int = 0  # that it names; 0: the one in force
    bent: Callable[[bytes], bytes] = bytes


def small_order(jws: bytes) -> bytes:
    """A signature whose R is the identity point: verifiers without the rule take it for keys of small order."""
    return jws.rpartition(b".")[0] + b"." + b64(b"\1" + bytes(63)).encode()


async def test_a_bad_key_is_refused_by_every_node_alike(machines: ThreeNodes, keepers: Keepers) -> None:
    """Ended, revoked, not granted, another agency's, unknown, of small order: each has one code, at all partners."""
    home, ended = machines.homes[A], keepers.current(A, "notify")
    keepers.adopt(keepers.replace(A, "notify"))
    stolen, intake, node_key = (keepers.current(A, purpose) for purpose in ("notify", "intake", "node"))
    async with three(machines) as trio:
        last = await size(trio.a, LOGS[A]) - 1
        changes = (keepers.ask("retire", home, ended), keepers.ask("revoke", home, stolen, "--last-good", last))
        keepers.adopt(keepers.version(*changes, keepers.ask("rotate", home, "notify")))
        await take_up(*trio)
        await agree(trio)
        for bad in (
            Bad("E_KEY", ended),
            Bad("E_KEY", stolen),
            Bad("E_GRANT", intake),
            Bad("E_GRANT", keepers.current(A, "checkpoint")),
            Bad("E_GRANT", keepers.current(A, "witness")),
            Bad("E_KEY", keepers.current(C, "node")),
            Bad("E_KEY", f"{A}.node.99"),
            Bad("E_SIGNATURE", node_key, bent=small_order),
        ):
            message = bad.bent(await heartbeat(trio, bad))
            for node in (trio.b, trio.c):
                before, held = len(await refusals(node)), await size(node, LOGS[A])
                await node.admission.admit(A, [message])
                assert (await refusals(node, before), await size(node, LOGS[A])) == ([bad.code], held), bad


async def heartbeat(trio: Trio, bad: Bad) -> bytes:
    """The next record of A's log, signed by whichever key."""
    async with trio.a.pools["node"].acquire() as connection, connection.transaction():
        desk = await trio.a.log._desk(connection)
    hlc = desk.head.hlc.next(desk.now_ms)
    record = Record(desk.log, desk.head.size, desk.head.last, hlc, bad.version or desk.directory, "hb", (), desk.seen)
    agency, purpose, _ = bad.kid.split(".")
    node = next(node for node in trio if node.log.agency == agency)
    signer = SeedSigner(bad.kid, bytes(32)) if bad.kid.endswith(".99") else node.keyring.signer(purpose, [bad.kid])
    return records.sign(record, signer).jws
