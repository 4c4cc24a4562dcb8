import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from contracts.content import Actor
from contracts.errors import Code, Rejected
from contracts.events import read_body
from contracts.events.intake import (
    CaseOpened,
    ConsentRecorded,
    Identity,
    IdentityShared,
    ReportReceived,
)
from contracts.report import Report, read_report
from services.intake import domain
from services.intake.domain import Door, Person
from services.node.writing import Draft

CASES = Path(__file__).parents[2] / "cases"
NAMES = sorted(path.stem for path in CASES.glob("*.json"))
AGENCIES = ("komnas-ham", "komnas-perempuan", "lpsk")
NOW = "2026-11-22T01:54:48.123Z"
OFFICER = Actor("petugas", "p-1")
SECRET = b"\x07" * 32


def typed(name: str) -> Any:
    return json.loads((CASES / f"{name}.json").read_text())


def read(value: object) -> Report:
    return read_report(json.dumps(value).encode())


def sample(name: str) -> Report:
    return read(typed(name))


def with_consent(name: str, **changes: object) -> Report:
    value = typed(name)
    value["consent"] |= changes
    return read(value)


def opened(report: Report, now: str = NOW) -> dict[type, Draft]:
    door = Door(agency=report.received_by, agencies=AGENCIES, mechanism=1, now=now)
    return {type(draft.body): draft for draft in domain.opening(report, door, OFFICER)}


def texts(value: Any) -> set[str]:
    """Every string of a JSON value that is neither a code nor a word of a list."""
    if isinstance(value, dict):
        return set().union(*map(texts, value.values()))
    if isinstance(value, list):
        return set().union(*map(texts, value))
    return {value} if isinstance(value, str) and not re.fullmatch(r"[A-Z0-9_]+|[a-z_-]+|\d\d", value) else set()


@pytest.mark.parametrize("name", NAMES)
def test_a_report_opens_one_case_for_all_that_its_consent_names(name: str) -> None:
    """One door: the receiving agency and every agency that the consent names take part, and nobody else."""
    report = sample(name)
    expected = tuple(sorted({report.received_by, *report.consent.share_with}))
    said = opened(report)
    body = said[CaseOpened].body
    assert isinstance(body, CaseOpened)
    assert body.participants == said[CaseOpened].to == said[ConsentRecorded].to == expected


@pytest.mark.parametrize("name", NAMES)
def test_the_report_itself_stays_where_it_came_in(name: str) -> None:
    """The whole report is said first, word for word, to the receiving agency alone."""
    report = sample(name)
    first = domain.opening(report, Door(report.received_by, AGENCIES, 1, NOW), OFFICER)[0]
    assert first == Draft(ReportReceived(report=report), (report.received_by,), OFFICER, NOW)


@pytest.mark.parametrize("name", NAMES)
def test_an_opened_case_names_nobody(name: str) -> None:
    """No name, number, place name, time of day or narrative of a report is in the codes that all participants get."""
    report = typed(name)
    private = texts({key: part for key, part in report.items() if key != "consent"})
    wire = json.dumps(opened(read(report))[CaseOpened].body.wire(), ensure_ascii=False)
    assert private
    assert not [text for text in private if text in wire]


@pytest.mark.parametrize("name", NAMES)
def test_consent_is_recorded_as_it_was_given(name: str) -> None:
    """What the person allowed is kept exactly, so that it can be shown to them again."""
    report = sample(name)
    assert opened(report)[ConsentRecorded].body.wire() == report.consent.wire()


@pytest.mark.parametrize("name", NAMES)
def test_what_intake_says_can_be_read_by_others(name: str) -> None:
    """Every body that a sample report leads to is in its one wire form."""
    for draft in opened(sample(name)).values():
        assert read_body(draft.body.wire_type, draft.body.wire()) == draft.body


def test_a_witness_who_names_nobody_is_known_to_one_agency() -> None:
    """Other agencies learn nothing at all of a person whose consent names nobody: no event goes to them."""
    said = opened(sample("saksi-hanya-lpsk"))
    assert {draft.to for draft in said.values()} == {("lpsk",)}
    assert IdentityShared not in said


@given(st.lists(st.sampled_from(["identity", "safe_contact", "incidents", "photograph"]), unique=True))
def test_only_the_consented_groups_are_shared(fields: list[str]) -> None:
    """A group of fields reaches other agencies exactly if the consent names it; unknown groups share nothing."""
    said = opened(with_consent("ppham-ancaman-langsung", fields=fields))
    shared = said[IdentityShared].body.wire() if IdentityShared in said else {}
    assert set(shared) == set(fields) - {"photograph"}


def test_identity_goes_only_to_those_that_the_consent_names() -> None:
    """An agency that the consent leaves out is no recipient of the identity."""
    said = opened(with_consent("ppham-ancaman-langsung", share_with=["lpsk"]))
    assert said[IdentityShared].to == ("komnas-perempuan", "lpsk")


@pytest.mark.parametrize(
    ("expires", "now", "allowed"),
    [
        ("2026-11-22", "2026-11-22T14:59:59.999Z", True),
        ("2026-11-22", "2026-11-22T15:00:00.000Z", False),
        ("2026-11-21", "2026-11-21T15:00:00.000Z", False),
        (None, "2036-01-01T00:00:00.000Z", True),
    ],
)
def test_a_consent_ends_with_its_last_day_where_it_was_given(expires: str | None, now: str, allowed: bool) -> None:  # noqa: FBT001
    """A consent noted at UTC+9 ends at that place's midnight; after it the case stays with the receiving agency."""
    at = "2026-11-01T09:00:00+09:00"
    report = with_consent("jurnalis-doxing", at=at, expires=expires)
    said = opened(report, now)
    assert (said[CaseOpened].to == AGENCIES) is allowed
    assert (IdentityShared in said) is allowed


