"""The matters on which the agencies agree, each a table of the document.

Every number stands beside its basis, because a number without one cannot be discussed by the people who must
agree to it. A table that lacks a number, or has one that this software does not apply, is refused: a rule that
one node follows and another does not would give two timelines.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Self, TypeVar

from pydantic import Field, model_validator

from contracts.events.fields import AgencyId, Array, CodeText, Count, Line, SomeCodes, Word
from contracts.mechanism.part import Days, Hours, Minutes, Number, Part, Rules

Limit = TypeVar("Limit")
PARTNER = "mitra"  # stands where an agency id would: a partner, chosen case by case

ByCode = Annotated[Mapping[CodeText, Limit], Field(min_length=1)]  # who does not know a code takes the strictest


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
    """Which agency determines which kind of defender, by when; how long an appeal has, and how soon it is answered."""

    owners: Mapping[CodeText, AgencyId]
    provisional: Hours = Field(alias="provisional_hours")
    final: Hours = Field(alias="final_hours")
    appeal: Days = Field(alias="appeal_days")
    appealable: Days = Field(alias="appealable_days")


class RiskRules(Rules):
    """The risk table: what is scored from 0 to 4, and which level that gives; how soon, in full, and for how long.

    A level holds where threat x (1 + vulnerability) reaches its number in `at_least` times (1 + capacity); of those
    that do the gravest. `floor` is the least level for each threat from 0 to 4, whatever stands against it.
    """

    initial: ByCode[Hours] = Field(alias="initial_hours")
    valid: ByCode[Days] = Field(alias="valid_days")
    threats: SomeCodes
    vulnerabilities: SomeCodes
    capacities: SomeCodes
    at_least: Mapping[CodeText, Count]
    floor: Annotated[Array[CodeText], Field(min_length=5, max_length=5)]
    present_threat: CodeText
    study: Days = Field(alias="study_days")

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
    human: ByCode[Minutes] = Field(alias="human_minutes")

    def human_within(self, urgency: str) -> timedelta:
        """The time until a person looks; a level that this version does not know gets the shortest."""
        return self.human.get(urgency, min(self.human.values()))


class NoticeRules(Rules):
    """How long a role has to answer a notice before it climbs, by urgency; and who is told of a missed promise.

    `missed` gives kinds of promises an urgency of their own, whatever the case's; `everybody` are those of which the
    other agencies hear at once. When a node is silent, others say for it what it missed after `silent`, in turn.
    """

    respond: ByCode[Minutes] = Field(alias="respond_minutes")
    missed: Mapping[CodeText, CodeText]
    everybody: Array[CodeText]
    silent: Minutes = Field(alias="silent_minutes")

    def respond_within(self, urgency: str) -> timedelta:
        """The time to answer; a level that this version does not know gets the shortest."""
        return self.respond.get(urgency, min(self.respond.values()))


class MeasureRules(Rules):
    """Which agency, or PARTNER, usually owns which measure: a default for the plan, never a limit."""

    owners: Mapping[CodeText, AgencyId]


class LeadNeed(Part):
    """Which agency should lead where any of these signs is there; `reason` is what an offer of the lead gives."""

    reason: CodeText
    agency: AgencyId
    measures: Array[CodeText] = ()  # of which a plan in force asks one of this agency
    gender_lens: bool = False
    forms: Array[CodeText] = ()
    actors: Array[CodeText] = ()
    legal_status: Array[CodeText] = ()
    status: Array[CodeText] = ()  # kinds of defenders, found at least provisionally
    basis: Line

    @model_validator(mode="after")
    def _has_a_sign(self) -> Self:
        if not (self.measures or self.gender_lens or self.forms or self.actors or self.legal_status or self.status):
            raise ValueError("a need without a sign")
        return self


class LeadRules(Rules):
    """Who leads when two would, how soon an offer is answered, and when a lead that is silent may be replaced.

    `needs` say who should lead once a plan is in force, the first that is there: a proposal to the lead, on which it
    acts within `by_need`.
    """

    rank: Array[AgencyId]  # of two that would lead, the earlier one does
    needs: Array[LeadNeed]
    by_need: Days = Field(alias="by_need_days")
    offer: Hours = Field(alias="offer_answer_hours")
    unreachable: Hours = Field(alias="unreachable_hours")
    signatures: Number = Field(alias="takeover_signatures")
    support: Minutes = Field(alias="takeover_answer_minutes")

    @model_validator(mode="after")
    def _one_need_a_reason(self) -> Self:
        if len({need.reason for need in self.needs}) < len(self.needs):
            raise ValueError("a need stands twice")
        return self


class ReferralRules(Rules):
    """Who manages which kind of partner, how soon a referral is answered, and how often it is reported on."""

    managed_by: Mapping[CodeText, AgencyId]
    urgent: Hours = Field(alias="urgent_hours")
    working_days: Number
    report: Days = Field(alias="report_days")
    failures: Number
    elsewhere: Hours = Field(alias="elsewhere_hours")


class PoliceRules(Rules):
    """Which kinds of partner must tell the police of which violence, how soon, and how soon the police answer."""

    violence: SomeCodes
    providers: SomeCodes
    report: Hours = Field(alias="report_hours")
    answer: Hours = Field(alias="answer_hours")


class RightsRules(Rules):
    """How soon a person who asks about their own data is answered."""

    answer: Hours = Field(alias="answer_hours")


class BreachRules(Rules):
    """Who is told of a breach of personal data, and how soon after it is known."""

    notice: Hours = Field(alias="notice_hours")
    recipients: SomeCodes


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
    """The leaders' session: how many must sit, how far one extends, and how soon the leaders act on what it decided."""

    quorum: Number
    extension: Days = Field(alias="extension_days")
    follow_up_working_days: Number


class PlanRules(Rules):
    """How soon there is a joint plan and a first measure, and whose plan needs more than the emergency's agency.

    `evacuation` are the measures that bring somebody to safety, and how soon one that is needed is in place.
    """

    joint: ByCode[Hours] = Field(alias="joint_hours")
    first_measure: Hours = Field(alias="first_measure_hours")
    evacuation: SomeCodes
    evacuated: Hours = Field(alias="evacuation_hours")
    ineligible: Array[CodeText]
    suspect: Array[CodeText]

    def joint_within(self, urgency: str) -> timedelta:
        """The time until the plan is agreed; a level that this version does not know gets the shortest."""
        return self.joint.get(urgency, min(self.joint.values()))


class ReviewRules(Rules):
    """How often the risk is looked at again, by its level, how soon when things change, and when as a whole."""

    cadence: ByCode[Days] = Field(alias="cadence_days")
    at_once: Hours = Field(alias="at_once_hours")
    yearly: Days = Field(alias="yearly_days")

    def after(self, risk: str) -> timedelta:
        """The time until the next review; a level that this version does not know gets the shortest."""
        return self.cadence.get(risk, min(self.cadence.values()))


class ClosureRules(Rules):
    """Which risk is ordinary, and at how many reviews in a row it must be for a case to close."""

    ordinary: Array[CodeText]
    reviews: Number
