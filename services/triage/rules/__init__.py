"""The urgency table: readable rows in numbered TOML files, read once at import.

The operators are closed, so whether each row can ever decide is itself decided when a table is read:
a row fits more the more codes a case has and the younger its incident, so a row is reachable exactly
if one of its smallest, oldest fitting cases reaches it. A table with a dead row, without a last word,
or with a misspelt code is refused.
"""

import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from itertools import product
from types import MappingProxyType
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from contracts import codes
from contracts.events.fields import Array, CodeText, Line, Version

FieldName = Literal[
    "forms", "gendered_forms", "violence", "domains", "actors", "issues", "activities", "requested", "legal_status"
]
LISTS: Mapping[FieldName, str] = MappingProxyType(
    {
        "forms": "form",
        "gendered_forms": "gendered_form",
        "violence": "violence",
        "domains": "domain",
        "actors": "actor",
        "issues": "issue",
        "activities": "activity",
        "requested": "measure",
        "legal_status": "legal_status",
    }
)
STRANGE = "KODE_TAK_DIKENAL"  # stands for any code that no list knows
LONG_AGO = 10**9

SomeCodes = Annotated[Array[CodeText], Field(min_length=1)]


class Facts(NamedTuple):
    """What a row may look at: the codes of a case by field, and the days since its latest incident."""

    codes: Mapping[FieldName, tuple[str, ...]]
    days: int


class Rule(BaseModel):
    """One row: when all of its conditions hold, `level` is the urgency, and `id` and `en` say why."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    number: Annotated[int, Field(ge=1, le=10_000)]
    level: CodeText
    has: Mapping[FieldName, SomeCodes] = {}
    unfamiliar: Array[FieldName] = ()
    within_days: Annotated[int, Field(ge=0, le=3650)] | None = None
    id: Line
    en: Line

    @model_validator(mode="after")
    def _only_known_codes(self) -> Self:
        named = [(LISTS[field], code) for field, some in self.has.items() for code in some]
        if any(code not in codes.codes(name) for name, code in [*named, ("urgency", self.level)]):
            raise ValueError("a code that its list does not have")
        return self

    def fits(self, facts: Facts) -> bool:
        """Whether all conditions hold."""
        recent = self.within_days is None or facts.days <= self.within_days
        named = all(set(some) & set(facts.codes[field]) for field, some in self.has.items())
        return recent and named and (not self.unfamiliar or any(self._strange(facts)))

    def because(self, facts: Facts) -> tuple[tuple[FieldName, str], ...]:
        """The codes that made it fit, each with its field."""
        named = ((field, code) for field, some in self.has.items() for code in facts.codes[field] if code in some)
        return (*named, *self._strange(facts))

    def field_of(self, code: str) -> FieldName | None:
        """Where this row looks for a code; None if it does not name it."""
        return next((field for field, some in self.has.items() if code in some), None)

    def _strange(self, facts: Facts) -> Iterator[tuple[FieldName, str]]:
        return (
            (field, code)
            for field in self.unfamiliar
            for code in facts.codes[field]
            if code not in codes.codes(LISTS[field])
        )


class Table(BaseModel):
    """One version of the urgency rules."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    version: Version
    rules: Annotated[Array[Rule], Field(min_length=1)]

    @model_validator(mode="after")
    def _each_row_can_decide(self) -> Self:
        last = self.rules[-1]
        if last.has or last.unfamiliar or last.within_days is not None:
            raise ValueError("the last row must fit every case")
        if [rule.number for rule in self.rules] != list(range(1, len(self.rules) + 1)):
            raise ValueError("rows are numbered from 1 without a gap")
        for rule in self.rules:
            if not any(self.first(case) is rule for case in smallest(rule)):
                raise ValueError(f"row {rule.number} never decides: rows above take all its cases")
        return self

    def first(self, facts: Facts) -> Rule:
        """The row that decides."""
        return next(rule for rule in self.rules if rule.fits(facts))


def smallest(rule: Rule) -> Iterator[Facts]:
    """The cases that just fit a row: one code for each condition, as old as the row allows."""
    days = LONG_AGO if rule.within_days is None else rule.within_days
    for chosen in product(*rule.has.values()):
        for strange in rule.unfamiliar or (None,):
            found = dict.fromkeys(LISTS, ()) | {field: (code,) for field, code in zip(rule.has, chosen, strict=True)}
            if strange:
                found[strange] = (*found[strange], STRANGE)
            yield Facts(found, days)


def _read_all() -> dict[int, Table]:
    documents = (path for path in files(__name__).iterdir() if path.name.endswith(".toml"))
    tables = (Table.model_validate(tomllib.loads(path.read_text("utf-8"))) for path in documents)
    return {table.version: table for table in tables}


TABLES: Mapping[int, Table] = MappingProxyType(_read_all())
LATEST = TABLES[max(TABLES)]
