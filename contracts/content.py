"""The content of a record: a case event as a CloudEvents 1.0.2 JSON object, in canonical bytes.

Readers check it against the record that carries it (no surreptitious forwarding), against the grants
of the key that signed it, and, if they know the type, against the type's own model. A type they do not
know is kept, verified, relayed and shown; it just changes no state.
"""

import re
from base64 import b32encode
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

from contracts import canonical
from contracts.encoding import b64, fixed
from contracts.errors import Code, Rejected
from contracts.events import read_body
from contracts.events.fields import INSTANT
from contracts.record import EventId, Record

MAX_CONTENT = 512 * 1024
MAX_PARENTS = 16
SPEC = "1.0"
_CASE_BYTES = 16
# RFC 4648 base 32 in Crockford's letters: no two of them look alike, and none is in upper case.
_CROCKFORD = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"0123456789abcdefghjkmnpqrstvwxyz")
_CASE = re.compile(r"[0-9a-hjkmnp-tv-z]{26}")
_TYPE = re.compile(r"rajut(\.[a-z][a-z0-9-]{0,31}){3}\.v[1-9][0-9]{0,2}")
_INSTANT = re.compile(INSTANT)
_TRACE = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_MEMBERS = frozenset({"specversion", "id", "source", "type", "time", "datacontenttype", "data"})
_OPTIONAL = frozenset({"subject", "traceparent"})


class Actor(NamedTuple):
    """Who did it: a role and an officer's pseudonym, never a name."""

    role: str
    officer: str


class Content(NamedTuple):
    """A case event as its readers see it."""

    type: str  # `rajut.<family>.<noun>.<verb>.v<major>`
    case: str  # opaque case id; empty in control events
    time: str  # when it happened, as claimed
    actor: Actor
    to: tuple[str, ...]
    parents: tuple[EventId, ...]
    body: canonical.Json
    traceparent: str = ""  # W3C trace context of the act that caused it


def type_name(wire_type: str) -> str:
    """`protection.emergency.activated` of `rajut.protection.emergency.activated.v1`: how grants and titles call it."""
    return wire_type.removeprefix("rajut.").rpartition(".")[0]


def case_name(case_key: bytes, opener: str) -> str:
    """The id of the case that log `opener` opens with this key: 26 letters of Crockford's base 32.

    It commits to both, so nobody can give a case another key, or say that they opened somebody else's.
    """
    digest = sha256(b"rajut/case/v1\0" + case_key + opener.encode()).digest()
    return b32encode(digest[:_CASE_BYTES]).rstrip(b"=").translate(_CROCKFORD).decode("ascii")


def check_case(content: Content, record: Record, case_key: bytes, logs: Iterable[str]) -> None:
    """Raise Rejected(BIND) unless the case's id names this key and one of these logs as its opener.

    Only the opener's own events may stand at the beginning: everybody else knew of the case from somewhere.
    """
    if not content.case or case_name(case_key, record.log) == content.case:
        return  # most often it is the author's own
    if not content.parents or all(case_name(case_key, log) != content.case for log in logs):
        raise Rejected(Code.BIND, "case")


def encode(content: Content, log: str, seq: int) -> bytes:
    """Canonical CloudEvents bytes of a content at its place in a log."""
    event: dict[str, object] = {
        "specversion": SPEC,
        "id": str(seq),
        "source": f"urn:rajut:{log}",
        "type": content.type,
        "time": content.time,
        "datacontenttype": "application/json",
        "data": {
            "actor": content.actor._asdict(),
            "to": list(content.to),
            "parents": [b64(parent) for parent in content.parents],
            "body": content.body,
        },
    }
    if content.case:
        event["subject"] = content.case
    if content.traceparent:
        event["traceparent"] = content.traceparent
    return canonical.dumps(event)


def decode(data: bytes, record: Record) -> Content:
    """Read content and hold it against its record; Rejected(JSON | CANONICAL | SCHEMA | BIND | BODY)."""
    event = canonical.loads(data, max_bytes=MAX_CONTENT)
    if not isinstance(event, dict) or not _MEMBERS <= event.keys() <= _MEMBERS | _OPTIONAL:
        raise Rejected(Code.SCHEMA, "content members")
    inner = event["data"]
    if not isinstance(inner, dict) or inner.keys() != {"actor", "to", "parents", "body"}:
        raise Rejected(Code.SCHEMA, "data members")
    if event["specversion"] != SPEC or event["datacontenttype"] != "application/json":
        raise Rejected(Code.SCHEMA, "specversion")
    content = Content(
        type=_text(_TYPE, event["type"], "type"),
        case=_text(_CASE, event["subject"], "subject") if "subject" in event else "",
        time=_time(event["time"]),
        actor=_actor(inner["actor"]),
        to=tuple(inner["to"]) if isinstance(inner["to"], list) else (),
        parents=_parents(inner["parents"]),
        body=inner["body"],
        traceparent=_text(_TRACE, event["traceparent"], "traceparent") if "traceparent" in event else "",
    )
    _bind(content, event, record)
    read_body(content.type, content.body)
    return content


def _bind(content: Content, event: dict[str, canonical.Json], record: Record) -> None:
    place = event["source"] == f"urn:rajut:{record.log}" and event["id"] == str(record.seq)
    if not place or content.to != record.to or bool(content.case) != (record.kind == "case"):
        raise Rejected(Code.BIND, "content and record disagree")


def _time(value: object) -> str:
    text = _text(_INSTANT, value, "time")
    try:
        datetime.fromisoformat(text)
    except ValueError:  # no such day or hour; whoever calculates with it would stumble
        raise Rejected(Code.SCHEMA, "time") from None
    return text


def _actor(value: object) -> Actor:
    if not isinstance(value, dict) or value.keys() != {"role", "officer"}:
        raise Rejected(Code.SCHEMA, "actor")
    return Actor(_text(_NAME, value["role"], "role"), _text(_NAME, value["officer"], "officer"))


def _parents(value: object) -> tuple[EventId, ...]:
    if not isinstance(value, list) or len(value) > MAX_PARENTS:
        raise Rejected(Code.SCHEMA, "parents")
    parents = tuple(EventId(fixed(parent, 32)) for parent in value)
    if list(parents) != sorted(set(parents)):
        raise Rejected(Code.SCHEMA, "parents")
    return parents


def _text(form: re.Pattern[str], value: object, name: str) -> str:
    if not isinstance(value, str) or not form.fullmatch(value):
        raise Rejected(Code.SCHEMA, name)
    return value
