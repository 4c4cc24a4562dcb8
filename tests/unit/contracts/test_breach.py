"""A breach of personal data: who must be told, by when, and by whom; also of cases that are long closed."""

from datetime import timedelta

import pytest

from contracts.codes import codes
from contracts.content import Actor
from contracts.encoding import b64
from contracts.events.breach import BreachFound, BreachTold, BreachWithdrawn
from contracts.mechanism import LATEST
from contracts.promises import promises
from contracts.promises.breach import NOTICE
from contracts.timeline import Event, claimed
from contracts.workflow.breach import endangers
from tests.unit.contracts.chronicle import Chronicle
from tests.unit.contracts.plans import LEAD, Planning
from tests.unit.contracts.relay import HAM, LPSK, PEREMPUAN, Relay

LONG_AGO, AN_HOUR_AGO, TOMORROW = "2026-11-18T02:00:00Z", "2026-11-22T01:00:00Z", "2027-01-01T00:00:00Z"
FIRST = "1970-01-01T00:00:00Z"  # before anything that a chronicle tells
PERSON, SUPERVISOR = "SUBJEK_DATA", "LEMBAGA_PENGAWAS"


def breach(at: str = AN_HOUR_AGO, whereabouts: str = "TIDAK") -> BreachFound:
    return BreachFound(kind="SALAH_KIRIM", whereabouts=whereabouts, at=at)


def told(found: Event, recipient: str = PERSON, at: str = AN_HOUR_AGO) -> BreachTold:
    return BreachTold(breach=b64(found.id), recipient=recipient, form="written", at=at)


def back(found: Event) -> BreachWithdrawn:
    return BreachWithdrawn(breach=b64(found.id), reason="SALAH_KASUS")


def owed(case: Chronicle) -> dict[str, tuple[str, bool]]:
    """By recipient: which agency owes a notice, and whether it has given it."""
    return {one.subject: (one.agency, one.kept) for one in promises(case.case, LATEST) if one.kind == NOTICE}


def test_person_and_supervisor_are_told_within_three_days() -> None:
    """Each by the agency that had the breach, counted from when it was known, weekends too."""
    case = Relay()
    found = case.say(HAM, breach())
    notices = [one for one in promises(case.case, LATEST) if one.kind == NOTICE]
    assert {one.subject for one in notices} == {PERSON, SUPERVISOR}
    assert {one.due - claimed(found) for one in notices} == {timedelta(days=3, hours=-1)}
    assert case.counts(case.say(HAM, told(found)))
    assert owed(case) == {PERSON: (HAM, True), SUPERVISOR: (HAM, False)}
    case.say(HAM, told(found, SUPERVISOR))
    assert owed(case) == {PERSON: (HAM, True), SUPERVISOR: (HAM, True)}


def test_a_breach_that_was_known_long_ago_is_overdue_at_once_and_not_before() -> None:
    """Nobody can have missed what nobody had written down."""
    case = Relay()
    found = case.say(HAM, breach(LONG_AGO))
    assert {one.due for one in promises(case.case, LATEST) if one.kind == NOTICE} == {claimed(found)}


def test_who_did_not_have_the_breach_does_not_tell_of_it() -> None:
    """Another agency's word keeps nobody's promise, and neither does one about what is no breach."""
    case = Relay()
    found = case.say(HAM, breach())
    assert not case.counts(case.say(LPSK, told(found)))
    assert not case.counts(case.say(HAM, told(case.events[0])))
    assert owed(case)[PERSON] == (HAM, False)


def test_a_second_letter_may_follow_the_first() -> None:
    """When more is known it is told too: each counts, and nothing is owed anew."""
    case = Relay()
    found = case.say(HAM, breach())
    assert [case.counts(case.say(HAM, told(found))) for _ in range(2)] == [True, True]
    assert owed(case)[PERSON] == (HAM, True)


def test_nothing_is_found_or_told_tomorrow() -> None:
    """A time to come would put the notice off, or keep it before it was given."""
    case = Relay()
    assert not case.counts(case.say(HAM, breach(TOMORROW)))
    found = case.say(HAM, breach())
    assert not case.counts(case.say(HAM, told(found, at=TOMORROW)))


