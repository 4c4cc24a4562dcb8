"""Records without content: header, signature, keys, payload, schema, bounds."""

from collections.abc import Iterator, Mapping

from contracts.encoding import b64
from contracts.errors import Code
from contracts.record import MAX_RECORD, MAX_SEQ, header
from contracts.vectors import material
from contracts.vectors.deliveries import LOG, bad_record, compact, good, payload, void
from contracts.vectors.vector import Vector

_EIGHT = ["a", "b", "c", "d", "e", "f", "g", material.AUTHOR]
_ROOT = b64(material.digest("a root"))
_NO_CONTENT: Mapping[str, None] = {"tag": None, "cm": None, "ct": None}
_NODE = f"{material.AUTHOR}.node.1"
_STRANGER = f"{material.AUTHOR}.triage.9"
_FUTURE = 99


def _seen(count: int) -> dict[str, object]:
    return {f"rajut.example/other-{number}/1": [number, _ROOT] for number in range(count)}


_HEARTBEAT: Mapping[str, object] = {"kind": "hb", "to": [], **_NO_CONTENT}

_ACCEPT: Mapping[str, tuple[Mapping[str, object], str, str]] = {
    "case": ({}, material.KID, "An ordinary record about a case."),
    "control": ({"kind": "ctl", "tag": None}, _NODE, "A control record has content and no case tag."),
    "heartbeat": (_HEARTBEAT, _NODE, "A heartbeat has neither content nor readers."),
    "seq-least": ({"seq": 0}, material.KID, "The first place in a log."),
    "seq-most": ({"seq": MAX_SEQ}, material.KID, "The last place that a log can have."),
    "clock-least": ({"hlc": "0000000000000.0000"}, material.KID, "Fixed width, even for zero."),
    "clock-most": ({"hlc": "9999999999999.9999"}, material.KID, "A clock far ahead is no fault of form."),
    "to-eight": ({"to": _EIGHT}, material.KID, "Eight readers, the most there may be."),
    "to-self": ({"to": [material.AUTHOR]}, material.KID, "An agency may write to itself alone."),
    "seen-eight": ({"seen": _seen(8)}, material.KID, "Eight other logs, the most there may be."),
    "seen-none": ({"seen": {}}, material.KID, "An agency that has seen nobody yet."),
    "seen-empty-log": ({"seen": {"x/y/1": [0, _ROOT]}}, material.KID, "A log seen while it was empty."),
    "range-first": ({"seq": material.FIRST_SEQ}, material.RANGED_KID, "The first place where this key may sign."),
    "range-last": ({"seq": material.LAST_SEQ}, material.RANGED_KID, "The last place where this key may sign."),
    "dir-before-removal": ({"dir": 1}, material.RETIRED_KID, "Judged by the version it names, where the key stands."),
    "dir-after-addition": ({"dir": 2}, material.LATER_KID, "Judged by the version it names, where the key stands."),
    "revoked-last-good": (
        {"dir": 3, "seq": material.LAST_GOOD},
        material.REVOKED_KID,
        "The last place for which the agency still stands.",
    ),
    "revoked-last-good-earlier-dir": (
        {"seq": material.LAST_GOOD},
        material.REVOKED_KID,
        "What a key said before it was stolen stays good.",
    ),
}

