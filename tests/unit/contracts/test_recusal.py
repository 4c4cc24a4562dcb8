"""Who takes no part in a case: by whose word, what then counts no more, what stays, and who takes it back."""

import pytest

from contracts.content import Actor
from contracts.encoding import b64
from contracts.events import Body
from contracts.events.notify import NoticeAcknowledged
from contracts.events.plan import ClosureProposed, IncidentRecorded
from contracts.events.protection import EmergencyProposed
from contracts.events.triage import (
    EligibilityDetermined,
    OfficerReadmitted,
    OfficerRecused,
    StatusRequested,
    UrgencyOverridden,
)
from contracts.mechanism import LATEST, Permission
from contracts.timeline import Event
from contracts.workflow.recusal import told_recusals
from tests.unit.contracts.chronicle import AGENCIES, Chronicle
from tests.unit.contracts.plans import Planning

HAM, PEREMPUAN, LPSK = AGENCIES
OFFICER, CHIEF, SECOND = Actor("tim_hrd", "o-1"), Actor("komisioner_pengaduan", "o-2"), Actor("kabag_pengaduan", "o-3")
THIRD = Actor("kepala_perwakilan", "o-6")
LEADERS = [Actor("pimpinan", f"p-{number}") for number in range(1, 8)]
OVERRIDE = UrgencyOverridden(level="TINGGI", reason="x")


def recusal(actor: Actor, role: str = "") -> OfficerRecused:
    return OfficerRecused(officer=actor.officer, role=role or actor.role, reason="KERABAT")


def steps_back(case: Chronicle, agency: str, actor: Actor) -> Event:
    return case.add(agency, recusal(actor), actor=actor)


def kept_out(case: Chronicle, agency: str, actor: Actor, *by: Actor) -> list[Event]:
    return [case.add(agency, recusal(actor), actor=one) for one in by]


def back(event: Event) -> OfficerReadmitted:
    return OfficerReadmitted(recusal=b64(event.id))


def counts(case: Chronicle, event: Event) -> bool:
    return event.id not in case.case.unsupported


def out(case: Chronicle) -> list[str]:
    return [act.body.officer for act in told_recusals(case.case, LATEST)]


@pytest.mark.parametrize("agency", AGENCIES)
def test_anybody_steps_back_by_their_own_word(agency: str) -> None:
    """In whatever role, of whatever agency, in an open case and in a closed one, once and again."""
    for role in LATEST.agencies[agency].roles:
        case, who = Planning(), Actor(role, "o-5")
        assert counts(case, steps_back(case, agency, who))
        case.close("komnas-perempuan", "komnas-ham", "lpsk")
        assert counts(case, steps_back(case, agency, who))
        assert out(case) == ["o-5", "o-5"]


@pytest.mark.parametrize(
    ("agency", "actor", "body", "right"),
    [
        (HAM, CHIEF, recusal(OFFICER), True),
        (HAM, Actor("petugas_pengaduan", "o-4"), recusal(OFFICER), False),
        (LPSK, LEADERS[0], recusal(LEADERS[1]), True),
        (LPSK, LEADERS[0], recusal(OFFICER), False),
        (HAM, OFFICER, recusal(OFFICER, "komisioner_pengaduan"), False),
        (HAM, Actor("system", "rajut"), recusal(Actor("system", "rajut")), False),
        (HAM, CHIEF, recusal(Actor("system", "rajut")), False),
    ],
)
def test_a_superior_may_say_it_of_others(agency: str, actor: Actor, body: OfficerRecused, *, right: bool) -> None:
    """Of a role that their own agency has; nobody names themself in another role, and no machine is named."""
    case = Chronicle()
    assert counts(case, case.add(agency, body, actor=actor)) is right


def test_of_others_it_takes_two() -> None:
    """One superior alone, however often, keeps nobody out; a second one does, and one word less lets them in again."""
    case = Chronicle()
    first, again = kept_out(case, HAM, OFFICER, CHIEF, CHIEF)
    assert (out(case), counts(case, case.add(HAM, OVERRIDE, actor=OFFICER))) == ([], True)
    kept_out(case, HAM, OFFICER, SECOND)
    assert (out(case), counts(case, case.add(HAM, OVERRIDE, actor=OFFICER))) == ([OFFICER.officer] * 3, False)
    for event in (first, again):
        assert counts(case, case.add(HAM, back(event), actor=THIRD))
    assert (out(case), counts(case, case.add(HAM, OVERRIDE, actor=OFFICER))) == ([], True)


def test_all_who_take_part_are_told() -> None:
    """What only some hear could not be judged alike by all; and who takes no part has nobody to recuse."""
    case = Chronicle(to=(HAM, LPSK))
    assert not counts(case, case.add(HAM, recusal(OFFICER), actor=OFFICER, to=(HAM,)))
    assert not counts(case, case.add(PEREMPUAN, recusal(OFFICER, "petugas_upr"), actor=OFFICER))
    recused = steps_back(case, HAM, OFFICER)
    assert not counts(case, case.add(HAM, back(recused), actor=CHIEF, to=(HAM,)))
    assert counts(case, case.add(HAM, back(recused), actor=CHIEF))


