"""A plan is agreed by all who answer for it and by the defender, and replaced by nothing less."""

import pytest
from hypothesis import given, strategies as st

from contracts.encoding import b64
from contracts.events import Body
from contracts.events.plan import Measure, MeasureStarted, MeasureWanted, PlanAgreed, PlanDeclined, PlanProposed
from contracts.promises.plan import plans_in_force
from tests.unit.contracts.chronicle import AGENCIES
from tests.unit.contracts.plans import LATER, LEAD, LPSKS, OURS, PARTNERS, Planning, in_force, measure


def test_a_plan_is_in_force_when_all_who_answer_for_a_measure_have_agreed() -> None:
    """One agreement of two changes nothing; the second puts the plan in force, and nobody has to say so."""
    case = Planning()
    plan = case.plan(OURS, LPSKS)
    case.agree(plan, LEAD)
    assert in_force(case) == []
    case.agree(plan, "lpsk")
    assert in_force(case) == [plan]
    assert not case.case.unsupported


def test_agreements_that_cross_are_agreements() -> None:
    """Two agencies that agree without having heard of each other have agreed."""
    case = Planning()
    plan = case.plan(OURS, LPSKS)
    known = case.now
    case.agree(plan, LEAD, parents=known)
    case.agree(plan, "lpsk", parents=known)
    assert in_force(case) == [plan]


def test_nothing_is_done_to_somebody_who_does_not_want_it() -> None:
    """Whatever the agencies agree, a plan with a measure that the defender has not agreed to is not in force."""
    case = Planning()
    case.agreed_plan(OURS, measure("komnas-ham-4", wanted=False))
    assert in_force(case) == []


def test_a_proposal_takes_no_protection_away() -> None:
    """The plan in force stays until the version that replaces it is agreed as well."""
    case = Planning()
    first = case.agreed_plan(OURS)
    second = case.plan(OURS, LPSKS, replaces=(first,))
    assert in_force(case) == [first]
    case.agree(second, LEAD, "lpsk")
    assert in_force(case) == [second]


def test_a_version_replaces_all_before_it_also_those_never_agreed() -> None:
    """A draft between two agreed versions does not keep the oldest alive."""
    case = Planning()
    first = case.agreed_plan(OURS)
    second = case.plan(LPSKS, replaces=(first,))
    third = case.plan(OURS, LPSKS, replaces=(second,))
    case.agree(third, LEAD, "lpsk")
    assert in_force(case) == [third]


@pytest.mark.parametrize("swapped", [False, True])
def test_two_versions_that_cross_conflict_in_sight_and_replace_nothing(swapped: bool) -> None:  # noqa: FBT001
    """Of two proposals made apart neither replaces the plan in force; one that is agreed does."""
    case = Planning()
    first = case.agreed_plan(OURS)
    case.activate_emergency()
    known = case.now
    authors = [LEAD, "lpsk"][:: -1 if swapped else 1]
    one, other = (case.plan(OURS, by=author, replaces=(first,), parents=known) for author in authors)
    assert {claim.value for claim in case.case.conflicts["plan_proposal"]} == {one, other}
    assert in_force(case) == [first]
    case.agree(other, LEAD)
    assert in_force(case) == [other]


def test_two_versions_agreed_apart_are_both_owed_until_a_third_replaces_both() -> None:
    """A partition never takes a measure away: what either side agreed stays owed, in sight, until people settle it."""
    case = Planning()
    case.activate_emergency()
    known = case.now
    ours = case.plan(OURS, parents=known)
    case.say(LEAD, PlanAgreed(plan=ours), parents=case.now)
    here = case.now
    theirs = case.plan(measure("lpsk-1", "lpsk", code="EVAKUASI"), by="lpsk", parents=known)
    case.say("lpsk", PlanAgreed(plan=theirs), parents=case.now)
    there = case.now
    assert set(in_force(case)) == {ours, theirs}
    third = case.plan(OURS, by="lpsk", replaces=(ours, theirs), parents=tuple(sorted(here + there)))
    case.agree(third, LEAD)
    assert in_force(case) == [third]


def test_only_a_version_that_names_all_that_stand_replaces_them() -> None:
    """Whoever has not seen a version, or claims to replace what is gone, has to look again."""
    case = Planning()
    first = case.plan(OURS)
    blind = case.plan(LPSKS)
    second = case.plan(LPSKS, replaces=(first,))
    again = case.plan(OURS, replaces=(first,))
    assert {b64(id_) for id_ in case.case.unsupported} == {blind, again}
    assert case.case.in_force("plan_proposal") == second


