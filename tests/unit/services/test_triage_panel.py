"""What the desk shows and offers of urgency, status, risk and eligibility."""

from collections.abc import Callable

import pytest

from contracts.case import Case
from contracts.codes import LANGUAGES
from contracts.content import Actor
from contracts.encoding import b64
from contracts.events.triage import (
    AppealDecided,
    EligibilityDetermined,
    OfficerReadmitted,
    OfficerRecused,
    RiskAssessed,
    Score,
    StatusAppealed,
    StatusDetermined,
    StatusDisputed,
    StatusRequested,
    UrgencyAssessed,
    UrgencyOverridden,
)
from contracts.mechanism import LATEST, RiskRules
from services.triage import panel
from services.triage.risk import Judgement
from tests.unit.contracts.chronicle import Chronicle
from tests.unit.services.looks import PAGES, everybody, look, page

HAM, LPSK = "komnas-ham", "lpsk"
RULES: RiskRules = LATEST.risk
PANELS = [one.name for one in PAGES["triage"].panels]
URGENCY = UrgencyAssessed(level="TINGGI", rules=1, rule=3, because=("ANCAMAN",))


def scored(score: int) -> RiskAssessed:
    parts = {part: tuple(Score(dimension=name, score=score) for name in getattr(RULES, part)) for part in panel.SCORED}
    level = "SEDANG" if score else "RENDAH"
    reason = "KETERANGAN_PEMBELA" if score else None
    return RiskAssessed(**parts, present_threat=False, level=level, reason=reason, valid_until="2026-12-22")


def new() -> Chronicle:
    case = Chronicle()
    case.add(HAM, URGENCY)
    return case


def rejected() -> Chronicle:
    case = new()
    case.add(LPSK, StatusRequested(defender_kind="PEMBELA"))
    case.add(HAM, StatusDetermined(defender_kind="PEMBELA", status="DITOLAK", basis=("CARA_DAMAI",)))
    return case


def appealed() -> Chronicle:
    case = rejected()
    determination = b64(case.events[-1].id)
    case.add(LPSK, StatusDisputed(determination=determination, basis=("CARA_DAMAI",), reason="PROSEDUR"))
    case.add(LPSK, StatusAppealed(determination=determination, appealed_by="defender", reason="INFORMASI_BARU"))
    return case


def judged() -> Chronicle:
    case = appealed()
    appeal = b64(case.events[-1].id)
    other = Actor("komisioner_pengaduan", "o-9")
    case.add(HAM, AppealDecided(appeal=appeal, status="TERVERIFIKASI", basis=("CARA_DAMAI",)), actor=other)
    case.add(HAM, UrgencyOverridden(level="KRITIS", reason="diikuti orang"))
    case.add(LPSK, EligibilityDetermined(category="TIDAK_MEMENUHI"))
    case.add(HAM, scored(1))
    return case


def recused() -> Chronicle:
    case = new()
    chief = Actor("komisioner_pengaduan", "o-9")
    case.add(HAM, OfficerRecused(officer="o-1", role="tim_hrd", reason="KERABAT"), actor=chief)
    case.add(HAM, OfficerRecused(officer="o-8", role="tim_hrd", reason="TERLIBAT"), actor=Actor("tim_hrd", "o-8"))
    return case


def offers(case: Case, agency: str, role: str, officer: str = "o-77") -> list[str]:
    seen = look(case, agency, role, officer)
    forms = {form.name: form for form in panel.FORMS}
    found = [offer for one in panel.PAGES.panels for offer in one.offers(seen)]
    return [offer.form for offer in found if seen.may(forms[offer.form].permission)]


@pytest.mark.parametrize("story", [Chronicle, new, rejected, appealed, judged, recused])
def test_every_panel_says_everything_in_both_languages(story: Callable[[], Chronicle]) -> None:
    """No word is missing in either language, whoever looks."""
    for seen in everybody(story().case):
        for name in PANELS:
            assert all(page("triage", name, seen, language) for language in LANGUAGES)


def test_an_appeal_is_offered_to_another_officer_alone() -> None:
    """Whoever rejected decides no appeal against it; and while it waits nothing else is determined."""
    case = appealed().case
    assert AppealDecided.type in offers(case, HAM, "tim_hrd", "o-77")
    assert AppealDecided.type not in offers(case, HAM, "tim_hrd", "o-1")
    assert StatusDetermined.type not in offers(case, HAM, "tim_hrd", "o-77")


def test_a_rejection_can_be_appealed_and_a_recognition_is_for_others() -> None:
    """What an agency determined others recognise or dispute, itself never; whoever helps the defender may appeal."""
    case = rejected().case
    assert StatusDisputed.type not in offers(case, HAM, "komisioner_pengaduan")
    assert {StatusDisputed.type, StatusAppealed.type} <= {
        *offers(case, LPSK, "tenaga_ahli_telaah"),
        *offers(case, LPSK, "petugas_darurat"),
    }


def test_who_steps_back_is_shown_and_somebody_else_takes_it_back() -> None:
    """All see who is out, why and by whose word, and what waits for a second one; who is meant or said it is no other.

    Here one stepped back, and of another a superior said so. Anybody may step back.
    """
    case = recused().case
    assert OfficerRecused.type in offers(case, HAM, "petugas_pengaduan")
    assert OfficerRecused.type in offers(case, LPSK, "auditor")
    told = page("triage", "recusal", look(case, LPSK, "auditor"), "en")
    assert all(word in told for word in ("o-1", "o-9", "Relative", "o-8", "Waits for others"))
    chiefs = [offers(case, HAM, "komisioner_pengaduan", who) for who in ("o-77", "o-9", "o-1")]
    assert [offered.count(OfficerReadmitted.type) for offered in chiefs] == [2, 1, 1]
    assert [offered.count(OfficerRecused.type) for offered in chiefs] == [2, 1, 1]
    assert OfficerReadmitted.type not in offers(case, LPSK, "pimpinan")


def test_nothing_stands_before_an_emergency() -> None:
    """Where a life is at risk no assessment is called the next thing."""
    calm, grave = new(), new()
    grave.add(HAM, UrgencyOverridden(level="KRITIS", reason="ancaman"))
    first = [
        [
            offer.form
            for one in panel.PAGES.panels
            for offer in one.offers(look(case.case, HAM, "tim_hrd"))
            if offer.first
        ]
        for case in (calm, grave)
    ]
    assert first == [[RiskAssessed.type], []]


def test_the_form_of_a_risk_has_a_row_for_every_agreed_dimension() -> None:
    """Nobody has to know the dimensions by heart; the last scores stand there to be gone over."""
    draft = panel.scores(look(judged().case, HAM, "tim_hrd"))
    for part in panel.SCORED:
        named = [draft[f"{part}.{row}.dimension"] for row in range(len(getattr(RULES, part)))]
        assert named == [[name] for name in getattr(RULES, part)]
    assert draft["threats.0.score"] == ["1"]
    assert not any(name.endswith("score") for name in panel.scores(look(new().case, HAM, "tim_hrd")))


def test_a_row_without_a_score_says_nothing() -> None:
    """A present threat is said without a single score, although the rows of the form name their dimensions."""
    rows = [{"dimension": name} for name in RULES.threats]
    assert Judgement.model_validate({"present_threat": True, "threats": rows}).threats == ()
