"""JSON and base64url that readers in other languages are known to take differently."""

import json
from collections.abc import Iterator

from contracts.canonical import MAX_DEPTH, MAX_INT
from contracts.errors import Code
from contracts.vectors.vector import Vector, rejected

_BOM = b"\xef\xbb\xbf"
_COMPOSED, _DECOMPOSED = "\u00e9".encode(), "e\u0301".encode()


def _nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


_CANONICAL = {
    "depth-bound": (_nested(MAX_DEPTH), "Sixteen containers deep, the most there may be."),
    "integer-most": (str(MAX_INT).encode(), "2^53-1, the largest integer that every reader keeps exactly."),
    "integer-least": (str(-MAX_INT).encode(), "-(2^53-1), the smallest integer that every reader keeps exactly."),
    "text-escapes": (
        b'"\\u0000\\u001f\\b\\t\\n\\f\\r\\"\\\\/\x7f"',
        "Short escapes where there are any, else lower hex.",
    ),
    "text-nfc": (b'"' + _COMPOSED + b'"', "Text beyond ASCII is written as it is, in NFC."),
    "member-order": (b'{"":1,"A":2,"a":3,"a.b":4,"aa":5}', "Members stand in the order of their code points."),
}
_NOT_CANONICAL = {
    "duplicate-member": (b'{"a":1,"a":2}', Code.CANONICAL, "Some readers keep the first value, others the last."),
    "escaped-duplicate": (b'{"a":1,"\\u0061":2}', Code.CANONICAL, "The same name twice, once behind an escape."),
    "nan": (b"NaN", Code.JSON, "Not JSON, though common parsers take it."),
    "infinity": (b"[Infinity]", Code.JSON, "Not JSON, though common parsers take it."),
    "float-overflow": (b"1e400", Code.JSON, "Infinity for some readers, an error for others."),
    "float": (b"1.5", Code.JSON, "Floats are written differently by different programs."),
    "float-whole": (b"1.0", Code.JSON, "One for some readers, a float for others."),
    "exponent": (b"1e2", Code.JSON, "A hundred for some readers, a float for others."),
    "minus-zero": (b"-0", Code.CANONICAL, "Zero or minus zero, as the reader likes."),
    "minus-zero-float": (b"-0.0", Code.JSON, "Minus zero survives only as a float."),
    "integer-above": (str(MAX_INT + 1).encode(), Code.JSON, "2^53: readers with doubles cannot tell it from 2^53+1."),
    "integer-below": (str(-MAX_INT - 1).encode(), Code.JSON, "-2^53: readers with doubles lose digits from here."),
    "integer-beyond-64-bits": (
        b"18446744073709551616",
        Code.JSON,
        "2^64: a float for some, an integer for others.",
    ),
    "leading-zero": (b"01", Code.JSON, "Octal once, an error today."),
    "lone-surrogate": (b'"\\ud800"', Code.JSON, "Half a character: no UTF-8 can say it."),
    "encoded-surrogate": (b'"\xed\xa0\x80"', Code.JSON, "A surrogate in UTF-8 bytes is not UTF-8."),
    "overlong": (b'"\xc0\xaf"', Code.JSON, "A slash in two bytes is not UTF-8."),
    "byte-order-mark": (_BOM + b"{}", Code.JSON, "Some readers drop a byte order mark, others fail."),
    "space-after": (b"{} ", Code.CANONICAL, "White space would give one value many signatures."),
    "space-inside": (b'{"a": 1}', Code.CANONICAL, "White space would give one value many signatures."),
    "line-feed-after": (b"{}\n", Code.CANONICAL, "White space would give one value many signatures."),
    "member-order": (b'{"b":1,"a":2}', Code.CANONICAL, "Members not in the order of their code points."),
    "not-nfc": (b'"' + _DECOMPOSED + b'"', Code.JSON, "Looks like its NFC form and is other bytes."),
    "member-beyond-ascii": (b'{"' + _COMPOSED + b'":1}', Code.JSON, "UTF-16 and code point order differ beyond ASCII."),
    "null": (b'{"a":null}', Code.JSON, "What is not there is absent; null would be a second form of that."),
    "needless-escape": (b'"\\u0061"', Code.CANONICAL, "An escape where the letter itself is the one form."),
    "escaped-slash": (b'"\\/"', Code.CANONICAL, "An escape that some writers add to every slash."),
    "upper-case-escape": (b'"\\u001F"', Code.CANONICAL, "Escapes are lower hex."),
    "too-deep": (_nested(MAX_DEPTH + 1), Code.JSON, "Seventeen containers deep, one too many."),
    "empty": (b"", Code.JSON, "No value at all."),
    "two-values": (b"{}{}", Code.JSON, "A second value behind the first."),
    "comment": (b"{}//", Code.JSON, "JSON has no comments."),
    "single-quotes": (b"{'a':1}", Code.JSON, "JSON strings stand in double quotes."),
    "trailing-comma": (b"[1,]", Code.JSON, "Taken by lenient readers only."),
}
_HANDWRITTEN = {
    "layout": (b' { "b" : null , "a" : 1 } ', {"a": 1, "b": None}, "People may lay out and order as they like."),
    "becomes-nfc": (b'["' + _DECOMPOSED + b'"]', ["\u00e9"], "Text typed on any keyboard comes out in NFC."),
    "depth-bound": (_nested(MAX_DEPTH), json.loads(_nested(MAX_DEPTH)), "As deep as canonical JSON may be."),
}
_NOT_HANDWRITTEN = {
    "duplicate-member": (b'{"a":1,"a":2}', Code.JSON, "Two answers to one question; we do not choose."),
    "duplicate-in-nfc": (
        b'{"' + _COMPOSED + b'":1,"' + _DECOMPOSED + b'":2}',
        Code.JSON,
        "Two names that are one in NFC.",
    ),
    "lone-surrogate": (b'"\\ud800"', Code.JSON, "Half a character cannot be stored or sent on."),
    "float": (b"[1.5]", Code.JSON, "No field of a report takes a float."),
    "integer-above": (str(MAX_INT + 1).encode(), Code.JSON, "Beyond what every reader keeps exactly."),
    "not-utf-8": (b'"\xff"', Code.ENCODING, "Another encoding would change names silently."),
    "utf-16": ('"a"'.encode("utf-16"), Code.ENCODING, "Another encoding would change names silently."),
    "too-deep": (_nested(MAX_DEPTH + 1), Code.JSON, "One container deeper than canonical JSON."),
}
_BASE64URL = {
    "empty": (b"", b"", "No bytes are no letters."),
    "one-byte": (b"_w", b"\xff", "Two letters, the loose bits zero."),
    "two-bytes": (b"__8", b"\xff\xff", "Three letters, the loose bits zero."),
    "own-letters": (b"-_-_", b"\xfb\xff\xbf", "The two letters in which base64url differs from base64."),
}
_NOT_BASE64URL = {
    "padding": (b"_w==", "Padding is the same bytes in a second form."),
    "loose-bits": (b"_x", "Bits behind the last byte would be a second form of the same bytes."),
    "loose-bits-two-bytes": (b"__9", "Bits behind the last byte would be a second form of the same bytes."),
    "base64-letters": (b"+/+/", "The alphabet of plain base64."),
    "one-letter": (b"A", "Six bits are no byte."),
    "line-feed": (b"AAAA\n", "Some decoders skip what they do not know."),
    "space": (b"AA AA", "Some decoders skip what they do not know."),
}


def cases() -> Iterator[Vector]:
    """Canonical JSON, JSON by hand, base64url."""
    for name, (data, why) in _CANONICAL.items():
        yield Vector("accept", f"canonical-{name}", why, "canonical.bin", data, {"kind": "canonical"})
    for name, (data, code, why) in _NOT_CANONICAL.items():
        yield Vector("reject", f"canonical-{name}", why, "canonical.bin", data, rejected("canonical", code))
    for name, (data, value, why) in _HANDWRITTEN.items():
        outcome = {"kind": "handwritten", "value": value}
        yield Vector("accept", f"handwritten-{name}", why, "handwritten.bin", data, outcome)
    for name, (data, code, why) in _NOT_HANDWRITTEN.items():
        yield Vector("reject", f"handwritten-{name}", why, "handwritten.bin", data, rejected("handwritten", code))
    for name, (data, decoded, why) in _BASE64URL.items():
        outcome = {"kind": "encoding", "hex": decoded.hex()}
        yield Vector("accept", f"encoding-{name}", why, "encoding.bin", data, outcome)
    for name, (data, why) in _NOT_BASE64URL.items():
        yield Vector("reject", f"encoding-{name}", why, "encoding.bin", data, rejected("encoding", Code.ENCODING))