@pytest.mark.parametrize(
    "one",
    [
        measure(responsible="lembaga-empat"),
        measure(responsible="lpsk", owner="komnas-perempuan"),
        measure("lpsk-1"),
        measure("mitra-1", owner="mitra"),
    ],
    ids=["answered for by a stranger", "owned by a third", "named by another", "named by a partner"],
)
def test_a_measure_has_an_owner_and_a_name_of_its_own(one: Measure) -> None:
    """A plan whose measure nobody in the case answers for, or that takes another agency's name, is no plan."""
    case = Planning()
    case.plan(one)
    assert not case.counts(case.events[-1])


@pytest.mark.parametrize("other", [{"code": "MEDIASI"}, {"responsible": "lpsk", "owner": "lpsk"}])
def test_a_measure_keeps_its_meaning_through_all_versions(other: dict[str, str]) -> None:
    """What one version calls a measure, no later one calls something else; when it is due may change."""
    case = Planning()
    first = case.plan(OURS)
    case.plan(OURS.model_copy(update=other), replaces=(first,))
    assert not case.counts(case.events[-1])
    case.plan(OURS.model_copy(update={"due_by": "2027-01-01T00:00:00.000Z"}), replaces=(first,))
    assert case.counts(case.events[-1])


@pytest.mark.parametrize("emergency", [False, True])
def test_the_lead_plans_and_in_an_emergency_everybody_may(emergency: bool) -> None:  # noqa: FBT001
    """Another participant's plan counts only while protection is active: then nobody waits for the lead."""
    case = Planning()
    if emergency:
        case.activate_emergency()
    case.plan(measure("lpsk-1", "lpsk"), by="lpsk")
    assert case.counts(case.events[-1]) == emergency


def test_a_plan_that_some_do_not_hear_of_decides_nothing() -> None:
    """What only one other agency may read is no matter of all."""
    case = Planning()
    body = PlanProposed(measures=(OURS,), replaces=())
    said = case.add(LEAD, body, to=(LEAD, "lpsk"))
    assert not case.counts(said)


@st.composite
def planned(draw: st.DrawFn) -> Planning:
    """Any plans, agreements and reports, honest or not, each knowing any part of what came before."""
    case = Planning(legal_status=draw(st.sampled_from([None, "TERSANGKA"])))
    if draw(st.booleans()):
        case.activate_emergency()
    for _ in range(draw(st.integers(1, 10))):
        ids = [event.id for event in case.events]
        known = draw(st.just(ids[-1:]) | st.lists(st.sampled_from(ids), min_size=1, max_size=3, unique=True))
        body = draw(bodies([b64(id_) for id_ in ids]))
        officer = draw(st.sampled_from(["o-1", "o-2"]))
        case.say(draw(st.sampled_from([*AGENCIES, LEAD])), body, officer=officer, parents=tuple(known))
    return case


def bodies(names: list[str]) -> st.SearchStrategy[Body]:
    """Anything about a plan, about any event there is."""
    name = st.sampled_from(names)
    measures = st.lists(st.sampled_from([OURS, LPSKS, PARTNERS, LATER]), min_size=1, max_size=3, unique=True).map(tuple)
    before = st.lists(name, max_size=2, unique=True).map(tuple)
    return st.one_of(
        st.builds(PlanProposed, measures=measures, replaces=before),
        st.builds(PlanAgreed, plan=name),
        st.builds(PlanDeclined, plan=name, reason=st.just("LAINNYA")),
        st.builds(MeasureStarted, plan=name, measure=st.sampled_from([OURS.id, LPSKS.id])),
        st.builds(
            MeasureWanted,
            plan=name,
            measure=st.sampled_from([OURS.id, LATER.id]),
            given_by=st.just("defender"),
            form=st.just("written"),
            at=st.just("2026-11-23T08:54:48+07:00"),
        ),
    )


@given(planned())
def test_no_plan_is_in_force_without_all_who_answer_for_it(case: Planning) -> None:
    """Whatever is claimed: all responsible and the defender agreed, none is the proposer, and no suspect is left."""
    agreed, wanted = case.case.of_type(PlanAgreed), case.case.of_type(MeasureWanted)
    suspect = case.case.bodies[case.events[0].id].wire().get("legal_status")
    for plan in plans_in_force(case.case):
        by = [event for event, body in agreed if body.plan == plan.name]
        assert plan.body.responsible == {event.agency for event in by}
        later = {body.measure for _, body in wanted if body.plan == plan.name}
        assert {one.id for one in plan.body.measures if not one.agreement} == later
        proposer = (plan.agency, plan.event.content.actor.officer)
        assert all((event.agency, event.content.actor.officer) != proposer for event in by)
        assert not (suspect and {one.owner for one in plan.body.measures} == {"lpsk"})


@given(planned())
def test_what_is_in_force_was_replaced_by_nothing_in_force(case: Planning) -> None:
    """No version stands beside one that its author meant to replace it with."""
    names = set(in_force(case))
    assert all(names.isdisjoint(plan.body.replaces) for plan in plans_in_force(case.case))