_REJECT: Mapping[str, tuple[Code, Mapping[str, object], str, str]] = {
    "key-unknown": (Code.KEY, {}, _STRANGER, "No directory lists this key."),
    "key-of-another-agency": (Code.KEY, {}, f"{material.READER}.node.1", "A good key, but another agency's log."),
    "log-of-another-agency": (
        Code.KEY,
        {"log": material.origin(material.READER), "to": list(material.AGENCIES), "seen": {}},
        material.KID,
        "A good key that writes another agency's log.",
    ),
    "log-of-another-epoch": (
        Code.KEY,
        {"log": f"{LOG[:-1]}2"},
        material.KID,
        "The key was given one epoch of the log.",
    ),
    "range-before": (
        Code.KEY,
        {"seq": material.FIRST_SEQ - 1},
        material.RANGED_KID,
        "One place too early for this key.",
    ),
    "range-behind": (Code.KEY, {"seq": material.LAST_SEQ + 1}, material.RANGED_KID, "One place too late for this key."),
    "dir-after-removal": (Code.KEY, {"dir": 2}, material.RETIRED_KID, "The version it names no longer has the key."),
    "dir-before-addition": (Code.KEY, {"dir": 1}, material.LATER_KID, "The version it names did not have the key yet."),
    "heartbeat-not-granted": (Code.GRANT, _HEARTBEAT, material.KID, "Only the node's key speaks for the node."),
    "checkpoint-key": (Code.GRANT, {}, f"{material.AUTHOR}.checkpoint.1", "A key for checkpoints signs no records."),
    "witness-key": (Code.GRANT, _HEARTBEAT, f"{material.AUTHOR}.witness.1", "A key for cosignatures signs no records."),
    "revoked-dir-of-revocation": (
        Code.KEY,
        {"dir": 3, "seq": material.LAST_GOOD + 1},
        material.REVOKED_KID,
        "The version it names ends the key's range.",
    ),
}

_VOID: Mapping[str, tuple[Mapping[str, object], str]] = {
    "revoked": ({"dir": 2}, "One place behind the last good one: authentic, and without effect."),
    "revoked-first-dir": ({"dir": 1}, "An older version is named to escape the revocation."),
}

_SCHEMA: Mapping[str, tuple[Mapping[str, object], str]] = {
    "clock-missing": ({"hlc": None}, "A field that every record has."),
    "seen-missing": ({"seen": None}, "A field that every record has, even when it is empty."),
    "field-added": ({"lane": 1}, "The schema is closed: a field is added with a new version."),
    "version-zero": ({"v": 0}, "There is only version 1."),
    "version-two": ({"v": 2}, "There is only version 1; a reader may not guess what 2 means."),
    "version-text": ({"v": "1"}, "A number in quotes is another value."),
    "version-true": ({"v": True}, "Some languages take true for one."),
    "seq-negative": ({"seq": -1}, "Places are counted from zero."),
    "seq-above": ({"seq": MAX_SEQ + 1}, "One above the bound: no peer can push our counters to their end."),
    "seq-text": ({"seq": "7"}, "A number in quotes is another value."),
    "prev-short": ({"prev": b64(bytes(31))}, "31 bytes where a hash has 32."),
    "prev-long": ({"prev": b64(bytes(33))}, "33 bytes where a hash has 32."),
    "prev-number": ({"prev": 0}, "A hash is text."),
    "clock-narrow": ({"hlc": "795312488123.0007"}, "Text order is time order only in fixed width."),
    "clock-wide": ({"hlc": "01795312488123.0007"}, "Text order is time order only in fixed width."),
    "clock-tick": ({"hlc": "1795312488123.007"}, "Text order is time order only in fixed width."),
    "clock-digits": ({"hlc": "１７９５３１２４８８１２３.0007"}, "Digits of another script, which some parsers take."),  # noqa: RUF001
    "dir-zero": ({"dir": 0}, "Versions count from one: nobody could ever hold version zero."),
    "dir-above": ({"dir": MAX_SEQ + 1}, "One above the bound."),
    "kind-unknown": ({"kind": "note"}, "A kind is a rule for the fields, so an unknown one cannot be read."),
    "kind-number": ({"kind": 1}, "A kind is text."),
    "kind-list": ({"kind": ["case"]}, "A kind is text; a list cannot even be looked up."),
    "case-without-tag": ({"tag": None}, "A case record without a tag would be lost to its case."),
    "case-without-content": (_NO_CONTENT, "A case record always commits to content."),
    "case-without-readers": ({"to": []}, "Content that nobody may read."),
    "control-with-tag": ({"kind": "ctl"}, "A control record belongs to no case."),
    "control-without-readers": ({"kind": "ctl", "tag": None, "to": []}, "Content that nobody may read."),
    "heartbeat-with-readers": ({**_HEARTBEAT, "to": [material.AUTHOR]}, "A heartbeat has nothing to read."),
    "heartbeat-with-content": ({"kind": "hb", "to": [], "tag": None}, "A heartbeat commits to nothing."),
    "to-unsorted": ({"to": [*reversed(material.AGENCIES)]}, "One set of readers has one form."),
    "to-twice": ({"to": [material.AUTHOR, material.AUTHOR]}, "One set of readers has one form."),
    "to-without-author": ({"to": [material.READER]}, "The author can read what it wrote, or cannot prove it."),
    "to-nine": ({"to": ["a", "b", "c", "d", "e", "f", "g", "h", material.AUTHOR]}, "Nine readers, one too many."),
    "to-upper-case": ({"to": ["LPSK", material.AUTHOR]}, "Agency ids are lower case."),
    "to-text": ({"to": material.AUTHOR}, "One reader is still a list."),
    "seen-own-log": ({"seen": {LOG: [7, _ROOT]}}, "Nobody is a witness of its own log."),
    "seen-nine": ({"seen": _seen(9)}, "Nine other logs, one too many."),
    "seen-size-above": ({"seen": {"x/y/1": [MAX_SEQ + 1, _ROOT]}}, "One above the bound."),
    "seen-root-short": ({"seen": {"x/y/1": [1, b64(bytes(31))]}}, "31 bytes where a root has 32."),
    "seen-three": ({"seen": {"x/y/1": [1, _ROOT, 1]}}, "A size and a root, and nothing else."),
    "seen-origin": ({"seen": {"x/y": [1, _ROOT]}}, "An origin has three parts."),
    "seen-list": ({"seen": []}, "An empty list is not an empty object."),
    "log-epoch-zero": ({"log": f"{LOG[:-1]}0"}, "Epochs count from one."),
    "log-line-feed": ({"log": f"{LOG}\n"}, "Some regular expressions let a line feed pass at the end."),
    "log-two-parts": ({"log": "rajut.example/lpsk"}, "An origin has three parts."),
    "tag-short": ({"tag": b64(bytes(15))}, "15 bytes where a tag has 16."),
    "tag-long": ({"tag": b64(bytes(17))}, "17 bytes where a tag has 16."),
    "commitment-short": ({"cm": b64(bytes(31))}, "31 bytes where a commitment has 32."),
    "ciphertext-short": ({"ct": b64(bytes(31))}, "31 bytes where a hash has 32."),
}


