import tomllib
from datetime import date, timedelta
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given, strategies as st
from pydantic import ValidationError

from contracts.codes import codes
from contracts.mechanism import LATEST, PARTNER, Mechanism, Permission
from contracts.mechanism.calendar import add_working_days, is_working_day

DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 31))
AGENCIES = sorted(LATEST.agencies)


def document() -> Any:
    """The document of version 1, as parsed TOML that may be changed."""
    return tomllib.loads(files("contracts.mechanism").joinpath("1.toml").read_text("utf-8"))


def test_emergency_numbers() -> None:
    """Two of seven LPSK leaders decide within six hours; need is reviewed after seven days."""
    rules = LATEST.emergency
    assert (rules.decided_by, rules.role, rules.approvals, rules.leaders) == ("lpsk", "pimpinan", 2, 7)
    assert (rules.target, rules.decision, rules.review) == (
        timedelta(hours=3),
        timedelta(hours=6),
        timedelta(days=7),
    )


@pytest.mark.parametrize(
    "part", ["emergency", "requirements", "status", "triage", "notices", "measures", "plan", "review", "closure"]
)
def test_no_number_without_its_basis(part: str) -> None:
    """A rule whose basis is missing cannot be loaded, so nobody agrees to a number from nowhere."""
    changed = document()
    changed[part]["basis"].popitem()
    with pytest.raises(ValidationError):
        Mechanism.model_validate(changed)


@pytest.mark.parametrize("approvals", [0, 7, 8])
def test_a_threshold_can_be_reached(approvals: int) -> None:
    """Enough leaders are left to approve even when one of them proposed."""
    changed = document()
    changed["emergency"]["approvals"] = approvals
    with pytest.raises(ValidationError):
        Mechanism.model_validate(changed)


@pytest.mark.parametrize(("gender_lens", "owner"), [(False, "komnas-ham"), (True, "komnas-perempuan")])
def test_deferred_papers_have_owners(gender_lens: bool, owner: str) -> None:  # noqa: FBT001 (a table of expectations)
    """All eight papers may come later, and the statement of status is an agency's task, not the person's."""
    owners = {item.code: item.owner for item in LATEST.deferred_items(gender_lens=gender_lens)}
    assert list(owners) == list(codes("requirement"))
    assert owners.pop("KETERANGAN_STATUS") == owner
    assert set(owners.values()) == {"lpsk"}


def test_papers_are_due_after_thirty_working_days() -> None:
    """From Friday 20 November 2026, over Christmas, New Year and one estimated holiday: Thursday 7 January."""
    assert LATEST.requirements_due(date(2026, 11, 20)) == date(2027, 1, 7)


def test_status_owners() -> None:
    """Each kind of defender has one agency that determines it."""
    assert LATEST.status.owners == {"PEMBELA": "komnas-ham", "PPHAM": "komnas-perempuan"}


def test_more_urgent_is_never_slower() -> None:
    """A graver level never waits longer, for a person to look or for a notice to climb."""
    for limits in (LATEST.triage.human, LATEST.notices.respond):
        assert list(limits) == list(codes("urgency"))
        assert list(limits.values()) == sorted(limits.values())


def test_an_unknown_urgency_is_treated_as_the_gravest() -> None:
    """A level from later software must not make anybody slower."""
    assert LATEST.notices.respond_within("BARU") == LATEST.notices.respond_within("KRITIS")
    assert LATEST.notices.respond_within("BIASA") == timedelta(days=1)


def test_each_measure_has_a_usual_owner() -> None:
    """The measures that screens offer are those of the document, each with an agency or a partner."""
    assert set(LATEST.measures.owners) == set(codes("measure"))
    assert set(LATEST.measures.owners.values()) == {*AGENCIES, PARTNER}


def test_every_agency_named_has_roles() -> None:
    """No rule gives a task to an agency whose roles the document does not list."""
    named = {LATEST.emergency.decided_by, *LATEST.status.owners.values()}
    for gender_lens in (False, True):
        named |= {item.owner for item in LATEST.deferred_items(gender_lens=gender_lens)}
    assert named <= set(AGENCIES)
    assert LATEST.emergency.role in LATEST.agencies[LATEST.emergency.decided_by].roles


@pytest.mark.parametrize("agency", AGENCIES)
def test_every_role_has_a_name(agency: str) -> None:
    """A role on a screen is shown in words."""
    assert set(LATEST.agencies[agency].roles) <= set(codes("role"))


