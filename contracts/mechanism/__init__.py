"""The mechanism: roles, thresholds and time limits on which the agencies agree, as a versioned document.

A case names the version under which it was opened, and every node judges it by that version, so
changing a number never changes a verdict that was given. Documents are the numbered TOML files
beside this module, read once at import. Every number stands beside its basis, because a number
without one cannot be discussed by the people who must agree to it.
"""

import tomllib
from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property
from importlib.resources import files
from types import MappingProxyType
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from contracts.errors import Code, Rejected
from contracts.events.fields import AgencyId, Array, CodeText, Line, Version, Word
from contracts.events.protection import DeferredItem
from contracts.mechanism.calendar import add_working_days

PARTNER = "mitra"  # stands where an agency id would: a partner, chosen case by case

Number = Annotated[int, Field(ge=1, le=10_000)]


def _minutes(count: int) -> timedelta:
    return timedelta(minutes=count)


def _hours(count: int) -> timedelta:
    return timedelta(hours=count)


def _days(count: int) -> timedelta:
    return timedelta(days=count)


Minutes = Annotated[timedelta, BeforeValidator(_minutes)]
Hours = Annotated[timedelta, BeforeValidator(_hours)]
Days = Annotated[timedelta, BeforeValidator(_days)]


class Permission(StrEnum):
    """What a role may be allowed to do at its own agency's desk."""

    RECEIVE_REPORT = "receive_report"
    READ_CASE = "read_case"
    READ_ACCESS = "read_access"
    OVERRIDE_URGENCY = "override_urgency"
    DETERMINE_STATUS = "determine_status"
    PROPOSE_EMERGENCY = "propose_emergency"
    DECIDE_EMERGENCY = "decide_emergency"
    ACKNOWLEDGE_NOTICE = "acknowledge_notice"
    ASK_ERASURE = "ask_erasure"
    CONFIRM_ERASURE = "confirm_erasure"


class Part(BaseModel):
    """A frozen, closed part of the document."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Rules(Part):
    """A part with numbers: `basis` says for each of them where it comes from."""

    basis: Mapping[str, Line]

    @model_validator(mode="after")
    def _each_rule_has_a_basis(self) -> Self:
        names = {field.alias or name for name, field in type(self).model_fields.items()} - {"basis"}
        if names != set(self.basis):
            raise ValueError("basis and rules must have the same names")
        return self


class EmergencyRules(Rules):
    """Who decides emergency protection, how many of them, and how fast."""

    decided_by: AgencyId
    role: Word
    approvals: Number
    leaders: Number
    target: Hours = Field(alias="target_hours")
    decision: Hours = Field(alias="decision_hours")
    review: Days = Field(alias="review_days")
    arrival_alarm: Minutes = Field(alias="arrival_alarm_minutes")

    @model_validator(mode="after")
    def _can_be_reached(self) -> Self:
        if self.approvals >= self.leaders:
            raise ValueError("a proposer who leads must leave enough leaders to approve")
        return self


class RequirementItem(Part):
    """A paper that may come later and who sees to it; `with_gender_lens` replaces `owner` there."""

    code: CodeText
    owner: AgencyId
    with_gender_lens: AgencyId | None = None


class RequirementRules(Rules):
    """The deferred list: what, from whom, by which working day, and when to remind."""

    deadline_working_days: Number
    reminder_days: Array[Number]
    items: Array[RequirementItem]


class StatusRules(Rules):
    """Which agency determines which kind of defender, and by when."""

    owners: Mapping[CodeText, AgencyId]
    provisional: Hours = Field(alias="provisional_hours")
    final: Hours = Field(alias="final_hours")


class TriageRules(Rules):
    """How soon the reporter hears from us and a person looks at the case, by urgency."""

    receipt: Minutes = Field(alias="receipt_minutes")
    human: Mapping[CodeText, Minutes] = Field(alias="human_minutes")


class NoticeRules(Rules):
    """How long a role has to answer a notice before it climbs, by urgency."""

    respond: Mapping[CodeText, Minutes] = Field(alias="respond_minutes")

    def respond_within(self, urgency: str) -> timedelta:
        """The time to answer; a level that this version does not know gets the shortest."""
        return self.respond.get(urgency, min(self.respond.values()))


class MeasureRules(Rules):
    """Which agency, or PARTNER, usually owns which measure: a default for the plan, never a limit."""

    owners: Mapping[CodeText, AgencyId]


class AgencyRules(Part):
    """One agency's roles: what each may do, and in which order an unanswered notice climbs."""

    roles: Array[Word]
    ladder: Array[Word]
    permissions: Mapping[Word, Array[Word]]

    @model_validator(mode="after")
    def _names_agree(self) -> Self:
        if set(self.permissions) != {*Permission}:
            raise ValueError("each permission is listed once, also when nobody has it")
        if not {*self.ladder}.union(*self.permissions.values()) <= {*self.roles}:
            raise ValueError("a role that this agency does not have")
        return self


class Holiday(Part):
    """A day on which agencies do not work; `estimated` until its decree has been seen."""

    day: date
    name: Line
    estimated: bool = False


class Mechanism(Part):
    """One version of the whole document."""

    version: Version
    standing: Line
    emergency: EmergencyRules
    requirements: RequirementRules
    status: StatusRules
    triage: TriageRules
    notices: NoticeRules
    measures: MeasureRules
    agencies: Mapping[AgencyId, AgencyRules]
    holidays: Array[Holiday]

    @cached_property
    def days_off(self) -> frozenset[date]:
        """All holidays, for working-day arithmetic."""
        return frozenset(holiday.day for holiday in self.holidays)

    def may(self, agency: str, role: str, permission: Permission) -> bool:
        """Whether a role of an agency has a permission; False for agencies and roles not named."""
        rules = self.agencies.get(agency)
        return rules is not None and role in rules.permissions[permission]

    def deferred_items(self, *, gender_lens: bool) -> tuple[DeferredItem, ...]:
        """The papers that may come later, each with the agency that sees to it in this case."""
        return tuple(
            DeferredItem(
                code=item.code,
                owner=(gender_lens and item.with_gender_lens) or item.owner,
            )
            for item in self.requirements.items
        )

    def requirements_due(self, day: date) -> date:
        """The day by which deferred papers are due if protection began on `day` (local date)."""
        return add_working_days(day, self.requirements.deadline_working_days, self.days_off)


def _read_all() -> dict[int, Mechanism]:
    documents = (path for path in files(__name__).iterdir() if path.name.endswith(".toml"))
    versions = (Mechanism.model_validate(tomllib.loads(path.read_text("utf-8"))) for path in documents)
    return {mechanism.version: mechanism for mechanism in versions}


MECHANISMS: Mapping[int, Mechanism] = MappingProxyType(_read_all())
LATEST = MECHANISMS[max(MECHANISMS)]


def load(version: int) -> Mechanism:
    """The document of a version; Rejected(UNAVAILABLE) for one that came after this software."""
    if version not in MECHANISMS:
        raise Rejected(Code.UNAVAILABLE, f"mechanism {version}")
    return MECHANISMS[version]