def test_a_breach_is_not_kept_from_the_others() -> None:
    """All who hold the case hear of it, or it is none: they may have to move the person."""
    case = Chronicle()
    hidden = case.add(HAM, breach(FIRST), actor=Actor("pejabat_pdp", "o-1"), to=(HAM,))
    assert hidden.id in case.case.unsupported
    assert owed(case) == {}


@pytest.mark.parametrize("agency", [HAM, LPSK, PEREMPUAN])
def test_whoever_watches_over_data_may_record_a_breach(agency: str) -> None:
    """The officer for data protection of each agency, and not the one who takes reports."""
    case = Chronicle()
    said = {role: case.add(agency, breach(FIRST), actor=Actor(role, "o-1")) for role in ("pejabat_pdp", "auditor")}
    assert {role for role, event in said.items() if event.id not in case.case.unsupported} == {"pejabat_pdp"}


def test_what_was_recorded_in_error_is_owed_to_nobody() -> None:
    """A person is not told of somebody else's data; the record stays, and so does the reason."""
    case = Chronicle()
    found = case.add(HAM, breach(FIRST), actor=Actor("pejabat_pdp", "o-1"))
    other = case.add(HAM, breach(FIRST), actor=Actor("pejabat_pdp", "o-1"))
    said = case.add(HAM, back(found), actor=Actor("komisioner_pengaduan", "o-2"))
    assert said.id not in case.case.unsupported
    waits = {one.source for one in promises(case.case, LATEST) if one.kind == NOTICE and not one.kept}
    assert waits == {other.id}


@pytest.mark.parametrize(
    ("agency", "actor"),
    [
        (HAM, Actor("pejabat_pdp", "o-1")),
        (HAM, Actor("komisioner_pengaduan", "o-1")),
        (HAM, Actor("pejabat_pdp", "o-2")),
        (HAM, Actor("tim_hrd", "o-2")),
        (LPSK, Actor("pimpinan", "o-2")),
    ],
)
def test_nobody_alone_makes_a_breach_none(agency: str, actor: Actor) -> None:
    """Not who recorded it, not another of the same role, not who may record none, and no other agency."""
    case = Chronicle()
    found = case.add(HAM, breach(FIRST), actor=Actor("pejabat_pdp", "o-1"))
    assert case.add(agency, back(found), actor=actor).id in case.case.unsupported
    assert owed(case) == {PERSON: (HAM, False), SUPERVISOR: (HAM, False)}


def test_a_breach_is_taken_back_once_and_before_all() -> None:
    """What only some hear, or is said again, changes nothing."""
    case, second = Chronicle(), Actor("komisioner_pengaduan", "o-2")
    found = case.add(HAM, breach(FIRST), actor=Actor("pejabat_pdp", "o-1"))
    assert case.add(HAM, back(found), actor=second, to=(HAM,)).id in case.case.unsupported
    assert case.add(HAM, back(found), actor=second).id not in case.case.unsupported
    assert case.add(HAM, back(found), actor=second).id in case.case.unsupported


def test_a_breach_outlives_the_case() -> None:
    """What an agency still holds of a closed case can be seen by others, and then it tells."""
    case = Planning()
    case.close()
    found = case.say(LEAD, breach(FIRST))
    assert {one.kind for one in promises(case.case, LATEST) if not one.kept} == {NOTICE}
    for recipient in (PERSON, SUPERVISOR):
        case.say(LEAD, told(found, recipient, FIRST))
    assert all(one.kept for one in promises(case.case, LATEST))


@pytest.mark.parametrize(("whereabouts", "danger"), [("YA", True), ("BELUM_DIKETAHUI", True), ("TIDAK", False)])
def test_what_may_say_where_somebody_is_is_a_danger(whereabouts: str, *, danger: bool) -> None:
    """Also while nobody knows yet what was seen, and in a code that this version does not know."""
    assert endangers(breach(whereabouts=whereabouts)) is danger
    assert endangers(breach(whereabouts="SEBAGIAN"))


def test_those_who_are_told_have_names() -> None:
    """The recipients of the mechanism are those that the desk offers."""
    assert LATEST.breach.recipients == codes("breach_recipient")
    assert NOTICE in codes("work_kind")
