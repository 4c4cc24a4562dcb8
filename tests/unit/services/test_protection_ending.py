from functools import partial

import pytest

from contracts.content import Actor
from contracts.encoding import b64
from contracts.errors import Code, Rejected
from contracts.events import Body
from contracts.events.ending import (
    DecisionApproved,
    EmergencyExtended,
    EndingAnnounced,
    EndingProposed,
    EndingWithdrawn,
    ExtensionProposed,
    HandoverDeclined,
    HandoverOffered,
)
from contracts.events.protection import LetterIssued, LetterRequested, RequirementWaived, WaiverProposed
from contracts.events.session import SessionDecided
from contracts.mechanism import LATEST
from contracts.timeline import Event
from services.node.acts import Moment
from services.protection import ending
from services.protection.session import SESSION, check_session
from services.protection.standing import standing
from tests.unit.contracts.emergencies import DUE, OTHERS, SEATED, Emergency

A = "A" * 43


def moment(case: Emergency, who: str = "p-1", role: str = "pimpinan") -> Moment:
    """An officer of the deciding agency at the desk."""
    return Moment(case.case, "lpsk", Actor(role, who), LATEST, "2026-11-23T03:00:00.000Z")


def refused(case: Emergency, body: Body, who: str = "p-1") -> tuple[Code, str]:
    """Why the desk refuses it."""
    act = next(one for one in ending.ACTS if one.body is type(body))
    with pytest.raises(Rejected) as why:
        act.examine(moment(case, who), body)
    return why.value.code, why.value.detail


def follows(case: Emergency, decision: Event) -> list[Body]:
    """What the desk says after another leader's approval."""
    case.agree(decision)
    approval, said = case.events[-1], []
    while body := ending.outcome(moment(case), approval):
        assert case.counts(case.say("lpsk", body, role="system"))
        said.append(body)
    return said


def test_the_second_leader_s_approval_is_followed_by_the_outcome_once() -> None:
    """A waiver, an extension and an announcement: each says what was agreed, and every other node counts it."""
    case = Emergency()
    waiver = WaiverProposed(requirements=b64(case.listed.id), requirement="IDENTITAS", proof="SAKSI_IDENTITAS")
    (waived,) = follows(case, case.say("lpsk", waiver, "p-1"))
    (extended,) = follows(case, case.ask_to_extend())
    (announced,) = follows(case, case.ask_to_end(basis="PERMINTAAN_PEMBELA"))
    assert isinstance(waived, RequirementWaived)
    assert isinstance(extended, EmergencyExtended)
    assert isinstance(announced, EndingAnnounced)
    assert case.state == "ACTIVE"


def test_an_approval_by_the_proposer_is_followed_by_nothing() -> None:
    """Not even if it found its way into the case."""
    case = Emergency()
    asked = case.ask_to_extend()
    case.agree(asked, "p-1")
    assert ending.outcome(moment(case), case.events[-1]) is None


def test_a_leader_approves_what_is_open_and_another_s() -> None:
    """Nothing that is unknown, one's own, approved already or decided."""
    case = Emergency()
    asked = case.ask_to_extend()
    body = DecisionApproved(decision=b64(asked.id))
    assert refused(case, DecisionApproved(decision=A)) == (Code.NOT_FOUND, "decision")
    assert refused(case, body)[0] is Code.FORBIDDEN
    follows(case, asked)
    for who in ("p-2", "p-3"):
        assert refused(case, body, who)[0] is Code.STATE


def test_what_we_say_is_in_known_codes() -> None:
    """Others may use new codes; this desk offers those that it can name."""
    case, new = Emergency(), "BARU_2031"
    day = case.day(9)
    bodies: list[tuple[Body, str]] = [
        (WaiverProposed(requirements=A, requirement=new, proof="SAKSI_IDENTITAS"), "requirement"),
        (WaiverProposed(requirements=A, requirement="IDENTITAS", proof=new), "proof"),
        (ExtensionProposed(emergency=A, until=day, reason=new), "reason"),
        (EndingProposed(emergency=A, basis=new, reason="x", exit_plan=("KONTAK_BERKALA",), ends_on=day), "basis"),
        (
            EndingProposed(emergency=A, basis="PERMINTAAN_PEMBELA", reason="x", exit_plan=(new,), ends_on=day),
            "exit_plan",
        ),
        (EndingWithdrawn(announcement=A, reason=new), "reason"),
        (HandoverOffered(emergency=A, recipient="komnas-ham", measures=(new,)), "measures"),
        (HandoverDeclined(offer=A, reason=new), "reason"),
        (LetterRequested(letter=new, issuer="komnas-ham"), "letter"),
        (LetterIssued(letter=new, number="1", sha256="0" * 64), "letter"),
    ]
    for body, field in bodies:
        assert refused(case, body) == (Code.SCHEMA, field)


def test_nothing_is_asked_of_an_agency_outside_the_case() -> None:
    """It would never hear of it."""
    case = Emergency(to=("komnas-ham", "lpsk"))
    offer = HandoverOffered(emergency=case.active, recipient="komnas-perempuan", measures=("PENGAWALAN",))
    assert refused(case, offer) == (Code.STATE, "recipient")
    letter = LetterRequested(letter="KETERANGAN_PPHAM", issuer="komnas-perempuan")
    assert refused(case, letter) == (Code.STATE, "issuer")


def test_a_session_is_of_leaders_of_this_desk() -> None:
    """The secretary's slip of the pen is caught where the leaders are known."""
    case = Emergency()
    leaders = [f"p-{number}" for number in range(1, 8)]
    cases = [
        (SessionDecided(emergency=A, decision="BARU", leaders=SEATED), (Code.SCHEMA, "decision")),
        (SessionDecided(emergency=A, decision="DITERIMA", leaders=(*SEATED, "o-1")), (Code.SCHEMA, "leaders")),
        (SessionDecided(emergency=A, decision="DITERIMA", leaders=SEATED[:3]), (Code.STATE, "quorum")),
    ]
    for body, expected in cases:
        with pytest.raises(Rejected) as why:
            SESSION._replace(check=partial(check_session, leaders)).examine(moment(case), body)
        assert (why.value.code, why.value.detail) == expected


def test_the_desk_sees_where_it_stands() -> None:
    """Papers with owner and day, the letters, what waits for leaders, who has not heard, what the session said."""
    case = Emergency()
    case.say("lpsk", LetterRequested(letter="KETERANGAN_STATUS_PEMBELA", issuer="komnas-ham"))
    announced = case.announced(basis="PERMINTAAN_PEMBELA")
    case.hear(announced, OTHERS[0])
    case.ask_to_extend()
    case.sit("DITOLAK")
    told = standing(case.case, LATEST.emergency)
    assert (told.deadline, told.session) == (DUE, "DITOLAK")
    assert [(paper.requirement, paper.owner, paper.state) for paper in told.papers] == [
        ("IDENTITAS", "lpsk", "OPEN"),
        ("KETERANGAN_STATUS", "komnas-ham", "OPEN"),
    ]
    assert [(one.letter, one.issuer, one.issued) for one in told.letters] == [
        ("KETERANGAN_STATUS_PEMBELA", "komnas-ham", None)
    ]
    assert {(one.kind, one.leaders_needed, one.outcome is None) for one in told.decisions} == {
        ("protection.ending.proposed", 0, False),
        ("protection.extension.proposed", 1, True),
    }
    assert [(one.state, one.heard, one.unheard) for one in told.endings] == [("ANNOUNCED", [OTHERS[0]], [OTHERS[1]])]
    assert [(one.decision, one.leaders) for one in told.sittings] == [("DITOLAK", 4)]
