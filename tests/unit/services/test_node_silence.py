"""When something that does not come is called missing: counted in time spent listening, by no clock that can be set."""

import math

from hypothesis import given, strategies as st

from services.node.silence import Absent, Lack, counted, overdue, round_s

HEARTBEAT_S = 10.0
ROUND_S = round_s(HEARTBEAT_S)
LOG = "rajut.example/lpsk/1"
JUMPS = st.floats(allow_nan=False)
ROUND_TIMES = st.floats(min_value=0.1, max_value=ROUND_S * 1.5)


def listen(
    rounds: list[float], due_s: float, *, speaks_every_s: float = math.inf, before: dict[Lack, float] | None = None
) -> list[bool]:
    """Whether a log is silent, round after round; it speaks now and then, first within the first such time."""
    silent, at, heard, seq = [], 0.0, 0.0, 0
    for passed_s in rounds:
        at += passed_s
        if at - heard >= speaks_every_s:
            heard, seq = at, seq + 1
        absent = {Lack("SILENCE", LOG, seq): Absent(seq, due_s)}
        before = counted(before, absent, passed_s, HEARTBEAT_S)
        silent.append(bool(overdue(before, HEARTBEAT_S)))
    return silent


@given(rounds=st.lists(ROUND_TIMES, max_size=200), due_s=JUMPS)
def test_whoever_speaks_in_every_heartbeat_is_never_silent(rounds: list[float], due_s: float) -> None:
    """However long we were away, and whatever the database's clock says of that: a living partner is heard first."""
    assert not any(listen(rounds, due_s, speaks_every_s=HEARTBEAT_S - 2 * ROUND_S))


@given(rounds=st.lists(ROUND_TIMES, min_size=1, max_size=200), due_s=JUMPS)
def test_silence_is_noticed_after_two_heartbeats(rounds: list[float], due_s: float) -> None:
    """A log that says nothing is silent once we have listened for two heartbeats, and not before one and a quarter."""
    told = listen(rounds, due_s)
    listened = [sum(rounds[1 : number + 1]) for number in range(len(rounds))]
    for silent, seconds in zip(told, listened, strict=True):
        assert silent or seconds <= 2 * HEARTBEAT_S + 1e-6
        assert not silent or seconds > 1.25 * HEARTBEAT_S - 1e-6


@given(due_s=st.floats(max_value=0.0, allow_nan=False))
def test_a_log_that_was_heard_just_now_gets_two_heartbeats(due_s: float) -> None:
    """A database clock that was set back makes nobody silent earlier, and nobody later."""
    told = listen([ROUND_S] * 40, due_s)
    assert told.index(True) == next(n for n in range(40) if n * ROUND_S > 2 * HEARTBEAT_S)


@given(jump_s=JUMPS)
def test_a_jump_opens_and_closes_nothing(jump_s: float) -> None:
    """A process that was stopped, a machine that slept, a clock that ran wild: one round is never more than two."""
    lack = Lack("SILENCE", LOG, 7)
    absent = {lack: Absent(7)}
    assert not overdue(counted({lack: 0.0}, absent, jump_s, HEARTBEAT_S), HEARTBEAT_S)
    assert overdue(counted({lack: 2 * HEARTBEAT_S + 0.1}, absent, jump_s, HEARTBEAT_S), HEARTBEAT_S) == {lack}


def test_what_moves_on_is_not_missing() -> None:
    """The end of a log that others have seen is fetched bit by bit: as long as something comes, nothing is late."""
    before: dict[Lack, float] = {}
    for seq in range(100):
        before = counted(before, {Lack("SEQUENCE", LOG, seq): Absent(5000)}, ROUND_S, HEARTBEAT_S)
        assert not overdue(before, HEARTBEAT_S)


def test_a_parent_and_an_end_are_missing_after_one_heartbeat() -> None:
    """Within one heartbeat each log says where it is, and what is missing can be asked for."""
    lacks = (Lack("PARENT", LOG, 3, b"parent"), Lack("SEQUENCE", LOG, 9))
    absent = {lack: Absent(lack.seq) for lack in lacks}
    held = dict.fromkeys(lacks, HEARTBEAT_S)
    assert not overdue(held, HEARTBEAT_S)
    assert overdue(counted(held, absent, 0.1, HEARTBEAT_S), HEARTBEAT_S) == set(lacks)


def test_rounds_are_short_beside_a_heartbeat() -> None:
    """Nodes that beat fast look fast; nobody looks more rarely than every second."""
    assert round_s(300.0) == 1.0
    assert round_s(0.4) == 0.1
