"""Who sees the person of a case once their consent was withdrawn: while somebody protects them, whoever does."""

import pytest

from contracts.content import Actor
from contracts.errors import Rejected
from contracts.events.intake import ConsentRecorded, ConsentWithdrawn, Identity, IdentityShared
from contracts.events.report import SafeContact
from contracts.timeline import Event
from services.intake import domain, person
from tests.unit.contracts.chronicle import AGENCIES, Chronicle
from tests.unit.contracts.plans import Planning, measure
from tests.unit.services.looks import look, whole_person

HAM, PEREMPUAN, LPSK = AGENCIES
AT = "2026-11-22T08:54:48+07:00"
CONSENT = ConsentRecorded(
    given_by="defender",
    form="spoken",
    recorded_by="o-1",
    at=AT,
    share_with=(PEREMPUAN, LPSK),
    fields=("identity", "safe_contact"),
    purpose="protection",
)
PERSON = IdentityShared(
    identity=Identity(name="Seseorang", birth_date="1990-01-01"), safe_contact=SafeContact(channel="phone", address="1")
)


def told(agency: str = LPSK) -> Planning:
    """A case in which Komnas HAM told an agency who the person is."""
    case = Planning()
    case.add(HAM, CONSENT)
    case.add(HAM, PERSON, actor=Actor("petugas", "o-1"), to=tuple(sorted((HAM, agency))))
    return case


def withdraw(case: Chronicle, by: str = PEREMPUAN) -> Event:
    """One officer, of an agency that was told nothing of the person, says that they withdrew their consent."""
    return case.add(by, ConsentWithdrawn(given_by="defender", form="spoken", at=AT))


def sees(case: Chronicle, agency: str) -> bool:
    """Whether an agency's page shows a contact."""
    try:
        return person.person_of(case.case, agency).told[0].safe_contact is not None
    except Rejected:
        return False


@pytest.mark.parametrize("active", [True, False])
def test_one_word_does_not_cut_off_who_protects_somebody_in_danger(active: bool) -> None:  # noqa: FBT001
    """The agency that decides emergencies goes on reaching the person, and reads who said what when."""
    case = told()
    if active:
        case.activate_emergency()
    else:
        case.propose()
    assert not person.person_of(case.case, LPSK).kept
    withdraw(case)
    shown = person.person_of(case.case, LPSK)
    assert sees(case, LPSK)
    assert (shown.withdrawn, shown.kept) == (True, True)
    assert [*shown.withdrawals] == [person.TakenBack(by=PEREMPUAN, at=AT)]


@pytest.mark.parametrize(("language", "said"), [("id", f"Dicatat oleh {PEREMPUAN}"), ("en", f"Noted by {PEREMPUAN}")])
def test_the_page_says_who_wrote_the_withdrawal_down(language: str, said: str) -> None:
    """Whoever protects the person reads, above the contact, that somebody said it is wanted no more."""
    case = told()
    case.activate_emergency()
    withdraw(case)
    shown = whole_person(look(case.case, LPSK, "petugas_darurat"), language)
    assert said in shown
    assert "Seseorang" in shown.partition(said)[2]


def test_it_is_kept_for_nobody_else_and_no_longer() -> None:
    """Without an emergency, once it is declined, and at whoever protects nobody: what was taken back is not shown."""
    case = told()
    withdraw(case)
    assert not sees(case, LPSK)
    proposal = case.propose()
    assert sees(case, LPSK)
    case.decline(proposal, *(case.refuse(proposal, f"l-{number}") for number in range(6)))
    assert case.case.in_force("emergency") == "DECLINED"
    assert not sees(case, LPSK)
    other = told(PEREMPUAN)
    other.activate_emergency()
    withdraw(other, LPSK)
    assert not sees(other, PEREMPUAN)


def test_who_carries_a_measure_in_an_emergency_goes_on_reaching_the_person() -> None:
    """As long as the measure runs, also one that the defender is said not to want: it is brought to its end."""
    case = told(PEREMPUAN)
    case.activate_emergency()
    ours = measure("komnas-ham-1", PEREMPUAN, code="PENDAMPINGAN_MITRA")
    plan = case.agreed_plan(ours)
    case.start(plan, ours)
    case.unwant(plan, ours)
    withdraw(case, LPSK)
    assert sees(case, PEREMPUAN)


def test_what_was_withdrawn_finds_nobody_in_an_emergency_either() -> None:
    """It serves the person's safety: other cases are not searched by it."""
    case = told()
    case.activate_emergency()
    withdraw(case)
    assert domain.persons(case.case, LPSK) == []
    assert domain.holders(case.case) == {HAM}


def test_a_new_consent_leaves_the_mark_on_what_was_shared_before() -> None:
    """What was shared before a withdrawal stays taken back, and ends with the emergency; what is shared anew stays."""
    case = told()
    case.activate_emergency()
    withdraw(case)
    case.add(HAM, CONSENT)
    shown = person.person_of(case.case, LPSK)
    assert (shown.withdrawn, shown.kept, len(shown.withdrawals)) == (False, True, 1)
    case.add(HAM, PERSON, actor=Actor("petugas", "o-1"), to=(HAM, LPSK))
    assert person.person_of(case.case, LPSK).kept
    seen = [*domain.in_use(case.case)]
    assert [event.id for event, _ in seen] == [case.events[-1].id]
