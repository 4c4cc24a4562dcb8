import pytest

from contracts.encoding import b64
from contracts.events import Body
from contracts.events.ending import (
    DecisionApproved,
    EmergencyExtended,
    EndingAnnounced,
    EndingWithdrawn,
    ExtensionProposed,
    HandoverAccepted,
    HandoverDeclined,
    HandoverOffered,
)
from contracts.events.protection import EmergencyActivated, EmergencyDeclined, EmergencyProposed, EmergencyRefused
from contracts.events.session import SessionDecided
from tests.unit.contracts.emergencies import DUE, OTHERS, SEATED, Emergency


def test_an_end_by_the_book() -> None:
    """Fresh low risk, two leaders, a week's notice, heard by both others: then, by a leader's word, it ends."""
    case = Emergency()
    announced = case.announced()
    case.hear(announced, *OTHERS)
    case.later(days=7)
    assert case.state == "ACTIVE"
    assert case.counts(case.end(announced))
    assert case.state == "ENDED"
    assert case.case.in_force(f"ending/{b64(announced.id)}") == "ENDED"
    assert not case.case.unsupported


def test_the_person_may_ask_for_the_end_at_any_risk() -> None:
    """Who is protected against their will is not protected: no assessment is asked for, all the rest is."""
    case = Emergency()
    case.assess("EKSTREM")
    announced = case.announced(basis="PERMINTAAN_PEMBELA")
    case.hear(announced, *OTHERS)
    case.later(days=7)
    case.end(announced)
    assert case.state == "ENDED"


def test_an_end_needs_two_different_leaders() -> None:
    """One leader, the same leader twice, or an approval that names another decision carry nothing."""
    case = Emergency()
    asked, other = (case.ask_to_end(basis="PERMINTAAN_PEMBELA") for _ in range(2))
    own, elsewhere = case.agree(asked, "p-1"), case.agree(other, "p-2")
    assert {b64(event) for event in case.case.unsupported} == {own}
    for approvals in ((own,), (elsewhere,), (own, elsewhere)):
        assert not case.counts(case.announce(asked, *approvals))
    assert case.counts(case.announce(asked, case.agree(asked, "p-2")))


@pytest.mark.parametrize("level", ["SEDANG", "TINGGI", "EKSTREM", "BARU"])
def test_no_end_on_a_risk_that_is_not_low(level: str) -> None:
    """Also a level that this version does not know is not low."""
    case = Emergency()
    assert not case.counts(case.ask_to_end(case.assess(level)))


def test_no_end_on_no_assessment_or_one_that_was_replaced() -> None:
    """The assessment that is named is the one in force."""
    case = Emergency()
    assert not case.counts(case.ask_to_end())
    old = case.assess()
    new = case.assess()
    assert not case.counts(case.ask_to_end(old))
    assert case.counts(case.ask_to_end(new))
    case.assess("TINGGI")
    assert not case.counts(case.ask_to_end(new))


@pytest.mark.parametrize(("hours", "fresh"), [(7 * 24, True), (7 * 24 + 1, False)])
def test_an_assessment_of_more_than_seven_days_is_not_fresh(hours: int, *, fresh: bool) -> None:
    """Its age is reckoned between the two events' own times, whatever the clock of the node says."""
    case = Emergency()
    risk = case.assess()
    case.later(hours=hours)
    assert case.counts(case.ask_to_end(risk)) == fresh


def test_an_assessment_that_aged_before_the_second_leader_agreed_is_not_fresh() -> None:
    """It is the announcement that decides, not the first leader's wish."""
    case = Emergency()
    asked = case.ask_to_end(case.assess(), after=20)
    case.later(days=8)
    assert not case.counts(case.announce(asked, case.agree(asked)))


def test_an_early_time_that_is_only_claimed_makes_no_assessment_fresh() -> None:
    """Whoever dates a decision back gains nothing: its record is what tells how old the assessment was."""
    case = Emergency()
    risk = case.assess()
    early = case.now
    case.later(days=8)
    asked = case.ask_to_end(risk)
    content = asked.content._replace(time=early.isoformat(timespec="milliseconds").replace("+00:00", "Z"))
    case.events[-1] = asked._replace(content=content)
    assert asked.id in case.case.unsupported


def test_a_basis_of_ones_own_ends_nothing() -> None:
    """Missing papers, or whatever else, are no ground for an end."""
    case = Emergency()
    assert not case.counts(case.ask_to_end(case.assess(), basis="SYARAT_TIDAK_LENGKAP"))


