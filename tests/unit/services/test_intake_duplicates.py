"""Whom an agency may look for, and where it may say that two cases are about one person."""

from contracts.content import Actor
from contracts.events.intake import Identity, IdentityShared
from services.intake.domain import Person, holders, in_use, persons, told_in
from tests.unit.contracts.chronicle import opening
from tests.unit.contracts.relay import HAM, LPSK, PEREMPUAN, Relay
from tests.unit.contracts.test_consent import ENDED
from tests.unit.contracts.test_referral import consent
from tests.unit.services.test_intake_domain import sample

NAME = IdentityShared(identity=Identity(name="Seseorang", birth_date="1990-01-01"))
ALL = (HAM, PEREMPUAN, LPSK)


def case_of(*to: str, told: tuple[str, ...] | None = None, body: IdentityShared = NAME) -> Relay:
    """A case of the first agency, in which it shares a person with all others or with those that are told."""
    everybody = tuple(sorted(to))
    case = Relay(to=everybody, opened=False)
    case.add(to[0], opening(to[0], to=everybody))
    case.say(to[0], consent(share_with=[*to], fields=["identity", "safe_contact", "incidents"]))
    readers = tuple(sorted({to[0], *(to if told is None else told)}))
    if readers != (to[0],):
        case.add(to[0], body, to=readers, actor=Actor("petugas", "o-1"))
    return case


def home(one: Relay, other: Relay) -> str:
    """Where it may be said that two cases, `a` and `b`, are about one person."""
    return told_in({"b": other.case, "a": one.case})


def test_whoever_opened_the_case_or_was_told_holds_the_person() -> None:
    """Taking part in a case is not enough."""
    assert holders(case_of(*ALL).case) == {*ALL}
    assert holders(case_of(*ALL, told=(LPSK,)).case) == {HAM, LPSK}
    assert holders(case_of(*ALL, told=()).case) == {HAM}


def test_it_is_said_where_all_who_take_part_hold_both() -> None:
    """In the smaller of two circles, or in either of two equal ones: always the same at every node."""
    assert home(case_of(*ALL), case_of(LPSK, PEREMPUAN, HAM)) == "a"
    assert home(case_of(*ALL), case_of(LPSK, HAM)) == "b"
    assert home(case_of(LPSK), case_of(*ALL)) == "a", "nobody else takes part in that case, nobody else is told"


def test_it_is_said_nowhere_if_that_would_tell_somebody_something() -> None:
    """Circles that only overlap, and participants who were never told who the person is."""
    assert home(case_of(HAM, LPSK), case_of(LPSK, PEREMPUAN)) == ""
    assert home(case_of(HAM, LPSK), case_of(LPSK, HAM, told=())) == ""
    assert home(case_of(HAM), case_of(LPSK)) == ""


def test_an_invented_person_is_answered_by_nobody() -> None:
    """Who names a person in a case of its own does not hear that the person is known in a case of others."""
    asking, known = case_of(HAM, LPSK), case_of(LPSK, PEREMPUAN)
    assert home(asking, known) == ""
    assert home(asking, case_of(LPSK)) == "b", "said among those alone who take part there"


def test_after_a_withdrawal_others_look_for_nobody() -> None:
    """What was shared finds the person no more at those it was shared with, until it is shared anew."""
    case = case_of(HAM, LPSK)
    shared = persons(case.case, LPSK)
    assert shared == [Person("Seseorang", "1990-01-01")]
    case.say(LPSK, ENDED)
    assert persons(case.case, LPSK) == []
    assert holders(case.case) == {HAM}
    assert home(case, case_of(LPSK, HAM)) == ""
    case.say(HAM, consent(share_with=[LPSK]))
    assert persons(case.case, LPSK) == [], "a new consent shares nothing by itself"
    case.add(HAM, NAME, to=(HAM, LPSK), actor=Actor("petugas", "o-1"))
    assert persons(case.case, LPSK) == shared


def test_what_was_shared_in_ignorance_of_a_withdrawal_is_not_used() -> None:
    """Whichever arrives first."""
    case = case_of(HAM, LPSK)
    start = case.events[-1]
    case.say(LPSK, ENDED, knows=(start,))
    case.add(HAM, NAME, to=(HAM, LPSK), actor=Actor("petugas", "o-1"), parents=(start.id,))
    assert in_use(case.case) == []


def test_what_happened_tells_of_nobody() -> None:
    """Who was told the story alone, without a name or a contact, holds no person."""
    report = sample("jurnalis-doxing")
    told = IdentityShared(incidents=report.incidents)
    assert holders(case_of(HAM, LPSK, body=told).case) == {HAM}
    told = IdentityShared(safe_contact=report.defender.safe_contact)
    assert holders(case_of(HAM, LPSK, body=told).case) == {HAM, LPSK}
