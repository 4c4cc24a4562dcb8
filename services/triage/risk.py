"""What officers say of the risk, and what LPSK says of eligibility: checks, and the level that the table gives.

An officer hands in scores; the level follows from the mechanism's table unless they see another one and say why,
so nobody has to reckon by hand and nobody's judgement is replaced by a table.
"""

from datetime import date, datetime
from typing import Annotated, ClassVar

from pydantic import BeforeValidator

from contracts.codes import label
from contracts.errors import Code, Rejected
from contracts.events import Body
from contracts.events.fields import CodeText, Day
from contracts.events.triage import EligibilityDetermined, RiskAssessed, Scores
from contracts.mechanism import Mechanism, RiskRules
from contracts.workflow.risk import missing, reckon
from services.node.acts import Act, Moment

PHRASES = {
    "id": (
        "Ancaman {threat} x (1 + kerentanan {vulnerability}) : (1 + kapasitas {capacity}) menurut tabel: {level}",
        "; ancaman {threat} tidak pernah di bawah itu",
        "Ancaman yang jelas dan seketika: {level} tanpa penilaian",
        "; petugas menilai {level}: {reason}",
    ),
    "en": (
        "Threat {threat} x (1 + vulnerability {vulnerability}) : (1 + capacity {capacity}) by the table: {level}",
        "; a threat of {threat} is never below that",
        "A clear and present threat: {level} without a score",
        "; the officer sees {level}: {reason}",
    ),
}


def _scored(rows: object) -> object:
    """A row that names a dimension and no score says nothing: a form that is filled in halfway has such rows."""
    if not isinstance(rows, list):
        return rows
    return [row for row in rows if not isinstance(row, dict) or set(row) != {"dimension"}]


Scored = Annotated[Scores, BeforeValidator(_scored)]


class Judgement(Body):
    """Scores from 0 to 4 for every agreed dimension, or a clear and present threat.

    Without `level` the table's is taken; another one needs a `reason` (list `risk_reason`). Without
    `valid_until` the assessment holds as long as its level allows. What is said of it is a `RiskAssessed`.
    """

    type: ClassVar[str] = RiskAssessed.type
    present_threat: bool = False  # first on the form: it needs none of the others
    threats: Scored = ()
    vulnerabilities: Scored = ()
    capacities: Scored = ()
    level: CodeText | None = None
    reason: CodeText | None = None
    valid_until: Day | None = None


def assessed(judged: Judgement, rules: Mechanism, today: date) -> RiskAssessed:
    """What is said on this judgement: the table's level and the longest validity where none is given.

    `today` is the day at the office that says it.
    """
    said = RiskAssessed(
        threats=judged.threats,
        vulnerabilities=judged.vulnerabilities,
        capacities=judged.capacities,
        present_threat=judged.present_threat,
        level=judged.level or rules.risk.present_threat,
        reason=judged.reason,
        valid_until=judged.valid_until or str(today),
    )
    level = judged.level or reckon(said, rules.risk).level
    until = judged.valid_until or str(today + rules.risk.valid_for(level))
    return said.model_copy(update={"level": level, "valid_until": until})


def check_assessed(moment: Moment, body: RiskAssessed) -> None:
    """Rejected(SCHEMA), naming the field: a missing score, a level without reason, a wrong day."""
    rules = moment.rules.risk
    if missing(body, rules):
        raise Rejected(Code.SCHEMA, "a score for each agreed dimension, or present_threat")
    overridden = body.level != reckon(body, rules).level
    if overridden != (body.reason is not None) or (overridden and body.present_threat):
        raise Rejected(Code.SCHEMA, "reason")
    day = moment.rules.office_day(datetime.fromisoformat(moment.now), moment.agency)
    if not day <= date.fromisoformat(body.valid_until) <= day + rules.valid_for(body.level):
        raise Rejected(Code.SCHEMA, "valid_until")


ASSESS = Act("risk", RiskAssessed, "Assess the risk", check_assessed)
ACTS = (Act("eligibility", EligibilityDetermined, "Determine eligibility as a subject of LPSK"),)


def explain(body: RiskAssessed, rules: RiskRules, language: str) -> str:
    """How the level comes about, in words: the table's arithmetic, and the officer's reason where it differs."""
    by_table, by_floor, present, overridden = PHRASES[language]
    reckoned = reckon(body, rules)
    words = reckoned._asdict() | {"level": label("risk", reckoned.level, language)}
    text = present.format(**words) if body.present_threat else by_table.format(**words)
    text += by_floor.format(**words) if reckoned.by_floor else ""
    if body.level == reckoned.level:
        return text
    why = label("risk_reason", body.reason or "", language)
    return text + overridden.format(level=label("risk", body.level, language), reason=why)
