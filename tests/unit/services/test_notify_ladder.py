"""A call that nobody answers climbs, in time, to where somebody is, and then leaves the agency."""

from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given, strategies as st

from contracts.encoding import b64
from contracts.events import Body
from contracts.events.notify import NoticeEscalated, NoticeSent
from contracts.mechanism import LATEST
from contracts.timeline import Event
from services.notify import domain
from services.notify.domain import Call
from tests.unit.contracts.chronicle import AGENCIES, NOW, Chronicle
from tests.unit.services.calls import DUTY, EVERYBODY, LPSK, assessed, called


def test_the_first_step_with_somebody_on_it_is_called() -> None:
    """A role that nobody holds does not swallow a call; if nobody is anywhere it still starts, and climbs."""
    case = Chronicle()
    event = case.add("komnas-ham", assessed("KRITIS"))
    assert called(case, event, {"pimpinan"})["lpsk"] == [Call(2, "pimpinan", "KRITIS")]
    assert called(case, event, set())["lpsk"] == [Call(0, "petugas_darurat", "KRITIS")]


def test_one_person_is_not_called_twice_about_one_thing() -> None:
    """Where only leaders are on duty they get one notice of a proposal, not two."""
    case = Chronicle()
    case.propose()
    assert called(case, case.events[-1], {"pimpinan"}) == {"lpsk": [Call(2, "pimpinan", "KRITIS")]}


def silence(case: Chronicle, agency: str, about: Event, step: int) -> Event:
    """A notice of `agency` that climbed to `step`."""
    body: Body = NoticeSent(about=b64(about.id), role=DUTY[agency], step=0, channel="email", respond_by=NOW)
    sent = case.add(agency, body)
    return case.add(agency, NoticeEscalated(notice=b64(sent.id), step=step))


def test_above_the_ladder_are_the_other_agencies() -> None:
    """When a whole agency stays silent the others of the case are called."""
    case = Chronicle()
    case.propose()
    event = silence(case, "lpsk", case.events[-1], len(LPSK.ladder))
    assert called(case, event) == {agency: [Call(0, DUTY[agency], "KRITIS")] for agency in AGENCIES if agency != "lpsk"}


def test_a_climb_inside_an_agency_is_its_own_business() -> None:
    """As long as a step is left there, nobody else is called."""
    case = Chronicle()
    case.propose()
    assert called(case, silence(case, "lpsk", case.events[-1], len(LPSK.ladder) - 1)) == {}


def test_two_silent_agencies_do_not_call_each_other_for_ever() -> None:
    """Silence about a silence goes no further."""
    case = Chronicle()
    case.propose()
    first = silence(case, "lpsk", case.events[-1], len(LPSK.ladder))
    assert called(case, silence(case, "komnas-ham", first, 9)) == {}


def test_an_old_notice_climbs_at_once_to_where_it_belongs() -> None:
    """Rungs whose time passed while nobody looked are left out; own leaders come before other agencies."""
    assert domain.climb(LPSK, 0, "KRITIS", EVERYBODY, {0}) == Call(1, LPSK.ladder[1], "KRITIS")
    assert domain.climb(LPSK, 0, "KRITIS", EVERYBODY, {0}, 99) == Call(2, "pimpinan", "KRITIS")
    assert domain.climb(LPSK, 2, "KRITIS", EVERYBODY, {0, 2}, 99) == Call(3, "", "KRITIS")
    assert domain.rungs("KRITIS", LATEST, timedelta(minutes=25)) == 2
    assert domain.rungs("KRITIS", LATEST, timedelta(minutes=-25)) == 0


LADDERS = st.sampled_from(sorted(LATEST.agencies))


@given(LADDERS, st.sets(st.sampled_from(sorted(EVERYBODY))), st.sets(st.integers(0, 3)))
def test_every_climb_ends_and_only_goes_up(agency: str, staffed: set[str], told: set[int]) -> None:
    """Only staffed steps are told, each once, until the others are told or a higher notice carries on."""
    rules = LATEST.agencies[agency]
    steps = [0]
    while call := domain.climb(rules, steps[-1], "KRITIS", staffed, told):
        steps.append(call.step)
        assert call.step not in told
        if not call.role:
            break
        assert (call.role, call.role in staffed) == (rules.ladder[call.step], True)
    assert all(one < next_ for one, next_ in pairwise(steps))
    if not told:
        assert steps[-1] == domain.ladder_end(rules)
        assert {rules.ladder[step] for step in steps[1:-1]} == staffed & set(rules.ladder[1:])


def test_who_may_answer() -> None:
    """The role that was told, or one above it; not one below, and nobody from outside the ladder."""
    assert [domain.may_answer(LPSK, 1, LPSK.ladder[1], role) for role in LPSK.ladder] == [False, True, True]
    assert not domain.may_answer(LPSK, 1, LPSK.ladder[1], "psikolog")


@given(st.sampled_from(["KRITIS", "MENDESAK", "TINGGI", "BIASA", "BARU"]), st.floats(0.01, 120))
def test_the_time_to_answer_scales(level: str, unit_s: float) -> None:
    """A minute of the mechanism lasts as long as the node says; by default a minute."""
    limit = LATEST.notices.respond_within(level)
    start = datetime.fromisoformat(NOW)
    assert domain.respond_by(NOW, level, LATEST) - start == limit
    scaled = domain.respond_by(NOW, level, LATEST, timedelta(seconds=unit_s)) - start
    assert abs(scaled - limit * (unit_s / 60)) < timedelta(milliseconds=10)
