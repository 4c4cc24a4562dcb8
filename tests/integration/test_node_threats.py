"""Attacks that no other file carries out against real nodes: by an insider, by a witness's past, by a thief."""

import secrets
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from contracts import note, record as records, sealing
from contracts.content import Actor
from contracts.delivery import Delivery, position
from contracts.encoding import unb64
from contracts.events import Body
from contracts.events.triage import UrgencyOverridden
from contracts.hlc import instant
from contracts.merkle import Tree
from contracts.note import Checkpoint
from contracts.record import EventId, Signed
from contracts.vectors.salamander import two_keys
from deploy.dev.runner import ThreeNodes
from services.node.admission import Head
from services.node.clock import SystemClock
from services.node.forks import proofs
from services.node.link import every
from services.node.node import Node
from services.node.writing import Draft, Written, heartbeat, write
from tests.e2e.stage import AGENCIES, LOGS, READERS, ask, report, size, talk, tasks, until
from tests.integration.keepers import Keepers, take_up
from tests.integration.notaries import notaries
from tests.integration.trio import A, B, C, Trio, agree, three

ACTOR = Actor("koordinator_upr", "kp-koordinator")
HOUR_MS = 3_600_000


class Foretold(Body):
    """What a later version of the software may come to say."""

    type: ClassVar[str] = "triage.threat.foretold"
    reason: str


def override(urgency: str, time: str = "") -> Draft:
    """A decision of an officer, at a time that is claimed."""
    body = UrgencyOverridden(level=urgency, reason="dilihat")
    return Draft(body, AGENCIES, ACTOR, time or instant(SystemClock().now_ms()))


async def say(node: Node, case: str, draft: Draft) -> EventId:
    """Let a node say something about a case."""
    async with node.pools["triage"].acquire() as connection, connection.transaction():
        timeline = await node.log.lock(connection, case)
        return (await node.log.append(connection, "triage", timeline, [draft])).events[-1].id


async def shown(node: Node, case: str) -> Any:
    """A case as an agency's officers see it."""
    return (await ask(node, "GET", f"/cases/{case}", READERS[node.log.agency])).json()


async def in_force(node: Node, case: str) -> tuple[str, str]:
    """The urgency that an agency's officers see, and the digest of the case."""
    told = await shown(node, case)
    return told["state"].get("urgency", {}).get("in_force", ""), told["digest"]


async def refused(node: Node, since: int = 0) -> list[str]:
    """The codes of what a node refused, from the so-manieth on."""
    rows = await node.pools["node"].fetch("select code from log.quarantine order by received_at offset $1", since)
    return [row["code"] for row in rows]


async def opens(node: Node, id_: EventId) -> bool:
    """Whether a node holds the content of an event."""
    return bool(await node.pools["node"].fetchval("select count(*) from log.content where id = $1", id_))


async def two_faced(node: Node, case: str) -> tuple[Written, bytes]:
    """Say something whose one ciphertext opens under two keys, to two plaintexts; the key of the other one."""
    async with node.pools["triage"].acquire() as connection, connection.transaction():
        timeline, desk = await node.log.lock(connection, case), await node.log._desk(connection)
        signer, other = node.log.signer("triage", desk.head.size), secrets.token_bytes(32)
        (one,) = write(desk, signer, timeline, [override("TINGGI")])
        assert one.sealed
        assert one.event
        place, cipher = position(one.signed.record).encode(), ChaCha20Poly1305(one.sealed.key)
        frame = two_keys(one.sealed.key, other, cipher.decrypt(bytes(12), one.sealed.blob, place), place)
        blob, cm = cipher.encrypt(bytes(12), frame, place), sealing.commitment(frame)
        signed = records.sign(one.signed.record._replace(cm=cm, ct=sha256(blob).digest()), signer)
        sealed = one.sealed._replace(blob=blob, cm=cm, ct=signed.record.ct)
        written = Written(signed, one.event._replace(id=signed.id), sealed)
        await node.log._store(connection, desk, [written])
    return written, other


def classical(key: bytes, public: bytes, event: bytes, reader: str) -> bytes:
    """A key wrapped by X25519 alone, as a later quantum computer would like it."""
    suite = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
    return suite.encrypt(key, X25519PublicKey.from_public_bytes(public[-32:]), info=sealing._info(event, reader))