@pytest.mark.parametrize("agency", AGENCIES)
def test_whoever_runs_the_machine_reads_no_case(agency: str) -> None:
    """The administrator of a node sees how it runs, what is parked and which dates come; a case, not at all."""
    held = {permission for permission in Permission if LATEST.may(agency, "admin_node", permission)}
    assert held == {Permission.READ_OPERATIONS, Permission.READ_DATES, Permission.HANDLE_PARKED}


@pytest.mark.parametrize("agency", AGENCIES)
def test_every_agency_can_propose_and_answer(agency: str) -> None:
    """One door: any agency can receive a report, propose an emergency, and answer a notice at each step."""
    rules = LATEST.agencies[agency]
    assert rules.permissions[Permission.RECEIVE_REPORT]
    assert rules.permissions[Permission.PROPOSE_EMERGENCY]
    assert rules.ladder
    assert all(LATEST.may(agency, role, Permission.ACKNOWLEDGE_NOTICE) for role in rules.ladder)
    assert all(LATEST.may(agency, role, Permission.READ_CASE) for role in rules.ladder)


def test_only_leaders_of_the_deciding_agency_decide() -> None:
    """Nobody else, at no other agency, may approve or refuse an emergency."""
    deciders = {
        (agency, role)
        for agency, rules in LATEST.agencies.items()
        for role in rules.roles
        if LATEST.may(agency, role, Permission.DECIDE_EMERGENCY)
    }
    assert deciders == {("lpsk", "pimpinan")}


def test_status_is_determined_where_the_owner_is() -> None:
    """Exactly the agencies that own a kind of defender have roles that determine it."""
    able = {a for a, rules in LATEST.agencies.items() if rules.permissions[Permission.DETERMINE_STATUS]}
    assert able == set(LATEST.status.owners.values())


def test_only_lpsk_says_whom_it_may_take() -> None:
    """Eligibility is no other agency's to determine, and some role of LPSK's can."""
    able = {a for a, rules in LATEST.agencies.items() if rules.permissions[Permission.DETERMINE_ELIGIBILITY]}
    assert able == {"lpsk"}


def test_strangers_may_nothing() -> None:
    """An agency or a role that the document does not name has no permission."""
    assert not LATEST.may("agency-four", "pimpinan", Permission.READ_CASE)
    assert not LATEST.may("komnas-ham", "pimpinan", Permission.DECIDE_EMERGENCY)


def test_a_role_that_does_not_exist_cannot_be_given_anything() -> None:
    """A slip of the pen in the document is found when it is loaded."""
    changed = document()
    changed["agencies"]["lpsk"]["permissions"]["decide_emergency"] = ["pimpinann"]
    with pytest.raises(ValidationError):
        Mechanism.model_validate(changed)


@given(DAYS, st.integers(1, 60))
def test_a_deadline_falls_on_a_working_day(day: date, count: int) -> None:
    """Exactly `count` working days lie after the first day, the deadline being the last of them."""
    due = add_working_days(day, count, LATEST.days_off)
    between = [day + timedelta(days=step) for step in range(1, (due - day).days + 1)]
    assert sum(is_working_day(one, LATEST.days_off) for one in between) == count
    assert is_working_day(due, LATEST.days_off)


@given(DAYS, st.integers(0, 30), st.integers(0, 30))
def test_counting_on_is_counting_together(day: date, first: int, second: int) -> None:
    """Adding days in two steps ends where one step ends."""
    holidays = LATEST.days_off
    in_steps = add_working_days(add_working_days(day, first, holidays), second, holidays)
    assert in_steps == add_working_days(day, first + second, holidays)


def test_working_days_are_not_counted_backwards() -> None:
    """A negative count is a mistake of the caller, not a date in the past."""
    with pytest.raises(ValueError, match="forwards"):
        add_working_days(date(2026, 11, 20), -1, LATEST.days_off)


def test_holidays_cover_both_years_and_mark_estimates() -> None:
    """Fixed days are certain, days that hang on the moon in 2027 are marked."""
    by_day = {holiday.day: holiday for holiday in LATEST.holidays}
    assert len(by_day) == len(LATEST.holidays)
    assert {day.year for day in by_day} == {2026, 2027}
    assert not by_day[date(2026, 12, 25)].estimated
    assert by_day[date(2027, 3, 10)].estimated