def test_a_consent_for_another_purpose_shares_nothing() -> None:
    """Who agreed to statistics did not agree to a protection case at other agencies."""
    said = opened(with_consent("jurnalis-doxing", purpose="statistics"))
    assert {draft.to for draft in said.values()} == {("komnas-ham",)}


def test_a_report_for_another_agency_is_refused() -> None:
    """An agency does not take a report in another one's name; the refusal names the field."""
    door = Door(agency="lpsk", agencies=AGENCIES, mechanism=1, now=NOW)
    with pytest.raises(Rejected) as refused:
        domain.opening(sample("jurnalis-doxing"), door, OFFICER)
    assert (refused.value.code, refused.value.detail) == (Code.REPORT, "received_by")


def test_consent_for_an_agency_that_nobody_knows_is_refused() -> None:
    """Nothing can be sealed to an agency without a key, so the officer is told instead of the person being dropped."""
    with pytest.raises(Rejected) as refused:
        opened(with_consent("jurnalis-doxing", share_with=["lpsk", "ombudsman"]))
    assert (refused.value.code, refused.value.detail) == (Code.REPORT, "consent.share_with")


@pytest.mark.parametrize("name", NAMES)
def test_the_province_is_told_only_if_the_person_discloses_it(name: str) -> None:
    """Where somebody is stays at the receiving agency unless the report says that it may be told."""
    report = sample(name)
    body = opened(report)[CaseOpened].body
    assert isinstance(body, CaseOpened)
    assert body.province == (report.location.province if report.location.disclose_province else None)


def test_the_latest_incident_is_the_last_one_in_time_not_in_text() -> None:
    """Times with different offsets are compared as moments."""
    report = typed("jurnalis-doxing")
    report["incidents"][0]["occurred_at"] = "2026-11-18T23:30:00-05:00"
    report["incidents"][1]["occurred_at"] = "2026-11-19T08:00:00+09:00"
    body = opened(read(report))[CaseOpened].body
    assert isinstance(body, CaseOpened)
    assert body.latest_incident_on == "2026-11-18"


def test_one_person_at_two_doors_is_found_by_both_facts() -> None:
    """The same person, written differently at two agencies, has the same blinded facts."""
    one, other = (domain.person_of(sample(f"buruh-perempuan-dua-pintu-{door}")) for door in "ab")
    assert one != other
    assert domain.person_keys(one, SECRET) == domain.person_keys(other, SECRET)
    assert len(domain.person_keys(one, SECRET)) == 2


def test_what_another_agency_shares_is_found_among_our_reports() -> None:
    """Identity that came over the wire has the same blinded facts as the report that it came from."""
    report = with_consent("buruh-perempuan-dua-pintu-a", fields=["identity", "safe_contact"])
    shared = domain.shared_identity(report)
    assert shared
    assert domain.person_keys(domain.person_of(shared), SECRET) == domain.person_keys(domain.person_of(report), SECRET)


def test_shared_contact_without_identity_is_enough_to_compare() -> None:
    """A consent that withholds the name still lets officers see that the contact is the same."""
    shared = domain.shared_identity(with_consent("jurnalis-doxing", fields=["safe_contact"]))
    assert shared
    assert [one.kind for one in domain.person_keys(domain.person_of(shared), SECRET)] == ["contact"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Person(name="Sri", birth_date=""), Person(name="Sri", birth_date="")),
        (Person(name="...", birth_date="1991-04-17"), Person(name="...", birth_date="1991-04-17")),
        (Person(name="Sri", birth_date="1991-04-17"), Person(name="Sri", birth_date="1991-04-18")),
    ],
)
def test_a_common_name_suggests_nobody(one: Person, other: Person) -> None:
    """A name alone, or with another birth date, never makes two people one."""
    assert not {*domain.person_keys(one, SECRET)} & {*domain.person_keys(other, SECRET)}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("+62 815-0000-0402", "0815 0000 0402"),
        ("0062 815 0000 0402", "(0815) 00000402"),
        ("Alya@Posta.example", "alya@posta.example "),
    ],
)
def test_one_contact_has_one_spelling(one: str, other: str) -> None:
    """How a number or an address was typed does not hide that it is the same."""
    assert domain.plain_address(one) == domain.plain_address(other)


@pytest.mark.parametrize(
    ("one", "other"), [("Sri Wahyuni", "WAHYUNI, Sri"), ("Sri  Wahyuni", "sri wahyuni"), ("Dévi", "Devi")]
)
def test_one_name_has_one_spelling(one: str, other: str) -> None:
    """Case, accents, punctuation and order of a name's parts do not hide that it is the same."""
    assert domain.plain_name(one) == domain.plain_name(other)


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_the_index_tells_nothing_without_the_key(one: bytes, other: bytes) -> None:
    """Blinded facts of the same person under different keys have nothing in common."""
    person = domain.person_of(sample("buruh-perempuan-dua-pintu-a"))
    keys = [{key.key for key in domain.person_keys(person, secret)} for secret in (one, other)]
    assert bool(keys[0] & keys[1]) is (one == other)


def test_what_serves_one_search_serves_no_other() -> None:
    """The same text used as a contact and as a submission key cannot be linked through the database."""
    assert domain.blind(SECRET, "contact", b"0815") != domain.blind(SECRET, "submission key", b"0815")


def test_an_identity_without_birth_date_is_compared_by_contact_alone() -> None:
    """What is not known is not guessed."""
    shared = IdentityShared(identity=Identity(name="Bima"))
    assert domain.person_keys(domain.person_of(shared), SECRET) == []
