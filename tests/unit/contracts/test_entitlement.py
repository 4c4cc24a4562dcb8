import pytest

from contracts.content import Actor
from contracts.events import Body
from contracts.events.intake import ConsentRecorded
from contracts.events.protection import EmergencyProposed
from contracts.events.triage import StatusDetermined, UrgencyAssessed, UrgencyOverridden
from tests.unit.contracts.chronicle import Chronicle, opening

TABLE = UrgencyAssessed(level="BIASA", rules=1, rule=1, because=())
CONSENT = ConsentRecorded(
    given_by="defender",
    form="spoken",
    recorded_by="petugas",
    at="2026-11-20T07:05:00+08:00",
    share_with=(),
    fields=(),
    purpose="protection",
)


def test_nobody_opens_a_case_again() -> None:
    """A second opening by a participant changes neither who takes part nor who leads."""
    case = Chronicle()
    again = case.add("lpsk", opening("lpsk", to=("komnas-ham", "lpsk")))
    assert again.id in case.case.unsupported
    assert case.case.participants == ("komnas-ham", "komnas-perempuan", "lpsk")
    assert case.case.in_force("lead") == "komnas-ham"


@pytest.mark.parametrize("body", [TABLE, CONSENT])
def test_what_the_receiving_agency_says_of_its_report_no_other_can(body: Body) -> None:
    """The table's urgency and the recorded consent come from the agency that holds the report."""
    case = Chronicle()
    told, foreign = case.add("komnas-ham", body), case.add("lpsk", body)
    assert told.id not in case.case.unsupported
    assert foreign.id in case.case.unsupported


def test_the_table_does_not_talk_back_to_a_person() -> None:
    """An officer's urgency stays in force when the table speaks after it."""
    case = Chronicle()
    case.add("lpsk", UrgencyOverridden(level="KRITIS", reason="x"))
    case.add("komnas-ham", TABLE)
    assert case.case.in_force("urgency") == "KRITIS"


@pytest.mark.parametrize(("agency", "kind"), [("lpsk", "PEMBELA"), ("komnas-ham", "PPHAM"), ("komnas-perempuan", "X")])
def test_status_is_determined_by_its_owner(agency: str, kind: str) -> None:
    """A status by an agency that does not own its kind is shown, and changes nothing."""
    case = Chronicle()
    case.add("komnas-ham", StatusDetermined(defender_kind="PEMBELA", status="TERVERIFIKASI", basis=()))
    case.add(agency, StatusDetermined(defender_kind=kind, status="DITOLAK", basis=()), actor=Actor("tim_hrd", "o-1"))
    assert case.case.in_force("status/PEMBELA") == "TERVERIFIKASI"
    assert set(case.case.slots) == {"lead", "status/PEMBELA"}


@pytest.mark.parametrize(
    "body",
    [
        EmergencyProposed(ground="ANCAMAN_NYATA", needs=()),
        UrgencyOverridden(level="BIASA", reason="x"),
        StatusDetermined(defender_kind="PEMBELA", status="DITOLAK", basis=()),
    ],
)
def test_a_role_without_the_permission_changes_nothing(body: Body) -> None:
    """The mechanism says which role may decide what; every node checks it, not only the desk."""
    case = Chronicle()
    told = case.add("komnas-ham", body, actor=Actor("auditor", "o-1"))
    assert told.id in case.case.unsupported
    assert set(case.case.slots) == {"lead"}
