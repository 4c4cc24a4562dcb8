"""A case begins once, whatever its opener says later, to whomever, and in whatever order that arrives."""

from itertools import permutations
from random import Random

import pytest
from hypothesis import given, strategies as st

from contracts.case import Case, digest, fold
from contracts.encoding import b64
from contracts.events.lead import LeadAccepted, LeadOffered
from contracts.events.protection import EmergencyProposed
from contracts.events.triage import UrgencyOverridden
from contracts.hlc import Hlc
from contracts.mechanism.rulebook import Rulebook
from contracts.timeline import Event
from tests.unit.contracts.chronicle import AGENCIES, Chronicle, opening

OPENER = "komnas-ham"
BOOK = Rulebook()
UNKNOWN = 999_999  # a version of the mechanism that nobody has adopted
EARLIEST = Hlc(0, 0)


def protected() -> Chronicle:
    """A case in which protection is in force, and its opener has handed over the lead."""
    case = Chronicle(to=AGENCIES)
    offer = case.add(OPENER, LeadOffered(to="komnas-perempuan", reason="PELINDUNGAN_FISIK"))
    case.add("komnas-perempuan", LeadAccepted(offer=b64(offer.id)))
    proposal = case.propose("komnas-perempuan")
    case.activate(proposal, case.approve(proposal, "l-1"), case.approve(proposal, "l-2"))
    return case


def begin_again(
    case: Chronicle, mechanism: int, to: tuple[str, ...], hlc: Hlc, parents: tuple[Event, ...] = ()
) -> Event:
    """The opener opens the case once more, as if it knew of no opening."""
    body = opening(to=to).model_copy(update={"mechanism": mechanism})
    case.add(OPENER, body, to=to, parents=tuple(event.id for event in parents))
    case.events[-1] = case.events[-1]._replace(hlc=hlc)
    return case.events[-1]


def decided(case: Case) -> tuple[object, ...]:
    """All that a case tells, but that an opening was said again."""
    agreed = {slot: set(claims) for slot, claims in case.slots.items()}
    return agreed, case.participants, case.opened, case.rules, case.judged_by


@given(
    st.sampled_from([1, UNKNOWN]),
    st.sampled_from([AGENCIES, (OPENER, "lpsk"), (OPENER, "komnas-perempuan")]),
    st.sampled_from([EARLIEST, Hlc(10**12, 0)]),
    st.integers(),
)
def test_a_second_beginning_takes_nothing_away(mechanism: int, to: tuple[str, ...], hlc: Hlc, seed: int) -> None:
    """Protection, lead, rules and who takes part stay: what was agreed on one beginning no other takes back."""
    case = protected()
    before = fold(case.events, BOOK)
    again = begin_again(case, mechanism, to, hlc)
    Random(seed).shuffle(case.events)
    after = fold(case.events, BOOK)
    assert decided(after) == decided(before)
    assert after.unsupported == {again.id}
    assert (after.in_force("emergency"), after.in_force("lead")) == ("ACTIVE", "komnas-perempuan")


@pytest.mark.parametrize("mechanism", [1, UNKNOWN])
def test_who_hears_of_a_second_beginning_tells_the_same(mechanism: int) -> None:
    """Told to one partner alone it divides nobody: digests agree, and that partner goes on telling all."""
    case = protected()
    begin_again(case, mechanism, (OPENER, "komnas-perempuan"), EARLIEST)
    told = fold(case.events, BOOK)
    elsewhere = fold([event for event in case.events if "lpsk" in event.content.to], BOOK)
    assert digest(told) == digest(elsewhere)
    assert told.participants == elsewhere.participants == AGENCIES


def test_a_beginning_behind_another_root_is_none_either() -> None:
    """An event of the opener's that knows of nothing gives it no second opening to build upon."""
    case = protected()
    before = fold(case.events, BOOK)
    root = begin_again(case, UNKNOWN, AGENCIES, EARLIEST)
    begin_again(case, UNKNOWN, (OPENER,), EARLIEST, (root,))
    assert decided(fold(case.events, BOOK)) == decided(before)


def test_the_first_beginning_counts_once_it_is_here() -> None:
    """While a hole hides it a later one stands alone; with the first all nodes tell the same, whatever came first."""
    first, second = Chronicle(), Chronicle()
    begin_again(second, UNKNOWN, AGENCIES, EARLIEST)
    alone = second.events[1:]
    assert fold(alone, BOOK).rules == UNKNOWN
    for order in permutations(second.events):
        assert decided(fold(order, BOOK)) == decided(fold(first.events, BOOK))


def test_two_beginnings_for_two_partners_are_two_stories_under_one_name() -> None:
    """At two places of a log they are no fork: each partner acts in its own, and the opener knows both."""
    case = Chronicle(to=(OPENER, "lpsk"))
    case.add("lpsk", EmergencyProposed(ground="ANCAMAN_NYATA", needs=()))
    second = begin_again(case, 1, (OPENER, "komnas-perempuan"), Hlc(10**12, 0))
    case.add("komnas-perempuan", UrgencyOverridden(level="TINGGI", reason="dilihat"), to=second.content.to)
    told = {reader: fold((e for e in case.events if reader in e.content.to), BOOK) for reader in AGENCIES}
    assert {reader: set(one.participants) - {reader} for reader, one in told.items()} == {
        OPENER: {"lpsk"},
        "lpsk": {OPENER},
        "komnas-perempuan": {OPENER},
    }
    assert [told[reader].in_force("urgency") for reader in ("lpsk", "komnas-perempuan")] == ["", "TINGGI"]
    assert second.id in told[OPENER].unsupported


def test_a_first_beginning_for_one_partner_leaves_the_other_out_of_what_they_say() -> None:
    """Opener and partner take the case for theirs alone; what the other says reaches them, and digests differ."""
    case = Chronicle(to=(OPENER, "lpsk"))
    second = begin_again(case, 1, AGENCIES, Hlc(10**12, 0))
    case.add("komnas-perempuan", EmergencyProposed(ground="ANCAMAN_NYATA", needs=()), to=AGENCIES, parents=(second.id,))
    told = {reader: fold((e for e in case.events if reader in e.content.to), BOOK) for reader in AGENCIES}
    assert {reader: set(one.participants) for reader, one in told.items()} == {
        OPENER: {OPENER, "lpsk"},
        "lpsk": {OPENER, "lpsk"},
        "komnas-perempuan": set(AGENCIES),
    }
    assert {one.in_force("emergency") for one in told.values()} == {"PROPOSED"}
    assert digest(told[OPENER]) == digest(told["lpsk"]) != digest(told["komnas-perempuan"])
