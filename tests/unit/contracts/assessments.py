"""Assessments of the risk, as officers of any agency may write them."""

from hypothesis import strategies as st

from contracts.events.triage import RiskAssessed, Score
from contracts.mechanism import LATEST
from contracts.timeline import Event
from contracts.workflow.risk import reckon
from tests.unit.contracts.chronicle import AGENCIES, Chronicle

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


def counts(case: Chronicle, event: Event) -> bool:
    return event.id not in case.case.unsupported
