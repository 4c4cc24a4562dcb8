"""Steps: who may take them, what late news and steps unaware of each other do, and that nobody else is moved."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from contracts.case import digest
from contracts.content import Actor
from contracts.errors import Code, Rejected
from contracts.events.protection import EmergencyProposed
from contracts.events.step import StepOverdue, StepTaken
from contracts.events.triage import UrgencyAssessed
from contracts.mechanism import LATEST, Permission
from contracts.promises.promise import Promise
from contracts.workflow.step import slot
from services.protection.mechanisms import MACHINES
from services.protection.mechanisms.clock import moving
from services.protection.mechanisms.declaration import EVENTS, NOT_BEGUN
from services.protection.mechanisms.desk import machine_of, shown
from services.protection.mechanisms.machine import STEP, allowed, check, obliged, options, overdue, states
from tests.unit.contracts.chronicle import NOW
from tests.unit.services.mechanisms import Player
from tests.unit.services.test_mechanisms_played import determined

HAM, PEREMPUAN, LPSK = "komnas-ham", "komnas-perempuan", "lpsk"
OPENED = datetime.fromisoformat(NOW)
PROPOSAL = EmergencyProposed(ground="ANCAMAN_NYATA", needs=())


def refused(player: Player, role: str, body: StepTaken) -> tuple[Code, str]:
    with pytest.raises(Rejected) as caught:
        check(player.case, player.machine, role, body)
    return caught.value.code, caught.value.detail


def test_a_step_is_for_those_who_may_from_where_it_stands() -> None:
    """Another state, another role, no reason, a made-up one, a reason that nobody asked for: refused, each by name."""
    player = Player(HAM)
    begin = player.body("PENGADUAN", "PEMERIKSAAN_BERKAS")
    check(player.case, player.machine, "petugas_pengaduan", begin)
    assert refused(player, "petugas_pengaduan", player.body("PENGADUAN", "DITUTUP")) == (Code.STATE, "state")
    assert refused(player, "petugas_pengaduan", player.body("LAIN", "PEMERIKSAAN_BERKAS")) == (Code.STATE, "state")
    assert refused(player, "komisioner_pengaduan", begin) == (Code.FORBIDDEN, "role")
    player.step("PENGADUAN", "PEMERIKSAAN_BERKAS")
    for reason in (None, "ALASAN_LAIN", "ANCAMAN_BARU"):
        outside = player.body("PENGADUAN", "BUKAN_KEWENANGAN", reason)
        assert refused(player, "kabag_pengaduan", outside) == (Code.SCHEMA, "reason")
    needless = player.body("PENGADUAN", "TELAAH", "ANCAMAN_BARU")
    assert refused(player, "kabag_pengaduan", needless) == (Code.SCHEMA, "reason")


def test_a_step_is_taken_under_the_declaration_of_the_day() -> None:
    """Who still looks at an older version of the machine, or at another agency's, is told so."""
    player = Player(HAM)
    begin = player.body("PENGADUAN", "PEMERIKSAAN_BERKAS")
    for change in ({"version": 2}, {"machine": LPSK}):
        assert refused(player, "petugas_pengaduan", begin.model_copy(update=change)) == (Code.STATE, "machine")


def test_an_agency_without_a_machine_has_no_steps() -> None:
    """An agency that has declared nothing is told so, and nothing is guessed."""
    with pytest.raises(Rejected) as caught:
        machine_of("komnas-x")
    assert caught.value.code == Code.NOT_FOUND


@pytest.mark.parametrize("agency", MACHINES)
def test_whoever_takes_steps_may_say_so(agency: str) -> None:
    """Each role that a machine names has the permission, and no role has it for nothing."""
    named = {role for step in MACHINES[agency].steps() for role in (*step.by, *step.with_gender_lens)}
    assert named == set(LATEST.agencies[agency].permissions[Permission.TAKE_STEP])


def test_nobody_speaks_of_another_s_machine() -> None:
    """A step of another agency's machine changes nothing, not even there; nor does a role that may take none."""
    player = Player(LPSK)
    body = player.body("KEDARURATAN", "TIDAK_DARURAT", "TANPA_ANCAMAN_SEGERA")
    assert not player.counts(player.say(body, HAM, actor=Actor("tim_hrd", "o-1")))
    assert not player.counts(player.say(body, actor=Actor("auditor", "o-1"), private=True))
    assert player.at("KEDARURATAN") == "CEK_KEDARURATAN"


def test_others_are_not_moved_by_a_step_and_do_not_even_see_it() -> None:
    """A step is sealed to its agency; the shared story is the same without it, and told to all it moves no one."""
    player, other = Player(HAM), Player(PEREMPUAN)
    before = digest(player.case)
    step = player.step("PENGADUAN", "PEMERIKSAAN_BERKAS")
    assert step.content.to == (HAM,)
    assert digest(player.case) == before
    player.step("PENGADUAN", "TELAAH", private=False)
    other.story.events[:] = [event for event in player.story.events if PEREMPUAN in event.content.to]
    assert len(other.story.events) == 2
    assert other.at("PENGADUAN") == "DITERIMA"
    assert not other.case.unsupported


