"""What a bundle for a court keeps at home unless it is asked for by name."""

import pytest

from contracts.encoding import b64
from contracts.errors import Code, Rejected
from contracts.events import Body
from contracts.events.intake import OutsiderNamed, OutsiderTold
from contracts.events.step import StepTaken
from contracts.events.triage import UrgencyOverridden
from contracts.vectors import material
from services.node.audit import Wish, withheld
from tests.unit.contracts.dossiers import AGENCIES, LPSK, dossier, told

NAMED = OutsiderNamed(ground="VITAL", kind="HOSPITAL", recipient="RS", fields=("identity",), reason="di kamar 7")
STEP = StepTaken(machine=LPSK, version=1, region="PERLINDUNGAN", state="RUMAH_AMAN")
URGENT = UrgencyOverridden(level="TINGGI", reason="untuk semua")
PERSON, OPENING = "lpsk/1/2", "lpsk/1/1"


def told_outside(name: str) -> OutsiderTold:
    """What they were told."""
    return OutsiderTold(outsider=name, fields=("identity",), way="PHONE", at="2026-11-22T09:00:00+07:00")


def at_home(wish: Wish, *said: tuple[Body, tuple[str, ...]]) -> set[str]:
    """The places of what LPSK does not disclose, after it has said more in the case."""
    three = told()
    last = three.logs[material.origin(LPSK)][1]
    for body, to in said:
        last = three.say(LPSK, body, [last], to)
    held = dossier(three)
    kept = set(withheld(held.records, held.opened, wish))
    return {f"{one.record.agency}/1/{one.record.seq}" for one in held.records if one.id in kept}


def test_what_an_agency_says_to_itself_alone_is_not_for_a_court() -> None:
    """Who must be told outside, what they were told and where the own mechanism stands show where a person is."""
    said = ((NAMED, (LPSK,)), (told_outside(b64(bytes(32))), (LPSK,)), (STEP, (LPSK,)), (URGENT, AGENCIES))
    assert at_home(Wish("court"), *said) == {PERSON, "lpsk/1/5", "lpsk/1/6", "lpsk/1/7"}
    assert at_home(Wish("court", disclose=["lpsk/1/5"]), *said) == {PERSON, "lpsk/1/6", "lpsk/1/7"}
    assert at_home(Wish("court", withhold=[OPENING]), *said) == {OPENING, PERSON, "lpsk/1/5", "lpsk/1/6", "lpsk/1/7"}
    assert at_home(Wish("whole"), *said) == set()


def test_nobody_names_an_event_that_is_not_here() -> None:
    """A name that is none of what this agency can read is refused; others' own words are such names."""
    for name in ("lpsk/1/99", "komnas-ham/1/3"):
        with pytest.raises(Rejected) as refused:
            at_home(Wish("court", disclose=[name]))
        assert refused.value.code is Code.NOT_FOUND
