"""For which reasons a case ends, and what each has to rest on."""

from datetime import UTC, datetime, timedelta

import pytest

from contracts.content import Actor
from contracts.events import Body
from contracts.events.plan import CaseClosed, ClosureProposed, MeasureFailed
from contracts.events.triage import StatusDetermined
from contracts.hlc import Hlc, instant
from contracts.mechanism import LATEST
from contracts.timeline import Event
from tests.unit.contracts.assessments import PRESENT, assessment
from tests.unit.contracts.chronicle import AGENCIES
from tests.unit.contracts.plans import INCIDENT, LEAD, LPSKS, MOVED, Planning
from tests.unit.contracts.statuses import appealed, decided

REJECTION = StatusDetermined(defender_kind="PEMBELA", status="DITOLAK", basis=("KERJA_HAM",))
NO_DEFENDER = ClosureProposed(reason="BUKAN_PEMBELA")
TOLD = {"INCIDENT": INCIDENT, "MOVED": MOVED, "THREAT": PRESENT, "CALM": assessment()}
START = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


def closure(case: Planning) -> str:
    return case.case.in_force("closure")


def dated(case: Planning, body: Body, officer: str, after: timedelta = timedelta()) -> Event:
    """Said and recorded by the lead, some time after the story begins."""
    ms = round((START + after).timestamp() * 1000)
    event = case.say(LEAD, body, officer=officer)
    case.events[-1] = event._replace(content=event.content._replace(time=instant(ms)), hlc=Hlc(ms, 0))
    return case.events[-1]


@pytest.mark.parametrize(
    ("levels", "ordinary"),
    [
        ([], False),
        (["RENDAH"], False),
        (["TINGGI", "RENDAH"], False),
        (["RENDAH", "TINGGI"], False),
        (["RENDAH", "TINGGI", "RENDAH"], False),
        (["RENDAH", "BARU", "RENDAH"], False),
        (["RENDAH", "RENDAH"], True),
        (["EKSTREM", "RENDAH", "RENDAH"], True),
        (["RENDAH", "RENDAH", "RENDAH"], True),
        (["RENDAH", "RENDAH", "INCIDENT"], False),
        (["RENDAH", "INCIDENT", "RENDAH"], True),
        (["RENDAH", "RENDAH", "MOVED"], False),
        (["RENDAH", "MOVED", "RENDAH"], True),
        (["RENDAH", "RENDAH", "THREAT"], False),
        (["RENDAH", "THREAT", "RENDAH"], True),
        (["RENDAH", "RENDAH", "CALM"], True),
    ],
)
def test_ordinary_risk_is_ordinary_at_two_reviews_in_a_row(levels: list[str], ordinary: bool) -> None:  # noqa: FBT001
    """The last two reviews found it, and the last one knew of every incident, change and assessment of more."""
    case = Planning()
    for level in levels:
        what = TOLD.get(level)
        case.say("lpsk", what) if what else case.review(level)
    case.propose_closure("RISIKO_BIASA")
    assert case.counts(case.events[-1]) == ordinary


def test_nobody_agrees_to_an_end_whose_reason_is_gone() -> None:
    """A review that finds more between proposal and agreement: whoever knows of it looks again, and then agrees."""
    case = Planning()
    for level in ("RENDAH", "RENDAH"):
        case.review(level)
    proposal = case.propose_closure("RISIKO_BIASA")
    case.review("EKSTREM")
    (early,) = case.agree_closure(proposal, LEAD)
    assert not case.counts(case.events[-1])
    assert not case.counts(case.say(LEAD, CaseClosed(proposal=proposal, agreements=(early,))))
    for level in ("RENDAH", "RENDAH"):
        case.review(level)
    (late,) = case.agree_closure(proposal, LEAD)
    assert case.counts(case.say(LEAD, CaseClosed(proposal=proposal, agreements=(late,))))


def test_a_change_opens_nothing_and_ordinary_risk_waits_for_a_review_of_it() -> None:
    """After all have agreed, too: no closing counts whose author knew of a change that no review has looked at."""
    case = Planning()
    for level in ("RENDAH", "RENDAH"):
        case.review(level)
    proposal = case.propose_closure("RISIKO_BIASA")
    closing = CaseClosed(proposal=proposal, agreements=tuple(case.agree_closure(proposal, LEAD)))
    known = case.now
    assert case.counts(case.say("lpsk", MOVED))
    assert closure(case) == "PROPOSED"
    assert not case.counts(case.say(LEAD, closing))
    case.review("RENDAH")
    assert case.counts(case.say(LEAD, closing))
    case.say("komnas-perempuan", MOVED, parents=known)  # which the closing did not know of
    assert closure(case) == "CLOSED"


