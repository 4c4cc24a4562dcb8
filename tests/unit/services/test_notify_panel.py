"""Who was called about a case, who answered, and who is offered to."""

from contracts.codes import LANGUAGES
from contracts.content import Actor
from contracts.encoding import b64
from contracts.events.notify import NoticeAcknowledged, NoticeEscalated, NoticeSent
from services.notify.panel import called
from tests.unit.contracts.chronicle import Chronicle
from tests.unit.services.looks import look, page

HAM, LPSK = "komnas-ham", "lpsk"
SYSTEM = Actor("system", "rajut")


def call(case: Chronicle, agency: str, role: str, step: int) -> str:
    """A role is called about the opening; the notice's name."""
    about = b64(case.events[0].id)
    body = NoticeSent(about=about, role=role, step=step, channel="email", respond_by="2026-11-22T02:04:48.123Z")
    return b64(case.add(agency, body, actor=SYSTEM).id)


def climbed() -> Chronicle:
    case = Chronicle()
    first = call(case, HAM, "petugas_pengaduan", 0)
    case.add(HAM, NoticeEscalated(notice=first, step=1), actor=SYSTEM)
    call(case, HAM, "tim_hrd", 1)
    call(case, LPSK, "petugas_darurat", 0)
    return case


def test_a_call_is_offered_to_who_may_answer_it() -> None:
    """The role that was called, and those above it, of the agency that called: nobody else has a button."""
    case = climbed().case
    offered = {
        (agency, role): [one.role for one in called(look(case, agency, role)) or () if one.mine]
        for agency, role in (
            (HAM, "petugas_pengaduan"),
            (HAM, "tim_hrd"),
            (HAM, "pejabat_pdp"),
            (LPSK, "petugas_darurat"),
        )
    }
    assert offered == {
        (HAM, "petugas_pengaduan"): ["petugas_pengaduan"],
        (HAM, "tim_hrd"): ["petugas_pengaduan", "tim_hrd"],
        (HAM, "pejabat_pdp"): [],
        (LPSK, "petugas_darurat"): ["petugas_darurat"],
    }


def test_an_answer_from_above_answers_for_those_below() -> None:
    """Once somebody higher has seen it nobody below is asked any more; another agency's call still waits."""
    case = climbed()
    above = next(one.notice for one in called(look(case.case, HAM, "tim_hrd")) or () if one.role == "tim_hrd")
    case.add(HAM, NoticeAcknowledged(notice=above), actor=Actor("tim_hrd", "o-5"))
    told = {one.role: one.answered_by for one in called(look(case.case, HAM, "tim_hrd")) or ()}
    assert told == {"petugas_pengaduan": "tim_hrd", "tim_hrd": "tim_hrd", "petugas_darurat": ""}


def test_it_is_said_in_both_languages_or_not_at_all() -> None:
    """Where nobody was called there is no panel; where somebody was, no word is missing."""
    case = climbed()
    texts = [page("notify", "called", look(case.case, HAM, "tim_hrd"), language) for language in LANGUAGES]
    assert all("csrf" in text for text in texts)
    assert page("notify", "called", look(Chronicle().case, HAM, "tim_hrd")) == ""
