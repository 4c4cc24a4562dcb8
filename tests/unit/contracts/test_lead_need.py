"""Who should lead by need: which sign in a case speaks for whom, in which order, and what the lead then owes."""

from collections.abc import Mapping
from datetime import timedelta

import pytest
from pydantic import ValidationError

from contracts.encoding import b64
from contracts.events.intake import CaseOpened
from contracts.events.lead import LeadAccepted, LeadDeclined, LeadOffered
from contracts.events.plan import Measure
from contracts.events.triage import StatusDetermined
from contracts.mechanism import LATEST, Mechanism
from contracts.mechanism.rules import LeadNeed, LeadRules
from contracts.promises import need, promises
from contracts.promises.promise import Promise
from contracts.timeline import claimed
from tests.unit.contracts.chronicle import AGENCIES, opening
from tests.unit.contracts.plans import LATER, LEAD, LPSKS, OURS, Planning, measure

HAM, PEREMPUAN, LPSK = AGENCIES


class Course(Planning):
    """A case with something in its opening, and who leads it."""

    def __init__(self, **reported: object) -> None:
        super().__init__()
        self.events.clear()
        opened = CaseOpened.model_validate(dict(opening(LEAD)) | reported)
        self.to = opened.participants
        self.add(LEAD, opened)

    def should(self, rules: Mechanism = LATEST) -> tuple[str, str] | None:
        """Who should lead, and why."""
        found = need.by_need(self.case, rules)
        return (found.need.agency, found.need.reason) if found else None

    def owed(self) -> list[tuple[str, str, bool]]:
        """To whom who owes an offer, and whether that is kept."""
        return [(one.subject, one.agency, one.kept) for one in self.due()]

    def due(self) -> list[Promise]:
        """The promises of the lead by need."""
        return [*need.promises(self.case, LATEST)]

    def hand_on(self, to: str, *, agree: bool = True) -> None:
        """Who leads offers, and the other answers."""
        offer = b64(self.say(self.case.in_force("lead"), LeadOffered(to=to, reason="LAINNYA")).id)
        yes, no = LeadAccepted(offer=offer), LeadDeclined(offer=offer, reason="TANPA_KAPASITAS")
        assert self.counts(self.say(to, yes if agree else no))


@pytest.mark.parametrize(
    ("reported", "measures", "who"),
    [
        ({}, (OURS,), None),
        ({}, (OURS, LPSKS), (LPSK, "PELINDUNGAN_FISIK")),
        ({}, (measure("komnas-ham-5", LPSK, code="REHAB_PSIKOLOGIS"),), None),
        ({}, (measure("komnas-ham-5", PEREMPUAN, owner="mitra", code="RUMAH_AMAN"),), None),
        ({"gender_lens": True}, (OURS,), (PEREMPUAN, "KEKHASAN_PPHAM")),
        ({"gender_lens": True, "forms": ("KRIMINALISASI",)}, (OURS, LPSKS), (LPSK, "PELINDUNGAN_FISIK")),
        ({"gender_lens": True, "forms": ("KRIMINALISASI",)}, (OURS,), (PEREMPUAN, "KEKHASAN_PPHAM")),
        ({"forms": ("KRIMINALISASI",)}, (OURS,), (HAM, "KRIMINALISASI")),
        ({"actors": ("POLRI",)}, (OURS,), (HAM, "KRIMINALISASI")),
        ({"actors": ("KORPORASI",)}, (OURS,), None),
        ({"legal_status": "TERSANGKA"}, (OURS,), (HAM, "KRIMINALISASI")),
        ({"legal_status": "SAKSI"}, (OURS,), None),
        ({"gender_lens": True, "participants": (HAM, LPSK)}, (OURS,), None),
    ],
)
def test_the_first_need_whose_sign_is_there_says_who_should_lead(
    reported: Mapping[str, object], measures: tuple[Measure, ...], who: tuple[str, str] | None
) -> None:
    """A measure that LPSK answers for, then what is particular to women, then criminalisation; else nobody is named."""
    case = Course(**reported)
    case.agreed_plan(*measures)
    assert case.should() == who


def test_until_a_plan_is_in_force_the_receiving_agency_leads() -> None:
    """Whatever the case needs, a draft and a version that waits for somebody change nothing."""
    case = Course(gender_lens=True, forms=("KRIMINALISASI",))
    assert (case.should(), case.owed()) == (None, [])
    plan = case.plan(OURS, LPSKS, LATER)
    case.agree(plan, LEAD, LPSK)
    assert (case.should(), case.owed()) == (None, [])
    case.want(plan, LATER)
    assert case.should() == (LPSK, "PELINDUNGAN_FISIK")
    assert case.case.in_force("lead") == LEAD


