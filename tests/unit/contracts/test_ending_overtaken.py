"""An announced end that was overtaken by what happened since ends nothing: people announce it anew, knowing that."""

from collections.abc import Callable

import pytest

from contracts.timeline import Event
from tests.unit.contracts.emergencies import OTHERS, Emergency
from tests.unit.contracts.plans import INCIDENT, MOVED


def _extended(case: Emergency) -> Event:
    return case.extend()


def _sat(case: Emergency) -> Event:
    return case.sit("PERPANJANGAN", "2027-03-01")


def _struck(case: Emergency) -> Event:
    return case.say("komnas-ham", INCIDENT)


def _moved(case: Emergency) -> Event:
    return case.say("komnas-ham", MOVED)


def _rose(case: Emergency) -> Event:
    """Higher for a day, and low again."""
    told = case.assess("EKSTREM")
    case.later(days=1)
    case.assess()
    return told


@pytest.mark.parametrize("happens", [_extended, _sat, _struck, _moved, _rose])
def test_what_happens_after_an_announcement_asks_for_another_one(happens: Callable[[Emergency], Event]) -> None:
    """Leaders, their session or events spoke against it since: what they did not know of then ends nothing now."""
    case = Emergency()
    announced = case.announced()
    case.hear(announced, *OTHERS)
    assert case.counts(happens(case))
    case.later(days=7)
    assert not case.counts(case.end(announced))
    assert case.state == "ACTIVE"
    anew = case.announced()
    case.hear(anew, *OTHERS)
    case.later(days=7)
    assert case.counts(case.end(anew))


@pytest.mark.parametrize(("happens", "ends"), [(_rose, True), (_moved, True), (_struck, False), (_extended, False)])
def test_who_asked_for_the_end_is_not_held_by_risk(happens: Callable[[Emergency], Event], *, ends: bool) -> None:
    """What they wish outweighs how others judge their danger; not what was done to them since, or decided since."""
    case = Emergency()
    announced = case.announced(basis="PERMINTAAN_PEMBELA")
    case.hear(announced, *OTHERS)
    happens(case)
    case.later(days=7)
    assert case.counts(case.end(announced)) is ends
