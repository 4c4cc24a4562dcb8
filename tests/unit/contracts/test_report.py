import json
from pathlib import Path
from typing import Any

import pytest

from contracts.errors import Code, Rejected
from contracts.events import read_body
from contracts.events.fields import MAX_CODES, MAX_INCIDENTS
from contracts.events.intake import CaseOpened, ReportReceived
from contracts.report import MAX_BYTES, Report, gender_lens, read_report

CASES = Path(__file__).parents[2] / "cases"
NAMES = sorted(path.stem for path in CASES.glob("*.json"))


def sample(name: str = "ppham-ancaman-langsung") -> Any:
    """A sample report, as parsed JSON that may be changed."""
    return json.loads((CASES / f"{name}.json").read_text())


def read(value: object) -> Report:
    """The report that a program would send as `value`."""
    return read_report(json.dumps(value, ensure_ascii=False).encode())


def test_there_are_six_cases() -> None:
    """The promises below are about all six reports."""
    assert len(NAMES) == 6


@pytest.mark.parametrize("name", NAMES)
def test_a_report_is_taken_as_it_stands(name: str) -> None:
    """What an officer typed is what is kept: nothing is lost, changed or invented, only nulls leave."""
    typed = (CASES / f"{name}.json").read_bytes()
    kept: Any = read_report(typed).wire()
    for part, value in json.loads(typed).items():
        assert without_nulls(value) == without_empty_additions(kept.get(part), value)


def without_nulls(value: Any) -> Any:
    """`value` without the members that are null."""
    if isinstance(value, dict):
        return {name: without_nulls(part) for name, part in value.items() if part is not None}
    return [without_nulls(part) for part in value] if isinstance(value, list) else value


def without_empty_additions(kept: Any, typed: Any) -> Any:
    """`kept` without the empty lists that the typed report did not write."""
    if isinstance(kept, dict) and isinstance(typed, dict):
        written = {name: part for name, part in kept.items() if name in typed or part != []}
        return {name: without_empty_additions(part, typed.get(name)) for name, part in written.items()}
    if isinstance(kept, list) and isinstance(typed, list):
        return [without_empty_additions(part, old) for part, old in zip(kept, typed, strict=True)]
    return kept


@pytest.mark.parametrize("name", NAMES)
def test_a_report_travels_as_an_event_unchanged(name: str) -> None:
    """A report that was read can be signed, sealed and read again as the same report."""
    received = ReportReceived(report=read(sample(name)))
    assert read_body(received.wire_type, received.wire()) == received


def test_an_unknown_code_is_kept() -> None:
    """A form of attack that the lists do not know yet reaches the officer as it was typed."""
    report = sample()
    report["incidents"][0]["forms"].append("SERANGAN_DRONE")
    assert "SERANGAN_DRONE" in read(report).incidents[0].forms


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("received_by", "Komnas Perempuan"),
        ("channel", ""),
        ("defender.name", ""),
        ("defender.name", "N" * 201),
        ("defender.name", "Yohana\r\nBcc: all@posta.example"),
        ("defender.birth_date", "1991-02-30"),
        ("defender.birth_date", 19910417),
        ("defender.languages", ["Bahasa Indonesia"]),
        ("defender.aliases", ["a"] * 17),
        ("defender.people_to_protect", [{"relation": "child"}] * 51),
        ("work.peaceful", "yes"),
        ("incidents", []),
        ("location.province", "NTT"),
        ("location.disclose_province", 1),
        ("requested", ["rumah aman"]),
        ("consent.share_with", ["lpsk", "lpsk"]),
        ("consent.at", "2026-11-20T07:05:00"),
        ("consent.expires", "kapan saja"),
        ("attachments", [{"name": "a", "media_type": "image/jpeg", "sha256": "00", "bytes": 1}]),
    ],
)
def test_a_field_out_of_bounds_is_named_and_not_repeated(path: str, wrong: object) -> None:
    """The officer learns which field to correct; the error itself can be logged, it holds no value."""
    report = sample()
    *parents, last = path.split(".")
    place = report
    for parent in parents:
        place = place[parent]
    place[last] = wrong
    with pytest.raises(Rejected) as refusal:
        read(report)
    assert refusal.value.code is Code.REPORT
    assert refusal.value.detail.startswith(path)
    assert set(refusal.value.detail.removeprefix(path)) <= set(".0123456789abcdefghijklmnopqrstuvwxyz_")


def test_a_fault_deep_inside_is_named_by_its_path() -> None:
    """The second incident's time is called just that."""
    report = sample()
    report["incidents"][1]["occurred_at"] = "kemarin malam"
    with pytest.raises(Rejected, match=r"^E_REPORT: incidents\.1\.occurred_at$"):
        read(report)


