import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from pydantic import ValidationError

from contracts.errors import Code, Rejected
from contracts.events import BODIES, REGISTRY, read_body
from contracts.events.intake import CaseOpened, IdentityShared
from contracts.events.node import DirectoryAdopted
from contracts.events.protection import EmergencyActivated, EmergencyProposed
from contracts.events.triage import UrgencyOverridden

GOLDEN = Path(__file__).parents[2] / "cases" / "bodies"
CASE_OPENED = "rajut.intake.case.opened.v1"
SECRET = "Nama Rahasia"


def golden(wire_type: str) -> Any:
    """The frozen body of a type, as parsed JSON."""
    return json.loads((GOLDEN / f"{wire_type}.json").read_text())


def paths(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place inside a value, the whole first."""
    yield at
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in parts:
        yield from paths(part, (*at, name))


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """A copy of a value with another part at `path`."""
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = replaced(copy[path[0]], path[1:], new)
    return copy


@pytest.mark.parametrize("wire_type", sorted(REGISTRY))
def test_a_released_body_stays_readable(wire_type: str) -> None:
    """What was once signed is read by this version, and written again without a change."""
    body = read_body(wire_type, golden(wire_type))
    assert body is not None
    assert body.wire() == golden(wire_type)


@pytest.mark.parametrize("wire_type", sorted(REGISTRY))
def test_no_place_in_a_body_takes_null(wire_type: str) -> None:
    """What is not known is absent, never null: one value has one wire form."""
    for path in paths(golden(wire_type)):
        with pytest.raises(Rejected):
            read_body(wire_type, replaced(golden(wire_type), path, None))


@pytest.mark.parametrize("wire_type", sorted(REGISTRY))
def test_no_place_in_a_body_takes_a_foreign_value_and_none_repeats_it(wire_type: str) -> None:
    """Whatever stands in the wrong place is refused as E_BODY, and the error never repeats it."""
    for path in paths(golden(wire_type)):
        for foreign in ({SECRET: SECRET}, [[SECRET]], 10**15, SECRET + "\x00"):
            with pytest.raises(Rejected) as refusal:
                read_body(wire_type, replaced(golden(wire_type), path, foreign))
            assert refusal.value.code is Code.BODY
            assert SECRET not in str(refusal.value)


@pytest.mark.parametrize("wire_type", sorted(REGISTRY))
def test_a_body_is_closed(wire_type: str) -> None:
    """A field that this version does not know is refused, so no two readers see different things."""
    with pytest.raises(Rejected) as refusal:
        read_body(wire_type, golden(wire_type) | {"extra": 1})
    assert refusal.value.detail == "extra"


def test_an_unknown_type_is_kept() -> None:
    """Agencies do not upgrade on one day: a later type is not an error."""
    assert read_body("rajut.protection.plan.dreamt.v1", {"any": "thing"}) is None
    assert read_body("rajut.intake.case.opened.v2", {"any": "thing"}) is None


def test_each_type_has_one_name() -> None:
    """No two bodies share a type, and each name has family, noun, verb and major version."""
    assert len(REGISTRY) == len(BODIES)
    assert all(body.wire_type == f"rajut.{body.type}.v{body.major}" for body in BODIES)
    assert all(len(body.type.split(".")) == 3 for body in BODIES)


def test_a_code_that_nobody_knows_yet_is_kept() -> None:
    """A new code travels through old software unchanged."""
    value = golden("rajut.protection.emergency.proposed.v1") | {"ground": "DASAR_BARU_2031"}
    body = read_body("rajut.protection.emergency.proposed.v1", value)
    assert isinstance(body, EmergencyProposed)
    assert body.ground == "DASAR_BARU_2031"


@given(st.text(max_size=20))
def test_a_code_is_a_plain_capital_word(text: str) -> None:
    """Nothing that could be a name, a sentence or a trick passes as a code."""
    plain = text.isascii() and text.replace("_", "A").isalnum() and text == text.upper() and text[0].isalpha()
    value = {"ground": text, "needs": []}
    if plain:
        assert read_body("rajut.protection.emergency.proposed.v1", value) is not None
    else:
        with pytest.raises(Rejected, match="ground"):
            read_body("rajut.protection.emergency.proposed.v1", value)


@settings(max_examples=200)
@given(st.text(min_size=1, max_size=40).filter(lambda text: text.isprintable()))
def test_what_is_written_can_be_read(text: str) -> None:
    """Any printable text survives writing and reading, in one normal form."""
    body = UrgencyOverridden(level="TINGGI", reason=text)
    assert read_body(body.wire_type, body.wire()) == body


def test_text_in_another_normal_form_is_refused() -> None:
    """Equal texts are equal bytes: a decomposed letter on the wire is not the one form."""
    with pytest.raises(Rejected, match="one form"):
        read_body("rajut.triage.urgency.overridden.v1", {"level": "TINGGI", "reason": "cafe\u0301"})


def test_a_list_that_is_empty_is_written_out() -> None:
    """A list may be empty but not absent, so there is one way to say nothing."""
    value = golden("rajut.intake.identity.shared.v1")
    del value["identity"]["aliases"]
    with pytest.raises(Rejected, match="one form"):
        read_body("rajut.intake.identity.shared.v1", value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("participants", ["lpsk", "komnas-ham", "komnas-perempuan"]),
        ("participants", ["komnas-perempuan", "lpsk", "lpsk"]),
        ("participants", []),
        ("latest_incident_on", "2026-02-30"),
        ("province", "5"),
        ("gender_lens", 1),
        ("people_to_protect", True),
        ("people_to_protect", 51),
        ("mechanism", 0),
    ],
)
def test_a_case_is_opened_within_bounds(field: str, value: object) -> None:
    """Participants are a set in one order; days exist; numbers are numbers of the right size."""
    with pytest.raises(Rejected, match=field):
        read_body(CASE_OPENED, golden(CASE_OPENED) | {field: value})


def test_the_receiving_agency_takes_part() -> None:
    """Nobody opens a case and leaves it to others."""
    with pytest.raises(Rejected):
        read_body(CASE_OPENED, golden(CASE_OPENED) | {"participants": ["komnas-ham", "lpsk"]})


def test_identity_is_never_shared_as_an_empty_shell() -> None:
    """An event that claims to share identity shares at least one consented group."""
    with pytest.raises(ValidationError):
        IdentityShared()


def test_one_approval_cannot_be_named_twice() -> None:
    """Two approvals are two events."""
    with pytest.raises(ValidationError):
        EmergencyActivated(proposal="A" * 43, approvals=("A" * 43,) * 2, review_by="2026-11-27T01:54:48.123Z")


@pytest.mark.parametrize("event_id", ["A" * 42, "A" * 44, "A" * 42 + "B", "A" * 42 + "=", "A" * 43 + "\n"])
def test_an_event_id_has_one_spelling(event_id: str) -> None:
    """Loose trailing bits or padding would give one event two names."""
    with pytest.raises(Rejected):
        read_body("rajut.protection.emergency.approved.v1", {"proposal": event_id})


@pytest.mark.parametrize(
    "instant",
    ["2026-11-22T01:54:48Z", "2026-11-22T01:54:48.123+07:00", "2026-11-22T25:54:48.123Z", "2026-11-22 01:54:48.123Z"],
)
def test_an_instant_has_one_spelling(instant: str) -> None:
    """Times of the mechanism are UTC with milliseconds, nothing else."""
    with pytest.raises(Rejected, match="review_by"):
        read_body(
            "rajut.protection.emergency.activated.v1",
            golden("rajut.protection.emergency.activated.v1") | {"review_by": instant},
        )


def test_a_body_cannot_be_changed() -> None:
    """What was said stays said."""
    body = DirectoryAdopted(version=1, digest="A" * 43)
    with pytest.raises(ValidationError):
        body.version = 2  # type: ignore[misc]


def test_a_case_in_codes_has_no_place_for_a_name() -> None:
    """All participants read an opened case: every text in it is a code, a word, an id or a day."""
    body = golden(CASE_OPENED)
    for path in paths(body):
        at = body
        for part in path:
            at = at[part]
        if isinstance(at, str):
            with pytest.raises(Rejected):
                read_body(CASE_OPENED, replaced(body, path, SECRET))
    assert isinstance(read_body(CASE_OPENED, body), CaseOpened)
