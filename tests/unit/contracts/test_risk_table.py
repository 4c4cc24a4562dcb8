"""The table that reckons a level of risk from what was scored reads as people would say."""

import pytest
from hypothesis import given, strategies as st
from pydantic import ValidationError

from contracts.canonical import Json
from contracts.codes import codes
from contracts.errors import Code, Rejected
from contracts.events.triage import RiskAssessed, Score
from contracts.mechanism import RiskRules
from contracts.workflow.risk import reckon
from contracts.workflow.rule import PROTECTIVE
from tests.unit.contracts.assessments import GRADES, LEVELS, PRESENT, RULES, assessment, scored, scores


def raised(body: RiskAssessed, part: str, at: int, by: int) -> RiskAssessed:
    """The same with one score of a part higher, by at most `by`."""
    some = list(getattr(body, part))
    some[at] = Score(dimension=some[at].dimension, score=min(4, some[at].score + by))
    return body.model_copy(update={part: tuple(some)})


@pytest.mark.parametrize(
    ("threat", "vulnerability", "capacity", "level"),
    [
        (0, 4, 0, "RENDAH"),  # no threat, no risk from it
        (1, 0, 0, "RENDAH"),
        (1, 1, 0, "SEDANG"),
        (2, 1, 1, "SEDANG"),
        (3, 1, 0, "TINGGI"),
        (3, 3, 1, "TINGGI"),
        (4, 3, 1, "EKSTREM"),
        (2, 3, 0, "EKSTREM"),
        (2, 0, 4, "SEDANG"),  # by the floor
        (4, 0, 4, "TINGGI"),  # by the floor
    ],
)
def test_the_table_reads_as_people_would_say(threat: int, vulnerability: int, capacity: int, level: str) -> None:
    """Rows that the agencies can discuss one by one."""
    assert reckon(assessment(threat, vulnerability, capacity), RULES).level == level


def test_the_gravest_threat_is_not_averaged_away() -> None:
    """One threat of 4 beside four of 0 counts as 4; one capacity of 4 beside four of 0 counts as 0."""
    body = assessment().model_copy(
        update={
            "threats": scores(RULES.threats, [4, 0, 0, 0, 0]),
            "capacities": scores(RULES.capacities, [4, 0, 0, 0, 0]),
        }
    )
    reckoned = reckon(body, RULES)
    assert (reckoned.threat, reckoned.capacity) == (4, 0)


@given(scored(), st.sampled_from(["threats", "vulnerabilities"]), st.integers(0, 4), GRADES)
def test_more_threat_never_means_less_risk(body: RiskAssessed, part: str, at: int, by: int) -> None:
    """Raising any threat or vulnerability keeps the level or raises it."""
    worse = reckon(raised(body, part, at, by), RULES).level
    assert LEVELS.index(worse) >= LEVELS.index(reckon(body, RULES).level)


@given(scored(), st.integers(0, 4), GRADES)
def test_more_capacity_never_means_more_risk(body: RiskAssessed, at: int, by: int) -> None:
    """Raising any capacity keeps the level or lowers it, and never below what the threat alone gives."""
    better = reckon(raised(body, "capacities", at, by), RULES)
    assert LEVELS.index(better.level) <= LEVELS.index(reckon(body, RULES).level)
    assert LEVELS.index(better.level) >= LEVELS.index(RULES.floor[better.threat])


@given(scored())
def test_an_unknown_dimension_never_makes_anybody_safer(body: RiskAssessed) -> None:
    """From later software: a new threat counts, a new capacity does not."""
    new = (Score(dimension="BARU_2031", score=4),)
    capable = body.model_copy(update={"capacities": (*body.capacities, *new)})
    threatened = body.model_copy(update={"threats": (*body.threats, *new)})
    assert reckon(capable, RULES) == reckon(body, RULES)
    assert reckon(threatened, RULES).threat == 4


@pytest.mark.parametrize(
    "changed",
    [
        {"at_least": {"RENDAH": 1, "SEDANG": 2, "TINGGI": 4, "EKSTREM": 8}},
        {"at_least": {"RENDAH": 0, "SEDANG": 4, "TINGGI": 2, "EKSTREM": 8}},
        {"floor": ["RENDAH", "TINGGI", "SEDANG", "SEDANG", "TINGGI"]},
        {"floor": ["RENDAH", "RENDAH", "SEDANG", "TINGGI"]},
        {"present_threat": "GAWAT"},
        {"valid_days": {"RENDAH": 90}},
    ],
)
def test_a_table_that_contradicts_itself_is_refused(changed: dict[str, object]) -> None:
    """A slip of the pen in the document is found when it is loaded, not when somebody is in danger."""
    days = {name: within.days for name, within in RULES.valid.items()}
    hours = {name: within.days * 24 for name, within in RULES.initial.items()}
    whole = RULES.model_dump(by_alias=True) | {"valid_days": days, "initial_hours": hours}
    whole["study_days"] = RULES.study.days
    RiskRules.model_validate(whole)
    with pytest.raises(ValidationError):
        RiskRules.model_validate(whole | changed)


def test_the_table_and_the_lists_have_the_same_codes() -> None:
    """What screens offer is what the document scores, and the levels are ranked alike everywhere."""
    assert (codes("threat"), codes("vulnerability"), codes("capacity")) == (
        RULES.threats,
        RULES.vulnerabilities,
        RULES.capacities,
    )
    assert tuple(LEVELS) == PROTECTIVE["risk"] == codes("risk")
    assert set(PROTECTIVE["eligibility"]) == set(codes("eligibility"))
    assert set(PROTECTIVE["recognition"]) == set(codes("recognition"))
    assert set(RULES.initial) == set(codes("urgency"))


def test_a_dimension_has_one_score() -> None:
    """Two scores for one dimension would let each reader pick; a score beyond the scale is none."""
    body: dict[str, Json] = assessment(1, 1, 1).wire()
    twice: Json = [{"dimension": "NIAT", "score": 1}, {"dimension": "NIAT", "score": 1}]
    beyond: Json = [{"dimension": "NIAT", "score": 5}]
    for wrong in (twice, beyond):
        with pytest.raises(Rejected) as refused:
            RiskAssessed.read(body | {"threats": wrong})
        assert refused.value.code is Code.BODY


def test_an_assessment_has_no_place_for_a_name() -> None:
    """Every agency reads it: all its texts are codes and days."""
    for field in ("level", "reason", "valid_until"):
        with pytest.raises(Rejected):
            RiskAssessed.read(PRESENT.wire() | {field: "Nama Rahasia"})
