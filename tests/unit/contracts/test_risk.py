"""What an assessment of the risk decides in a case, whoever made it and in whatever order it comes."""

from random import Random

import pytest
from hypothesis import given, strategies as st

from contracts.case import fold
from contracts.content import Actor
from contracts.events import Body
from contracts.events.triage import (
    EligibilityDetermined,
    RiskAssessed,
    StatusDetermined,
    UrgencyAssessed,
    UrgencyOverridden,
)
from contracts.mechanism import LATEST
from contracts.workflow.rule import PROTECTIVE
from tests.unit.contracts.assessments import KH, KP, LEVELS, LPSK, PRESENT, assessment, counts, scored
from tests.unit.contracts.chronicle import AGENCIES, Chronicle
from tests.unit.contracts.test_case import by_id, ids, past, same


@given(scored())
def test_what_the_table_says_counts_without_a_word(body: RiskAssessed) -> None:
    """The computed level needs no reason; any other one needs one, whoever signs it."""
    case = Chronicle()
    assert counts(case, case.add(KH, body))
    assert case.case.in_force("risk") == body.level
    other = next(level for level in LEVELS if level != body.level)
    bare = body.model_copy(update={"level": other})
    assert not counts(case, case.add(KH, bare))
    assert counts(case, case.add(KH, bare.model_copy(update={"reason": "INFORMASI_BARU"})))
    assert case.case.in_force("risk") == other


@pytest.mark.parametrize("part", ["threats", "vulnerabilities", "capacities"])
def test_what_was_not_asked_is_not_low(part: str) -> None:
    """An assessment without every score does not count, not even with a reason: silence never reads as safety."""
    case = Chronicle()
    body = assessment(1, 1, 1, reason="LAINNYA")
    short = body.model_copy(update={part: getattr(body, part)[1:]})
    assert counts(case, case.add(KH, body))
    assert not counts(case, case.add(KH, short))


def test_a_present_threat_acts_without_a_score() -> None:
    """The risk is extreme and the case critical at once, and the table of urgency does not talk it down."""
    case = Chronicle()
    case.add(KH, UrgencyAssessed(level="BIASA", rules=1, rule=1, because=()))
    case.add(KP, PRESENT)
    assert case.case.in_force("risk") == "EKSTREM"
    assert case.case.in_force("urgency") == "KRITIS"
    case.add(KH, UrgencyAssessed(level="BIASA", rules=1, rule=1, because=()))
    assert case.case.in_force("urgency") == "KRITIS"
    case.add(KH, UrgencyOverridden(level="TINGGI", reason="sudah aman"))
    assert case.case.in_force("urgency") == "TINGGI"


def test_a_present_threat_is_not_talked_down_in_the_same_breath() -> None:
    """The flag with a lower level and a reason does not count: whoever doubts the threat leaves the flag."""
    case = Chronicle()
    low = PRESENT.model_copy(update={"level": "RENDAH", "reason": "LAINNYA"})
    assert not counts(case, case.add(KH, low))


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_two_assessments_that_cross_the_higher_risk_is_in_force(order: tuple[int, int]) -> None:
    """Both are seen, in either order; one that knows both settles it."""
    case = Chronicle()
    root = (case.events[0].id,)
    said = ((KH, assessment(0, 0, 4)), (LPSK, assessment(4, 4, 0)))
    for at in order:
        case.add(*said[at], parents=root)
    assert case.case.in_force("risk") == "EKSTREM"
    assert "risk" in case.case.conflicts
    case.add(KP, assessment(3, 3, 1))
    assert case.case.in_force("risk") == "TINGGI"
    assert not case.case.conflicts


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_an_urgency_and_a_present_threat_that_cross(order: tuple[int, int]) -> None:
    """An officer who did not know of the threat does not make the case calm, in either order."""
    case = Chronicle()
    root = (case.events[0].id,)
    said: tuple[tuple[str, Body], ...] = ((KH, UrgencyOverridden(level="BIASA", reason="x")), (LPSK, PRESENT))
    for at in order:
        case.add(*said[at], parents=root)
    assert case.case.in_force("urgency") == "KRITIS"


@pytest.mark.parametrize("body", [PRESENT, EligibilityDetermined(category="KORBAN")])
@pytest.mark.parametrize(("agency", "role"), [(KH, "auditor"), (LPSK, "petugas_permohonan"), (KP, "petugas_upr")])
def test_a_role_without_the_permission_changes_nothing(agency: str, role: str, body: Body) -> None:
    """Neither risk nor eligibility is said by who may not."""
    case = Chronicle()
    assert not counts(case, case.add(agency, body, actor=Actor(role, "o-1")))


@st.composite
def stories(draw: st.DrawFn) -> Chronicle:
    """Any sequence of assessments, urgencies and categories, each knowing any part of what came before."""
    case = Chronicle()
    for _ in range(draw(st.integers(0, 8))):
        body = draw(
            st.one_of(
                scored(),
                st.just(PRESENT),
                st.builds(EligibilityDetermined, category=st.sampled_from(PROTECTIVE["eligibility"])),
                st.builds(UrgencyOverridden, level=st.sampled_from(PROTECTIVE["urgency"]), reason=st.just("x")),
                st.just(StatusDetermined(defender_kind="PEMBELA", status="SEMENTARA", basis=())),
            )
        )
        known = draw(st.lists(st.sampled_from(ids(case)), max_size=3, unique=True) | st.just(ids(case)))
        case.add(draw(st.sampled_from(AGENCIES)), body, parents=tuple(known))
    return case


@given(stories(), st.randoms(use_true_random=False))
def test_every_node_tells_the_same_risk(case: Chronicle, random: Random) -> None:
    """In whatever order events arrive; and among assessments that nobody replaced the highest is in force."""
    arrived = list(case.events)
    random.shuffle(arrived)
    told = fold(arrived, LATEST)
    assert same(told, case.case)
    events = by_id(case)
    written = {event.id: body.level for event, body in told.of_type(RiskAssessed)}
    standing = [level for id_, level in written.items() if not any(id_ in past(events, other) for other in written)]
    assert told.in_force("risk") == max(standing, key=LEVELS.index, default="")
