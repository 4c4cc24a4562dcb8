"""Sealed content: hash, wrap, commitment, frame, tag, and what the content says about its record."""

from collections.abc import Iterator, Mapping

from contracts.encoding import b64
from contracts.errors import Code
from contracts.sealing import NO_CASE, WRAP_BYTES
from contracts.vectors import material
from contracts.vectors.deliveries import CASE, Parcel, Wrapper, bad_content, event, frame, good, identity, join
from contracts.vectors.salamander import two_keys
from contracts.vectors.vector import Vector

_PREFIX = 68  # of a frame: salt, case key, length
_PARENTS = [b64(number.to_bytes(32)) for number in range(17)]
_CONTROL: Mapping[str, object] = {"kind": "ctl", "tag": None}
_NODE = f"{material.AUTHOR}.node.1"
_ADOPTED: Mapping[str, object] = {
    "type": "rajut.node.directory.adopted.v1",
    "subject": None,
    "data": {"parents": [], "body": {"version": 1, "digest": b64(material.FIRST.digest())}},
}
_PLAIN = event()

_TAKEN: Mapping[str, tuple[bytes, str]] = {
    "case": (_PLAIN, "An approval of emergency protection, as its readers get it."),
    "type-unknown": (
        event(type="rajut.protection.horse.lent.v1", data={"body": {"legs": 4}}),
        "Kept and shown; it changes no state.",
    ),
    "type-later-major": (
        event(type="rajut.protection.emergency.approved.v999", data={"body": True}),
        "A body we do not know.",
    ),
    "parents-sixteen": (event(data={"parents": _PARENTS[:16]}), "Sixteen parents, the most there may be."),
    "parents-none": (event(data={"parents": []}), "An event that follows nothing."),
    "trace": (event(traceparent=f"00-{'a' * 32}-{'b' * 16}-01"), "A W3C trace context travels inside the content."),
    "name-longest": (event(data={"actor": {"role": "r" * 64, "officer": "o" * 64}}), "Names of 64 letters."),
}
_EVENTS: Mapping[str, tuple[Code, bytes, str]] = {
    "member-order": (
        Code.CANONICAL,
        b'{"type":"x",' + _PLAIN[1:],
        "Content is canonical JSON, like everything signed.",
    ),
    "space": (Code.CANONICAL, _PLAIN + b" ", "White space would give one event many commitments."),
    "duplicate-member": (
        Code.CANONICAL,
        _PLAIN.replace(b'"id":"7"', b'"id":"7","id":"7"'),
        "Readers differ on duplicates.",
    ),
    "null": (Code.JSON, event(data={"body": [None]}), "What is not there is absent, never null."),
    "float": (Code.JSON, event(data={"body": 0.5}), "Floats are written differently by different programs."),
    "empty": (Code.JSON, b"", "No content in the frame."),
    "list": (Code.SCHEMA, b"[]", "JSON, but no object."),
    "member-missing": (Code.SCHEMA, event(time=None), "CloudEvents members that we need are never left out."),
    "member-added": (Code.SCHEMA, event(dataschema="urn:x"), "The schema is closed."),
    "data-member-added": (Code.SCHEMA, event(data={"slot": 1}), "The schema is closed."),
    "data-member-missing": (Code.SCHEMA, event(data={"parents": None}), "An event without parents has an empty list."),
    "specversion": (Code.SCHEMA, event(specversion="0.3"), "CloudEvents 1.0 and no other."),
    "datacontenttype": (Code.SCHEMA, event(datacontenttype="text/xml"), "The data is JSON and says so."),
    "type-family-missing": (
        Code.SCHEMA,
        event(type="rajut.emergency.approved.v1"),
        "A type has family, noun and verb.",
    ),
    "type-major-zero": (Code.SCHEMA, event(type="rajut.protection.emergency.approved.v0"), "Majors count from one."),
    "type-upper-case": (Code.SCHEMA, event(type="rajut.Protection.emergency.approved.v1"), "Types are lower case."),
    "type-of-others": (Code.SCHEMA, event(type="other.protection.emergency.approved.v1"), "Not our language."),
    "time-offset": (Code.SCHEMA, event(time="2026-11-22T08:54:48.123+07:00"), "Times are UTC and end in Z."),
    "time-seconds": (
        Code.SCHEMA,
        event(time="2026-11-22T01:54:48Z"),
        "Times have three decimals, so text order is time order.",
    ),
    "time-no-such-day": (
        Code.SCHEMA,
        event(time="2026-02-30T01:54:48.123Z"),
        "The form is right, but there is no such day.",
    ),
    "time-before": (Code.SCHEMA, event(time="1799-12-31T23:59:59.999Z"), "No case happened before 1800."),
    "time-after": (
        Code.SCHEMA,
        event(time="3000-01-01T00:00:00.000Z"),
        "Nor after 2999: what the rules count from a time must fit the calendar.",
    ),
    "time-digits": (Code.SCHEMA, event(time="２０２６-11-22T01:54:48.123Z"), "Digits of another script."),  # noqa: RUF001
    "subject-form": (Code.SCHEMA, event(subject="case-1"), "A case id is opaque and has one alphabet."),
    "subject-letter": (
        Code.SCHEMA,
        event(subject=CASE.replace("a", "u")),
        "The letter u is not in Crockford's alphabet.",
    ),
    "trace-form": (Code.SCHEMA, event(traceparent="00-1-2-3"), "A trace context has fixed widths."),
    "actor-member-added": (Code.SCHEMA, event(data={"actor": {"role": "r", "officer": "o", "name": "n"}}), "No names."),
    "actor-upper-case": (Code.SCHEMA, event(data={"actor": {"role": "R", "officer": "o"}}), "Names are lower case."),
    "actor-too-long": (
        Code.SCHEMA,
        event(data={"actor": {"role": "r" * 65, "officer": "o"}}),
        "65 letters, one too many.",
    ),
    "parents-unsorted": (Code.SCHEMA, event(data={"parents": _PARENTS[1::-1]}), "One set of parents has one form."),
    "parents-twice": (Code.SCHEMA, event(data={"parents": _PARENTS[:1] * 2}), "One set of parents has one form."),
    "parents-seventeen": (Code.SCHEMA, event(data={"parents": _PARENTS}), "Seventeen parents, one too many."),
    "parent-short": (Code.SCHEMA, event(data={"parents": [b64(bytes(31))]}), "31 bytes where an id has 32."),
    "to-fewer": (
        Code.BIND,
        event(data={"to": [material.READER, material.AUTHOR]}),
        "Fewer readers than the record names.",
    ),
    "to-more": (Code.BIND, event(data={"to": [*material.AGENCIES, "x"]}), "More readers than the record names."),
    "to-text": (Code.BIND, event(data={"to": material.AUTHOR}), "One reader is still a list."),
    "source": (
        Code.BIND,
        event(source=f"urn:rajut:{material.origin(material.READER)}"),
        "Content of another agency, forwarded.",
    ),
    "id": (Code.BIND, event(id="8"), "Content of another place in the log."),
    "id-zero": (Code.BIND, event(id="07"), "The same number in another form."),
    "subject-missing": (Code.BIND, event(subject=None), "A case record without a case."),
    "type-not-granted": (
        Code.GRANT,
        event(type="rajut.intake.thing.said.v1"),
        "The protection key may not speak for intake.",
    ),
    "type-near-grant": (Code.GRANT, event(type="rajut.protection-x.thing.said.v1"), "A wildcard ends at the dot."),
    "body-member-missing": (Code.BODY, event(data={"body": {}}), "A known type with a body that does not fit it."),
    "body-member-added": (Code.BODY, event(data={"body": {"proposal": _PARENTS[0], "note": ""}}), "Bodies are closed."),
    "body-loose-bits": (Code.BODY, event(data={"body": {"proposal": "A" * 42 + "B"}}), "An id in a second form."),
}