@pytest.mark.parametrize(
    ("agency", "actor", "body"),
    [
        (HAM, OFFICER, OVERRIDE),
        (HAM, OFFICER, StatusRequested(defender_kind="PEMBELA")),
        (HAM, OFFICER, EmergencyProposed(ground="ANCAMAN_NYATA", needs=())),
        (HAM, OFFICER, ClosureProposed(reason="PERMINTAAN_PEMBELA")),
        (HAM, OFFICER, IncidentRecorded(forms=("ANCAMAN",), gendered_forms=(), sphere="FISIK", happened="HARI_INI")),
        (HAM, OFFICER, NoticeAcknowledged(notice="A" * 43)),
        (LPSK, LEADERS[0], EligibilityDetermined(category="KORBAN")),
    ],
    ids=lambda given: given.type if isinstance(given, Body) else "",
)
def test_what_they_say_after_it_counts_no_more(agency: str, actor: Actor, body: Body) -> None:
    """Whichever matter it is, also one that anybody may speak of; a colleague says the same, and that counts."""
    case = Chronicle()
    known = case.events[-1].id
    before = case.add(agency, body, actor=actor)
    recused = case.add(agency, recusal(actor), actor=actor, parents=(known,))
    after = case.add(agency, body, actor=actor, parents=(recused.id,))
    colleague = case.add(agency, body, actor=actor._replace(officer="o-9"), parents=(recused.id,))
    assert [counts(case, one) for one in (before, after, colleague)] == [True, False, True]


def test_who_is_called_alike_elsewhere_goes_on() -> None:
    """A pseudonym is its agency's own; and what rules and timers say is no person's word."""
    case = Chronicle()
    steps_back(case, HAM, OFFICER)
    assert counts(case, case.add(LPSK, OVERRIDE, actor=Actor("pimpinan", OFFICER.officer)))
    kept_out(case, HAM, Actor("tim_hrd", "rajut"), CHIEF, SECOND)
    assert counts(case, case.add(HAM, NoticeAcknowledged(notice="A" * 43), actor=Actor("system", "rajut")))


@pytest.mark.parametrize(
    ("agency", "actor", "right"),
    [
        (HAM, THIRD, True),
        (HAM, SECOND, True),
        (HAM, CHIEF, False),
        (HAM, OFFICER, False),
        (HAM, Actor("petugas_pengaduan", "o-4"), False),
        (LPSK, LEADERS[0], False),
    ],
)
def test_a_second_person_takes_it_back(agency: str, actor: Actor, *, right: bool) -> None:
    """Of the same agency, who may recuse, not who said so. What the officer said meanwhile stays without effect."""
    case = Chronicle()
    recused, _ = kept_out(case, HAM, OFFICER, CHIEF, SECOND)
    meanwhile = case.add(HAM, OVERRIDE, actor=OFFICER)
    assert counts(case, case.add(agency, back(recused), actor=actor)) is right
    assert [counts(case, meanwhile), counts(case, case.add(HAM, OVERRIDE, actor=OFFICER))] == [False, right]
    assert out(case) == ([] if right else [OFFICER.officer] * 2)


def test_each_recusal_is_taken_back_by_itself() -> None:
    """Who stepped back, and was asked to beside that, takes part again once both are taken back; neither twice."""
    case = Chronicle()
    first, other, _ = steps_back(case, HAM, OFFICER), *kept_out(case, HAM, OFFICER, CHIEF, SECOND)
    assert counts(case, case.add(HAM, back(first), actor=THIRD))
    assert not counts(case, case.add(HAM, OVERRIDE, actor=OFFICER))
    assert not counts(case, case.add(HAM, back(first), actor=THIRD))
    assert counts(case, case.add(HAM, back(other), actor=THIRD))
    assert counts(case, case.add(HAM, OVERRIDE, actor=OFFICER))


def test_who_is_out_recuses_and_readmits_nobody() -> None:
    """But for stepping back themself, which is always possible."""
    case = Chronicle()
    recused = steps_back(case, HAM, OFFICER)
    steps_back(case, HAM, CHIEF)
    assert not counts(case, case.add(HAM, back(recused), actor=CHIEF))
    assert not counts(case, case.add(HAM, recusal(SECOND), actor=CHIEF))
    assert counts(case, steps_back(case, HAM, CHIEF))


def test_at_every_agency_somebody_can_take_a_recusal_back() -> None:
    """Who may recuse others is, at each agency, a role that may step back like all others."""
    for rules in LATEST.agencies.values():
        assert rules.permissions[Permission.RECUSE_OFFICER]
        assert {*rules.roles} - {*rules.permissions[Permission.STEP_BACK]} == {"admin_node"}