@pytest.mark.parametrize(("field", "shown"), [("nickname", "defender.nickname"), ("Yohana B.", "defender.?")])
def test_an_unknown_field_is_refused(field: str, shown: str) -> None:
    """Nothing is silently dropped; and a field that could be a name is not repeated."""
    report = sample()
    report["defender"][field] = "x"
    with pytest.raises(Rejected) as refusal:
        read(report)
    assert refusal.value.detail == shown


@pytest.mark.parametrize("required", ["defender", "consent", "incidents", "reporter", "received_by"])
def test_null_is_the_same_as_absent(required: str) -> None:
    """A needed part that is null is missing, whatever the program that wrote it meant."""
    with pytest.raises(Rejected, match=f"^E_REPORT: {required}$"):
        read(sample() | {required: None})


def test_a_list_that_is_null_is_empty() -> None:
    """Programs that write null for an empty list are understood."""
    report = sample()
    report["defender"] |= {"people_to_protect": None, "aliases": None}
    report["incidents"][0]["gendered_forms"] = None
    defender = read(report).defender
    assert (defender.people_to_protect, defender.aliases) == ((), ())


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", Code.JSON),
        (b"[]", Code.REPORT),
        (b'{"channel": "web", "channel": "phone"}', Code.JSON),
        (b'{"channel": NaN}', Code.JSON),
        (b'{"channel": 1.5}', Code.JSON),
        (b"[" * 1000, Code.JSON),
        (b'{"channel": "\xff"}', Code.ENCODING),
        (b'"' + b"a" * MAX_BYTES + b'"', Code.SIZE),
    ],
)
def test_what_is_not_strict_json_is_refused_with_its_code(data: bytes, code: Code) -> None:
    """A file that two programs could read differently is no report."""
    with pytest.raises(Rejected) as refusal:
        read_report(data)
    assert refusal.value.code is code


def test_equal_names_are_equal_text() -> None:
    """A name typed with a combining accent is the same name as one typed without."""
    composed, decomposed = sample(), sample()
    composed["defender"]["name"], decomposed["defender"]["name"] = "Ren\u00e9", "Rene\u0301"
    assert read(composed) == read(decomposed)


def test_a_pseudonym_and_no_papers_are_enough() -> None:
    """Whoever is in danger needs a name to be called by, a safe contact and an incident: nothing else."""
    report = {
        "received_by": "lpsk",
        "channel": "hotline",
        "reporter": {"relation": "self"},
        "defender": {"name": "X", "safe_contact": {"channel": "phone", "address": "+62 811-0000-0000"}},
        "work": {},
        "incidents": [{"occurred_at": "2026-11-20T06:15:00+08:00"}],
        "location": {},
        "consent": {
            "given_by": "defender",
            "form": "spoken",
            "recorded_by": "petugas",
            "at": "2026-11-20T06:30:00+08:00",
            "purpose": "protection",
        },
    }
    assert read(report).consent.share_with == ()


def test_every_report_that_can_be_read_can_open_a_case() -> None:
    """The largest set of codes that a report can name fits the event that opens the case."""
    report = sample()
    incident = report["incidents"][0]
    names = [[f"F{i}_{j}" for j in range(MAX_CODES)] for i in range(MAX_INCIDENTS)]
    report["incidents"] = [incident | {"forms": forms, "violence": forms, "gendered_forms": forms} for forms in names]
    taken = read(report)
    gathered = tuple(form for one in taken.incidents for form in one.forms)
    opened = json.loads((CASES / "bodies" / "rajut.intake.case.opened.v1.json").read_text())
    changed = opened | {"forms": gathered, "gendered_forms": gathered, "violence": gathered}
    assert len(CaseOpened.model_validate(changed).forms) == MAX_INCIDENTS * MAX_CODES


@pytest.mark.parametrize(
    ("gender", "issues", "gendered_forms", "expected"),
    [
        ("female", [], ["KBGO"], True),
        ("female", [], [], False),
        ("male", [], ["KBGO"], False),
        ("male", ["KTP"], [], True),
        (None, ["KTP"], [], True),
        (None, ["AGRARIA_SDA"], ["KBGO"], False),
    ],
)
def test_gender_lens(gender: str | None, issues: list[str], gendered_forms: list[str], expected: bool) -> None:  # noqa: FBT001 (a table of expectations)
    """Whoever defends women's rights, and a woman attacked in a gendered form, is seen as such."""
    report = sample()
    report["defender"]["gender"] = gender
    report["work"]["issues"] = issues
    for incident in report["incidents"]:
        incident["gendered_forms"] = []
    report["incidents"][1]["gendered_forms"] = gendered_forms
    assert gender_lens(read(report)) is expected


def test_gender_lens_of_the_samples() -> None:
    """The lens of each sample report is what a reader of the report would expect."""
    seen = {name for name in NAMES if gender_lens(read(sample(name)))}
    assert seen == {"buruh-perempuan-dua-pintu-a", "jurnalis-doxing", "ppham-ancaman-langsung"}