def cases(wrap: Wrapper) -> Iterator[Vector]:
    """Deliveries with content for READER."""
    for name, (content, why) in _TAKEN.items():
        yield good(f"content-{name}", why, Parcel(frame(content)).deliver(wrap), content=content)
    for name, (code, content, why) in _EVENTS.items():
        yield bad_content(name, code, why, Parcel(frame(content)).deliver(wrap))
    yield from _control(wrap)
    yield from _sizes(wrap)
    yield from _frames(wrap)
    yield from _outside(wrap)
    yield from _hashes(wrap)
    yield from _wraps(wrap)
    yield from _salamander(wrap)


def _control(wrap: Wrapper) -> Iterator[Vector]:
    inner, outer = _ADOPTED["data"], {name: value for name, value in _ADOPTED.items() if name != "data"}
    if not isinstance(inner, dict):
        raise TypeError
    adopted = event(data=inner, **outer)
    parcel = Parcel(frame(adopted, NO_CASE), _CONTROL, _NODE, NO_CASE)
    yield good("content-control", "A control event has no case and no tag.", parcel.deliver(wrap), content=adopted)
    parcel = Parcel(frame(adopted), _CONTROL, _NODE)
    yield bad_content("control-with-case-key", Code.BIND, "A case key hidden in a control event.", parcel.deliver(wrap))
    cased = event(data=inner, **{**outer, "subject": CASE})
    parcel = Parcel(frame(cased, NO_CASE), _CONTROL, _NODE, NO_CASE)
    yield bad_content("control-with-subject", Code.BIND, "A control event that claims a case.", parcel.deliver(wrap))
    parcel = Parcel(frame(_PLAIN, NO_CASE))
    yield bad_content("case-without-key", Code.BIND, "A case event that hides its case's key.", parcel.deliver(wrap))