async def test_one_reader_is_given_another_plaintext_or_a_weaker_wrap(trio: Trio) -> None:
    """It takes neither: it says so, signed, and gets what the others have; the commitment shows that it is the same."""
    case = await report(trio.a)
    await agree(trio)
    (one, other), before = await two_faced(trio.a, case), len(await refused(trio.c))
    assert one.sealed
    event, blob, key = one.signed.id, one.sealed.blob, one.sealed.key
    b, c = (node.log.chain.sealing_key(one.signed.record.dir, node.log.agency) for node in (trio.b, trio.c))
    raw = unb64(trio.c.log.directory.agencies[C].sealing.public)
    await trio.b.admission.admit(A, [Delivery(one.signed.jws, sealing.wrap(key, b, event, B), blob).encode()])
    for wrap in (classical(key, raw, event, C), sealing.wrap(other, c, event, C)):
        await trio.c.admission.admit(A, [Delivery(one.signed.jws, wrap, blob).encode()])
    assert await refused(trio.c, before) == ["E_ENCODING", "E_COMMIT"]
    assert (await opens(trio.b, event), await opens(trio.c, event)) == (True, False)
    async with (
        talk(trio.b, trio.c),
        tasks(every(0.1, trio.c.duties.fill_gaps), every(0.1, trio.c.duties.answer_refused)),
    ):
        await until(lambda: opens(trio.c, event))
    await agree(trio)
    assert len({(await in_force(node, case)) for node in trio}) == 1


async def test_content_is_passed_on_to_who_was_never_named(trio: Trio) -> None:
    """A reader wraps what it was given to a third agency: that one keeps nothing of it."""
    case = await report(trio.a)
    secret = override("TINGGI")._replace(to=(A, B))
    event = await say(trio.a, case, secret)
    await agree(trio)
    row = await trio.b.pools["node"].fetchrow(
        "select r.jws, c.blob, c.key from log.record r join log.content c using (id) where id = $1", event
    )
    assert row
    key = trio.b.keyring.vault.unlock(row["key"], event)
    wrap = sealing.wrap(key, trio.b.log.chain.sealing_key(1, C), event, C)
    await trio.c.admission.admit(B, [Delivery(row["jws"], wrap, row["blob"]).encode()])
    assert not await opens(trio.c, event)
    assert event not in {line["id"] for line in (await shown(trio.c, case))["timeline"]}


async def test_an_insider_dates_an_event_back(trio: Trio) -> None:
    """Whoever claims that it was a month ago is shown beside what is proven: between two hours of today."""
    case = await report(trio.a)
    await agree(trio)
    claimed = instant(SystemClock().now_ms() - 30 * 24 * HOUR_MS)
    await say(trio.a, case, override("TINGGI", claimed))
    async with talk(*trio), tasks(*notaries(*trio)):
        await until(lambda: is_dated(trio.b, case))
    line = (await shown(trio.b, case))["timeline"][-1]
    after, before = (datetime.fromisoformat(line[name]) for name in ("after", "before"))
    assert (line["claimed"], line["level"]) == (claimed, "confirmed")
    assert timedelta() < before - after < timedelta(hours=1)
    assert datetime.now(UTC) - after < timedelta(hours=1)


async def is_dated(node: Node, case: str) -> bool:
    """Whether the last event of a case has bounds that others stand for, and all have cosigned it."""
    line = (await shown(node, case))["timeline"][-1]
    return bool(line["after"] and line["before"]) and line["level"] == "confirmed"


async def test_what_a_later_version_says_is_kept_and_decides_nothing(trio: Trio) -> None:
    """An event of a type that nobody here knows is stored, shown and passed on, and the case goes on around it."""
    case = await report(trio.a)
    said = Draft(Foretold(reason="dilihat"), AGENCIES, ACTOR, instant(SystemClock().now_ms()))
    await say(trio.a, case, said)
    await agree(trio)
    await say(trio.c, case, override("TINGGI"))
    await agree(trio)
    told = [await shown(node, case) for node in trio]
    assert len({one["digest"] for one in told}) == 1
    lines = [next(line for line in one["timeline"] if line["type"] == Foretold.wire_type) for one in told]
    assert {(line["readable"], line["signature"]) for line in lines} == {(False, "valid")}


async def test_a_witness_that_was_set_back_signs_no_other_side(doomed: ThreeNodes) -> None:
    """It hears from a partner what it had cosigned, sees that it is shown something else now, and signs no more."""
    async with three(doomed) as trio:
        case = await report(trio.a)
        await agree(trio)
        false, tree = await other_side(trio.a, 3)
        for urgency in ("TINGGI", "MENDESAK"):
            await say(trio.a, case, override(urgency))
        query = "select size, root from log.root where log = $1 order by size desc"
        true = await trio.a.pools["node"].fetchrow(query, LOGS[A])
        assert true
        past, (key,) = signed_by_a(trio, true["size"], true["root"]), note.witness_keys(trio.b.log.chain, B)
        line = note.cosign(past.checkpoint, key, trio.b.log.signer("witness"), 1)
        await trio.b.admission.admit(C, [past._replace(lines=(*past.lines, line)).encode()])
        await trio.b.admission.admit(A, [one.jws for one in false])
        assert await size(trio.b, LOGS[A]) == tree.size == true["size"] + 1
        await trio.b.admission.admit(A, [signed_by_a(trio, tree.size, tree.root()).encode()])
        await trio.b.witness.review()
        assert await cosigned_by_b(trio.b) == true["size"]
        await trio.b.forks.gather()
        assert await proofs(trio.b.pools["node"])


