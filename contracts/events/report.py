"""A report as an officer, a partner or the person types it in: the shape of the one door.

One report to any one agency opens the case for all (memorandum of 7 December 2023). So the form
holds what all of them need and asks nothing twice. Only who to protect, how to reach them safely
and what happened must be there; a name may be a pseudonym, no document is a precondition.

Codes (`KORPORASI`) are terms of the mechanism; words (`walk_in`) tell how the report was taken.
Both are open lists. `read_report` in `contracts.report` is the way in for bytes.
"""

from typing import Annotated

from pydantic import Field

from contracts.events.body import Value
from contracts.events.fields import (
    MAX_INCIDENTS,
    AgeBand,
    Agencies,
    AgencyId,
    Array,
    Codes,
    CodeText,
    Day,
    Languages,
    Line,
    Lines,
    MediaType,
    OffsetTime,
    Province,
    Sha256Hex,
    Text,
    TimeZone,
    Word,
    Words,
)


class Reporter(Value):
    """Who told us: the person, family, a lawyer, or a partner named by its directory id."""

    relation: Word
    name: Line | None = None
    contact: Line | None = None
    partner: AgencyId | None = None


class SafeContact(Value):
    """How to reach a person without adding danger.

    `never_mention` and `do_not_contact` bind every caller.
    """

    channel: Word
    address: Line
    hours: Line | None = None
    timezone: TimeZone | None = None
    codeword: Line | None = None
    never_mention: Lines = ()
    do_not_contact: Lines = ()


class ProtectedPerson(Value):
    """Somebody besides the defender to protect: no name, the relation is enough to plan."""

    relation: Word
    age_band: AgeBand | None = None


class Defender(Value):
    """Who is to be protected."""

    name: Line
    aliases: Lines = ()
    gender: Word | None = None
    age_band: AgeBand | None = None
    birth_date: Day | None = None
    languages: Languages = ()
    disability_needs: Words = ()
    safe_contact: SafeContact
    people_to_protect: Annotated[Array[ProtectedPerson], Field(max_length=50)] = ()


class Work(Value):
    """What the defender does for human rights."""

    activities: Codes = ()
    issues: Codes = ()
    organisation: Line | None = None
    peaceful: bool | None = None


class Incident(Value):
    """One attack. `occurred_at` keeps the offset of the place (WIB, WITA, WIT)."""

    occurred_at: OffsetTime
    forms: Codes = ()
    gendered_forms: Codes = ()
    domain: CodeText | None = None
    violence: Codes = ()
    reported_actor: CodeText | None = None
    text: Text | None = None


class Location(Value):
    """Where it happened; the province (BPS code) leaves the agency only if `disclose_province`."""

    province: Province | None = None
    disclose_province: bool = False
    text: Line | None = None


class Consent(Value):
    """What the person allowed: which groups of fields, to whom, for what, until when."""

    given_by: Word
    form: Word
    recorded_by: Line
    at: OffsetTime
    share_with: Agencies = ()
    fields: Words = ()
    purpose: Word
    expires: Day | None = None


class Attachment(Value):
    """A file held beside the report, tied to it by SHA-256 and size in bytes."""

    name: Line
    media_type: MediaType
    sha256: Sha256Hex
    bytes: Annotated[int, Field(ge=1, le=2**31)]


class Report(Value):
    """One report, complete. A report without any incident is a question, not a report."""

    received_by: AgencyId
    channel: Word
    reporter: Reporter
    defender: Defender
    work: Work
    incidents: Annotated[Array[Incident], Field(min_length=1, max_length=MAX_INCIDENTS)]
    location: Location
    requested: Codes = ()
    legal_status: CodeText | None = None
    consent: Consent
    attachments: Annotated[Array[Attachment], Field(max_length=32)] = ()
