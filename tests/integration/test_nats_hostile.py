"""Whatever stands in a partner's stream: what is bad is kept apart under a code, and no log is the worse for it."""

import json
import random
from base64 import b64decode
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from hashlib import sha256, sha512
from pathlib import Path
from typing import Any

import pytest
from nacl import bindings as sodium

from contracts import canonical
from contracts.delivery import Delivery, Examined
from contracts.encoding import b64, unb64
from contracts.errors import Code
from contracts.record import header, stored
from contracts.sealing import WRAP_BYTES
from deploy.dev.runner import ThreeNodes
from deploy.nats.client import connect
from services.node import admit
from services.node.admission import decide
from services.node.node import Node
from services.node.streams import stream_to
from tests.e2e.stage import LOGS, deliveries, level, opened, report, size, talk, tasks, until
from tests.integration.brokers import recreate, repeat, smuggle
from tests.integration.trio import A, B

ORDER = 2**252 + 27742317777372353535851937790883648493  # of the Ed25519 group (RFC 8032 5.1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """Two nodes in this event loop that hold the same, none of them running."""

    a: Node
    b: Node

    async def state(self) -> list[object]:
        """All that the second one holds of the first one's log."""
        fetch = self.b.pools["node"].fetch
        head = await fetch("select size, last, hlc, peaks, highest from log.head where log = $1", LOGS[A])
        records = await fetch("select seq, id, jws from log.record where log = $1 order by seq", LOGS[A])
        events = await fetch("select id, state, admitted_at from log.event where log = $1 order by seq", LOGS[A])
        forks = await fetch("select id from log.fork")
        return [[tuple(row) for row in rows] for rows in (head, records, events, forks)]

    async def codes(self) -> Mapping[bytes, str]:
        """Why the second one refused what: digest of the message, or id of the event, to code."""
        rows = await self.b.pools["node"].fetch("select digest, code from log.quarantine")
        return {row["digest"]: row["code"] for row in rows}


@pytest.fixture
async def pair(agencies: ThreeNodes) -> AsyncIterator[Pair]:
    """Komnas Perempuan, in whose stream it happens, and LPSK, who reads it."""
    async with AsyncExitStack() as stack:
        a, b = [await stack.enter_async_context(opened(agencies.homes[name])) for name in (A, B)]
        async with talk(a, b):
            await until(lambda: level(a, b))
        yield Pair(a=a, b=b)


