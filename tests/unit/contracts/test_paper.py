from collections.abc import Callable

import pytest

from contracts.encoding import b64
from contracts.events import Body
from contracts.events.protection import (
    LetterIssued,
    LetterRequested,
    RequirementFulfilled,
    RequirementWaived,
    WaiverProposed,
)
from contracts.timeline import Event
from tests.unit.contracts.emergencies import Emergency

STATUS, IDENTITY = "KETERANGAN_STATUS", "IDENTITAS"
LETTER = "KETERANGAN_STATUS_PEMBELA"
HASH = "0f" * 32


def fulfilled(case: Emergency, code: str, letter: Event | None = None) -> RequirementFulfilled:
    name = b64(letter.id) if letter else None
    return RequirementFulfilled(requirements=b64(case.listed.id), requirement=code, letter=name)


def issued(kind: str = LETTER, request: Event | None = None) -> LetterIssued:
    return LetterIssued(letter=kind, number="012/XI/2026", sha256=HASH, request=b64(request.id) if request else None)


def proposed(case: Emergency, code: str = IDENTITY) -> Event:
    body = WaiverProposed(requirements=b64(case.listed.id), requirement=code, proof="SAKSI_IDENTITAS")
    return case.say("lpsk", body, "p-1")


def waived(waiver: Event, *approvals: str) -> RequirementWaived:
    return RequirementWaived(waiver=b64(waiver.id), approvals=approvals)


def test_the_owner_says_that_a_paper_is_there() -> None:
    """Each paper has one owner, and nobody else ticks it off; once is enough."""
    case = Emergency()
    assert not case.counts(case.say("komnas-ham", fulfilled(case, IDENTITY)))
    assert not case.counts(case.say("lpsk", fulfilled(case, STATUS)))
    assert not case.counts(case.say("lpsk", fulfilled(case, "KRONOLOGI")))
    assert not case.counts(case.say("lpsk", fulfilled(case, IDENTITY), role="auditor"))
    assert case.counts(case.say("lpsk", fulfilled(case, IDENTITY)))
    assert not case.counts(case.say("lpsk", fulfilled(case, IDENTITY)))
    assert case.case.in_force("requirement/IDENTITAS") == "FULFILLED"
    assert case.case.in_force("requirement/KETERANGAN_STATUS") == "komnas-ham"


def test_a_letter_of_the_competent_agency_takes_the_place_of_a_paper() -> None:
    """Who issued it may say so, though another owns the paper: the person need not fetch it."""
    case = Emergency()
    letter = case.say("komnas-perempuan", issued("KETERANGAN_PPHAM"))
    assert case.counts(case.say("komnas-perempuan", fulfilled(case, STATUS, letter)))
    assert case.case.in_force("requirement/KETERANGAN_STATUS") == "FULFILLED"


def test_a_letter_stands_only_for_what_the_mechanism_says() -> None:
    """Another kind of letter, one that does not count, or somebody else's word for it, fulfils nothing."""
    case = Emergency()
    other = case.say("komnas-perempuan", issued("SURAT_PENYIKAPAN"))
    foreign = case.say("komnas-perempuan", issued(LETTER))
    ours = case.say("komnas-ham", issued())
    assert not case.counts(foreign)
    for agency, letter, code in (
        ("komnas-perempuan", other, STATUS),
        ("komnas-ham", foreign, STATUS),
        ("lpsk", ours, IDENTITY),
        ("komnas-perempuan", ours, STATUS),
    ):
        assert not case.counts(case.say(agency, fulfilled(case, code, letter)))
    assert case.case.in_force("requirement/KETERANGAN_STATUS") == "komnas-ham"


def test_a_letter_is_asked_of_who_is_competent_and_answered_by_nobody_else() -> None:
    """A request names its addressee; the answer comes from there and is what was asked for."""
    case = Emergency()
    for letter, issuer in ((LETTER, "komnas-perempuan"), ("SURAT_REKOMENDASI", "lpsk")):
        assert not case.counts(case.say("lpsk", LetterRequested(letter=letter, issuer=issuer)))
    asked = case.say("lpsk", LetterRequested(letter=LETTER, issuer="komnas-ham"))
    assert case.counts(asked)
    assert not case.counts(case.say("komnas-ham", issued("SURAT_PERLINDUNGAN", asked)))
    assert not case.counts(case.say("komnas-perempuan", issued("SURAT_PENYIKAPAN", asked)))
    assert not case.counts(case.say("komnas-ham", issued(LETTER, case.listed)))
    assert not case.counts(case.say("komnas-ham", issued(LETTER, asked), role="petugas_pengaduan"))
    assert case.counts(case.say("komnas-ham", issued(LETTER, asked)))


def test_two_leaders_accept_another_proof() -> None:
    """A dispensation is for two different leaders; then the paper is not waited for, and may still come."""
    case = Emergency()
    waiver = proposed(case)
    own = case.agree(waiver, "p-1")
    assert not case.counts(case.say("lpsk", waived(waiver, own)))
    yes = case.agree(waiver, "p-2")
    assert not case.counts(case.say("komnas-ham", waived(waiver, yes)))
    assert case.counts(case.say("lpsk", waived(waiver, yes)))
    assert case.case.in_force("requirement/IDENTITAS") == "WAIVED"
    assert not case.counts(proposed(case))
    assert case.counts(case.say("lpsk", fulfilled(case, IDENTITY)))
    assert case.case.in_force("requirement/IDENTITAS") == "FULFILLED"


def test_nothing_is_waived_that_is_there_or_was_never_asked_for() -> None:
    """Leaders decide on what is missing, and no other agency's officer proposes it to them."""
    case = Emergency()
    case.say("lpsk", fulfilled(case, IDENTITY))
    assert not case.counts(proposed(case))
    assert not case.counts(proposed(case, "KRONOLOGI"))
    body = WaiverProposed(requirements=b64(case.listed.id), requirement=STATUS, proof="SAKSI_IDENTITAS")
    assert not case.counts(case.say("komnas-ham", body, role="pimpinan"))


@pytest.mark.parametrize("paper_first", [True, False])
def test_a_paper_that_came_while_it_was_waived_is_there(*, paper_first: bool) -> None:
    """Both are kept and seen, in either order; the paper counts."""
    case = Emergency()
    waiver = proposed(case)
    yes = case.agree(waiver)
    known = (case.events[-1].id,)
    acts: list[Callable[[], Body]] = [lambda: fulfilled(case, IDENTITY), lambda: waived(waiver, yes)]
    for act in acts if paper_first else acts[::-1]:
        case.say("lpsk", act(), parents=known)
    assert not case.case.unsupported
    assert "requirement/IDENTITAS" in case.case.conflicts
    assert case.case.in_force("requirement/IDENTITAS") == "FULFILLED"