def test_what_arrives_late_moves_on_and_undoes_nothing() -> None:
    """LPSK says that there is no emergency before it hears of a proposal made earlier: the proposal is decided on."""
    player = Player(LPSK)
    no = player.step("KEDARURATAN", "TIDAK_DARURAT", parents=player.opened)
    late = player.say(PROPOSAL, HAM, parents=player.opened)
    player.story.events[:] = [player.story.events[0], late, no]
    assert player.at("KEDARURATAN") == "USULAN_DARURAT"


def test_what_an_officer_knew_is_not_done_again_by_the_same_event() -> None:
    """A step taken in knowledge of an event stands, however the timeline orders them for display."""
    player = Player(HAM)
    player.step("STATUS_PEMBELA", "PENETAPAN_STATUS_PEMBELA")
    player.say(determined("SEMENTARA"))
    player.step("RESPONS_CEPAT", "RESPONS_CEPAT")
    assert (player.at("STATUS_PEMBELA"), player.at("RESPONS_CEPAT")) == ("SEMENTARA", "RESPONS_CEPAT")


@pytest.mark.parametrize("turned", [False, True])
def test_two_officers_who_did_not_know_of_each_other_are_both_seen(*, turned: bool) -> None:
    """Both steps stand, in either order, as a conflict at the own desk; the next step that knows both settles it."""
    player = Player(LPSK)
    player.step("PERMOHONAN", "PEMERIKSAAN_FORMIL")
    known = (player.story.events[-1].id,)
    first, second = ("KURANG", "LENGKAP")[:: -1 if turned else 1]
    for state in (first, second):
        player.say(
            player.body("PERMOHONAN", state), actor=Actor("petugas_permohonan", state), private=True, parents=known
        )
    assert player.at("PERMOHONAN") == "KURANG LENGKAP"
    assert slot(LPSK, "PERMOHONAN") in player.case.conflicts
    assert set(player.options("PERMOHONAN")) == {"LENGKAP", "TELAAH_MATERIIL"}
    player.walk("PERMOHONAN", "LENGKAP TELAAH_MATERIIL")
    assert not player.case.conflicts


def test_a_state_that_a_later_version_no_longer_has_is_a_place_to_begin_from() -> None:
    """Where a declaration changes under a running case, nobody is caught: the region is begun anew."""
    player = Player(HAM)
    old = player.body("RESPONS_CEPAT", "KEADAAN_LAMA")
    player.say(old, actor=Actor("komisioner_pengaduan", "o-1"), private=True)
    assert player.at("RESPONS_CEPAT") == "KEADAAN_LAMA"
    steps = shown(player.case, player.machine, "komisioner_pengaduan")
    place = next(region.places[0] for region in steps.regions if region.region == "RESPONS_CEPAT")
    assert (place.name, place.due, place.next_acts) == (None, None, [])
    player.walk("RESPONS_CEPAT", "RESPONS_CEPAT")


def only(found: list[Promise]) -> Promise:
    assert len(found) == 1
    return found[0]


def test_a_limited_state_is_a_promise_of_the_own_agency_until_it_is_left() -> None:
    """The day is computed from the event that led there; leaving keeps it; the next state makes its own."""
    player = Player(HAM)
    owed = only(player.owed("PENGADUAN", "DITERIMA"))
    assert owed[:5] == (STEP, "PENGADUAN/DITERIMA", player.story.events[0].id, HAM, owed.due)
    assert owed.due == datetime(2026, 11, 22, 16, 59, 59, tzinfo=UTC)
    assert not owed.kept
    player.step("PENGADUAN", "PEMERIKSAAN_BERKAS")
    assert only(player.owed("PENGADUAN", "DITERIMA")).kept
    assert only(player.owed("PENGADUAN", "PEMERIKSAAN_BERKAS")).due == datetime(2026, 11, 23, 16, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("level", "hours"), [("KRITIS", 3), ("MENDESAK", 24), ("BIASA", 24), ("TAK_DIKENAL", 3), ("", 3)]
)
def test_the_more_urgent_the_sooner(level: str, hours: int) -> None:
    """Life at risk is checked in three hours; a level that nobody has named yet, or that we do not know, as well."""
    player = Player(LPSK)
    if level:
        player.say(UrgencyAssessed(level=level, rules=1, rule=1, because=()), HAM, actor=Actor("system", "rajut"))
    assert only(player.owed("KEDARURATAN", "CEK_KEDARURATAN")).due == OPENED + timedelta(hours=hours)


def test_a_limit_that_passes_moves_nothing() -> None:
    """No clock is read to say where a machine stands, and what is long overdue is still open and still owed."""
    player = Player(LPSK)
    player.say(PROPOSAL, HAM, time="2026-11-22T02:00:00.000Z")
    later = player.say(
        UrgencyAssessed(level="BIASA", rules=1, rule=1, because=()), HAM, time="2036-11-22T02:00:00.000Z"
    )
    assert later.content.time > NOW
    assert player.at("KEDARURATAN") == "USULAN_DARURAT"
    assert not only(player.owed("KEDARURATAN", "USULAN_DARURAT")).kept