def resigned(node: Node, jws: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """A record whose payload was changed, with a signature that its agency made over that."""
    signer, payload = node.keyring.signer("intake"), unb64(jws.split(b".")[1])
    text = header(signer.kid) + b"." + b64(change(payload)).encode()
    return text + b"." + b64(signer.sign(text)).encode()


def under(jws: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """A record with the bytes of its signature changed."""
    text, _, signature = jws.rpartition(b".")
    return text + b"." + b64(change(unb64(signature))).encode()


def malleated(signature: bytes) -> bytes:
    """A signature with the group's order added to its scalar."""
    scalar = int.from_bytes(signature[32:], "little") + ORDER
    return signature[:32] + scalar.to_bytes(32, "little")


def turned(signature: bytes) -> bytes:
    """A signature with its first bit turned over."""
    return bytes([signature[0] ^ 1]) + signature[1:]


def spoiled(node: Node, good: bytes) -> dict[str, tuple[bytes, str]]:
    """Every way of spoiling a delivery that makes the record itself bad, and the code that it earns."""
    jws, _, sealed = good.partition(b"\n")
    head, payload, signature = jws.split(b".")
    none = b64(canonical.dumps({"alg": "none", "kid": f"{A}.intake.1", "typ": "rajut-rec+jws"})).encode()
    return {
        "UTF-16": (good.decode("latin-1").encode("utf-16"), "E_ENCODING"),
        "a byte order mark": (b"\xef\xbb\xbf" + good, "E_ENCODING"),
        "a fourth part": (jws + b".e30", "E_ENCODING"),
        "a carriage return": (jws + b"\r\n" + sealed, "E_ENCODING"),
        "padding": (jws + b"==\n" + sealed, "E_ENCODING"),
        "a space": (head + b". " + payload + b"." + signature, "E_SIGNATURE"),
        "bytes beyond ASCII": (
            head + b"." + payload + b"." + bytes([signature[0] | 128]) + signature[1:],
            "E_ENCODING",
        ),
        "another algorithm": (none + b"." + payload + b"." + signature, "E_HEADER"),
        "no signature": (head + b"." + payload + b".", "E_SIGNATURE"),
        "a bit turned over": (under(jws, turned), "E_SIGNATURE"),
        "a signature with its scalar moved": (under(jws, malleated), "E_SIGNATURE"),
        "space in the payload": (resigned(node, jws, lambda text: b" " + text), "E_CANONICAL"),
        "UTF-16 in the payload": (resigned(node, jws, lambda text: text.decode().encode("utf-16")), "E_JSON"),
        "NUL in the payload": (resigned(node, jws, lambda text: text + b"\0"), "E_JSON"),
        "a member twice": (resigned(node, jws, lambda text: b'{"v":1,' + text[1:]), "E_CANONICAL"),
        "a member too many": (resigned(node, jws, lambda text: b'{"a":1,' + text[1:]), "E_SCHEMA"),
        "half a payload": (resigned(node, jws, lambda text: text[: len(text) // 2]), "E_JSON"),
        "a list": (resigned(node, jws, lambda _: b"[]"), "E_SCHEMA"),
        "a place beyond all bounds": (resigned(node, jws, moved), "E_SCHEMA"),
        "a huge record": (resigned(node, jws, lambda text: text + b" " * 20_000), "E_SIZE"),
        "a huge delivery": (jws + b"\n" + bytes(900_000), "E_SIZE"),
        "a wrap cut short": (good[: len(jws) + 1 + WRAP_BYTES // 2], "E_ENCODING"),
        "a wrap and nothing in it": (good[: len(jws) + 1 + WRAP_BYTES], "E_ENCODING"),
        "a line break and nothing behind it": (jws + b"\n", "E_ENCODING"),
        "the signature cut short": (jws[:-38], "E_SIGNATURE"),
        "the signature cut by a character": (jws[:-1], "E_ENCODING"),
        "the payload cut short": (head + b"." + payload[:50], "E_ENCODING"),
        "the header cut short": (head[:20], "E_ENCODING"),
    }


def moved(payload: bytes) -> bytes:
    """A record's payload with another sequence number."""
    return canonical.dumps(json.loads(payload) | {"seq": 2**50})


async def test_spoiled_deliveries_earn_their_code_and_cost_nothing_else(pair: Pair, agencies: ThreeNodes) -> None:
    """Wrong encodings, cut and oversized messages, records that their own author signed against the rules."""
    start = await size(pair.a, LOGS[A])
    await report(pair.a)
    good = [one for one in await deliveries(pair.a, B, start) if b"\n" in one]
    bad = spoiled(pair.a, good[0])
    await smuggle(agencies.homes[A], B, *(message for message, _ in bad.values()))
    async with talk(pair.a, pair.b), tasks(repeat(pair.b)):
        await until(lambda: level(pair.a, pair.b), 20)
    told = await pair.codes()
    earned = {name: told.get(sha256(message).digest()) for name, (message, _) in bad.items()}
    assert earned == {name: code for name, (_, code) in bad.items()}


async def test_content_that_was_cut_short_is_refused_alone_and_comes_again(pair: Pair, agencies: ThreeNodes) -> None:
    """A genuine record whose content was damaged, or left out, on the way keeps its place; its content is fetched."""
    start = await size(pair.a, LOGS[A])
    await report(pair.a)
    good = [one for one in await deliveries(pair.a, B, start) if b"\n" in one]
    cut, damaged = good[0][:-7], good[1][:-1] + bytes([good[1][-1] ^ 1])
    bare = good[2].partition(b"\n")[0]
    await smuggle(agencies.homes[A], B, damaged, bare, cut)
    async with talk(pair.a, pair.b), tasks(repeat(pair.b)):
        await until(lambda: level(pair.a, pair.b), 20)
        await until(lambda: all_found(pair.b), 20)
    told = await pair.codes()
    ids = [stored(one.partition(b"\n")[0]).id for one in good]
    assert [told.get(id_) for id_ in ids] == ["E_BLOB", "E_BLOB", None]
    applied = "select count(*) from log.event where id = any($1) and state = 'applied'"
    assert await pair.b.pools["node"].fetchval(applied, ids) == len(ids)


async def all_found(node: Node) -> bool:
    """Whether a node lacks no content that is meant for it."""
    return not await node.pools["node"].fetch("select from log.unreadable where found_at is null")


def signed_again(node: Node, jws: bytes) -> bytes:
    """The same record with other signature bytes that are just as valid: who has the key may choose the nonce."""
    text = jws.rpartition(b".")[0]
    secret = sha512(bytes.fromhex((node.home.path / "keys" / "intake.seed").read_text())).digest()
    clamped = bytes([secret[0] & 248]) + secret[1:31] + bytes([secret[31] & 127 | 64])
    scalar = sodium.crypto_core_ed25519_scalar_reduce(clamped + bytes(32))
    nonce = sodium.crypto_core_ed25519_scalar_reduce(sha512(b"another nonce").digest())
    point = sodium.crypto_scalarmult_ed25519_base_noclamp(nonce)
    public = node.keyring.signer("intake").public
    challenge = sodium.crypto_core_ed25519_scalar_reduce(sha512(point + public + text).digest())
    product = sodium.crypto_core_ed25519_scalar_mul(challenge, scalar)
    return text + b"." + b64(point + sodium.crypto_core_ed25519_scalar_add(nonce, product)).encode()


async def test_a_record_with_another_signature_is_no_second_record(pair: Pair, agencies: ThreeNodes) -> None:
    """What we hold stays as it is, byte for byte, if the same record comes again with other signature bytes."""
    start = await size(pair.a, LOGS[A])
    await report(pair.a)
    async with talk(pair.a, pair.b):
        await until(lambda: level(pair.a, pair.b))
    before = await pair.state()
    good = await deliveries(pair.a, B, start)
    parts = [Delivery.decode(one) for one in good if stored(one.partition(b"\n")[0]).kid.startswith(f"{A}.intake.")]
    twins = [one._replace(jws=signed_again(pair.a, one.jws)) for one in parts]
    assert [stored(one.jws).id for one in twins] == [stored(one.jws).id for one in parts]
    forged = [
        one._replace(jws=one.jws[:-86] + twin.jws[-86:-43] + one.jws[-43:])
        for one, twin in zip(parts, twins, strict=True)
    ]
    await smuggle(agencies.homes[A], B, *(one.encode() for one in (*twins, *forged, *twins)))
    await report(pair.a)
    async with talk(pair.a, pair.b):
        await until(lambda: level(pair.a, pair.b), 20)
    told, after = await pair.codes(), await pair.state()
    assert {told.get(sha256(one.encode()).digest()) for one in forged} == {"E_SIGNATURE"}
    assert not any(sha256(one.encode()).digest() in told for one in twins)
    for held, kept in zip(before[1:], after[1:], strict=True):
        assert kept[: len(held)] == held  # type: ignore[index,arg-type]


async def test_an_accident_of_our_own_with_one_message_holds_up_no_other(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a batch all but the culprit are taken; it waits in quarantine, and is taken once the fault is mended."""
    start = await size(pair.a, LOGS[A])
    await report(pair.a)
    said = await deliveries(pair.a, B, start)
    ids = [stored(one.partition(b"\n")[0]).id for one in said]
    culprit, others = ids[1], {*ids[:1], *ids[2:]}

    def stumbling(log: str, batch: Sequence[Examined], *rest: Any, **named: Any) -> object:
        if culprit in {one.signed.id for one in batch}:
            raise LookupError
        return decide(log, batch, *rest, **named)

    monkeypatch.setattr(admit, "decide", stumbling)
    await pair.b.admission.admit(A, said)
    held = await pair.b.pools["node"].fetch("select id from log.record where id = any($1)", ids)
    assert {row["id"] for row in held} == others
    assert (await pair.codes())[sha256(said[1]).digest()] == Code.UNEXPECTED
    monkeypatch.undo()
    async with talk(pair.a, pair.b), tasks(repeat(pair.b)):
        await until(lambda: level(pair.a, pair.b), 20)


async def test_an_old_stream_that_is_played_again_changes_nothing(pair: Pair, agencies: ThreeNodes) -> None:
    """All that a partner ever said, said again in a new stream, out of order and twice, leaves everything as it was."""
    await report(pair.a)
    async with talk(pair.a, pair.b):
        await until(lambda: level(pair.a, pair.b))
    before, refused = await pair.state(), await pair.codes()
    old = await recorded(agencies.homes[A], B)
    assert len(old) > 4
    random.Random(3).shuffle(twice := [*old, *old])
    await recreate(agencies.homes[A], B)
    await smuggle(agencies.homes[A], B, *twice)
    links = [link.run() for link in pair.b.links if link.partner == A]
    async with tasks(*links):
        await until(lambda: read_to(pair.b, len(twice)))
    assert await pair.state() == before
    assert await pair.codes() == refused
    await report(pair.a)
    async with talk(pair.a, pair.b):
        await until(lambda: level(pair.a, pair.b), 20)


async def recorded(home: Path, reader: str) -> list[bytes]:
    """All messages in the stream that a partner reads, byte for byte."""
    admin = await connect(home, "admin")
    info = json.loads((await admin.request(f"$JS.API.STREAM.INFO.{stream_to(reader)}", b"")).data)["state"]
    messages = []
    for seq in range(info["first_seq"], info["last_seq"] + 1):
        request = json.dumps({"seq": seq}).encode()
        answer = json.loads((await admin.request(f"$JS.API.STREAM.MSG.GET.{stream_to(reader)}", request)).data)
        messages.append(b64decode(answer["message"].get("data", "")))
    await admin.close()
    return messages


async def read_to(node: Node, seq: int) -> bool:
    """Whether a node has read its partner's stream up to a place."""
    at = await node.pools["node"].fetchval("select stream_seq from log.link where partner = $1", A)
    return bool(at == seq)
