"""How a synthetic year is made up, and by which clock it is played."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contracts.report import read_report
from services.cli.year.calendar import DAY_MS, Calendar
from services.cli.year.plan import RATES, Chance, judgement, report, year
from services.cli.year.tally import Count, Story, tally
from services.node.clock import RehearsalClock, SystemClock
from services.node.settings import BadSettings, Home

AGENCIES = ("komnas-ham", "komnas-perempuan", "lpsk")
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
SETTINGS = """
agency = "lpsk"
log = "{log}"
rehearsal = "behind"
http = {{ host = "127.0.0.1", port = 1 }}
ops = {{ port = 2 }}
database = {{ host = "127.0.0.1", port = 3, name = "rajut" }}
nats = {{ url = "tls://x", hostname = "x", ca = "x", certificate = "x", key = "x" }}
mail = {{ host = "x", port = 25, sender = "x@lpsk.example" }}
partners = []
"""


def test_a_seed_makes_the_same_year_again_and_another_seed_another_one() -> None:
    """Benches and statistics can be compared; reports come in the order of their days."""
    fates = year(50, 1, AGENCIES, 365)
    assert fates == year(50, 1, AGENCIES[::-1], 365) != year(50, 2, AGENCIES, 365)
    assert [fate.day for fate in fates] == sorted(fate.day for fate in fates)
    assert {fate.number for fate in fates} == {*range(50)}


def test_the_year_has_the_rates_that_the_agencies_have_published() -> None:
    """Of two thousand reports: emergencies, refusals, and which agency receives them, within a twentieth of all."""
    fates = year(2000, 7, AGENCIES, 365)
    for rate, what in (("emergencies", "emergency"), ("refused", "refused"), ("referrals", "referred")):
        assert abs(sum(getattr(fate, what) for fate in fates) / 2000 - RATES[rate]) < 0.05
    everybody = sum(RATES["reports"].values())
    for agency in AGENCIES:
        received = sum(fate.agency == agency for fate in fates) / 2000
        assert abs(received - RATES["reports"][agency] / everybody) < 0.05


def test_every_report_of_a_year_is_one_that_an_agency_takes() -> None:
    """Codes, consent and form: a made-up report is as strict as any other, and scores every agreed dimension."""
    for fate in year(100, 3, AGENCIES, 365):
        assert read_report(json.dumps(report(fate, NOW)).encode()).received_by == fate.agency
        assert all(0 <= one["score"] <= 4 for part in judgement(fate).values() for one in part)


def test_a_chance_is_even() -> None:
    """Ten thousand times one of four: each about a quarter."""
    chance = Chance("x")
    drawn = [chance.below(4) for _ in range(10_000)]
    assert all(abs(drawn.count(number) - 2500) < 200 for number in range(4))


def test_only_a_log_of_an_example_is_rehearsed(tmp_path: Path) -> None:
    """A node whose records could be taken for an agency's refuses to start with a clock that is set back."""
    (tmp_path / "behind").write_text(str(5 * DAY_MS))
    (tmp_path / "node.toml").write_text(SETTINGS.format(log="rajut.example/lpsk/1"))
    assert isinstance(Home(tmp_path).clock(), RehearsalClock)
    assert abs(SystemClock().now_ms() - Home(tmp_path).clock().now_ms() - 5 * DAY_MS) < 60_000
    (tmp_path / "node.toml").write_text(SETTINGS.format(log="rajut.lpsk.go.id/lpsk/1"))
    with pytest.raises(BadSettings, match="rehearsal"):
        Home(tmp_path).clock()


def test_a_rehearsal_is_never_ahead_of_the_present(tmp_path: Path) -> None:
    """Whatever the file says; without it the clock is right."""
    clock = RehearsalClock(tmp_path / "behind")
    assert abs(SystemClock().now_ms() - clock.now_ms()) < 60_000
    (tmp_path / "behind").write_text(str(-5 * DAY_MS))
    assert clock.now_ms() <= SystemClock().now_ms()


async def test_days_come_one_after_the_other_and_nobody_is_left_behind(tmp_path: Path) -> None:
    """Whoever waits for a day goes on when everybody has done the day before; the clocks are set before that."""
    clock = tmp_path / "behind"
    clock.write_text(str(10 * DAY_MS))
    calendar, told = Calendar([clock], 10), list[tuple[int, str]]()

    async def story(name: str, *days: int) -> None:
        for day in days:
            await calendar.until(day)
            told.append((10 - int(clock.read_text()) // DAY_MS, name))
            await asyncio.sleep(0)

    async def evening() -> None:
        told.append((calendar.today, "evening"))

    await calendar.play([story("a", 0, 3, 7), story("b", 3, 3, 5)], evening)
    days = [day for day, _ in told]
    assert days == sorted(days)
    assert [day for day, name in told if name == "evening"] == [0, 3, 5, 7]
    assert sorted(told) == sorted(
        [(0, "a"), (3, "a"), (7, "a"), (3, "b"), (3, "b"), (5, "b")] + [(d, "evening") for d in (0, 3, 5, 7)]
    )


def test_a_year_does_not_begin_where_it_would_pass_the_present(tmp_path: Path) -> None:
    """Nodes that have played their year stand in the present; another one needs new homes."""
    (tmp_path / "behind").write_text("0")
    with pytest.raises(BadSettings, match="10 days"):
        Calendar([tmp_path / "behind"], 10)


def test_nodes_that_tell_a_case_differently_are_counted_and_one_that_lacks_it_too() -> None:
    """A digest that differs, or no case where there should be one; each agency's promises are its own node's word."""

    def told(digest: str, **owed: Count) -> Story:
        return Story(digest, ("a", "b"), owed)

    nodes = {
        "a": {"1": told("x", RENCANA=Count(kept=1)), "2": told("x"), "3": told("x")},
        "b": {"1": told("x", RENCANA=Count(missed=2)), "2": told("y")},
    }
    counted = tally(nodes)
    assert (counted.cases, counted.differing) == (3, 2)
    assert counted.kinds == {"RENCANA": Count(kept=1, missed=2)}