@pytest.mark.parametrize(("after", "enough"), [(6, False), (7, True)])
def test_seven_days_of_notice(after: int, *, enough: bool) -> None:
    """The day that is announced is at least a week away when it is announced."""
    case = Emergency()
    asked = case.ask_to_end(basis="PERMINTAAN_PEMBELA", after=after)
    assert case.counts(case.announce(asked, case.agree(asked))) == enough


def test_the_announcement_names_the_day_that_the_leaders_agreed_to() -> None:
    """No other day is slipped in afterwards."""
    case = Emergency()
    asked = case.ask_to_end(basis="PERMINTAAN_PEMBELA")
    body = EndingAnnounced(ending=b64(asked.id), approvals=(case.agree(asked),), ends_on=case.day(8))
    assert not case.counts(case.say("lpsk", body))


def test_nothing_takes_effect_before_its_day() -> None:
    """The evening before is too early."""
    case = Emergency()
    announced = case.announced()
    case.hear(announced, *OTHERS)
    case.later(days=6)
    assert not case.counts(case.end(announced))
    assert case.state == "ACTIVE"


@pytest.mark.parametrize("missing", OTHERS)
def test_nothing_takes_effect_unheard(missing: str) -> None:
    """Each of the others has said that it heard; our own word for it is not theirs."""
    case = Emergency()
    announced = case.announced()
    case.hear(announced, "lpsk", *(agency for agency in OTHERS if agency != missing))
    case.later(days=30)
    assert not case.counts(case.end(announced))


def test_a_case_of_two_agencies_has_one_to_hear() -> None:
    """Whoever takes no part in the case is not waited for."""
    case = Emergency(to=("komnas-ham", "lpsk"))
    announced = case.announced()
    case.hear(announced, "komnas-ham")
    case.later(days=7)
    assert case.counts(case.end(announced))


def test_a_risk_that_rises_after_the_announcement_stops_the_end() -> None:
    """What was low a week ago and is not any more keeps protection in force."""
    case = Emergency()
    announced = case.announced()
    case.hear(announced, *OTHERS)
    case.assess("TINGGI")
    case.later(days=7)
    assert not case.counts(case.end(announced))


def test_one_leader_takes_an_announcement_back() -> None:
    """It takes two to end and one to stop it."""
    case = Emergency()
    announced = case.announced()
    case.hear(announced, *OTHERS)
    case.say("lpsk", EndingWithdrawn(announcement=b64(announced.id), reason="RISIKO_NAIK"), "p-5")
    case.later(days=7)
    assert not case.counts(case.end(announced))
    assert case.case.in_force(f"ending/{b64(announced.id)}") == "WITHDRAWN"
    assert case.state == "ACTIVE"


def test_an_old_announcement_does_not_end_a_new_emergency() -> None:
    """What is in force again after an end needs an end of its own; old approvals put nothing in force again."""
    case = Emergency()
    first, second = (case.announced(basis="PERMINTAAN_PEMBELA") for _ in range(2))
    for one in (first, second):
        case.hear(one, *OTHERS)
    case.later(days=7)
    case.end(first)
    activation = next(event for event in case.events if b64(event.id) == case.active)
    again = case.say("lpsk", case.case.bodies[activation.id])
    assert not case.counts(again)
    case.begin()
    assert case.state == "ACTIVE"
    assert not case.counts(case.ask_to_end(basis="PERMINTAAN_PEMBELA"))
    assert not case.counts(case.end(second))
    assert case.state == "ACTIVE"


def test_an_announcement_ends_nothing_that_it_did_not_know_of() -> None:
    """Another emergency of the same person, begun meanwhile elsewhere, was not what the leaders agreed to end."""
    case = Emergency()
    announced = case.announced(basis="PERMINTAAN_PEMBELA")
    case.hear(announced, *OTHERS)
    case.later(hours=-1)
    case.begin(parents=(case.events[0].id,))
    case.later(days=8)
    assert b64(case.case.of_type(EmergencyActivated)[-1][0].id) == case.active
    assert not case.counts(case.end(announced))
    assert case.state == "ACTIVE"