@pytest.mark.parametrize(("status", "who"), [("SEMENTARA", PEREMPUAN), ("TERVERIFIKASI", PEREMPUAN), ("DITOLAK", None)])
def test_a_status_that_was_found_is_a_sign(status: str, who: str | None) -> None:
    """Of a woman defender, provisionally or finally; rejected it is none."""
    case = Course()
    case.agreed_plan(OURS)
    case.say(PEREMPUAN, StatusDetermined(defender_kind="PPHAM", status=status, basis=("KERJA_HAM",)))
    assert case.should() == (who and (who, "KEKHASAN_PPHAM"))


def test_a_measure_that_the_defender_took_back_is_no_need() -> None:
    """Who carries nothing any more need not lead."""
    case = Course(gender_lens=True)
    plan = case.agreed_plan(OURS, LPSKS)
    case.unwant(plan, LPSKS)
    assert case.should() == (PEREMPUAN, "KEKHASAN_PPHAM")


def test_the_lead_owes_an_offer_within_a_week_from_when_the_plan_came_into_force() -> None:
    """To that agency, kept once it leads; it is the new lead's, and nothing else moves the lead."""
    case = Course()
    plan = case.plan(OURS, LPSKS, LATER)
    case.agree(plan, LEAD, LPSK)
    last = case.want(plan, LATER)
    case.want(plan, LATER)  # again, which counts nothing
    assert case.owed() == [(LPSK, LEAD, False)]
    assert [(one.due - claimed(last), b64(one.source)) for one in case.due()] == [(timedelta(days=7), plan)]
    assert case.case.in_force("lead") == LEAD
    case.hand_on(LPSK)
    assert case.owed() == [(LPSK, LPSK, True)]
    assert case.should() == (LPSK, "PELINDUNGAN_FISIK")


def test_who_says_no_is_not_asked_again_until_the_plan_changes() -> None:
    """The next need is looked at meanwhile; a version that replaces the plan begins anew."""
    case = Course(gender_lens=True)
    plan = case.agreed_plan(OURS, LPSKS)
    case.hand_on(LPSK, agree=False)
    assert case.should() == (PEREMPUAN, "KEKHASAN_PPHAM")
    assert case.owed() == [(LPSK, LEAD, True), (PEREMPUAN, LEAD, False)]
    case.hand_on(PEREMPUAN)
    assert case.owed() == [(LPSK, PEREMPUAN, True), (PEREMPUAN, PEREMPUAN, True)]
    case.agree(case.plan(OURS, LPSKS, by=PEREMPUAN, replaces=(plan,)), LEAD, LPSK)
    assert case.owed() == [(LPSK, PEREMPUAN, False)]


def test_a_no_from_before_the_plan_is_none_to_it() -> None:
    """What an agency said when there was no plan it did not say of this one."""
    case = Course()
    case.hand_on(LPSK, agree=False)
    case.agreed_plan(OURS, LPSKS)
    assert case.owed() == [(LPSK, LEAD, False)]


def test_who_gave_the_lead_away_is_not_asked_again() -> None:
    """Whoever led by need and handed on keeps to that; as long as it only offers, it leads."""
    case = Course()
    case.agreed_plan(OURS, LPSKS)
    case.hand_on(LPSK)
    offer = case.say(LPSK, LeadOffered(to=LEAD, reason="TANPA_KAPASITAS"))
    assert case.owed() == [(LPSK, LPSK, True)]
    case.say(LEAD, LeadAccepted(offer=b64(offer.id)))
    assert case.owed() == [(LPSK, LEAD, True)]
    assert case.should() is None


def test_nobody_owes_it_in_a_closed_case() -> None:
    """As nothing else but what a person is owed of their data."""
    case = Course()
    plan = case.agreed_plan(LPSKS)
    case.close(LEAD, LPSK)
    assert case.counts(case.events[-1]), plan
    assert [one.kept for one in promises(case.case, LATEST) if one.kind == need.BY_NEED] == [True]


def test_a_fourth_agency_is_named_by_data_alone() -> None:
    """What the mechanism says of another agency holds like what it says of these three."""
    own = LeadNeed(reason="LAINNYA", agency=PEREMPUAN, actors=("KORPORASI",), basis="Usulan.")
    lead = LATEST.lead.model_copy(update={"needs": (own, *LATEST.lead.needs)})
    case = Course(actors=("KORPORASI",))
    case.agreed_plan(OURS, LPSKS)
    assert case.should(LATEST.model_copy(update={"lead": lead})) == (PEREMPUAN, "LAINNYA")


def test_a_need_has_a_sign_and_a_reason_of_its_own() -> None:
    """A document with one that nothing shows, or with two of one reason, is refused."""
    with pytest.raises(ValidationError, match="without a sign"):
        LeadNeed(reason="LAINNYA", agency=LPSK, basis="Usulan.")
    told = {field.alias or name: getattr(LATEST.lead, name) for name, field in LeadRules.model_fields.items()}
    hours = {"offer_answer_hours": 24, "unreachable_hours": 2, "takeover_answer_minutes": 30, "by_need_days": 7}
    assert LeadRules.model_validate(told | hours) == LATEST.lead
    with pytest.raises(ValidationError, match="stands twice"):
        LeadRules.model_validate(told | hours | {"needs": LATEST.lead.needs * 2})