def cases() -> Iterator[Vector]:
    """Records that any reader judges alike."""
    for name, (changes, kid, why) in _ACCEPT.items():
        yield good(f"record-{name}", why, compact(payload(**changes), kid))
    for name, (code, changes, kid, why) in _REJECT.items():
        yield bad_record(name, code, why, compact(payload(**changes), kid))
    for name, (changes, why) in _SCHEMA.items():
        yield bad_record(name, Code.SCHEMA, why, compact(payload(**changes)))
    for name, (changes, why) in _VOID.items():
        yield void(name, why, compact(payload(seq=material.LAST_GOOD + 1, **changes), material.REVOKED_KID))
    yield from _sizes()
    yield from _waiting()


def _sizes() -> Iterator[Vector]:
    """The bound of a record from both sides; what is inside must still break another rule."""
    room = (MAX_RECORD - len(header(material.KID)) - 2 - 86) * 3 // 4
    fill = room - len(payload(lane=""))
    inside, outside = (compact(payload(lane="x" * size)) for size in (fill, fill + 1))
    yield bad_record("size-bound", Code.SCHEMA, "The largest there may be is read, and then falls on a field.", inside)
    yield bad_record("size-above", Code.SIZE, "Refused for its size before anything in it is looked at.", outside)


def _waiting() -> Iterator[Vector]:
    cases = {
        "known-key": (material.KID, "A known key, but a directory version that we do not hold."),
        "unknown-key": (_STRANGER, "The key may stand in the version that we do not hold."),
    }
    for name, (kid, why) in cases.items():
        data = compact(payload(dir=_FUTURE), kid)
        outcome = {"kind": "delivery", "reader": material.READER}
        yield Vector("wait", f"record-later-directory-{name}", why, "delivery.bin", data, outcome)
