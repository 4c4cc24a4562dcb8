from collections.abc import Callable

import pytest

from contracts.content import Actor
from contracts.encoding import b64
from contracts.errors import Code, Rejected
from contracts.events import Body
from contracts.events.triage import (
    AppealDecided,
    StatusAppealed,
    StatusDetermined,
    StatusDisputed,
    StatusRecognised,
    StatusRequested,
)
from contracts.mechanism import LATEST
from contracts.timeline import Event
from services.node.acts import Moment
from services.triage import status
from services.triage.status_view import Status, status_of
from tests.unit.contracts.chronicle import AGENCIES, NOW, Chronicle

KH, KP, LPSK = AGENCIES
FIRST, SECOND = Actor("tim_hrd", "o-1"), Actor("komisioner_pengaduan", "o-2")
NOTHING = b64(bytes(32))
CHECKS: dict[type[Body], Callable[[Moment, Body], None]] = {act.body: act.examine for act in status.ACTS}
VERIFIED = StatusDetermined(defender_kind="PEMBELA", status="TERVERIFIKASI", basis=("KERJA_HAM",))
REJECTED = StatusDetermined(defender_kind="PEMBELA", status="DITOLAK", basis=("CARA_DAMAI",))
PROVISIONAL = StatusDetermined(defender_kind="PEMBELA", status="SEMENTARA", basis=())


def appeal(of: str, **changed: str) -> StatusAppealed:
    return StatusAppealed(determination=of, appealed_by="defender", reason="PROSEDUR").model_copy(update=changed)


def objection(of: str, **changed: object) -> StatusDisputed:
    return StatusDisputed(determination=of, basis=("CARA_DAMAI",), reason="PROSEDUR").model_copy(update=changed)


def outcome(of: str, **changed: object) -> AppealDecided:
    body = AppealDecided(appeal=of, status="TERVERIFIKASI", basis=("CARA_DAMAI",))
    return body.model_copy(update=changed)


def name(event: Event) -> str:
    return b64(event.id)


def answer(case: Chronicle, agency: str, body: Body, actor: Actor = SECOND) -> tuple[Code, str] | None:
    """What the desk of an agency says to this; None if it lets it through."""
    try:
        CHECKS[type(body)](Moment(case.case, agency, actor, LATEST, NOW), body)
    except Rejected as refused:
        return refused.code, refused.detail
    return None


def appealed() -> tuple[Chronicle, Event, Event]:
    """A rejection by Komnas HAM's first officer, and an appeal taken in by LPSK."""
    case = Chronicle()
    rejection = case.add(KH, REJECTED, actor=FIRST)
    return case, rejection, case.add(LPSK, appeal(name(rejection)))


def shown(case: Chronicle) -> Status:
    return status_of(case.case, LATEST)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (StatusRequested(defender_kind="SALAH"), "defender_kind"),
        (VERIFIED.model_copy(update={"defender_kind": "SALAH"}), "defender_kind"),
        (VERIFIED.model_copy(update={"status": "SALAH"}), "status"),
        (VERIFIED.model_copy(update={"status": "DIBANDING"}), "status"),
        (VERIFIED.model_copy(update={"basis": ("SALAH",)}), "basis"),
        (VERIFIED.model_copy(update={"basis": ()}), "basis"),
        (REJECTED.model_copy(update={"basis": ()}), "basis"),
        (objection(NOTHING, reason="SALAH"), "reason"),
        (objection(NOTHING, basis=("SALAH",)), "basis"),
        (appeal(NOTHING, reason="SALAH"), "reason"),
        (appeal(NOTHING, appealed_by="nobody"), "appealed_by"),
        (outcome(NOTHING, status="DIBANDING"), "status"),
        (outcome(NOTHING, basis=()), "basis"),
    ],
)
def test_a_misspelt_code_or_a_missing_basis_is_refused_at_our_own_desk(body: Body, field: str) -> None:
    """Unknown codes of others are kept; our own officers are told which field to correct."""
    assert answer(Chronicle(), KH, body) == (Code.SCHEMA, field)


@pytest.mark.parametrize(
    "body",
    [
        StatusRecognised(determination=NOTHING),
        objection(NOTHING),
        appeal(NOTHING),
        outcome(NOTHING),
    ],
)
def test_what_is_not_there_is_said_to_be_not_there(body: Body) -> None:
    """Naming a determination or an appeal that the case does not have is a slip, not a matter of permission."""
    refused = answer(Chronicle(), KP, body)
    assert refused is not None
    assert refused[0] is Code.NOT_FOUND


def test_a_provisional_status_needs_no_basis() -> None:
    """Good faith is presumed; a status for good says on which tests it rests."""
    assert answer(Chronicle(), KH, PROVISIONAL) is None
    assert answer(Chronicle(), KH, VERIFIED) is None


@pytest.mark.parametrize("agency", [KP, LPSK])
def test_only_the_agency_for_a_kind_of_defender_determines_it(agency: str) -> None:
    """Komnas HAM says who is a defender; nobody says it for them."""
    assert answer(Chronicle(), agency, VERIFIED) == (Code.FORBIDDEN, "defender_kind")


def test_a_question_is_asked_where_it_can_be_answered() -> None:
    """Not of an agency outside the case, and not again when the answer is there; a provisional one may be asked on."""
    question = StatusRequested(defender_kind="PEMBELA")
    assert answer(Chronicle(), LPSK, question) is None
    outside = answer(Chronicle(to=(KP, LPSK)), LPSK, question)
    assert outside is not None
    assert outside[0] is Code.STATE
    case = Chronicle()
    case.add(KH, PROVISIONAL)
    assert answer(case, LPSK, question) is None
    case.add(KH, VERIFIED)
    assert answer(case, LPSK, question) == (Code.STATE, "status")


