"""Whoever floods a case makes it slower for all, but not without end."""

import pytest

from contracts.case import fold
from contracts.events.triage import UrgencyOverridden
from contracts.mechanism import LATEST
from contracts.timeline import Past
from tests.unit.contracts.plans import Planning


def questions(count: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """How often it is asked who knew of what, to fold a case with so many incidents and as many changes of urgency."""
    case, asked, has = Planning(), [0], Past.has

    def counted(past: Past, *ids: bytes) -> bool:
        asked[0] += 1
        return has(past, *ids)  # type: ignore[arg-type]

    for number in range(count):
        case.incident()
        case.say("lpsk", UrgencyOverridden(level="TINGGI", reason=str(number)))
    with monkeypatch.context() as patched:
        patched.setattr(Past, "has", counted)
        fold(case.events, LATEST)
    return asked[0]


def test_twice_the_events_ask_four_times_as_much_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each event looks at what stood before it: that a decision was replaced is seen at the last one that did."""
    assert questions(40, monkeypatch) < 5 * questions(20, monkeypatch)