def overdue_of(player: Player, state: str) -> list[tuple[datetime, StepOverdue]]:
    """What is to be said of a state when its limit has passed."""
    return [(at, body) for at, body in overdue(player.case, player.machine) if body.state == state]


def late(at: datetime) -> str:
    """A second later, as events write it."""
    return (at + timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def test_what_outlasts_its_limit_is_said_once_to_the_own_agency_alone() -> None:
    """Until it is said or left it is to be said, then no more. The machine stands where it stood."""
    player = Player(HAM)
    ((at, body),) = overdue_of(player, "DITERIMA")
    assert at == datetime(2026, 11, 22, 16, 59, 59, tzinfo=UTC)
    said = player.say(body, private=True, time=late(at))
    assert player.counts(said)
    assert overdue_of(player, "DITERIMA") == []
    assert not player.counts(player.say(body, private=True, time=late(at)))
    assert player.at("PENGADUAN") == "DITERIMA"
    player.step("PENGADUAN", "PEMERIKSAAN_BERKAS")
    assert len(overdue_of(player, "PEMERIKSAAN_BERKAS")) == 1


def test_nothing_is_overdue_before_its_time_or_of_another_s_machine() -> None:
    """A second too early it does not count; nor does what an agency says of a mechanism that is not its own."""
    player = Player(HAM)
    ((at, body),) = overdue_of(player, "DITERIMA")
    assert not player.counts(player.say(body, private=True, time=NOW))
    assert not player.counts(player.say(body, LPSK, private=True, time=late(at)))


@pytest.mark.parametrize("agency", [HAM, PEREMPUAN, LPSK])
def test_whatever_moves_a_machine_is_listened_to(agency: str) -> None:
    """No limit is missed because nobody told the clock that a case had moved."""
    regions = MACHINES[agency].regions.values()
    assert {EVENTS[one.event] for region in regions for one in region.reacts} <= moving(agency)
    assert StepTaken in moving(agency)
    assert moving("an-agency-without-a-machine") == frozenset()


def test_a_limit_in_words_promises_no_day() -> None:
    """The next session has no date: nothing is counted that nobody can count."""
    player = Player(LPSK)
    player.walk("PERMOHONAN", "PEMERIKSAAN_FORMIL LENGKAP TELAAH_MATERIIL RISALAH SMPL")
    assert player.owed("PERMOHONAN", "SMPL") == []


def test_what_a_state_obliges_to_is_shown_until_it_is_said() -> None:
    """The desk names the next act in the shared case; what was said before does not count, what others say neither."""
    player = Player(HAM)
    player.say(determined("SEMENTARA"))
    player.step("PENGADUAN", "PEMERIKSAAN_BERKAS")

    def next_acts() -> list[str]:
        return obliged(player.case, player.machine, states(player.case, player.machine)["STATUS_PEMBELA"][0])

    assert next_acts() == ["triage.status.determined"]
    player.say(determined("TERVERIFIKASI", "PPHAM"), PEREMPUAN)
    assert next_acts() == ["triage.status.determined"]
    player.say(determined("TERVERIFIKASI"))
    assert next_acts() == []


def test_the_desk_sees_where_it_stands_and_what_is_open_to_whom() -> None:
    """Each region with its names in both languages, its deadline with basis, and the steps, one's own marked."""
    player = Player(HAM)
    steps = shown(player.case, player.machine, "petugas_pengaduan")
    assert (steps.machine, steps.version, [one.region for one in steps.regions]) == (HAM, 1, [*player.machine.regions])
    place, choice = steps.regions[0].places[0], steps.regions[0].choices[0]
    assert place.name
    assert place.due
    assert (place.state, place.name.en, place.due.basis) == ("DITERIMA", "Received", "Usulan: pada hari yang sama.")
    assert (choice.state, choice.roles, choice.yours) == ("PEMERIKSAAN_BERKAS", ["petugas_pengaduan"], True)
    assert [one.yours for one in shown(player.case, player.machine, "mediator").regions[0].choices] == [False]
    assert [option.step.to for option in allowed(player.case, player.machine, "mediator")] == []


@given(data=st.data(), agency=st.sampled_from(sorted(MACHINES)))
def test_wherever_officers_go_there_is_a_way_to_an_end(data: st.DataObject, agency: str) -> None:
    """Any walk by anybody who may, with an emergency in between: every region can still end, and is in one place."""
    player = Player(agency)
    for _ in range(data.draw(st.integers(0, 12), label="steps")):
        open_now = options(player.case, player.machine)
        if not open_now or data.draw(st.integers(0, 5), label="news") == 0:
            player.say(PROPOSAL, HAM)
        else:
            chosen = data.draw(st.sampled_from(open_now), label="step")
            player.step(chosen.region, chosen.step.to)
    for code, standing in states(player.case, player.machine).items():
        region = player.machine.regions[code]
        ends = {name for name, state in region.states.items() if state.end}
        assert len(standing) <= 1
        assert region.reach(standing[0].state if standing else NOT_BEGUN) & ends
