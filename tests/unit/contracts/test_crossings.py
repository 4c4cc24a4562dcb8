"""Decisions that cross on the wire: what each node shows, what is in force, and how people end it."""

import pytest

from contracts.case import digest
from contracts.mechanism import LATEST
from contracts.record import EventId
from contracts.workflow.rule import PROTECTIVE, Claim, in_force
from docs import generate
from tests.unit.contracts.crossing import Crossing, play, row, slot_of
from tests.unit.contracts.crossings import CROSSINGS

NAMES = [crossing.scene.__name__.strip("_") for crossing in CROSSINGS]


@pytest.mark.parametrize("other_first", [False, True])
@pytest.mark.parametrize("crossing", CROSSINGS, ids=NAMES)
def test_two_decisions_that_cross_are_both_shown_and_the_page_says_which_holds(
    crossing: Crossing, *, other_first: bool
) -> None:
    """Apart each node shows its own; together all show both, in either order, the page says which holds."""
    played = play(crossing, other_first=other_first)
    slot = slot_of(crossing, played)
    for event in (played.one, played.other):
        assert slot not in played.alone(event).conflicts
        assert event.id in {claim.event for claim in played.alone(event).slots[slot]}
    both = [played.together(*order) for order in ((played.one, played.other), (played.other, played.one))]
    assert not {played.one.id, played.other.id} & both[0].unsupported
    assert slot in both[0].conflicts
    assert both[0].slots == both[1].slots
    assert digest(both[0]) == digest(both[1])
    assert f"| {' | '.join(row(crossing))} |" in generate.PAGE.read_text()
    assert row(crossing)[3] in {f"`{both[0].in_force(slot)}`", "*as given*"}


@pytest.mark.parametrize("crossing", [one for one in CROSSINGS if one.scene().settles], ids=lambda one: one.slot)
def test_who_has_heard_both_ends_it(crossing: Crossing) -> None:
    """A later decision names both as what it knew, counts, and is the only one left."""
    played = play(crossing)
    slot, settles = slot_of(crossing, played), played.scene.settles
    assert settles is not None
    last = settles(None)
    case = played.scene.case.case
    assert last.id not in case.unsupported
    assert slot not in case.conflicts
    assert {claim.event for claim in case.slots[slot]} == {last.id}
    past = {parent for event in case.timeline for parent in event.content.parents}
    assert {played.one.id, played.other.id} <= past


def test_the_page_has_every_matter_that_can_be_in_conflict() -> None:
    """Each slot with a rank is played at least once; so are the lead and the deadlines, which are ranked otherwise."""
    assert {*PROTECTIVE, "lead", "deadline"} == {crossing.slot for crossing in CROSSINGS}


@pytest.mark.parametrize("slot", PROTECTIVE)
def test_of_any_two_values_the_later_in_the_rank_holds(slot: str) -> None:
    """In whatever order they are looked at; a value that this version does not know outranks none that it does."""
    rank = PROTECTIVE[slot]
    for place, higher in enumerate(rank):
        for lower in ("?", *rank[:place]):
            claims = [Claim(value, EventId(bytes(32))) for value in (lower, higher)]
            assert in_force(f"{slot}/x", claims, LATEST) == in_force(slot, claims[::-1], LATEST) == higher


def test_the_page_says_what_the_rules_make_of_each() -> None:
    """`docs/crossing-decisions.md` is what is played here and nothing else."""
    assert generate.PAGE.read_text() == generate.page()
