"""An announced end waits for every other agency's word; an agency that never gives it is called, and nothing ends."""

import pytest

from contracts.mechanism import LATEST
from contracts.promises.emergency import HEARING
from contracts.timeline import Event
from services.notify import clocks, domain
from tests.unit.contracts.chronicle import AGENCIES
from tests.unit.contracts.emergencies import OTHERS, Emergency


def unheard() -> tuple[Emergency, Event, Event]:
    """A case past the day of its announced end, which one agency has not answered; and what that agency's node says."""
    case = Emergency()
    announced = case.announced()
    case.hear(announced, OTHERS[0])
    case.later(days=9)
    looks = clocks.looks(case.case, OTHERS[1])
    (body,) = [one for one in clocks.missed(looks, LATEST, case.now) if one.kind == HEARING]
    return case, announced, case.say(OTHERS[1], body, "rajut", role="system")


@pytest.mark.parametrize("agency", AGENCIES)
def test_everybody_is_called_when_an_agency_does_not_answer_an_announced_end(agency: str) -> None:
    """Who owes the word, so that somebody reads it, and who waits for it: the case stays as it is until then."""
    case, _, missed = unheard()
    staffed = LATEST.agencies[agency].ladder
    (call,) = domain.calls(case.case, missed, agency, LATEST, staffed)
    assert case.counts(missed)
    assert call.role == staffed[0]
    step, roles = call.step, [call.role]
    while above := domain.climb(LATEST.agencies[agency], step, call.level, staffed, ()):
        step, roles = above.step, [*roles, above.role]
        if not above.role:
            break
    assert roles == [*staffed, ""], "it climbs to the top, and then to the other agencies"


def test_an_end_that_nobody_answered_takes_no_effect_however_late_it_is() -> None:
    """Silence ends nothing: protection goes on, and the word that was owed can still be given for a while."""
    case, announced, _ = unheard()
    case.later(days=4)
    assert not case.counts(case.end(announced))
    assert case.state == "ACTIVE"
    case.hear(announced, OTHERS[1])
    assert case.counts(case.end(announced))


def test_an_end_that_was_left_lying_is_announced_anew() -> None:
    """Heard by all and long past its day it ends nothing: the low risk on which it stood is an old story by then."""
    case, announced, _ = unheard()
    case.hear(announced, OTHERS[1])
    case.later(days=7)
    assert not case.counts(case.end(announced))
    anew = case.announced()
    case.hear(anew, *OTHERS)
    case.later(days=7)
    assert case.counts(case.end(anew))
