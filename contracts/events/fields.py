"""The field types of every body: each with the bound that a hostile or careless writer cannot pass.

All of them are strings, integers or arrays on the wire and stay so in memory. A time or a day keeps
the text it came with, so a value that was signed is the value that is shown; whoever calculates
parses it, and no sum that the rules make of one runs off the calendar: years are bounded here, once.
Codes that this version does not know fit too: they are kept and shown, never dropped.
Patterns bind at both ends (Rust regular expressions: no multi-line mode, `$` is the end).
"""

import unicodedata
from collections.abc import Hashable
from datetime import date, datetime
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic.config import JsonDict

Item = TypeVar("Item")

MAX_AGENCIES = 8
MAX_INCIDENTS = 32
MAX_CODES = 32
MAX_COUNT = 2**40
MAX_CASES = 512
MAX_ERASED = 8192


def _composed(text: object) -> object:
    """Text in NFC before its length is measured, so that equal texts are equal bytes."""
    return unicodedata.normalize("NFC", text) if isinstance(text, str) else text


def _day(text: str) -> str:
    date.fromisoformat(text)
    return text


def _moment(text: str) -> str:
    datetime.fromisoformat(text)
    return text


def _unique(items: tuple[Hashable, ...]) -> tuple[Hashable, ...]:
    if len(set(items)) != len(items):
        raise ValueError("an item stands twice")
    return items


def _ascending(items: tuple[str, ...]) -> tuple[str, ...]:
    if list(items) != sorted(set(items)):
        raise ValueError("not in ascending order, or an item stands twice")
    return items


# A list in JSON, a tuple in memory. `strict=False` lets exactly that step through, not the items.
Array = Annotated[tuple[Item, ...], Field(strict=False)]

CodeText = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,63}$")]
Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
Subject = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9_-]{0,64}$")
]  # what of its kind was promised: a code, a name, a day
OfficerName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]  # a pseudonym, as in a content's actor
AgencyId = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,32}$")]
LogName = Annotated[str, Field(pattern=r"^[a-z0-9.-]{1,64}/[a-z0-9-]{1,32}/[1-9][0-9]{0,3}$")]
Hash = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$")]
EventId = Hash
CaseId = Annotated[str, Field(pattern=r"^[0-9a-hjkmnp-tv-z]{26}$")]
Province = Annotated[str, Field(pattern=r"^[0-9]{2}$")]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")]
AgeBand = Annotated[str, Field(pattern=r"^[a-z0-9+-]{1,16}$")]
TimeZone = Annotated[str, Field(pattern=r"^[A-Za-z_]{1,32}(/[A-Za-z0-9_+-]{1,32}){0,2}$")]
KeyName = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,32}\.[a-z]{1,16}\.[1-9][0-9]{0,5}$")]
Signature = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{85}[AQgw]$")]  # 64 bytes
Sha256Hex = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
MediaType = Annotated[str, Field(pattern=r"^[a-z]{1,32}/[a-z0-9.+-]{1,96}$")]

# One line has no control character at all: it may end up in a mail header or a file name.
_ONE_LINE = r"^[^\x00-\x1f\x7f]*$"
_LINES = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
Line = Annotated[str, Field(min_length=1, max_length=200, pattern=_ONE_LINE), BeforeValidator(_composed)]
ShortText = Annotated[str, Field(min_length=1, max_length=1000, pattern=_LINES), BeforeValidator(_composed)]
Text = Annotated[str, Field(min_length=1, max_length=8000, pattern=_LINES), BeforeValidator(_composed)]
DocumentText = Annotated[str, Field(min_length=1, max_length=128 * 1024, pattern=_LINES), BeforeValidator(_composed)]

# A day (`2026-11-22`), an instant (`2026-11-22T01:54:48.123Z`), and an RFC 3339 time that keeps the
# offset of the place where it was noted (`2026-11-22T08:54:48+07:00`). Days and times that people note lie in
# 1900-2199, instants in 1800-2999: what the rules count from a noted time, or write of it in UTC, is an instant again.
LAST_DAY = date(2199, 12, 31)
DAY = "(19|2[01])[0-9]{2}-[0-9]{2}-[0-9]{2}"
_CLOCK = "[0-9]{2}:[0-9]{2}:[0-9]{2}"
_OFFSET = "(Z|[+-][0-9]{2}:[0-9]{2})"
INSTANT = rf"(1[89]|2[0-9])[0-9]{{2}}-[0-9]{{2}}-[0-9]{{2}}T{_CLOCK}\.[0-9]{{3}}Z"
Day = Annotated[str, Field(pattern=f"^{DAY}$"), AfterValidator(_day)]
Instant = Annotated[str, Field(pattern=f"^{INSTANT}$"), AfterValidator(_moment)]
OffsetTime = Annotated[
    str,
    Field(pattern=rf"^{DAY}T{_CLOCK}(\.[0-9]{{1,6}})?{_OFFSET}$"),
    AfterValidator(_moment),
]

Count = Annotated[int, Field(ge=0, le=MAX_COUNT)]
Version = Annotated[int, Field(ge=1, le=1_000_000)]
Step = Annotated[int, Field(ge=0, le=32)]

_NO_TWICE: JsonDict = {"uniqueItems": True}

Codes = Annotated[Array[CodeText], Field(max_length=MAX_CODES)]
SomeCodes = Annotated[Array[CodeText], Field(min_length=1, max_length=MAX_CODES)]
# What all incidents of one report can name together: a report that can be read can open a case.
GatheredCodes = Annotated[Array[CodeText], Field(max_length=MAX_INCIDENTS * MAX_CODES)]
Words = Annotated[Array[Word], Field(max_length=16)]
Lines = Annotated[Array[Line], Field(max_length=16)]
Languages = Annotated[Array[Language], Field(max_length=16)]
Agencies = Annotated[
    Array[AgencyId], Field(max_length=MAX_AGENCIES, json_schema_extra=_NO_TWICE), AfterValidator(_unique)
]
Participants = Annotated[
    Array[AgencyId],
    Field(min_length=1, max_length=MAX_AGENCIES, json_schema_extra=_NO_TWICE),
    AfterValidator(_ascending),
]
EventIds = Annotated[Array[EventId], Field(max_length=16, json_schema_extra=_NO_TWICE), AfterValidator(_unique)]
SomeEventIds = Annotated[
    Array[EventId], Field(min_length=1, max_length=16, json_schema_extra=_NO_TWICE), AfterValidator(_unique)
]
SomeOfficers = Annotated[
    Array[OfficerName], Field(min_length=1, max_length=16, json_schema_extra=_NO_TWICE), AfterValidator(_unique)
]
CaseIds = Annotated[
    Array[CaseId],
    Field(min_length=1, max_length=MAX_CASES, json_schema_extra=_NO_TWICE),
    AfterValidator(_ascending),
]
# All events of a case, even of a flooded one: their names still fit the largest sealed content.
ErasedEvents = Annotated[
    Array[EventId],
    Field(min_length=1, max_length=MAX_ERASED, json_schema_extra=_NO_TWICE),
    AfterValidator(_ascending),
]
