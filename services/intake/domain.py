"""What a report becomes: pure, given the report, the rules and the time.

Consent decides who takes part: the receiving agency and those that the consent names, nobody else.
A consent that has run out, or that was given for another purpose than protection, names nobody.
Persons are found again by blinded facts (HMAC-SHA256), so the index itself tells nothing to whoever
steals it without the node's key.
"""

import hmac
import re
import unicodedata
from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from contracts.case import Case
from contracts.content import Actor
from contracts.errors import Code, Rejected
from contracts.events import Body
from contracts.events.intake import (
    CaseOpened,
    ConsentRecorded,
    ConsentWithdrawn,
    Identity,
    IdentityShared,
    ReportReceived,
)
from contracts.events.report import Consent, Incident, Report
from contracts.promises.plan import planned
from contracts.record import EventId
from contracts.report import gender_lens
from contracts.timeline import Event, Past
from contracts.workflow.consent import PROTECTION, runs
from contracts.workflow.lead import IN_EMERGENCY
from contracts.workflow.plan import owing
from services.intake.refusals import check_report
from services.node.writing import Draft

BASIS: Mapping[str, tuple[str, ...]] = {"person": ("NAMA", "TANGGAL_LAHIR"), "contact": ("KONTAK",)}
MAX_SUGGESTED = 16  # as many cases as one event may name
_PHONE = re.compile(r"[+0-9().\-\s]{6,}")
_WORD = re.compile(r"\w+")


class Door(NamedTuple):
    """Where and when a report comes in."""

    agency: str
    agencies: Container[str]  # all that the directory names
    mechanism: int  # version of the rules that the case will follow
    now: str


class Person(NamedTuple):
    """The facts by which a person is found again; empty where unknown."""

    name: str = ""
    birth_date: str = ""
    address: str = ""


class PersonKey(NamedTuple):
    """One blinded fact."""

    kind: str
    key: bytes


def opening(report: Report, door: Door, actor: Actor) -> list[Draft]:
    """What is said when a report comes in, in this order: the report first.

    Raises Rejected(REPORT) if the report is for another agency, its consent names an unknown one, or as `check_report`.
    """
    if report.received_by != door.agency:
        raise Rejected(Code.REPORT, "received_by")
    if not all(agency in door.agencies for agency in report.consent.share_with):
        raise Rejected(Code.REPORT, "consent.share_with")
    check_report(report, door.now)
    readers = participants(report, door.now)
    said: list[tuple[Body, tuple[str, ...]]] = [
        (ReportReceived(report=report), (door.agency,)),
        (case_opened(report, readers, door.mechanism), readers),
        (ConsentRecorded.model_validate(report.consent.model_dump()), readers),
    ]
    shared = shared_identity(report)
    if shared and readers != (door.agency,):
        said.append((shared, readers))
    return [Draft(body, to, actor, door.now) for body, to in said]


def participants(report: Report, now: str) -> tuple[str, ...]:
    """Who may know of the case: the receiving agency, and those to whom a consent in force extends."""
    extended = report.consent.share_with if in_force(report.consent, now) else ()
    return tuple(sorted({report.received_by, *extended}))


def in_force(consent: Consent, now: str) -> bool:
    """Whether a consent allows sharing for protection now."""
    return consent.purpose == PROTECTION and runs(consent, datetime.fromisoformat(now))


def case_opened(report: Report, readers: tuple[str, ...], mechanism: int) -> CaseOpened:
    """The case in codes: nothing that identifies a person, no narrative, the province only if disclosed."""
    incidents, work, place = report.incidents, report.work, report.location
    return CaseOpened(
        received_by=report.received_by,
        channel=report.channel,
        activities=work.activities,
        issues=work.issues,
        forms=_gathered(incident.forms for incident in incidents),
        gendered_forms=_gathered(incident.gendered_forms for incident in incidents),
        domains=_gathered((incident.domain,) for incident in incidents),
        violence=_gathered(incident.violence for incident in incidents),
        actors=_gathered((incident.reported_actor,) for incident in incidents),
        requested=report.requested,
        legal_status=report.legal_status,
        gender_lens=gender_lens(report),
        people_to_protect=len(report.defender.people_to_protect),
        province=place.province if place.disclose_province else None,
        latest_incident_on=max(incidents, key=_when).occurred_at[:10],
        participants=readers,
        mechanism=mechanism,
    )


def shared_identity(report: Report) -> IdentityShared | None:
    """The groups of fields that the consent names, and no other; None if it names none that we know."""
    return groups(report, report.consent.fields)


def groups(report: Report, fields: Container[str]) -> IdentityShared | None:
    """These groups of fields of a report; None if it knows none of them."""
    person = report.defender
    named = Identity(name=person.name, aliases=person.aliases, birth_date=person.birth_date)
    groups = {"identity": named, "safe_contact": person.safe_contact, "incidents": report.incidents}
    allowed = {name: group for name, group in groups.items() if name in fields}
    return IdentityShared.model_validate(allowed) if allowed else None


