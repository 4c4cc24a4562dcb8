"""Promises that the law or the domain makes beside the matters of the workflow: police, data, safety, full looks."""

from datetime import timedelta

import pytest

from contracts.encoding import b64
from contracts.events.intake import CaseOpened
from contracts.events.plan import MeasureStarted, PlanAgreed, PlanProposed, ReviewHeld
from contracts.events.police import PoliceAnswered, PoliceReported
from contracts.events.protection import EmergencyActivated, EmergencyApproved, EmergencyProposed
from contracts.events.referral import ReferralAccepted
from contracts.events.rights import RequestAnswered, RequestReceived
from contracts.events.triage import RiskAssessed
from contracts.mechanism import LATEST
from contracts.promises import promises
from contracts.promises.promise import Promise
from contracts.record import EventId
from contracts.timeline import Event, claimed
from tests.unit.contracts.assessments import PRESENT, assessment
from tests.unit.contracts.chronicle import Chronicle
from tests.unit.contracts.emergencies import Emergency
from tests.unit.contracts.plans import LEAD, OURS, Planning, measure
from tests.unit.contracts.relay import HAM, LPSK, PEREMPUAN, Relay
from tests.unit.contracts.test_referral import Story, answer

SAFE = measure("komnas-ham-5", "lpsk", code="EVAKUASI")
HERS = measure("lpsk-1", "lpsk", code="EVAKUASI")
LONG_AGO, AN_HOUR_AGO = "2026-11-18T02:00:00Z", "2026-11-22T01:00:00Z"


def of(case: Chronicle, kind: str) -> list[Promise]:
    """What a case promises of one kind."""
    return [one for one in promises(case.case, LATEST) if one.kind == kind]


def within(promise: Promise, event: Event) -> timedelta:
    return promise.due - claimed(event)


def request(at: str) -> RequestReceived:
    return RequestReceived(right="AKSES", given_by="defender", form="spoken", at=at)


def test_whoever_is_asked_about_data_answers_in_three_days() -> None:
    """Counted from when the person asked, never due before it was written down; another agency cannot answer for it."""
    case = Relay()
    late, soon = (case.say(HAM, request(at)) for at in (LONG_AGO, AN_HOUR_AGO))
    owed = {one.source: one for one in of(case, "HAK_SUBJEK_DATA")}
    assert {one.agency for one in owed.values()} == {HAM}
    assert within(owed[late.id], late) == timedelta(0)
    assert within(owed[soon.id], soon) == timedelta(days=3, hours=-1)
    reply = RequestAnswered(request=b64(late.id), answer="DIPENUHI")
    assert not case.counts(case.say(LPSK, reply))
    assert case.counts(case.say(HAM, reply))
    assert not case.counts(case.say(HAM, reply))
    assert {one.source: one.kept for one in of(case, "HAK_SUBJEK_DATA")} == {late.id: True, soon.id: False}


def test_a_right_over_data_does_not_end_with_the_case() -> None:
    """A closed case owes nothing more but this: also what is asked after it was closed."""
    case = Planning()
    case.close()
    assert case.counts(case.say(LEAD, request("1970-01-01T00:00:00Z")))
    assert [one.kind for one in promises(case.case, LATEST) if not one.kept] == ["HAK_SUBJEK_DATA"]


def test_nobody_asks_tomorrow() -> None:
    """A request of a time to come is no request."""
    case = Relay()
    assert not case.counts(case.say(HAM, request("2027-01-01T00:00:00Z")))


class Violence(Story):
    """A case of sexual violence, with a consent, referred to a provider of services."""

    def __init__(self, violence: str = "SEKSUAL") -> None:
        super().__init__()
        opened = CaseOpened.read(self.events[0].content.body).model_copy(update={"violence": (violence,)})
        self.events[0] = self.events[0]._replace(content=self.events[0].content._replace(body=opened.wire()))
        self.sent = self.send(to="PENGADA_LAYANAN")
        self.taken = self.say(PEREMPUAN, answer(ReferralAccepted, self.sent))

    def told(self, outcome: str = "DILAPORKAN", agency: str = PEREMPUAN, at: str = AN_HOUR_AGO) -> Event:
        return self.say(agency, PoliceReported(referral=b64(self.sent.id), outcome=outcome, at=at))


def test_a_provider_reports_in_three_days_and_the_police_ask_within_one() -> None:
    """Somebody at the agency that speaks for the provider asks; LPSK looks what the police do."""
    case = Violence()
    (report,) = of(case, "LAPORAN_POLISI")
    assert (report.agency, within(report, case.taken), report.kept) == (PEREMPUAN, timedelta(days=3), False)
    told = case.told()
    assert of(case, "LAPORAN_POLISI")[0].kept
    (asked,) = of(case, "PERMINTAAN_POLISI")
    assert (asked.agency, asked.source, asked.kept) == (LPSK, told.id, False)
    assert within(asked, told) == timedelta(hours=23)
    heard = case.say(HAM, PoliceAnswered(report=b64(told.id), answer="MEMINTA_PERLINDUNGAN"))
    assert heard.id not in case.case.unsupported
    assert of(case, "PERMINTAAN_POLISI")[0].kept


