"""The joint plan, what becomes of its measures, new incidents, reviews, and the end of a case.

All participants read these, so they hold codes, ids and times only. There is no field in which a safe-house place,
an escort plan or a story could stand: such things never leave the agency that must know them (reference domain.md 7.4).
"""

from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from contracts.events.body import Body, Value
from contracts.events.fields import (
    AgencyId,
    Array,
    Codes,
    CodeText,
    Day,
    EventId,
    EventIds,
    Instant,
    OffsetTime,
    Word,
)

MAX_MEASURES = 32
# The agency that first proposed the measure, and a number: no two agencies ever name two measures alike.
MeasureId = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,28}-[1-9][0-9]{0,2}$")]


class Agreement(Value):
    """That the defender wants a measure, as told to an officer: by whom, on which day."""

    given_by: Word
    on: Day


class Measure(Value):
    """One protective act. `responsible` answers for it in the case; `owner` carries it out, the same or a partner."""

    id: MeasureId
    code: CodeText
    owner: AgencyId
    responsible: AgencyId
    due_by: Instant
    raises_risk: bool
    risk_answer: CodeText  # what is done about a risk that the measure itself brings
    agreement: Agreement | None = None  # in force only with it, or with a later `MeasureWanted`


class PlanProposed(Body):
    """One version of the joint plan; the event is the version. `replaces` names the versions that its author saw."""

    type: ClassVar[str] = "protection.plan.proposed"
    measures: Annotated[Array[Measure], Field(min_length=1, max_length=MAX_MEASURES)]
    replaces: EventIds

    @model_validator(mode="after")
    def _each_measure_once(self) -> Self:
        if len({measure.id for measure in self.measures}) != len(self.measures):
            raise ValueError("a measure stands twice")
        return self

    @property
    def responsible(self) -> frozenset[str]:
        """The agencies whose agreement the plan needs."""
        return frozenset(measure.responsible for measure in self.measures)

    @property
    def unwanted(self) -> frozenset[str]:
        """The measures to which the defender had not agreed when the version was proposed."""
        return frozenset(measure.id for measure in self.measures if not measure.agreement)

    def measure(self, name: str) -> Measure | None:
        """One measure by its id."""
        return next((measure for measure in self.measures if measure.id == name), None)


class PlanAgreed(Body):
    """A responsible agency will do its part of this version."""

    type: ClassVar[str] = "protection.plan.agreed"
    plan: EventId


class PlanDeclined(Body):
    """A responsible agency will not do its part of this version, and why."""

    type: ClassVar[str] = "protection.plan.declined"
    plan: EventId
    reason: CodeText


class MeasureWanted(Body):
    """The defender wants a measure to which they had not agreed before: told to this officer, in which form, and when.

    It holds for this version, in which the measure is as they were told.
    """

    type: ClassVar[str] = "protection.measure.wanted"
    plan: EventId
    measure: MeasureId
    given_by: Word
    form: Word
    at: OffsetTime


class MeasureUnwanted(Body):
    """The defender takes their agreement to a measure back: told to this officer, in which form, and when.

    The plan stays; this measure is not in force until they want it again. What has begun is ended by who carries it.
    """

    type: ClassVar[str] = "protection.measure.unwanted"
    plan: EventId
    measure: MeasureId
    given_by: Word
    form: Word
    at: OffsetTime


class MeasureStarted(Body):
    """From now on the defender has it."""

    type: ClassVar[str] = "protection.measure.started"
    plan: EventId
    measure: MeasureId


class MeasureCompleted(Body):
    """It is done: nothing more is owed of it."""

    type: ClassVar[str] = "protection.measure.completed"
    plan: EventId
    measure: MeasureId


class MeasureFailed(Body):
    """It cannot be done, or does not hold: the plan has to be looked at again at once."""

    type: ClassVar[str] = "protection.measure.failed"
    plan: EventId
    measure: MeasureId
    reason: CodeText


class IncidentRecorded(Body):
    """Something happened again: in which forms, roughly when, by digital or physical means. Never a story."""

    type: ClassVar[str] = "protection.incident.recorded"
    forms: Codes
    gendered_forms: Codes
    sphere: CodeText
    happened: CodeText


class CircumstancesChanged(Body):
    """What the risk hangs on has changed around the person, such as where they live. Never where, and never who."""

    type: ClassVar[str] = "protection.circumstances.changed"
    change: CodeText


class ReviewHeld(Body):
    """The risk was looked at again, on this occasion: its level before and from now on."""

    type: ClassVar[str] = "protection.review.held"
    occasion: CodeText
    before: CodeText
    after: CodeText


class ClosureProposed(Body):
    """The lead thinks that the case can end, for this reason."""

    type: ClassVar[str] = "protection.closure.proposed"
    reason: CodeText


class ClosureAgreed(Body):
    """An agency agrees that the case ends."""

    type: ClassVar[str] = "protection.closure.agreed"
    proposal: EventId


class CaseClosed(Body):
    """All who have to agree have agreed: the case is closed, and can be reopened."""

    type: ClassVar[str] = "protection.case.closed"
    proposal: EventId
    agreements: Annotated[EventIds, Field(min_length=1)]


class CaseReopened(Body):
    """Protection goes on, for this reason."""

    type: ClassVar[str] = "protection.case.reopened"
    reason: CodeText
