"""Intake: a report becomes a case, and consent decides what of it others may read.

`ReportReceived` stays with the agency that received it. `CaseOpened` carries codes only and goes
to every participant. Identity, contact and narrative travel in `IdentityShared`, sealed to the
agencies that the consent names, and hold just the groups of fields that it names. That two cases are about one person
is said by officers, in case numbers.
"""

from typing import Annotated, ClassVar, Self

from pydantic import ConfigDict, Field, model_validator

from contracts.events.body import Body, Value
from contracts.events.fields import (
    MAX_INCIDENTS,
    Agencies,
    AgencyId,
    Array,
    CaseId,
    Codes,
    CodeText,
    Day,
    EventId,
    GatheredCodes,
    Line,
    Lines,
    OffsetTime,
    Participants,
    Province,
    ShortText,
    Version,
    Word,
    Words,
)
from contracts.events.report import Incident, Report, SafeContact


class ReportReceived(Body):
    """A report came in, whole; readable by the receiving agency alone."""

    type: ClassVar[str] = "intake.report.received"
    report: Report


class CaseOpened(Body):
    """One case for all participants, in codes; `mechanism` is the version of its rules."""

    type: ClassVar[str] = "intake.case.opened"
    received_by: AgencyId
    channel: Word
    activities: Codes
    issues: Codes
    forms: GatheredCodes
    gendered_forms: GatheredCodes
    domains: GatheredCodes
    violence: GatheredCodes
    actors: GatheredCodes
    requested: Codes
    legal_status: CodeText | None = None
    gender_lens: bool
    people_to_protect: Annotated[int, Field(ge=0, le=50)]
    province: Province | None = None
    latest_incident_on: Day
    participants: Participants
    mechanism: Version

    @model_validator(mode="after")
    def _receiver_takes_part(self) -> Self:
        if self.received_by not in self.participants:
            raise ValueError("the receiving agency takes part in its own case")
        return self


class ConsentRecorded(Body):
    """What the person allows from here on; a later one replaces it.

    `recorded_by` is a function, not a name.
    """

    type: ClassVar[str] = "intake.consent.recorded"
    given_by: Word
    form: Word
    recorded_by: Line
    at: OffsetTime
    share_with: Agencies
    fields: Words
    purpose: Word
    expires: Day | None = None


class ConsentWithdrawn(Body):
    """The person allows nothing any more, told to any agency; who said so, in which form, and when."""

    type: ClassVar[str] = "intake.consent.withdrawn"
    given_by: Word
    form: Word
    at: OffsetTime


class DisclosureMade(Body):
    """Without consent, on a legal ground: these groups of fields shall go to these agencies, and why.

    `reason` is read by every participant: it says what danger, never who.
    """

    type: ClassVar[str] = "intake.disclosure.made"
    ground: CodeText
    fields: Annotated[Words, Field(min_length=1)]
    recipients: Annotated[Agencies, Field(min_length=1)]
    reason: ShortText


class DisclosureConfirmed(Body):
    """A second officer, in another role, agrees: only now may anything be shared on its basis."""

    type: ClassVar[str] = "intake.disclosure.confirmed"
    disclosure: EventId


class OutsiderNamed(Body):
    """Without consent, on a legal ground: somebody outside the case shall be told these groups of fields, and why.

    For the own agency alone: which office looks after somebody can say where they are. `recipient` is such an office,
    a police unit or a hospital, never a person. Nothing is sent by it.
    """

    type: ClassVar[str] = "intake.outsider.named"
    ground: CodeText
    kind: CodeText
    recipient: Line
    fields: Annotated[Words, Field(min_length=1)]
    reason: ShortText


class OutsiderConfirmed(Body):
    """A second officer, in another role, agrees: only now may the one outside be told."""

    type: ClassVar[str] = "intake.outsider.confirmed"
    outsider: EventId


class OutsiderTold(Body):
    """This officer told the one outside these groups of fields, in this way, at this time. What it was stays here."""

    type: ClassVar[str] = "intake.outsider.told"
    outsider: EventId
    fields: Annotated[Words, Field(min_length=1)]
    way: CodeText
    at: OffsetTime


class Identity(Value):
    """The group of fields that consent calls `identity`."""

    name: Line
    aliases: Lines = ()
    birth_date: Day | None = None


class IdentityShared(Body):
    """The consented groups of fields, and no other."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    type: ClassVar[str] = "intake.identity.shared"
    identity: Identity | None = None
    safe_contact: SafeContact | None = None
    incidents: Annotated[Array[Incident], Field(min_length=1, max_length=MAX_INCIDENTS)] | None = None

    @model_validator(mode="after")
    def _shares_something(self) -> Self:
        if self.identity is None and self.safe_contact is None and self.incidents is None:
            raise ValueError("no group of fields is shared")
        return self


class DuplicateLinked(Body):
    """Officers have found that the other case is about the same person. Both cases go on, nothing is merged."""

    type: ClassVar[str] = "intake.duplicate.linked"
    other: CaseId
    reason: CodeText


class DuplicateDismissed(Body):
    """Officers have found that the other case is about somebody else, or cannot be compared."""

    type: ClassVar[str] = "intake.duplicate.dismissed"
    other: CaseId
    reason: CodeText


class DuplicateReopened(Body):
    """What was decided of the other case is taken back: the question is open again."""

    type: ClassVar[str] = "intake.duplicate.reopened"
    other: CaseId
    reason: CodeText
