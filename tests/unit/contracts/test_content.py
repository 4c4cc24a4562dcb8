import pytest
from hypothesis import given, strategies as st

from contracts import canonical
from contracts.canonical import MAX_INT
from contracts.content import MAX_PARENTS, Actor, Content, case_name, check_case, decode, encode
from contracts.errors import Code, Rejected
from contracts.hlc import instant
from contracts.record import EventId, Record, parse_payload
from contracts.vectors.deliveries import CASE, EVENT, event, payload

RECORD = parse_payload(payload())
ACTOR = Actor("pimpinan", "o-1")
UNKNOWN = "rajut.protection.horse.lent.v1"
CONTENT = Content(UNKNOWN, CASE, "2026-11-22T01:54:48.123Z", ACTOR, RECORD.to, (), {})
CONTROL = parse_payload(payload(kind="ctl", tag=None))

FIRST_MS, LAST_MS = -5_364_662_400_000, 32_503_679_999_999  # of the years 1800 and 2999

names = st.from_regex(r"\A[a-z0-9][a-z0-9_-]{0,63}\Z")
bodies = st.recursive(
    st.booleans() | st.integers(-MAX_INT, MAX_INT) | st.text(st.characters(max_codepoint=127)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=3),
    max_leaves=6,
)
contents = st.builds(
    Content,
    type=st.just(UNKNOWN),
    case=st.from_regex(r"\A[0-9a-hjkmnp-tv-z]{26}\Z"),
    time=st.integers(FIRST_MS, LAST_MS).map(instant),
    actor=st.builds(Actor, names, names),
    to=st.just(RECORD.to),
    parents=st.sets(st.binary(min_size=32, max_size=32).map(EventId), max_size=MAX_PARENTS).map(
        lambda ids: tuple(sorted(ids))
    ),
    body=bodies,
    traceparent=st.just("") | st.from_regex(r"\A00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}\Z"),
)


def refusal(data: bytes, record: Record = RECORD) -> Code | None:
    """Why content is refused; None if it is not."""
    try:
        decode(data, record)
    except Rejected as refused:
        return refused.code
    return None


@given(contents)
def test_what_was_said_is_what_is_read(content: Content) -> None:
    """A content survives the wire unchanged, whatever its body says."""
    assert decode(encode(content, RECORD.log, RECORD.seq), RECORD) == content


@given(st.binary(max_size=60) | bodies.map(canonical.dumps))
def test_any_bytes_get_a_verdict(data: bytes) -> None:
    """Whatever was sealed is read or refused, and never an accident."""
    assert refusal(data) in {Code.JSON, Code.CANONICAL, Code.SCHEMA}


@given(bodies, st.sampled_from(["actor", "to", "parents", "body"]))
def test_any_inner_value_gets_a_verdict(value: canonical.Json, member: str) -> None:
    """Whatever stands in the place of an inner member is read or refused, and never an accident."""
    expected = {Code.SCHEMA, Code.BIND, Code.ENCODING, Code.BODY, None}
    assert refusal(event(data={member: value})) in expected


@given(bodies, st.sampled_from(["id", "source", "type", "time", "subject", "specversion", "datacontenttype", "data"]))
def test_any_outer_value_gets_a_verdict(value: canonical.Json, member: str) -> None:
    """Whatever stands in the place of an outer member is read or refused, and never an accident."""
    assert refusal(canonical.dumps({**EVENT, member: value})) in {Code.SCHEMA, Code.BIND, None}


@pytest.mark.parametrize(
    "record",
    [
        RECORD._replace(seq=8),
        RECORD._replace(log="rajut.example/lpsk/2"),
        RECORD._replace(to=("lpsk",)),
        RECORD._replace(to=(*RECORD.to, "mitra")),
        CONTROL,
    ],
    ids=["place", "log", "fewer readers", "more readers", "kind"],
)
def test_content_belongs_to_its_record(record: Record) -> None:
    """Content under another record, even of the same author, is refused."""
    assert refusal(encode(CONTENT, RECORD.log, RECORD.seq)) is None
    assert refusal(encode(CONTENT, RECORD.log, RECORD.seq), record) == Code.BIND


def test_a_control_event_has_no_case() -> None:
    """What a node says about itself names no case, and so can be about none."""
    data = encode(CONTENT._replace(case=""), CONTROL.log, CONTROL.seq)
    assert b"subject" not in data
    assert decode(data, CONTROL).case == ""
    assert refusal(data) == Code.BIND


def test_sixteen_parents_and_no_more() -> None:
    """The bound on parents holds from both sides: no peer can send us through an endless graph."""
    parents = tuple(EventId(number.to_bytes(32)) for number in range(MAX_PARENTS + 1))
    assert refusal(encode(CONTENT._replace(parents=parents[1:]), RECORD.log, RECORD.seq)) is None
    assert refusal(encode(CONTENT._replace(parents=parents), RECORD.log, RECORD.seq)) == Code.SCHEMA


@pytest.mark.parametrize("time", ["2026-13-01T00:00:00.000Z", "2026-02-29T00:00:00.000Z", "2026-01-01T24:00:01.000Z"])
def test_a_time_that_does_not_exist_is_refused(time: str) -> None:
    """Whoever calculates with an event's time later cannot stumble over it."""
    assert refusal(event(time=time)) == Code.SCHEMA


def test_a_known_type_needs_its_body_and_an_unknown_one_does_not() -> None:
    """A type that this version does not know is kept with any body; a known one must fit."""
    known = "rajut.protection.emergency.approved.v1"
    assert refusal(event(type=known, data={"body": {"anything": True}})) == Code.BODY
    assert refusal(event(type=UNKNOWN, data={"body": {"anything": True}})) is None


def test_a_refusal_does_not_repeat_the_content() -> None:
    """No word of a case gets out through an error."""
    secret = "nama-rahasia"
    for data in (
        event(subject=secret),
        event(data={"actor": {secret: secret}}),
        event(data={"body": {secret: secret}}),
    ):
        with pytest.raises(Rejected) as caught:
            decode(data, RECORD)
        assert secret not in str(caught.value)


LOGS = ("rajut.example/a/1", "rajut.example/b/1")
OWN = case_name(b"k" * 32, LOGS[0])


def bound(content: Content, log: str, key: bytes = b"k" * 32) -> bool:
    try:
        check_case(content, RECORD._replace(log=log), key, LOGS)
    except Rejected as refused:
        return refused.code != Code.BIND
    return True


def test_a_case_names_its_key() -> None:
    """Nobody can slip a case another key, under which an auditor's search would miss their events."""
    told = CONTENT._replace(case=OWN, parents=(EventId(bytes(32)),))
    assert bound(told, LOGS[0])
    assert bound(told, LOGS[1])
    assert not bound(told, LOGS[0], b"x" * 32)


def test_only_the_opener_begins_a_case() -> None:
    """An event that knows of nothing before it is believed from the agency that opened the case alone."""
    begun = CONTENT._replace(case=OWN, parents=())
    assert bound(begun, LOGS[0])
    assert not bound(begun, LOGS[1])


@given(st.binary(min_size=32, max_size=32), st.sampled_from(LOGS))
def test_a_case_id_is_opaque_and_of_one_form(key: bytes, log: str) -> None:
    """Every key and opener give an id in the form that content accepts, and no other id."""
    name = case_name(key, log)
    assert bound(CONTENT._replace(case=name, parents=()), log, key)
    assert refusal(encode(CONTENT._replace(case=name), RECORD.log, RECORD.seq)) is None