async def other_side(node: Node, number: int) -> tuple[list[Signed], Tree]:
    """So many records that a node might say next, and does not; and the tree with them."""
    async with node.pools["node"].acquire() as connection, connection.transaction():
        desk = await node.log._desk(connection)
    said: list[Signed] = []
    for _ in range(number):
        one = heartbeat(desk, node.log.signer("node")).signed
        head = Head(desk.head.tree.append(one.jws), one.id, one.record.hlc, one.record.seq + 1)
        desk, said = desk._replace(head=head), [*said, one]
    return said, desk.head.tree


def signed_by_a(trio: Trio, at: int, root: bytes) -> note.Note:
    """A's checkpoint of a size."""
    (key,) = note.checkpoint_keys(trio.a.log.chain, LOGS[A])
    return note.sign(Checkpoint(LOGS[A], at, root), key, trio.a.log.signer("checkpoint"))


async def cosigned_by_b(node: Node) -> int | None:
    """How much of A's log B has cosigned, as a node knows."""
    held: int | None = await node.pools["node"].fetchval(
        "select max(size) from log.cosignature where log = $1 and agency = $2", LOGS[A], B
    )
    return held


async def test_a_thief_puts_nothing_into_the_past(doomed: ThreeNodes, tmp_path: Path) -> None:
    """A stolen key signs another record for a place where it was good: it stays out, whether it is revoked or not."""
    async with three(doomed) as trio:
        forged, case = await forge(trio)
        await trio.b.admission.admit(A, [forged.jws])
        stolen = Keepers(doomed.homes, tmp_path)
        revoked = stolen.ask("revoke", doomed.homes[A], forged.kid, "--last-good", forged.record.seq)
        stolen.adopt(stolen.version(revoked, stolen.ask("rotate", doomed.homes[A], "triage")))
        await take_up(*trio)
        await trio.c.admission.admit(A, [forged.jws])
        assert {await in_force(node, case) for node in trio} == {await in_force(trio.a, case)}
        assert (await in_force(trio.a, case))[0] == "TINGGI"
        for node in (trio.b, trio.c):
            assert await node.pools["node"].fetchval("select count(*) from log.fork where id = $1", forged.id) == 1


async def forge(trio: Trio) -> tuple[Signed, str]:
    """Another record for the place of a decision on a case that all hold, by the same key; and the case."""
    case = await report(trio.a)
    await say(trio.a, case, override("TINGGI"))
    await agree(trio)
    async with trio.a.pools["node"].acquire() as connection, connection.transaction():
        desk, timeline = await trio.a.log._desk(connection), await trio.a.log.load(connection, case)
    taken = max(event.seq for event in timeline.events if event.content.type == UrgencyOverridden.wire_type)
    past = desk._replace(head=desk.head._replace(tree=desk.head.tree._replace(size=taken)))
    return write(past, trio.a.log.signer("triage"), timeline, [override("BIASA")])[0].signed, case


async def test_an_agency_runs_ahead_of_time(doomed: ThreeNodes) -> None:
    """What it says from the future is stored and waits at all others alike; nobody's clock but its own is moved."""
    async with three(doomed) as trio:
        case = await report(trio.a)
        await agree(trio)
        async with trio.a.pools["node"].acquire() as connection, connection.transaction():
            desk, timeline = await trio.a.log._desk(connection), await trio.a.log.load(connection, case)
        ahead = desk._replace(now_ms=desk.now_ms + HOUR_MS)
        one = write(ahead, trio.a.log.signer("triage"), timeline, [override("TINGGI")])[0]
        assert one.sealed
        for node in (trio.b, trio.c):
            reader, before = node.log.agency, await in_force(node, case)
            wrap = sealing.wrap(one.sealed.key, node.log.chain.sealing_key(1, reader), one.signed.id, reader)
            await node.admission.admit(A, [Delivery(one.signed.jws, wrap, one.sealed.blob).encode()])
            assert await size(node, LOGS[A]) == one.signed.record.seq + 1
            assert await in_force(node, case) == before
            assert (await ask(node, "GET", f"/cases/{case}", READERS[reader])).json()["waiting"] == 1
            await node.duties.heartbeat()
            ours = await node.pools["node"].fetchval("select hlc from log.head where own")
            assert int(ours[:13]) < SystemClock().now_ms() + HOUR_MS / 2
