"""One version of the whole mechanism, as people write and sign it.

A document is closed: a table or a number that this software does not apply, or one that it misses, makes it
unreadable here, and then cases under it are shown and not judged. Permissions are open: one that a later
version adds is kept, and one that a document lacks nobody has.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from contracts.errors import Code, Rejected
from contracts.events.fields import LAST_DAY, Agencies, AgencyId, Array, CodeText, Line, Version, Word
from contracts.events.protection import DeferredItem
from contracts.mechanism.calendar import ZONES, add_working_days, end_of, office_day
from contracts.mechanism.part import Part
from contracts.mechanism.permission import Permission
from contracts.mechanism.rules import (
    PARTNER,
    BreachRules,
    ClosureRules,
    DisclosureRules,
    EmergencyRules,
    EndingRules,
    LeadRules,
    LetterRules,
    MeasureRules,
    NoticeRules,
    PlanRules,
    PoliceRules,
    ReferralRules,
    RequirementRules,
    ReviewRules,
    RightsRules,
    RiskRules,
    SessionRules,
    StatusRules,
    TriageRules,
)

MAX_MECHANISM = 128 * 1024  # bytes of a document

_FIRST_DAY = date(2020, 1, 1)
_LINE = re.compile(r"line [0-9]+")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


class AgencyRules(Part):
    """One agency's roles: what each may do, in which order an unanswered notice climbs, and its office's clock."""

    zone: Literal["WIB", "WITA", "WIT"]
    roles: Array[Word]
    ladder: Annotated[Array[Word], Field(min_length=1)]
    permissions: Mapping[Word, Array[Word]]

    @model_validator(mode="after")
    def _names_agree(self) -> Self:
        if not {*self.ladder}.union(*self.permissions.values()) <= {*self.roles}:
            raise ValueError("a role that this agency does not have")
        return self

    def may(self, role: str, permission: Permission) -> bool:
        """Whether a role has a permission; nobody has one that the document does not list."""
        return role in self.permissions.get(permission, ())


_UNNAMED = AgencyRules(zone="WIB", roles=("nobody",), ladder=("nobody",), permissions={})


class Holiday(Part):
    """A day on which agencies do not work; `estimated` until its decree has been seen."""

    day: Annotated[date, Field(ge=_FIRST_DAY, le=LAST_DAY)]
    name: Line
    estimated: bool = False


class YearlyDate(Part):
    """A day of every year by which agencies owe something that is of no case."""

    code: CodeText
    agencies: Agencies
    month: Annotated[int, Field(ge=1, le=12)]
    day: Annotated[int, Field(ge=1, le=31)]
    basis: Line

    @model_validator(mode="after")
    def _comes_every_year(self) -> Self:
        date(_FIRST_DAY.year + 1, self.month, self.day)  # which is no leap year
        return self

    def falls_with(self, other: "YearlyDate") -> bool:
        """Whether both are the same thing by the same day, as two versions of a document have it."""
        return (self.code, self.month, self.day) == (other.code, other.month, other.day)

    def next(self, today: date) -> date:
        """The first such day that is not before `today`."""
        this_year = date(today.year, self.month, self.day)
        return this_year if today <= this_year else this_year.replace(year=today.year + 1)

    def last(self, today: date) -> date:
        """The last such day before `today`."""
        this_year = date(today.year, self.month, self.day)
        return this_year if this_year < today else this_year.replace(year=today.year - 1)


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
    police: PoliceRules
    rights: RightsRules
    breach: BreachRules
    disclosure: DisclosureRules
    plan: PlanRules
    review: ReviewRules
    closure: ClosureRules
    dates: Array[YearlyDate]
    agencies: Mapping[AgencyId, AgencyRules]
    holidays: Annotated[Array[Holiday], Field(min_length=1)]

    @classmethod
    def read(cls, data: bytes) -> Self:
        """The document in these bytes: TOML in UTF-8 and NFC, so that one text has one hash.

        Rejected(SIZE) for more than 128 KiB, (ENCODING) for other bytes, (MECHANISM) naming the line that is no TOML,
        or the first place that breaks the rules of a document.
        """
        if len(data) > MAX_MECHANISM:
            raise Rejected(Code.SIZE, f"more than {MAX_MECHANISM} bytes")
        try:
            return cls.model_validate(parse(data))
        except ValidationError as error:
            fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
            raise Rejected(Code.MECHANISM, _place(fault["loc"])) from None

    @model_validator(mode="after")
    def _names_agree(self) -> Self:
        if not self._named() <= {*self.agencies}:
            raise ValueError("an agency that this document does not describe")
        if self.emergency.role not in self.of(self.emergency.decided_by).ladder:
            raise ValueError("those who decide an emergency must be reachable")
        if len(self.days_off) < len(self.holidays):
            raise ValueError("a holiday stands twice")
        if len({one.code for one in self.dates}) < len(self.dates):
            raise ValueError("a yearly date stands twice")
        return self

    @cached_property
    def days_off(self) -> frozenset[date]:
        """All holidays, for working-day arithmetic."""
        return frozenset(holiday.day for holiday in self.holidays)

    @property
    def listed_until(self) -> date:
        """The last day of the years without a gap whose holidays are listed; after it only weekends count."""
        years = {day.year for day in self.days_off}
        end = min(years)
        while end + 1 in years:
            end += 1
        return date(end, 12, 31)

    def of(self, agency: str) -> AgencyRules:
        """What the document says of an agency; of one that it does not name that nobody there may do anything."""
        return self.agencies.get(agency, _UNNAMED)

    def may(self, agency: str, role: str, permission: Permission) -> bool:
        """Whether a role of an agency has a permission; False for agencies and roles not named."""
        return self.of(agency).may(role, permission)

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

    def office_day(self, moment: datetime, agency: str) -> date:
        """The day that it is at an agency's office, whose clock decides when a day of its promises begins and ends."""
        return office_day(moment, ZONES[self.of(agency).zone])

    def dates_of(self, agency: str) -> tuple[YearlyDate, ...]:
        """What an agency owes every year."""
        return tuple(one for one in self.dates if agency in one.agencies)

    def end_of(self, day: date, agency: str) -> datetime:
        """The last second of a day at an agency's office."""
        return end_of(day, ZONES[self.of(agency).zone])

    def _named(self) -> set[str]:
        """Every agency to which a rule gives a task."""
        items = self.requirements.items
        tables: tuple[Mapping[str, str], ...] = (
            self.status.owners,
            self.measures.owners,
            self.letters.issuers,
            self.referral.managed_by,
        )
        owners = {owner for table in tables for owner in table.values()} - {PARTNER}
        replacing = {item.with_gender_lens for item in items if item.with_gender_lens}
        owners |= {agency for one in self.dates for agency in one.agencies} | {one.agency for one in self.lead.needs}
        return owners | replacing | {item.owner for item in items} | {self.emergency.decided_by, *self.lead.rank}


def parse(data: bytes) -> dict[str, object]:
    """The tables of a document, not yet judged; Rejected(ENCODING), or (MECHANISM) naming the line that is no TOML."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Rejected(Code.ENCODING, "not UTF-8") from None
    if not unicodedata.is_normalized("NFC", text):
        raise Rejected(Code.ENCODING, "not in NFC")
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        line = _LINE.search(str(error))
        raise Rejected(Code.MECHANISM, line[0] if line else "not TOML") from None


def _place(loc: Iterable[int | str]) -> str:
    """A location in a document, whose names are its writers' own; what is no name is not repeated."""
    return ".".join(str(part) if _NAME.fullmatch(str(part)) else "?" for part in loc) or "the whole"