def test_an_agency_takes_over_what_stands_and_is_not_its_own() -> None:
    """Recognising a determination that was replaced meanwhile would be a mistake; confirming oneself is none."""
    case = Chronicle()
    first = case.add(KH, PROVISIONAL)
    assert answer(case, KP, StatusRecognised(determination=name(first))) is None
    assert answer(case, KH, StatusRecognised(determination=name(first))) == (Code.FORBIDDEN, "one's own determination")
    assert answer(case, KH, objection(name(first))) == (Code.FORBIDDEN, "one's own determination")
    case.add(KH, VERIFIED)
    assert answer(case, KP, StatusRecognised(determination=name(first))) == (Code.STATE, "determination")
    assert answer(case, KP, objection(name(first))) is None


def test_only_a_rejection_that_stands_is_appealed() -> None:
    """Neither a verified status, nor a rejection under appeal, nor the outcome of an appeal."""
    case, rejection, asked = appealed()
    for agency in AGENCIES:
        assert answer(case, agency, appeal(name(rejection))) is not None
    decided = case.add(KH, outcome(name(asked), status="DITOLAK"), actor=SECOND)
    refused = answer(case, LPSK, appeal(name(decided)))
    assert refused is not None
    assert refused[0] is Code.STATE
    again = case.add(KH, REJECTED, actor=FIRST)
    assert answer(case, LPSK, appeal(name(again))) is None


def test_another_officer_of_the_same_agency_decides() -> None:
    """The officer who rejected is told that somebody else decides; so are the other agencies; twice is too late."""
    case, _, asked = appealed()
    assert answer(case, KH, VERIFIED, SECOND) == (Code.STATE, "an appeal waits for its outcome")
    for agency, actor in ((KH, FIRST), (KP, Actor("komisioner_piket", "o-3"))):
        refused = answer(case, agency, outcome(name(asked)), actor)
        assert refused is not None
        assert refused[0] is Code.FORBIDDEN
    assert answer(case, KH, outcome(name(asked)), SECOND) is None
    case.add(KH, outcome(name(asked)), actor=SECOND)
    assert answer(case, KH, outcome(name(asked)), SECOND) == (Code.STATE, "decided")


def test_what_a_check_lets_through_counts() -> None:
    """No officer is told yes and then ignored by the other agencies: checks and rules agree along a whole story."""
    case = Chronicle()
    said: list[tuple[str, Body, Actor]] = [
        (LPSK, StatusRequested(defender_kind="PEMBELA"), Actor("petugas_permohonan", "o-7")),
        (KH, PROVISIONAL, FIRST),
        (KH, REJECTED, FIRST),
    ]
    for agency, body, actor in said:
        assert answer(case, agency, body, actor) is None
        case.add(agency, body, actor=actor)
    rejection = name(case.events[-1])
    case.add(KP, objection(rejection))
    asked = case.add(KP, appeal(rejection))
    body = outcome(name(asked))
    assert answer(case, KH, body, SECOND) is None
    case.add(KH, body, actor=SECOND)
    assert not case.case.unsupported


def test_the_desk_sees_who_says_what() -> None:
    """Determinations, objections and appeals stand side by side, with what is in force, and why, in both languages."""
    case, rejection, asked = appealed()
    case.add(KP, objection(name(rejection)))
    seen = shown(case)
    assert (seen.status, seen.disagreement) == ("DIBANDING", True)
    assert {kind.kind: (kind.owner, kind.status) for kind in seen.kinds} == {
        "PEMBELA": (KH, "DIBANDING"),
        "PPHAM": (KP, ""),
    }
    (told,) = seen.determinations
    assert (told.agency, told.status, told.stands) == (KH, "DITOLAK", False)
    assert told.explanation == {
        "id": "Ditolak sebagai Pembela hak asasi manusia; yang tidak dipenuhi: Dengan cara damai",
        "en": "Rejected as Human rights defender; not met: By peaceful means",
    }
    assert [(one.agency, one.stance, one.reason, one.stands) for one in seen.stances] == [
        (KP, "DISANGGAH", "PROSEDUR", True)
    ]
    assert [(one.event, one.agency, one.outcome) for one in seen.appeals] == [(name(asked), LPSK, "")]
    decided = case.add(KH, outcome(name(asked)), actor=SECOND)
    seen = shown(case)
    assert seen.status == "TERVERIFIKASI"
    assert [one.outcome for one in seen.appeals] == [name(decided)]
    assert [(one.status, one.appeal, one.stands) for one in seen.determinations] == [
        ("DITOLAK", "", False),
        ("TERVERIFIKASI", name(asked), True),
    ]


def test_agreement_is_no_disagreement() -> None:
    """A recognised determination alone shows as such; two kinds that differ, or collide, show as disagreement."""
    case = Chronicle()
    told = case.add(KH, VERIFIED)
    case.add(KP, StatusRecognised(determination=name(told)))
    assert not shown(case).disagreement
    case.add(KP, StatusDetermined(defender_kind="PPHAM", status="DITOLAK", basis=("CARA_DAMAI",)))
    assert shown(case).disagreement
    assert shown(case).status == "TERVERIFIKASI"


def test_a_code_that_nobody_knows_is_shown_and_marked() -> None:
    """What another agency's later software says is readable as itself."""
    case = Chronicle()
    case.add(KH, StatusDetermined(defender_kind="PEMBELA", status="SEMENTARA", basis=("UJI_BARU",)))
    assert "UJI_BARU (kode tidak dikenal)" in shown(case).determinations[0].explanation["id"]
