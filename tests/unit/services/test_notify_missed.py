"""A promise that was missed calls whoever owes it, or everybody whom it concerns."""

from datetime import datetime, timedelta

import pytest

from contracts.codes import codes
from contracts.mechanism import LATEST
from contracts.promises import promises
from contracts.timeline import Event
from services.notify import domain
from services.notify.domain import Call
from tests.unit.contracts.chronicle import AGENCIES
from tests.unit.contracts.emergencies import Emergency
from tests.unit.services.calls import DUTY, EVERYBODY, LPSK, assessed, called


def missed(case: Emergency, kind: str, *, agency: str = "") -> Event:
    """A promise of this kind, said to be missed by whoever owes it, or by `agency`."""
    (body,) = (one.missed() for one in promises(case.case, LATEST) if (one.kind, one.kept) == (kind, False))
    case.now = max(case.now, datetime.fromisoformat(body.due)) + timedelta(seconds=1)
    return case.say(agency or body.agency, body, "rajut", role="system")


@pytest.mark.parametrize(
    ("kind", "agency", "level"),
    [
        ("SIDANG_SMPL", "lpsk", "MENDESAK"),
        ("TINDAKAN_PERTAMA", "lpsk", "KRITIS"),
        ("RENCANA", "komnas-ham", "MENDESAK"),
    ],
)
def test_a_missed_promise_calls_whoever_owes_it(kind: str, agency: str, level: str) -> None:
    """The lowest step of that agency's ladder, from where it climbs; as urgent as the case, or as the promise is."""
    case = Emergency()
    case.say("komnas-ham", assessed("MENDESAK"))
    assert called(case, missed(case, kind)) == {agency: [Call(0, DUTY[agency], level)]}


def test_what_a_silent_node_missed_is_told_everywhere() -> None:
    """Another agency had to say it: all are called, for whoever owes it may be dead; each once."""
    case = Emergency()
    first = missed(case, "TINDAKAN_PERTAMA", agency="komnas-ham")
    expected = {agency: [Call(0, DUTY[agency], "KRITIS")] for agency in AGENCIES}
    assert called(case, first) == expected
    for agency in AGENCIES:
        case.say(agency, domain.notice(first.id, expected[agency][0], case.now), "rajut", role="system")
    parents = (case.events[-1 - len(AGENCIES)].content.parents[0],)
    crossed = case.say("lpsk", case.case.bodies[first.id], "rajut", role="system", parents=parents)
    assert case.counts(crossed)
    assert called(case, crossed) == {}


def test_some_promises_concern_everybody_when_they_are_missed() -> None:
    """Leaders who decide at no price, a lead that gives no sign: the other agencies hear at once, and may take over."""
    case = Emergency()
    assert set(called(case, missed(case, "TENGGAT_LEWAT"))) == set(AGENCIES)
    assert set(LATEST.notices.everybody) | set(LATEST.notices.missed) <= set(codes("work_kind"))
    assert set(LATEST.notices.missed.values()) <= set(codes("urgency"))


def test_a_promise_that_was_kept_calls_nobody() -> None:
    """Somebody says that it was missed, and the case shows otherwise."""
    case = Emergency()
    (body,) = (one.missed() for one in promises(case.case, LATEST) if one.kind == "KEPUTUSAN_DARURAT")
    case.later(days=1)
    assert called(case, case.say("lpsk", body, "rajut", role="system")) == {}


def test_what_was_missed_in_one_breath_is_one_call() -> None:
    """A node that was away says all at once: one call, about the gravest; the rest is found there."""
    case = Emergency()
    open_now = [one for one in promises(case.case, LATEST) if one.agency == "lpsk" and not one.kept]
    grave = sorted(open_now, key=lambda one: one.kind != "TINDAKAN_PERTAMA")
    case.now = max(one.due for one in open_now) + timedelta(days=1)
    said = [case.say("lpsk", one.missed(), "rajut", role="system") for one in grave]
    of_lpsk = [called(case, event).get("lpsk", []) for event in said]
    assert of_lpsk == [[Call(0, DUTY["lpsk"], "KRITIS")], *[[] for _ in said[1:]]]
    case.now += timedelta(seconds=1)
    assert all(case.counts(event) for event in said)


@pytest.mark.parametrize(("hours", "step"), [(0, 0), (0.9, 0), (1, 1), (2, 2), (24 * 20, 2)])
def test_what_is_long_overdue_begins_where_it_would_have_climbed_to(hours: float, step: int) -> None:
    """One call, to the step that is its due by now, and never beyond the agency's own: its leaders first hear of it."""
    case = Emergency()
    case.say("komnas-ham", assessed("MENDESAK"))
    event = missed(case, "SIDANG_SMPL")
    late = timedelta(hours=hours)
    assert domain.calls(case.case, event, "lpsk", LATEST, EVERYBODY, late) == [
        Call(step, LPSK.ladder[step], "MENDESAK")
    ]