def test_a_change_is_recorded_by_who_takes_part_and_told_to_all() -> None:
    """In a role that may record incidents; another role's word, or one that not all hear, changes nothing."""
    case = Planning()
    assert all(case.counts(case.say(agency, MOVED)) for agency in AGENCIES)
    assert not case.counts(case.add("lpsk", MOVED, actor=Actor("auditor", "o-1")))
    assert not case.counts(case.add("lpsk", MOVED, actor=Actor("petugas_darurat", "o-1"), to=("komnas-ham", "lpsk")))


def test_two_reviews_that_cross_are_not_two_in_a_row() -> None:
    """Neither looked at the risk after the other."""
    case = Planning()
    known = case.now
    case.review("RENDAH", parents=known)
    case.review("RENDAH", parents=known)
    case.propose_closure("RISIKO_BIASA")
    assert not case.counts(case.events[-1])


def test_not_a_defender_is_said_by_whom_it_is_for_first() -> None:
    """A case ends as that of no defender only once the status was rejected."""
    case = Planning()
    case.propose_closure("BUKAN_PEMBELA")
    assert not case.counts(case.events[-1])
    dated(case, REJECTION, "o-2")
    assert case.counts(dated(case, NO_DEFENDER, "o-1", LATEST.status.appealable))


def test_not_a_defender_is_final_only_after_the_time_for_an_appeal() -> None:
    """Whoever was rejected this morning is not closed out of the case before they could object."""
    case = Planning()
    dated(case, REJECTION, "o-2")
    assert not case.counts(dated(case, NO_DEFENDER, "o-1", LATEST.status.appealable - timedelta(minutes=1)))


def test_a_rejection_that_an_appeal_confirmed_is_final() -> None:
    """Nobody waits for a second appeal: another officer has heard the first."""
    case = Planning()
    rejected = case.say(LEAD, REJECTION)
    appeal = case.say("lpsk", appealed(rejected))
    case.propose_closure("BUKAN_PEMBELA")
    assert not case.counts(case.events[-1])
    assert case.counts(case.say(LEAD, decided(appeal, "DITOLAK"), officer="o-3"))
    case.propose_closure("BUKAN_PEMBELA")
    assert case.counts(case.events[-1])


@pytest.mark.parametrize("knows", [True, False])
def test_an_appeal_keeps_the_case_open_or_opens_it_again(*, knows: bool) -> None:
    """Whether whoever appeals knew of the closing or not: nobody appeals to a closed door."""
    case = Planning()
    rejected = case.say(LEAD, REJECTION)
    before = case.now
    case.close()
    assert closure(case) == "CLOSED"
    assert case.counts(case.say("lpsk", appealed(rejected), parents=None if knows else before))
    assert closure(case) == "OPEN"


def test_a_reason_of_later_software_is_kept() -> None:
    """A reason that this version does not know needs nothing to bear it out but the agreements."""
    case = Planning()
    case.propose_closure("ALASAN_BARU_2031")
    assert closure(case) == "PROPOSED"


def test_a_measure_that_failed_since_is_looked_at_before_risk_is_ordinary() -> None:
    """Protection that did not come about is no reason to end all of it."""
    case = Planning()
    case.review("RENDAH")
    case.review("RENDAH")
    plan = case.agreed_plan(LPSKS)
    case.start(plan, LPSKS)
    case.say("lpsk", MeasureFailed(plan=plan, measure=LPSKS.id, reason="TANPA_KAPASITAS"))
    case.propose_closure("RISIKO_BIASA")
    assert not case.counts(case.events[-1])
    case.review("RENDAH")
    case.propose_closure("RISIKO_BIASA")
    assert case.counts(case.events[-1])


def test_a_threat_told_after_the_proposal_keeps_the_case_open() -> None:
    """Whatever the reason to close: who agreed did so without knowing of it, and the lead proposes anew."""
    case = Planning()
    proposal = case.propose_closure()
    agreed = tuple(case.agree_closure(proposal, LEAD))
    case.say("lpsk", PRESENT)
    assert not case.counts(case.say(LEAD, CaseClosed(proposal=proposal, agreements=agreed)))
    assert closure(case) == "OPEN"
    assert case.counts(case.close())