def test_where_no_law_asks_for_it_nobody_owes_a_report() -> None:
    """Other violence, or a provider that need not: the question is settled, and the police owe nothing."""
    assert of(Violence("FISIK"), "LAPORAN_POLISI") == []
    case = Violence()
    case.told("TIDAK_WAJIB")
    assert of(case, "LAPORAN_POLISI")[0].kept
    assert of(case, "PERMINTAAN_POLISI") == []


def test_who_was_not_asked_does_not_speak_for_the_provider() -> None:
    """Nor does anybody of a time to come."""
    case = Violence()
    assert case.told(agency=LPSK).id in case.case.unsupported
    assert case.told(at="2027-01-01T00:00:00Z").id in case.case.unsupported


def test_what_brings_somebody_to_safety_is_there_within_a_day() -> None:
    """From the first version that names it, if the defender wants it; whatever day the version itself names."""
    case = Planning()
    plan = case.plan(SAFE)
    (owed,) = of(case, "EVAKUASI")
    assert (owed.agency, owed.subject, owed.kept) == (LPSK, SAFE.id, False)
    assert within(owed, case.events[-1]) == timedelta(hours=24)
    case.agree(plan, LPSK)
    case.unwant(plan, SAFE)
    assert of(case, "EVAKUASI")[0].kept
    case.want(plan, SAFE)
    assert not of(case, "EVAKUASI")[0].kept
    case.start(plan, SAFE)
    assert of(case, "EVAKUASI")[0].kept


def test_nobody_is_evacuated_who_was_not_asked() -> None:
    """Until the defender wants it nobody owes it; from then on there is a day."""
    case, asked = Planning(), SAFE.model_copy(update={"agreement": None})
    plan = case.plan(asked)
    assert of(case, "EVAKUASI")[0].kept
    wanted = case.want(plan, asked)
    assert [(within(one, wanted), one.kept) for one in of(case, "EVAKUASI")] == [(timedelta(hours=24), False)]


class Flight(Emergency):
    """Protection in force on a proposal that asks for an evacuation."""

    def begin(self, parents: tuple[EventId, ...] | None = None) -> str:
        asked = self.say(HAM, EmergencyProposed(ground="ANCAMAN_NYATA", needs=("EVAKUASI",)), parents=parents)
        votes = tuple(
            b64(self.say(LPSK, EmergencyApproved(proposal=b64(asked.id)), who, role="pimpinan").id)
            for who in ("p-1", "p-2")
        )
        body = EmergencyActivated(proposal=b64(asked.id), approvals=votes, review_by="2026-11-30T03:00:00.000Z")
        return b64(self.say(LPSK, body).id)


def test_leaders_who_approve_an_evacuation_owe_it_before_any_plan() -> None:
    """A day from the activation, until it is there, or protection ends."""
    case = Flight()
    (owed,) = of(case, "EVAKUASI")
    assert (owed.agency, owed.subject, owed.due - case.now, owed.kept) == (LPSK, "EVAKUASI", timedelta(hours=24), False)
    plan = b64(case.say(LPSK, PlanProposed(measures=(HERS,), replaces=())).id)
    case.say(LPSK, MeasureStarted(plan=plan, measure="lpsk-1"))
    assert [one.kept for one in of(case, "EVAKUASI")] == [True, True]


@pytest.mark.parametrize(("body", "kept"), [(PRESENT, False), (assessment(), True)])
def test_a_full_study_follows_within_ten_days(body: RiskAssessed, *, kept: bool) -> None:
    """An assessment without scores acts at once and is no study."""
    case = Chronicle()
    case.add(HAM, body)
    (study,) = of(case, "STUDI_RISIKO")
    assert (study.agency, within(study, case.events[0]), study.kept) == (HAM, timedelta(days=10), kept)


def test_once_a_year_the_whole_case_is_looked_at() -> None:
    """By the lead; a review on another occasion does not do, and each makes the next one due."""
    case = Planning()
    case.review("RENDAH")
    (first,) = of(case, "TINJAUAN_TAHUNAN")
    assert (first.agency, within(first, case.events[0]), first.kept) == (LEAD, timedelta(days=365), False)
    whole = case.say(LEAD, ReviewHeld(occasion="TAHUNAN", before="RENDAH", after="RENDAH"))
    assert {one.source: one.kept for one in of(case, "TINJAUAN_TAHUNAN")} == {case.events[0].id: True, whole.id: False}


def test_a_plan_that_knew_of_the_need_may_meet_it_otherwise() -> None:
    """Once all have agreed on what is done instead, the leaders' evacuation is owed no more."""
    case = Flight()
    plan = PlanAgreed(plan=b64(case.say(HAM, PlanProposed(measures=(OURS,), replaces=())).id))
    assert not of(case, "EVAKUASI")[0].kept
    case.say(HAM, plan, "o-2")
    assert of(case, "EVAKUASI")[0].kept