def person_of(source: Report | IdentityShared) -> Person:
    """The facts that a report, or what another agency shared, tells."""
    if isinstance(source, Report):
        who = source.defender
        return Person(who.name, who.birth_date or "", who.safe_contact.address)
    name = source.identity.name if source.identity else ""
    born = source.identity.birth_date if source.identity else None
    return Person(name, born or "", source.safe_contact.address if source.safe_contact else "")


def reports(case: Case, agency: str) -> list[Report]:
    """What an agency took in itself: a report that another one sends is no report of ours, whatever it says."""
    return [body.report for event, body in case.of_type(ReportReceived) if event.agency == agency]


def in_use(case: Case) -> list[tuple[Event, IdentityShared]]:
    """What was shared of a person and may still be used: by somebody who knew of every withdrawal that we know of."""
    past, shared = Past(case.timeline), case.of_type(IdentityShared)
    withdrawn = [event.id for event, _ in case.of_type(ConsentWithdrawn)]
    return [(event, body) for event, body in shared if all(past.has(event.id, one) for one in withdrawn)]


def readable(case: Case, agency: str) -> list[tuple[Event, IdentityShared]]:
    """What an agency may still read of it: all, as long as it protects the person in an emergency.

    One word at any desk, said in error or under pressure, must not cut off those who are on their way to somebody.
    """
    return case.of_type(IdentityShared) if _protects(case, agency) else in_use(case)


def _protects(case: Case, agency: str) -> bool:
    """Whether an emergency is proposed or in force, and an agency decides of it or carries a measure."""
    if case.in_force("emergency") not in IN_EMERGENCY:
        return False
    return agency in {case.mechanism.emergency.decided_by, *owing(planned(case), case.in_force)}


def persons(case: Case, agency: str) -> list[Person]:
    """The person of a case, as an agency may look for them: by its own reports, else by what others shared with it."""
    return [person_of(source) for source in reports(case, agency) or found_by(case, agency).values()]


def found_by(case: Case, agency: str) -> Mapping[EventId, IdentityShared]:
    """What others shared by which an agency looks for a person; nothing where it took the report: it knows better."""
    if reports(case, agency):
        return {}
    return {event.id: body for event, body in in_use(case) if event.agency != agency}


def holders(case: Case) -> set[str]:
    """The agencies that may know by now who the person of a case is, as far as this node can see."""
    opened = {event.agency for event, _ in case.of_type(CaseOpened)}
    shared = [event for event, body in in_use(case) if body.identity or body.safe_contact]
    return opened | {agency for event in shared for agency in event.content.to}


def told_in(cases: Mapping[str, Case]) -> str:
    """Of two cases the one in which it can be said that they are about one person; "" if neither.

    All who take part in it hold both persons already. Were it told to a part of them, the others would see that
    something is said beside them, and guess what; were it told to more, they would learn of a person or of a case.
    """
    both = set.intersection(*map(holders, cases.values()))
    return next((name for name, case in sorted(cases.items()) if {*case.participants} <= both), "")


def person_keys(person: Person, secret: bytes) -> list[PersonKey]:
    """The blinded facts of a person: name with birth date, and the safe contact. A name alone is too common."""
    name, address = plain_name(person.name), plain_address(person.address)
    facts = {"person": f"{name}\n{person.birth_date}" if name and person.birth_date else "", "contact": address}
    return [PersonKey(kind, blind(secret, kind, fact.encode())) for kind, fact in facts.items() if fact]


def basis(kinds: Iterable[str]) -> tuple[str, ...]:
    """The codes that say which facts two cases share."""
    return tuple(code for kind in sorted(kinds, reverse=True) for code in BASIS[kind])


def blind(secret: bytes, use: str, fact: bytes) -> bytes:
    """A fact that can be compared but not read; the same fact differs from use to use."""
    return hmac.digest(secret, use.encode() + b"\0" + fact, "sha256")


def plain_name(name: str) -> str:
    """A name without case, accents, punctuation and the order of its parts."""
    bare = "".join(letter for letter in unicodedata.normalize("NFKD", name) if not unicodedata.combining(letter))
    return " ".join(sorted(_WORD.findall(bare.casefold())))


def plain_address(address: str) -> str:
    """One spelling of a safe contact: digits with the country code for a phone, else lower case without spaces."""
    text = unicodedata.normalize("NFKC", address)
    if not _PHONE.fullmatch(text):
        return "".join(text.casefold().split())
    digits = "".join(re.findall("[0-9]", text))
    if digits.startswith("00"):
        return digits[2:]
    return f"62{digits[1:]}" if digits.startswith("0") else digits


def _gathered(groups: Iterable[Sequence[str | None]]) -> tuple[str, ...]:
    """Each code once, in the order in which it first appears."""
    return tuple(dict.fromkeys(code for group in groups for code in group if code is not None))


def _when(incident: Incident) -> datetime:
    return datetime.fromisoformat(incident.occurred_at)
