"""Whoever guesses codes waits; whoever is guessed at does not."""

from services.node.web.lockout import MAX_KNOWN, TRIES, TRIES_IN_ALL, WAIT_MS, Lockout


def test_who_guesses_for_a_name_waits() -> None:
    """After five wrong tries an address gets no sixth for that name, until a quarter of an hour has passed."""
    lockout = Lockout()
    for at in range(TRIES):
        assert not lockout.shut("a", "kp-upr", at)
        lockout.failed("a", "kp-upr", at)
    assert lockout.shut("a", "kp-upr", TRIES)
    assert not lockout.shut("a", "kp-upr", WAIT_MS + TRIES)


def test_an_officer_is_not_kept_out_by_others() -> None:
    """Guesses from elsewhere do not keep the officer from the desk."""
    lockout = Lockout()
    for at in range(100):
        lockout.failed("a", "kp-upr", at)
    assert not lockout.shut("b", "kp-upr", 100)


def test_who_tries_many_names_waits() -> None:
    """One address gets twenty tries in all."""
    lockout = Lockout()
    for at in range(TRIES_IN_ALL):
        lockout.failed("a", f"officer-{at}", at)
    assert lockout.shut("a", "another", TRIES_IN_ALL)


def test_made_up_names_do_not_fill_the_memory() -> None:
    """What is remembered has a bound."""
    lockout = Lockout()
    for number in range(MAX_KNOWN):
        lockout.failed(f"a{number}", "x", 0)
    assert len(lockout._failed) == MAX_KNOWN


def test_a_clock_that_was_ahead_keeps_nobody_out() -> None:
    """Tries that were counted by a clock of days to come do not shut the desk until these days have come."""
    lockout, later = Lockout(), 20 * 24 * 60 * 60 * 1000
    for at in range(TRIES):
        lockout.failed("a", "kp-upr", later + at)
    assert lockout.shut("a", "kp-upr", later + TRIES)
    assert not lockout.shut("a", "kp-upr", TRIES)
