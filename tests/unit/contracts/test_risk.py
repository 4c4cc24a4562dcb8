from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from hypothesis import given, strategies as st
from pydantic import ValidationError

from contracts.canonical import Json
from contracts.case import fold
from contracts.codes import codes
from contracts.content import Actor
from contracts.errors import Code, Rejected
from contracts.events import Body
from contracts.events.triage import (
    EligibilityDetermined,
    RiskAssessed,
    Score,
    StatusDetermined,
    UrgencyAssessed,
    UrgencyOverridden,
)
from contracts.mechanism import LATEST, RiskRules
from contracts.promises.risk import AGAIN, FIRST, promises, runs_out
from contracts.timeline import Event, claimed
from contracts.workflow.risk import reckon
from contracts.workflow.rule import PROTECTIVE, Claim
from tests.unit.contracts.chronicle import AGENCIES, Chronicle
from tests.unit.contracts.test_case import by_id, ids, past, same

KH, KP, LPSK = AGENCIES
RULES = LATEST.risk
LEVELS = list(RULES.at_least)
GRADES = st.integers(0, 4)


def scores(names: tuple[str, ...], some: int | list[int]) -> tuple[Score, ...]:
    given_ = some if isinstance(some, list) else [some] * len(names)
    return tuple(Score(dimension=name, score=score) for name, score in zip(names, given_, strict=True))


def assessment(threat: int = 0, vulnerability: int = 0, capacity: int = 0, **more: object) -> RiskAssessed:
    """Every agreed dimension scored alike within its part, at the level of the table."""
    fields = {
        "threats": scores(RULES.threats, threat),
        "vulnerabilities": scores(RULES.vulnerabilities, vulnerability),
        "capacities": scores(RULES.capacities, capacity),
        "present_threat": False,
        "level": "RENDAH",
        "valid_until": "2026-12-01",
    }
    body = RiskAssessed.model_validate(fields | more)
    return body if "level" in more else body.model_copy(update={"level": reckon(body, RULES).level})


PRESENT = RiskAssessed(
    threats=(),
    vulnerabilities=(),
    capacities=(),
    present_threat=True,
    level="EKSTREM",
    valid_until="2026-12-01",
)


@st.composite
def scored(draw: st.DrawFn) -> RiskAssessed:
    """Any complete assessment without a flag, at the level of the table."""
    parts = [[draw(GRADES) for _ in names] for names in (RULES.threats, RULES.vulnerabilities, RULES.capacities)]
    body = RiskAssessed(
        threats=scores(RULES.threats, parts[0]),
        vulnerabilities=scores(RULES.vulnerabilities, parts[1]),
        capacities=scores(RULES.capacities, parts[2]),
        present_threat=False,
        level="RENDAH",
        valid_until="2026-12-01",
    )
    return body.model_copy(update={"level": reckon(body, RULES).level})


def raised(body: RiskAssessed, part: str, at: int, by: int) -> RiskAssessed:
    """The same with one score of a part higher, by at most `by`."""
    some = list(getattr(body, part))
    some[at] = Score(dimension=some[at].dimension, score=min(4, some[at].score + by))
    return body.model_copy(update={part: tuple(some)})


def counts(case: Chronicle, event: Event) -> bool:
    return event.id not in case.case.unsupported


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


@pytest.mark.parametrize(("agency", "stands"), [(KH, False), (KP, False), (LPSK, True)])
def test_only_lpsk_says_whom_it_takes(agency: str, stands: bool) -> None:  # noqa: FBT001
    """Eligibility is LPSK's to say, even when another agency's role would let it."""
    case = Chronicle()
    event = case.add(agency, EligibilityDetermined(category="TIDAK_MEMENUHI"), actor=Actor("pimpinan", "o-1"))
    assert counts(case, event) is stands
    assert case.case.in_force("eligibility") == ("TIDAK_MEMENUHI" if stands else "")


def test_eligibility_is_not_risk() -> None:
    """A suspect whom LPSK cannot take is as much at risk as before, and may have emergency protection."""
    case = Chronicle()
    case.add(KH, assessment(4, 4, 0))
    case.add(LPSK, EligibilityDetermined(category="TIDAK_MEMENUHI"))
    proposal = case.propose()
    case.activate(proposal, case.approve(proposal, "leader-1"), case.approve(proposal, "leader-2"))
    assert case.case.in_force("risk") == "EKSTREM"
    assert case.case.in_force("emergency") == "ACTIVE"


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_two_categories_that_cross_the_one_that_asks_more_of_the_plan_holds(order: tuple[int, int]) -> None:
    """Until LPSK settles it the plan needs a measure by somebody else: nobody is left with LPSK alone."""
    case = Chronicle()
    root = (case.events[0].id,)
    for at in order:
        case.add(LPSK, EligibilityDetermined(category=("KORBAN", "TIDAK_MEMENUHI")[at]), parents=root)
    assert case.case.in_force("eligibility") == "TIDAK_MEMENUHI"
    assert "eligibility" in case.case.conflicts


@pytest.mark.parametrize(("level", "within"), [("KRITIS", 24), ("MENDESAK", 24), ("TINGGI", 168), ("LUAR_BIASA", 24)])
def test_the_first_assessment_is_due_by_urgency(level: str, within: int) -> None:
    """A day when urgent, a week otherwise; an unknown level gets the day. The receiving agency owes it."""
    case = Chronicle()
    case.add(LPSK, UrgencyOverridden(level=level, reason="x"))
    first = next(iter(promises(case.case, LATEST)))
    assert (first.kind, first.agency, first.source) == (FIRST, KH, case.events[0].id)
    assert first.due == claimed(case.events[0]) + timedelta(hours=within)
    assert not first.kept


def test_an_assessment_by_any_agency_keeps_the_first_promise_and_makes_the_next() -> None:
    """Nobody assesses twice for form's sake; whoever assessed owes the next one, until somebody has made it."""
    case = Chronicle()
    event = case.add(LPSK, assessment(3, 3, 1))
    first, study, again = promises(case.case, LATEST)
    assert first.kept
    assert study.kept
    assert (again.kind, again.agency, again.source, again.kept) == (AGAIN, LPSK, event.id, False)
    case.add(KP, assessment(1, 1, 1))
    assert [one.kept for one in promises(case.case, LATEST)] == [True, True, True, False]


def test_a_closed_case_owes_no_assessment() -> None:
    """Nobody is late in a case that is over."""
    case = Chronicle()
    case.add(KH, assessment(3, 3, 1))
    told = case.case._replace(slots={**case.case.slots, "closure": (Claim("CLOSED", case.events[0].id),)})
    assert [one.kept for one in promises(case.case, LATEST)] == [True, True, False]
    assert all(one.kept for one in promises(told, LATEST))


@pytest.mark.parametrize(("until", "day"), [("2026-11-25", date(2026, 11, 25)), ("2099-01-01", date(2026, 12, 22))])
def test_nobody_claims_a_risk_to_be_settled_for_ever(until: str, day: date) -> None:
    """An assessment runs out with its day in Jakarta, and after its level's longest time whatever it claims."""
    case = Chronicle()
    body = assessment(4, 4, 0, valid_until=until, level="EKSTREM")
    event = case.add(KH, body, tick=2 * 10**12)
    assert runs_out(event, body, LATEST) == datetime(day.year, day.month, day.day, 16, 59, 59, tzinfo=UTC)


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
