"""The queue's order: emergencies first, then what is left of the time; and whose work it is."""

from typing import Any

from hypothesis import given, strategies as st

from contracts.codes import codes
from contracts.mechanism import LATEST
from services.node.web import work
from services.node.web.work import CALL, DONE_BY, Desk

LEADER, OFFICER = Desk("lpsk", "pimpinan", LATEST), Desk("lpsk", "petugas_darurat", LATEST)
AUDITOR = Desk("lpsk", "auditor", LATEST)
CASES = ("a", "b", "c")


def item(kind: str, case: str = "a", hour: int = 8) -> dict[str, Any]:
    due = f"2026-11-22T{hour:02}:00:00.000Z"
    return {"id": 1, "kind": kind, "subject": "", "case": case, "due_at": due, "by_hand": False}


def call(level: str, case: str = "a", hour: int = 8, step: int = 0, role: str = "petugas_darurat") -> dict[str, Any]:
    due = f"2026-11-22T{hour:02}:00:00Z"
    told = {"id": "n", "type": "rajut.protection.emergency.activated.v1", "case": case, "level": level}
    return told | {"respond_by": due, "step": step, "role": role}


def test_an_emergency_stands_above_what_is_due_sooner() -> None:
    """A decision on protection that is due at noon comes before a letter that was due at eight."""
    found = work.lines(LEADER, [item("SURAT", "a", 8), item("KEPUTUSAN_DARURAT", "b", 12)], [])
    assert [(line.kind, line.urgent) for line in found] == [("KEPUTUSAN_DARURAT", True), ("SURAT", False)]


def test_whatever_an_urgent_case_asks_for_is_urgent() -> None:
    """A critical call lifts the other work of its case with it, and no other case's."""
    found = work.lines(LEADER, [item("TRIASE", "a"), item("TRIASE", "b", 7)], [call("KRITIS", "a", 9)])
    assert [(line.case, line.kind, line.urgent) for line in found] == [
        ("a", "TRIASE", True),
        ("a", CALL, True),
        ("b", "TRIASE", False),
    ]


def test_everybody_has_what_their_role_can_do() -> None:
    """Leaders decide, officers assess: each finds theirs, and the unit's whole list beside it."""
    asked = [item("KEPUTUSAN_DARURAT"), item("SYARAT"), item("JENIS_BARU")]
    mine = {desk.role: {line.kind for line in work.lines(desk, asked, []) if line.mine} for desk in (LEADER, OFFICER)}
    assert mine == {"pimpinan": {"KEPUTUSAN_DARURAT", "JENIS_BARU"}, "petugas_darurat": {"SYARAT", "JENIS_BARU"}}


def test_looking_at_a_new_report_is_for_those_who_take_reports() -> None:
    """No auditor and no leader is asked to say that a person of the intake has looked at a case."""
    mine = [line.mine for desk in (OFFICER, LEADER, AUDITOR) for line in work.lines(desk, [item("TRIASE")], [])]
    assert mine == [True, False, False]


def test_a_call_is_for_the_role_that_was_called_and_those_above_it() -> None:
    """Whoever stands higher on the ladder may answer for the one below, not the other way round."""
    calls = [call("BIASA", step=0), call("BIASA", step=2, role="pimpinan")]
    assert [line.mine for line in work.lines(LEADER, [], calls)] == [True, True]
    assert [line.mine for line in work.lines(OFFICER, [], calls)] == [True, False]


def test_every_kind_of_work_is_somebodys() -> None:
    """No work of the agreed kinds is without a permission that says whose it is."""
    assert set(DONE_BY) == set(codes("work_kind"))


@given(
    st.lists(st.builds(item, st.sampled_from(codes("work_kind")), st.sampled_from(CASES), st.integers(0, 23))),
    st.lists(st.builds(call, st.sampled_from(codes("urgency")), st.sampled_from(CASES), st.integers(0, 23))),
)
def test_the_order_holds_for_any_queue(asked: list[dict[str, Any]], called: list[dict[str, Any]]) -> None:
    """Nothing is lost on the way, emergencies come first, and within each part what is due sooner."""
    found = work.lines(OFFICER, asked, called)
    assert len(found) == len(asked) + len(called)
    assert found == sorted(found, key=lambda line: (not line.urgent, line.due, line.case, line.kind))
    assert work.chosen(found, mine=False, kind="") == found
    assert all(line.mine for line in work.chosen(found, mine=True, kind=""))