def _filling(size: int) -> bytes:
    """An event of exactly this many bytes, of a type that nobody knows."""
    bare = len(event(type="rajut.protection.horse.lent.v1", data={"body": ""}))
    return event(type="rajut.protection.horse.lent.v1", data={"body": "x" * (size - bare)})


def _sizes(wrap: Wrapper) -> Iterator[Vector]:
    full, over = _filling(1024 - _PREFIX), _filling(1024 - _PREFIX + 1)
    yield good(
        "content-bucket-full",
        "Fills the smallest frame to the last byte.",
        Parcel(frame(full)).deliver(wrap),
        content=full,
    )
    parcel = Parcel(frame(over, size=2048))
    yield good("content-bucket-next", "One byte more takes the next frame.", parcel.deliver(wrap), content=over)
    parcel = Parcel(frame(full, size=2048))
    yield bad_content(
        "bucket-too-large", Code.BIND, "Would fit the smaller frame: sizes say nothing else.", parcel.deliver(wrap)
    )


def _frames(wrap: Wrapper) -> Iterator[Vector]:
    plain = frame(_PLAIN)
    for name, data, why in (
        ("padding-last", plain[:-1] + b"\1", "The padding's last byte is not zero."),
        ("padding-first", frame(_PLAIN + b"\1", length=len(_PLAIN)), "The padding's first byte is not zero."),
        ("length-beyond", frame(_PLAIN, length=1024 - _PREFIX + 1), "The length ends one byte behind the frame."),
        ("length-most", frame(_PLAIN, length=2**32 - 1), "The largest length that can be written."),
        ("size-odd", plain[:-1], "1,023 bytes are no bucket."),
        ("size-between", plain + bytes(512), "1,536 bytes are no bucket."),
        ("size-small", plain[:512], "Smaller than the smallest bucket."),
        ("size-none", b"", "No frame at all."),
    ):
        yield bad_content(f"frame-{name}", Code.BIND, why, Parcel(data).deliver(wrap))
    other = Parcel(plain, {"tag": b64(material.digest("another tag")[:16])})
    yield bad_content("tag", Code.BIND, "The mark of another case, or of none.", other.deliver(wrap))


