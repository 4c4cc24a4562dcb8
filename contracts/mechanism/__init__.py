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
from contracts.events.fields import AgencyId, Array, CodeText, Count, Line, SomeCodes, Version, Word
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
    REQUEST_STATUS = "request_status"
    DETERMINE_STATUS = "determine_status"
    RECOGNISE_STATUS = "recognise_status"
    DISPUTE_STATUS = "dispute_status"
    APPEAL_STATUS = "appeal_status"
    ASSESS_RISK = "assess_risk"
    DETERMINE_ELIGIBILITY = "determine_eligibility"
    PROPOSE_EMERGENCY = "propose_emergency"
    DECIDE_EMERGENCY = "decide_emergency"
    ACKNOWLEDGE_NOTICE = "acknowledge_notice"
    ASK_ERASURE = "ask_erasure"
    CONFIRM_ERASURE = "confirm_erasure"
    FULFIL_REQUIREMENT = "fulfil_requirement"
    REQUEST_LETTER = "request_letter"
    ISSUE_LETTER = "issue_letter"
    RECORD_SESSION = "record_session"
    ANSWER_HANDOVER = "answer_handover"
    SUPPLEMENT_RECORD = "supplement_record"
    CONFIRM_RECORD = "confirm_record"
    LEAD_CASE = "lead_case"
    TAKE_LEAD = "take_lead"
    REFER = "refer"
    ANSWER_REFERRAL = "answer_referral"
    RECORD_CONSENT = "record_consent"
    DISCLOSE = "disclose"
    CONFIRM_DISCLOSURE = "confirm_disclosure"
    PROPOSE_PLAN = "propose_plan"
    AGREE_PLAN = "agree_plan"
    CARRY_OUT_MEASURE = "carry_out_measure"
    RECORD_INCIDENT = "record_incident"
    HOLD_REVIEW = "hold_review"
    PROPOSE_CLOSURE = "propose_closure"
    AGREE_CLOSURE = "agree_closure"
    REOPEN_CASE = "reopen_case"


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
    extension_working_days: Number
    overdue_working_days: Number
    reminder_days: Array[Number]
    items: Array[RequirementItem]


class StatusRules(Rules):
    """Which agency determines which kind of defender, by when, and how soon it answers an appeal."""

    owners: Mapping[CodeText, AgencyId]
    provisional: Hours = Field(alias="provisional_hours")
    final: Hours = Field(alias="final_hours")
    appeal: Days = Field(alias="appeal_days")


class RiskRules(Rules):
    """The risk table: what is scored from 0 to 4, and which level that gives; how soon, and for how long.

    A level holds where threat x (1 + vulnerability) reaches its number in `at_least` times (1 + capacity); of those
    that do the gravest. `floor` is the least level for each threat from 0 to 4, whatever stands against it.
    """

    initial: Mapping[CodeText, Hours] = Field(alias="initial_hours")
    valid: Mapping[CodeText, Days] = Field(alias="valid_days")
    threats: SomeCodes
    vulnerabilities: SomeCodes
    capacities: SomeCodes
    at_least: Mapping[CodeText, Count]
    floor: Annotated[Array[CodeText], Field(min_length=5, max_length=5)]
    present_threat: CodeText

    @model_validator(mode="after")
    def _one_scale(self) -> Self:
        levels = list(self.at_least)
        if list(self.at_least.values()) != sorted({*self.at_least.values(), 0}):
            raise ValueError("levels begin at 0 and rise")
        if not {*self.floor, self.present_threat} <= {*levels} == {*self.valid}:
            raise ValueError("a level that the table does not have, or one without an end")
        if list(self.floor) != sorted(self.floor, key=levels.index):
            raise ValueError("a graver threat never has a lower floor")
        return self

    def initial_within(self, urgency: str) -> timedelta:
        """The time for the first assessment; a level that this version does not know gets the shortest."""
        return self.initial.get(urgency, min(self.initial.values()))

    def valid_for(self, level: str) -> timedelta:
        """How long an assessment may hold; at a level that this version does not know, the shortest."""
        return self.valid.get(level, min(self.valid.values()))


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


class LeadRules(Rules):
    """Who leads when two would, how soon an offer is answered, and when a lead that is silent may be replaced."""

    rank: Array[AgencyId]  # of two that would lead, the earlier one does
    offer: Hours = Field(alias="offer_answer_hours")
    unreachable: Hours = Field(alias="unreachable_hours")
    signatures: Number = Field(alias="takeover_signatures")
    support: Minutes = Field(alias="takeover_answer_minutes")


class ReferralRules(Rules):
    """Who manages which kind of partner, how soon a referral is answered, and how often it is reported on."""

    managed_by: Mapping[CodeText, AgencyId]
    urgent: Hours = Field(alias="urgent_hours")
    working_days: Number
    report: Days = Field(alias="report_days")
    failures: Number
    elsewhere: Hours = Field(alias="elsewhere_hours")


class DisclosureRules(Rules):
    """Who hears of what is shared without consent, and on which grounds it may be."""

    grounds: Array[CodeText]
    auditor: Word


class EndingRules(Rules):
    """When emergency protection may end: how fresh and low the risk, how long before all hear of it."""

    low_risk: Array[CodeText]
    risk_age: Days = Field(alias="risk_days")
    notice: Days = Field(alias="notice_days")
    handover: Hours = Field(alias="handover_hours")


class LetterRules(Rules):
    """Which letter takes the place of which requirement, who is competent to write it, and how soon one is answered."""

    fulfils: Mapping[CodeText, CodeText]
    issuers: Mapping[CodeText, AgencyId]  # a letter that is not listed may come from any agency
    answer: Days = Field(alias="answer_days")


class SessionRules(Rules):
    """The leaders' session: how many must sit, and how soon the leaders act on what it decided."""

    quorum: Number
    follow_up_working_days: Number


class PlanRules(Rules):
    """How soon there is a joint plan and a first measure, and whose plan needs more than the emergency's agency."""

    joint: Mapping[CodeText, Hours] = Field(alias="joint_hours")
    first_measure: Hours = Field(alias="first_measure_hours")
    ineligible: Array[CodeText]
    suspect: Array[CodeText]

    def joint_within(self, urgency: str) -> timedelta:
        """The time until the plan is agreed; a level that this version does not know gets the shortest."""
        return self.joint.get(urgency, min(self.joint.values()))


class ReviewRules(Rules):
    """How often the risk is looked at again, by its level, and how soon when things change."""

    cadence: Mapping[CodeText, Days] = Field(alias="cadence_days")
    at_once: Hours = Field(alias="at_once_hours")

    def after(self, risk: str) -> timedelta:
        """The time until the next review; a level that this version does not know gets the shortest."""
        return self.cadence.get(risk, min(self.cadence.values()))


class ClosureRules(Rules):
    """Which risk is ordinary, and at how many reviews in a row it must be for a case to close."""

    ordinary: Array[CodeText]
    reviews: Number


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
    risk: RiskRules
    triage: TriageRules
    notices: NoticeRules
    measures: MeasureRules
    ending: EndingRules
    letters: LetterRules
    session: SessionRules
    lead: LeadRules
    referral: ReferralRules
    disclosure: DisclosureRules
    plan: PlanRules
    review: ReviewRules
    closure: ClosureRules
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
        return self.working_days(day, self.requirements.deadline_working_days)

    def working_days(self, day: date, count: int) -> date:
        """The `count`-th working day after `day` (local dates)."""
        return add_working_days(day, count, self.days_off)


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
