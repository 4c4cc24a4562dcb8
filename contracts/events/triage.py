"""Triage: how urgent, is this a defender, at what risk, and whom may LPSK take as its subject.

Decided by table where possible, always open to a person's override. All participants read these bodies, so
a reason here is a code wherever it could otherwise tell something of a person.
"""

from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from contracts.events.body import Body, Value
from contracts.events.fields import (
    MAX_CODES,
    Array,
    Codes,
    CodeText,
    Day,
    EventId,
    OfficerName,
    ShortText,
    SomeCodes,
    Version,
    Word,
)


class UrgencyAssessed(Body):
    """What the rule table says: row `rule` of version `rules` fired because of these codes."""

    type: ClassVar[str] = "triage.urgency.assessed"
    level: CodeText
    rules: Version
    rule: Annotated[int, Field(ge=0, le=10_000)]
    because: Codes


class UrgencyOverridden(Body):
    """An officer sees it differently from the table and says why."""

    type: ClassVar[str] = "triage.urgency.overridden"
    level: CodeText
    reason: ShortText


class CaseTriaged(Body):
    """An officer of the agency that opened the case has looked at it, and leaves the urgency as it is."""

    type: ClassVar[str] = "triage.case.triaged"
    opened: EventId


class StatusRequested(Body):
    """Somebody needs to know whether this is a defender of that kind, and asks the agency that determines it."""

    type: ClassVar[str] = "triage.status.requested"
    defender_kind: CodeText


class StatusDetermined(Body):
    """Is this person a defender (`PEMBELA`) or a woman defender (`PPHAM`), on which basis.

    The basis of a rejection are the tests that are not met.
    """

    type: ClassVar[str] = "triage.status.determined"
    defender_kind: CodeText
    status: CodeText
    basis: Codes


class StatusRecognised(Body):
    """An agency takes another's determination as it is, and asks the person nothing more."""

    type: ClassVar[str] = "triage.status.recognised"
    determination: EventId


class StatusDisputed(Body):
    """An agency sees another's determination differently, in these tests, for this reason. It stops nothing."""

    type: ClassVar[str] = "triage.status.disputed"
    determination: EventId
    basis: SomeCodes
    reason: CodeText


class StatusAppealed(Body):
    """The defender, or somebody for them, asks that a rejection be looked at by another officer."""

    type: ClassVar[str] = "triage.status.appealed"
    determination: EventId
    appealed_by: Word
    reason: CodeText


class AppealDecided(Body):
    """What another officer of the agency that rejected says of it."""

    type: ClassVar[str] = "triage.appeal.decided"
    appeal: EventId
    status: CodeText
    basis: Codes


class Score(Value):
    """How much there is of one dimension: 0 is nothing, 4 the most."""

    dimension: CodeText
    score: Annotated[int, Field(ge=0, le=4)]


def _each_once(scores: tuple[Score, ...]) -> tuple[Score, ...]:
    if len({one.dimension for one in scores}) != len(scores):
        raise ValueError("a dimension stands twice")
    return scores


Scores = Annotated[Array[Score], Field(max_length=MAX_CODES), AfterValidator(_each_once)]


class RiskAssessed(Body):
    """How much risk: threats x vulnerabilities : capacities, in scores, and the level until a day.

    `level` is what the mechanism's table makes of the scores; another one needs a `reason`. A clear and
    present threat (`present_threat`) needs no score at all.
    """

    type: ClassVar[str] = "triage.risk.assessed"
    threats: Scores
    vulnerabilities: Scores
    capacities: Scores
    present_threat: bool
    level: CodeText
    reason: CodeText | None = None
    valid_until: Day


class EligibilityDetermined(Body):
    """As what LPSK may take this person as its subject, if at all: a matter of law, whatever the risk."""

    type: ClassVar[str] = "triage.eligibility.determined"
    category: CodeText


class OfficerRecused(Body):
    """An officer of this agency takes no part in this case any more: by their own word, or by a superior's.

    `role` is theirs: whether one who decides on emergencies is missing must be the same at every node.
    """

    type: ClassVar[str] = "triage.officer.recused"
    officer: OfficerName
    role: Word
    reason: CodeText


class OfficerReadmitted(Body):
    """A second person takes a recusal back: the officer takes part in this case again."""

    type: ClassVar[str] = "triage.officer.readmitted"
    recusal: EventId
