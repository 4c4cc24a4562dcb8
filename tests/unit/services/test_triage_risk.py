from datetime import date

import pytest

from contracts.content import Actor
from contracts.errors import Code, Rejected
from contracts.events.triage import EligibilityDetermined, RiskAssessed, Score
from contracts.mechanism import GENESIS_TEXT, LATEST, Mechanism
from services.node.acts import Moment
from services.triage import risk
from services.triage.api import urgency_of
from services.triage.risk_view import eligibility_of, risk_of
from tests.unit.contracts.assessments import PRESENT, assessment, scores
from tests.unit.contracts.chronicle import AGENCIES, NOW, Chronicle

KH, KP, LPSK = AGENCIES
RULES = LATEST.risk
TODAY = date(2026, 11, 22)


def judged(threat: int, vulnerability: int, capacity: int) -> risk.Judgement:
    return risk.Judgement(
        threats=scores(RULES.threats, threat),
        vulnerabilities=scores(RULES.vulnerabilities, vulnerability),
        capacities=scores(RULES.capacities, capacity),
    )


def answer(body: RiskAssessed, agency: str = KH) -> tuple[Code, str] | None:
    """What the desk says to an assessment; None if it lets it through."""
    return refusal(Moment(Chronicle().case, agency, Actor("tim_hrd", "o-1"), LATEST, NOW), body)


def refusal(moment: Moment, body: RiskAssessed) -> tuple[Code, str] | None:
    """As `answer`, to somebody at a moment."""
    try:
        risk.ASSESS.examine(moment, body)
    except Rejected as refused:
        return refused.code, refused.detail
    return None


@pytest.mark.parametrize(("threat", "level", "until"), [(4, "EKSTREM", "2026-12-22"), (0, "RENDAH", "2027-02-20")])
def test_an_officer_scores_and_the_table_reckons(threat: int, level: str, until: str) -> None:
    """Without a word the level is the table's and holds as long as that level may; the desk lets it through."""
    body = risk.assessed(judged(threat, 3, 0), LATEST, TODAY)
    assert (body.level, body.valid_until, body.reason) == (level, until, None)
    assert answer(body) is None


def test_a_present_threat_needs_nothing_else() -> None:
    """One tick is a whole assessment."""
    body = risk.assessed(risk.Judgement(present_threat=True), LATEST, TODAY)
    assert (body.level, body.threats) == ("EKSTREM", ())
    assert answer(body) is None


def test_an_officer_who_sees_another_level_says_why() -> None:
    """The officer's level is said with its reason, for no longer than that level holds; without one it is refused."""
    higher = judged(1, 1, 1).model_copy(update={"level": "TINGGI", "reason": "POLA_SERUPA"})
    body = risk.assessed(higher, LATEST, TODAY)
    assert (body.level, body.reason, body.valid_until) == ("TINGGI", "POLA_SERUPA", "2026-12-22")
    assert answer(body) is None
    assert answer(body.model_copy(update={"reason": None})) == (Code.SCHEMA, "reason")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (assessment(1, 1, 1, reason="POLA_SERUPA"), "reason"),  # a reason for nothing
        (assessment(1, 1, 1, level="EKSTREM", reason="SALAH"), "reason"),
        (assessment(1, 1, 1, level="GAWAT", reason="POLA_SERUPA"), "level"),
        (PRESENT.model_copy(update={"level": "TINGGI", "reason": "POLA_SERUPA"}), "reason"),
        (PRESENT.model_copy(update={"threats": (Score(dimension="SALAH", score=1),)}), "threats"),
        (PRESENT.model_copy(update={"vulnerabilities": (Score(dimension="NIAT", score=1),)}), "vulnerabilities"),
        (PRESENT.model_copy(update={"capacities": (Score(dimension="NIAT", score=1),)}), "capacities"),
        (assessment(4, 4, 0, valid_until="2026-11-21"), "valid_until"),
        (assessment(4, 4, 0, valid_until="2026-12-23"), "valid_until"),
        (
            assessment(1, 1, 1).model_copy(update={"threats": ()}),
            "a score for each agreed dimension, or present_threat",
        ),
    ],
)
def test_a_slip_is_named_at_our_own_desk(body: RiskAssessed, field: str) -> None:
    """Unknown codes, a missing score, a reason too few or too many, a day that is past or too far."""
    assert answer(body) == (Code.SCHEMA, field)


