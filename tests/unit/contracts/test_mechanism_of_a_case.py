from itertools import permutations

import pytest

from contracts.case import Case, RulesUnknown, digest, fold, lacks_rules
from contracts.errors import Code
from contracts.events.triage import UrgencyOverridden
from contracts.mechanism import GENESIS, GENESIS_TEXT, Mechanism, Permission
from contracts.mechanism.rulebook import Rulebook
from tests.unit.contracts.chronicle import Chronicle, opening

SECOND = Mechanism.read(
    GENESIS_TEXT.replace(b"version = 1\n", b"version = 2\n", 1).replace(b"approvals = 2", b"approvals = 3", 1)
)
OPENER = "komnas-ham"
BOOK = Rulebook({(OPENER, 2): SECOND})


def case_under(version: int) -> Chronicle:
    """A case that names a version, in which an officer has said how urgent it is."""
    case = Chronicle(opened=False)
    case.add(OPENER, opening().model_copy(update={"mechanism": version}))
    case.add(OPENER, UrgencyOverridden(level="KRITIS", reason="because"))
    return case


@pytest.mark.parametrize(("version", "rules"), [(1, GENESIS), (2, SECOND)])
def test_a_case_is_judged_by_the_version_that_its_opening_names(version: int, rules: Mechanism) -> None:
    """A newer version changes nothing in a case that was opened before it, in whatever order events come."""
    events = case_under(version).events
    for order in permutations(events):
        told = fold(order, BOOK)
        assert (told.rules, told.mechanism) == (version, rules)
        assert told.in_force("urgency") == "KRITIS"
    assert not lacks_rules(events, BOOK)


def unknown() -> Case:
    """A case under a version that only another agency has adopted."""
    return fold(case_under(2).events, Rulebook({("lpsk", 2): SECOND}))


def test_a_case_whose_rules_are_not_here_is_shown_and_not_judged() -> None:
    """Never by another version: its timeline and who takes part are there, no decision is, and none can be made."""
    told = unknown()
    assert (told.rules, told.judged_by, len(told.timeline)) == (2, None, 2)
    assert told.participants == fold(case_under(2).events, BOOK).participants
    assert set(told.slots) == {"lead"}
    assert told.unsupported == {told.timeline[1].id}
    assert lacks_rules(told.timeline, Rulebook())
    with pytest.raises(RulesUnknown) as refusal:
        _ = told.mechanism
    assert (refusal.value.code, refusal.value.detail) == (Code.UNAVAILABLE, "mechanism 2")


def test_rules_that_come_later_give_what_they_would_have_given() -> None:
    """When the rules come nothing is left over of the time without them: state and digest are as everywhere."""
    events = case_under(2).events
    early, late = fold(events, BOOK), fold(unknown().timeline, BOOK)
    assert early == late
    assert digest(early) == digest(late) != digest(unknown())


def test_a_case_that_nobody_opened_has_no_rules() -> None:
    """Without an opening no version is named, so none is taken for it."""
    case = Chronicle(opened=False)
    case.add(OPENER, UrgencyOverridden(level="KRITIS", reason="because"), parents=())
    told = fold(case.events, BOOK)
    assert (told.rules, told.judged_by, dict(told.slots)) == (0, None, {})


def test_what_a_role_may_is_said_by_the_version_of_the_case() -> None:
    """A permission that a later version takes away is still there in the cases before it, and the reverse."""
    agencies = dict(GENESIS.agencies)
    permissions = {**agencies[OPENER].permissions, Permission.OVERRIDE_URGENCY.value: ()}
    agencies[OPENER] = agencies[OPENER].model_copy(update={"permissions": permissions})
    without = Rulebook({(OPENER, 2): SECOND.model_copy(update={"agencies": agencies})})
    assert fold(case_under(1).events, without).in_force("urgency") == "KRITIS"
    assert fold(case_under(2).events, without).in_force("urgency") == ""