def test_after_an_end_a_new_threat_finds_an_open_door() -> None:
    """Anybody may propose again, it may be declined, and then the case says so."""
    case = Emergency()
    announced = case.announced()
    case.hear(announced, *OTHERS)
    case.later(days=7)
    case.end(announced)
    proposal = case.say("komnas-perempuan", EmergencyProposed(ground="ANCAMAN_NYATA", needs=()))
    assert case.state == "PROPOSED"
    name = b64(proposal.id)
    refusals = [
        b64(case.say("lpsk", EmergencyRefused(proposal=name, reason="LAINNYA"), f"p-{one}", role="pimpinan").id)
        for one in range(1, 7)
    ]
    case.say("lpsk", EmergencyDeclined(proposal=name, refusals=tuple(refusals), reason="LAINNYA"))
    assert case.state == "DECLINED"


def test_two_leaders_extend_once_and_only_so_far() -> None:
    """To a later day, at most thirty working days on; a further extension is for the session."""
    case = Emergency()
    assert not case.counts(case.ask_to_extend(DUE))
    assert not case.counts(case.ask_to_extend("2027-02-23"))
    assert case.counts(case.extend("2027-02-22"))
    assert case.case.in_force(f"deadline/{case.active}") == "2027-02-22"
    assert not case.counts(case.ask_to_extend("2027-03-01"))
    assert case.counts(case.sit("PERPANJANGAN", "2027-03-01"))
    assert case.case.in_force(f"deadline/{case.active}") == "2027-03-01"


def test_one_leader_extends_nothing() -> None:
    """An extension without a second leader, or to another day than agreed, changes nothing."""
    case = Emergency()
    asked = case.ask_to_extend()
    own = case.agree(asked, "p-1")
    alone = EmergencyExtended(extension=b64(asked.id), approvals=(own,), until="2027-01-29")
    assert not case.counts(case.say("lpsk", alone))
    longer = EmergencyExtended(extension=b64(asked.id), approvals=(case.agree(asked),), until="2027-02-01")
    assert not case.counts(case.say("lpsk", longer))
    assert case.case.in_force(f"deadline/{case.active}") == DUE


def steps(case: Emergency) -> list[Body]:
    """Each thing that only leaders of the deciding agency, or its node, may say."""
    asked = case.ask_to_end(basis="PERMINTAAN_PEMBELA")
    yes = case.agree(asked)
    announced = b64(case.announce(asked, yes).id)
    return [
        DecisionApproved(decision=b64(asked.id)),
        ExtensionProposed(emergency=case.active, until="2027-01-29", reason="LAINNYA"),
        EndingAnnounced(ending=b64(asked.id), approvals=(yes,), ends_on=case.day(7)),
        EndingWithdrawn(announcement=announced, reason="LAINNYA"),
        HandoverOffered(emergency=case.active, recipient="komnas-perempuan", measures=("PENGAWALAN",)),
        SessionDecided(emergency=case.active, decision="DITERIMA", leaders=SEATED),
    ]


@pytest.mark.parametrize("at", range(6))
def test_nobody_else_decides(at: int) -> None:
    """Another agency, even with the role's name, and another role of the deciding agency change nothing."""
    case = Emergency()
    body = steps(case)[at]
    assert not case.counts(case.say("komnas-ham", body, "p-7", role="pimpinan"))
    if not isinstance(body, EndingAnnounced):
        assert not case.counts(case.say("lpsk", body, "p-7", role="petugas_darurat"))


def test_measures_stay_until_they_are_accepted() -> None:
    """An offer changes nothing; only the agency to which it was made answers it, once, and protection goes on."""
    case = Emergency()
    offer = case.say(
        "lpsk", HandoverOffered(emergency=case.active, recipient="komnas-ham", measures=("PENGAWALAN",)), "p-1"
    )
    slot, accepted = f"handover/{b64(offer.id)}", HandoverAccepted(offer=b64(offer.id))
    assert case.case.in_force(slot) == "OFFERED"
    for agency, role in (("komnas-perempuan", ""), ("lpsk", ""), ("komnas-ham", "petugas_pengaduan")):
        assert not case.counts(case.say(agency, accepted, role=role))
    assert case.counts(case.say("komnas-ham", accepted))
    assert not case.counts(case.say("komnas-ham", HandoverDeclined(offer=b64(offer.id), reason="TANPA_KAPASITAS")))
    assert (case.case.in_force(slot), case.state) == ("ACCEPTED", "ACTIVE")


def test_nobody_hands_over_to_themselves() -> None:
    """A handover needs another agency."""
    case = Emergency()
    offer = HandoverOffered(emergency=case.active, recipient="lpsk", measures=("PENGAWALAN",))
    assert not case.counts(case.say("lpsk", offer))