@pytest.mark.parametrize(("agency", "answered"), [(KH, (Code.SCHEMA, "valid_until")), (LPSK, None)])
def test_an_assessment_begins_with_the_day_of_the_office(agency: str, answered: tuple[Code, str] | None) -> None:
    """At 22.30 in Jakarta the day that ends there is over in Jayapura: nothing is assessed there until yesterday."""
    east = Mechanism.read(GENESIS_TEXT.replace(b'zone = "WIB"', b'zone = "WIT"', 1))
    body = assessment(4, 4, 0, valid_until="2026-11-22")
    late = Moment(Chronicle().case, agency, Actor("tim_hrd", "o-1"), east, "2026-11-22T15:30:00.000Z")
    assert refusal(late, body) == answered


def test_a_category_that_no_list_has_is_refused_at_our_own_desk() -> None:
    """A slip never becomes an eligibility that the plan cannot read."""
    moment = Moment(Chronicle().case, LPSK, Actor("pimpinan", "o-1"), LATEST, NOW)
    (determine,) = risk.ACTS
    determine.examine(moment, EligibilityDetermined(category="TIDAK_MEMENUHI"))
    with pytest.raises(Rejected) as refused:
        determine.examine(moment, EligibilityDetermined(category="SALAH"))
    assert (refused.value.code, refused.value.detail) == (Code.SCHEMA, "category")


def test_an_assessment_explains_itself() -> None:
    """People read how the level comes about, in both languages: the arithmetic, the floor, the officer's reason."""
    assert risk.explain(assessment(3, 3, 1), RULES, "id") == (
        "Ancaman 3 x (1 + kerentanan 3) : (1 + kapasitas 1) menurut tabel: Tinggi"
    )
    by_floor = risk.explain(assessment(4, 0, 4), RULES, "en")
    assert by_floor.endswith("by the table: High; a threat of 4 is never below that")
    other = assessment(1, 1, 1, level="TINGGI", reason="POLA_SERUPA")
    assert risk.explain(other, RULES, "en").endswith("; the officer sees High: Pattern in similar cases")
    assert risk.explain(PRESENT, RULES, "en") == "A clear and present threat: Extreme without a score"


def test_a_level_or_reason_that_nobody_knows_is_shown_and_marked() -> None:
    """What another agency's later software says is readable as itself."""
    text = risk.explain(assessment(1, 1, 1, level="BARU_2031", reason="SEBAB_BARU"), RULES, "id")
    assert "BARU_2031 (kode tidak dikenal)" in text
    assert "SEBAB_BARU (kode tidak dikenal)" in text


def test_the_desk_sees_every_assessment_and_the_highest_in_force() -> None:
    """Two that crossed are both there, marked as standing, and the view says that they disagree."""
    case = Chronicle()
    root = (case.events[0].id,)
    case.add(KH, assessment(0, 0, 4), parents=root)
    case.add(KP, assessment(4, 4, 0), parents=root)
    seen = risk_of(case.case, LATEST)
    assert (seen.level, seen.conflict) == ("EKSTREM", True)
    assert sorted((one.agency, one.level, one.computed, one.stands) for one in seen.assessments) == [
        (KH, "RENDAH", "RENDAH", True),
        (KP, "EKSTREM", "EKSTREM", True),
    ]
    case.add(LPSK, assessment(3, 3, 1))
    seen = risk_of(case.case, LATEST)
    assert (seen.level, seen.conflict) == ("TINGGI", False)
    assert [one.stands for one in seen.assessments] == [False, False, True]
    assert seen.assessments[0].threats == dict.fromkeys(RULES.threats, seen.assessments[0].threats["NIAT"])


def test_the_desk_sees_why_a_case_is_critical() -> None:
    """A clear and present threat shows with the urgency that it made."""
    case = Chronicle()
    told = case.add(KP, PRESENT)
    seen = urgency_of(case.case)
    assert seen.level == "KRITIS"
    assert len(seen.threats) == 1
    assert told.id in {claim.event for claim in case.case.slots["urgency"]}


def test_the_desk_sees_eligibility_apart() -> None:
    """What LPSK said, and what of it still stands."""
    case = Chronicle()
    case.add(LPSK, EligibilityDetermined(category="BELUM_DITENTUKAN"))
    case.add(LPSK, EligibilityDetermined(category="KORBAN"))
    seen = eligibility_of(case.case)
    assert (seen.category, seen.conflict) == ("KORBAN", False)
    assert [one.stands for one in seen.determinations] == [False, True]
