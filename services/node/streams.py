"""The JetStream streams and consumers of a node: what they must be, as data, and how a difference is named.

One statement of the settings serves two readers: provisioning creates what is missing, and the node's
readiness check refuses to run on anything else. Only settings that decide about loss, order or rights
are stated; the server adds fields of its own.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from contracts.content import type_name

_Setting = str | int | bool | list[str]
Settings = Mapping[str, _Setting]

ADMITTED: Final = "ADMITTED"
"""The local stream of pointers to admitted events."""

SERVICES: Final = ("intake", "triage", "protection", "notify")
"""The readers of ADMITTED; each has a durable consumer of its own name."""

API_PREFIX: Final = "js"
"""What the services say instead of `$JS.API`: under that name a server would look into their own, empty account."""

_SECOND = 1_000_000_000  # JetStream counts time in nanoseconds
_DAY = 86_400 * _SECOND
_MIB = 1 << 20

_STREAM: Settings = {
    "storage": "file",
    "retention": "limits",
    # A full stream forgets its oldest: PostgreSQL is the record, and a reader that missed something sees the gap and
    # refills it. One that refused instead would let whoever fills it silence the next emergency.
    "discard": "old",
    "deny_delete": True,
    "deny_purge": True,
    "duplicate_window": 120 * _SECOND,
    "max_msgs": -1,
    "max_msgs_per_subject": -1,
}
_NEVER_IN_A_STREAM = (
    "allow_msg_ttl",
    "allow_rollup_hdrs",
    "mirror",
    "persist_mode",
    "republish",
    "sealed",
    "sources",
    "subject_transform",
)
_NEVER_IN_A_CONSUMER = (
    "deliver_subject",
    "filter_subject",
    "filter_subjects",
    "headers_only",
    "inactive_threshold",
    "pause_until",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Consumer:
    """A durable pull consumer; `settings` are fields of its JetStream configuration."""

    name: str
    settings: Settings


@dataclass(frozen=True, kw_only=True, slots=True)
class Stream:
    """A stream with the consumers that read it; `settings` are fields of its JetStream configuration."""

    name: str
    settings: Settings
    consumers: tuple[Consumer, ...]


def stream_to(partner: str) -> str:
    """Name of the stream that `partner` reads."""
    return f"TO_{partner}"


def subject_to(partner: str) -> str:
    """Subject of everything that is said to `partner`."""
    return f"to.{partner}"


def subject_note(partner: str) -> str:
    """Subject of checkpoints and proofs that are said to `partner`; they share its stream with the records."""
    return f"note.{partner}"


def subject_of(event_type: str) -> str:
    """Subject of the pointers to events of a wire type."""
    return f"admitted.{type_name(event_type)}"


def expected_streams(partners: Iterable[str], *, replicas: int = 1) -> tuple[Stream, ...]:
    """All streams of a node whose partner agencies are `partners`, ADMITTED first."""
    return (_admitted(replicas), *(_to(partner, replicas) for partner in sorted(partners)))


def disk_needed(streams: Iterable[Stream]) -> int:
    """Bytes that JetStream must be allowed: creation fails if the streams' limits exceed its own."""
    return sum(int(str(stream.settings["max_bytes"])) for stream in streams)


def stream_differences(expected: Stream, actual: Mapping[str, object]) -> tuple[str, ...]:
    """One line for every setting of a live stream's `config` that is not as it must be; empty when fit."""
    return _differences(expected.name, expected.settings, _NEVER_IN_A_STREAM, actual)


def consumer_differences(expected: Consumer, actual: Mapping[str, object]) -> tuple[str, ...]:
    """As `stream_differences`, for a live consumer's `config`."""
    return _differences(expected.name, expected.settings, _NEVER_IN_A_CONSUMER, actual)


def _differences(name: str, expected: Settings, never: Iterable[str], actual: Mapping[str, object]) -> tuple[str, ...]:
    wrong = [
        f"{name}.{field}: expected {value!r}, found {actual.get(field)!r}"
        for field, value in expected.items()
        if actual.get(field) != value
    ]
    unwanted = [f"{name}.{field}: expected none, found {actual[field]!r}" for field in never if actual.get(field)]
    return (*wrong, *unwanted)


def _admitted(replicas: int) -> Stream:
    settings: Settings = {
        **_STREAM,
        "subjects": ["admitted.>"],
        "num_replicas": replicas,
        "max_bytes": 256 * _MIB,
        "max_age": 7 * _DAY,
        "max_msg_size": 4096,  # a pointer fits, a case does not
    }
    return Stream(
        name=ADMITTED,
        settings=settings,
        consumers=tuple(_consumer(service, ack="explicit", pending=1000) for service in SERVICES),
    )


def _to(partner: str, replicas: int) -> Stream:
    settings: Settings = {
        **_STREAM,
        "subjects": [subject_note(partner), subject_to(partner)],
        "num_replicas": replicas,
        "max_bytes": 1024 * _MIB,
        "max_age": 30 * _DAY,
        "max_msg_size": _MIB,
        "allow_atomic": True,
    }
    reader = _consumer(partner, ack="all", pending=4096)
    return Stream(name=stream_to(partner), settings=settings, consumers=(reader,))


def _consumer(name: str, *, ack: str, pending: int) -> Consumer:
    settings: Settings = {
        "durable_name": name,
        "deliver_policy": "all",
        "ack_policy": ack,
        "ack_wait": 30 * _SECOND,
        "max_deliver": -1,  # quarantine is the node's, not the broker's
        "max_ack_pending": pending,
        "replay_policy": "instant",
    }
    return Consumer(name=name, settings=settings)
