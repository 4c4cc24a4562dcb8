"""What a forger makes, with keys of its own or with stolen ones: each piece breaks one rule, all else of it is right.

What is spoilt stays in its author's log, and no reader may apply it. An intruder is a record that nobody may take into
the log that it names. Who says it to whom is for the world to decide.
"""

from collections.abc import Iterator

from contracts import sealing
from contracts.content import Actor, Content, encode
from contracts.delivery import Delivery, position
from contracts.events.triage import UrgencyOverridden
from contracts.hlc import Hlc, instant
from contracts.record import Signed, agency_of, sign, stored
from contracts.signing import Signer
from services.node.writing import CONTROL, Desk, Timeline, Written, _write_one, heartbeat

SPOILT = ("commitment", "tag", "place", "readers", "body", "case")
CLERK = Actor("petugas", "o-9")


def spoilt(desk: Desk, signer: Signer, timeline: Timeline, content: Content, flaw: str) -> Written:
    """The next record of a log, its content with one of the flaws `SPOILT` or none; no event to its own author."""
    sound = _write_one(desk, signer, timeline, content)
    if flaw not in SPOILT:
        return sound._replace(event=None)
    record = sound.signed.record
    key = desk.entropy(sealing.KEY_BYTES) if flaw == "case" else timeline.key
    told = content._replace(body={"level": 1}) if flaw == "body" else content
    told = told._replace(to=content.to[1:]) if flaw == "readers" else told
    data = encode(told, record.log, record.seq + (flaw == "place"))
    sealed = sealing.seal(data, key, position(record), desk.entropy)
    cm = desk.entropy(len(sealed.cm)) if flaw == "commitment" else sealed.cm
    tag = desk.entropy(len(sealed.tag)) if flaw == "tag" else sealed.tag
    return Written(sign(record._replace(cm=cm, tag=tag, ct=sealed.ct), signer), None, sealed)


def statement(desk: Desk, signer: Signer) -> Signed:
    """A record with content for its own agency alone, where `desk` stands."""
    body, to = UrgencyOverridden(level="BIASA", reason="palsu"), (agency_of(desk.log),)
    content = Content(body.wire_type, "", instant(desk.now_ms), CLERK, to, (), body.wire())
    return _write_one(desk, signer, CONTROL, content).signed


def beat(desk: Desk, signer: Signer) -> Signed:
    """A heartbeat where `desk` stands."""
    return heartbeat(desk, signer).signed


def unhinged(desk: Desk, signer: Signer) -> Signed:
    """A heartbeat that denies the record before it."""
    return beat(desk._replace(head=desk.head._replace(last=desk.entropy(len(desk.head.last)))), signer)


def rewound(desk: Desk, signer: Signer) -> Signed:
    """A heartbeat from before the record before it."""
    return beat(desk._replace(now_ms=0, head=desk.head._replace(hlc=Hlc(0, 0))), signer)


def resealed(told: Delivery, key: bytes, reader: str, public: sealing.PublicKey, entropy: sealing.Entropy) -> Delivery:
    """A delivery whose content, the same to the last byte, is encrypted under another key than its record says."""
    signed = stored(told.jws)
    place, record = position(signed.record), signed.record
    opened = sealing.unseal(told.blob, key, place, cm=record.cm, tag=record.tag)
    drawn: Iterator[bytes] = iter((opened.salt, entropy(sealing.KEY_BYTES)))
    again = sealing.seal(opened.content, opened.case_key, place, lambda _: next(drawn))
    return Delivery(told.jws, sealing.wrap(again.key, public, signed.id, reader), again.blob)