def _outside(wrap: Wrapper) -> Iterator[Vector]:
    """Good records whose content is not there, or not for the reader."""
    parcel = Parcel(frame(_PLAIN))
    jws = parcel.record(parcel.blob())
    yield good("content-absent", "The record alone; its content may come later.", jws)
    others = ["komnas-perempuan", material.AUTHOR]
    parcel = Parcel(frame(event(data={"to": others})), {"to": others})
    yield good("content-for-others", "Content that is not for us is left unopened.", parcel.deliver(wrap))


def _hashes(wrap: Wrapper) -> Iterator[Vector]:
    parcel = Parcel(frame(_PLAIN))
    blob = parcel.blob()
    jws = parcel.record(blob)
    wrapped = wrap(parcel.content_key, identity(jws), material.READER)
    for name, other, why in (
        ("flipped", blob[:-1] + bytes([blob[-1] ^ 1]), "One bit of the ciphertext is another."),
        ("cut-short", blob[:-1], "The ciphertext's last byte is missing."),
        ("longer", blob + b"\0", "A byte behind the ciphertext."),
    ):
        yield bad_content(f"ciphertext-{name}", Code.BLOB, why, join(jws, wrapped, other))
    moved = Parcel(frame(_PLAIN), sealed_at=8)
    yield bad_content("place", Code.WRAP, "Encrypted for another place in the log.", moved.deliver(wrap))
    broken = Parcel(frame(_PLAIN), {"cm": b64(material.digest("another commitment"))})
    yield bad_content(
        "commitment", Code.COMMIT, "Opens, but is not what the record committed to.", broken.deliver(wrap)
    )


def _wraps(wrap: Wrapper) -> Iterator[Vector]:
    parcel = Parcel(frame(_PLAIN))
    blob = parcel.blob()
    jws = parcel.record(blob)
    id_, key = identity(jws), parcel.content_key
    good_wrap = wrap(key, id_, material.READER)
    for name, wrapped, why in (
        ("garbage", material.secret("garbage", WRAP_BYTES), "Random bytes instead of a wrap."),
        ("zero", bytes(WRAP_BYTES), "Zero bytes: the X25519 share has small order."),
        ("flipped", good_wrap[:-1] + bytes([good_wrap[-1] ^ 1]), "One bit of the wrap is another."),
        ("of-another-event", wrap(key, material.digest("another event"), material.READER), "Bound to another event."),
        ("of-another-agency", wrap(key, id_, "komnas-perempuan"), "For another reader."),
        ("of-another-key", wrap(material.secret("another key"), id_, material.READER), "A good wrap of a wrong key."),
    ):
        yield bad_content(f"wrap-{name}", Code.WRAP, why, join(jws, wrapped, blob))


def _salamander(wrap: Wrapper) -> Iterator[Vector]:
    """One ciphertext that two keys open: each reader gets another key, and only one can be right."""
    second = material.secret("second key")
    parcel = Parcel(frame(_PLAIN))
    parcel = parcel._replace(frame=two_keys(parcel.content_key, second, parcel.frame, parcel.place()))
    blob = parcel.blob()
    jws = parcel.record(blob)
    data = join(jws, wrap(parcel.content_key, identity(jws), material.READER), blob)
    yield good("content-two-keys-first", "The key under which the commitment holds.", data, content=_PLAIN)
    data = join(jws, wrap(second, identity(jws), material.READER), blob)
    why = "The same ciphertext opens under this key too, to something else; only the commitment tells."
    yield bad_content("two-keys-second", Code.COMMIT, why, data)
