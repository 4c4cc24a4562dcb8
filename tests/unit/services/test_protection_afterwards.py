"""What the desk offers of things that are said late, taken back, or owed by law to a person."""

from contracts.encoding import b64
from tests.unit.contracts.plans import OURS, Planning
from tests.unit.contracts.test_promises_by_law import Violence
from tests.unit.contracts.test_record_afterwards import Earlier
from tests.unit.services.looks import FORMS, look, names, offered, page

NOTE, STAND = "protection.decision.supplemented", "protection.record.confirmed"
BACK, AGAIN = "protection.measure.unwanted", "protection.measure.wanted"


def test_a_time_is_noted_by_one_and_confirmed_by_another() -> None:
    """The newest decisions of one's own agency are offered, each once; the note waits for somebody else."""
    case = Earlier()
    officer = look(case.case, "komnas-ham", "petugas_pengaduan", "o-1")
    assert [one.given for one in offered(officer) if one.form == NOTE] == [{"decision": b64(case.decision.id)}]
    assert NOTE not in names(look(case.case, "komnas-ham", "auditor"))
    noted = case.date()
    assert NOTE not in names(look(case.case, "komnas-ham", "petugas_pengaduan", "o-1"))
    second = look(case.case, "komnas-ham", "komisioner_pengaduan", "o-2")
    assert [one.given for one in offered(second) if one.form == STAND] == [{"record": b64(noted.id)}]
    assert "menunggu petugas kedua" in page("protection", "afterwards", second)
    case.confirm(noted, agency="komnas-ham")
    assert "dikuatkan" in page("protection", "afterwards", look(case.case, "komnas-ham", "tim_hrd"))


def test_a_measure_that_was_taken_back_says_so_and_can_be_wanted_again() -> None:
    """It is offered to start no more, and the next version begins without the old agreement."""
    case = Planning()
    plan = case.agreed_plan(OURS)
    seen = look(case.case, "komnas-ham", "tim_hrd")
    assert {BACK, "protection.measure.started"} <= names(seen)
    case.unwant(plan, OURS)
    seen = look(case.case, "komnas-ham", "tim_hrd")
    assert AGAIN in names(seen)
    assert not {BACK, "protection.measure.started"} & names(seen)
    assert "mencabut" in page("protection", "plan", seen)
    assert "measures.0.agreement.given_by" not in FORMS["protection.plan.proposed"].draft(seen)


def test_who_speaks_for_a_provider_is_asked_what_the_police_know() -> None:
    """Once the provider has taken the person on; then what the police do; then nothing more."""
    case = Violence()
    told, answered = "protection.police.reported", "protection.police.answered"
    manager = ("komnas-perempuan", "koordinator_upr")
    assert told in names(look(case.case, *manager))
    assert told not in names(look(case.case, "lpsk", "petugas_darurat"))
    assert told not in names(look(Violence("FISIK").case, *manager))
    case.told()
    seen = look(case.case, *manager)
    assert told not in names(seen)
    assert answered in names(seen)
    assert "Dilaporkan ke polisi" in page("protection", "referrals", seen)
