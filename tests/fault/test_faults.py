"""Everything that may befall a house or a line, under load, with real processes; what it cost is printed as a table."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.dev.ports import free_port
from deploy.dev.proxy import Mode, Proxy
from deploy.dev.runner import PARTS, Part, ThreeNodes
from tests.e2e.load import check, first_event, load, settle
from tests.e2e.stage import AGENCIES, three

AUTHOR, READER = "komnas-perempuan", "lpsk"
HEAD = f"{'fault':<34}{'reports':>9}{'lost':>6}{'doubled':>9}{'first event':>13}{'caught up':>11}"


@dataclass(frozen=True, kw_only=True, slots=True)
class House:
    """Three nodes, and the line on which LPSK reads Komnas Perempuan."""

    nodes: ThreeNodes
    line: Proxy


@pytest.fixture(scope="module")
def house(server_folder: Path) -> Iterator[House]:
    """Three agencies that are started again when they die."""
    with ExitStack() as stack:
        nodes = three(server_folder / "long", supervise=True)
        port = nodes[AUTHOR].ports.nats
        line = stack.enter_context(Proxy(free_port(), port))
        path = nodes.homes[READER] / "node.toml"
        path.write_text(path.read_text().replace(f"tls://127.0.0.1:{port}", f"tls://127.0.0.1:{line.port}"))
        yield House(nodes=stack.enter_context(nodes), line=line)


Fault = Callable[[House], float]
"""What happens; it returns when it is over, and says how long the first event took then."""


def killing(part: Part) -> Fault:
    """`kill -9` of one part of every agency, twice, at random moments."""

    def fault(house: House) -> float:
        dice = random.Random(f"kill {part}")
        for agency in dice.sample(AGENCIES * 2, 6):
            time.sleep(dice.uniform(0.5, 3))
            house.nodes[agency].kill(part)
        return first_event(house.nodes, AUTHOR, READER)

    return fault


def freezing(part: Part) -> Fault:
    """One part of an agency stands still for ten seconds, its ports open."""

    def fault(house: House) -> float:
        house.nodes[AUTHOR].pause(part)
        time.sleep(10)
        house.nodes[AUTHOR].resume(part)
        return first_event(house.nodes, AUTHOR, READER)

    return fault


def line(mode: Mode, seconds: float) -> Fault:
    """The line between a reader and a partner's server misbehaves for a while."""

    def fault(house: House) -> float:
        house.line.set(mode)
        time.sleep(seconds)
        house.line.set("up")
        return first_event(house.nodes, AUTHOR, READER)

    return fault


def broker_away(house: House) -> float:
    """A partner's broker is gone for a minute."""
    house.nodes[AUTHOR].stop("nats")
    time.sleep(60)
    house.nodes[AUTHOR].start("nats")
    return first_event(house.nodes, AUTHOR, READER)


def wiped(house: House) -> float:
    """Each agency in turn loses all that its broker holds."""
    for agency in AGENCIES:
        house.nodes[agency].wipe_jetstream()
        time.sleep(2)
    return first_event(house.nodes, AUTHOR, READER)


FAULTS: dict[str, tuple[Fault, float]] = {
    **{f"kill -9 of each {part}, twice": (killing(part), 20.0) for part in PARTS},
    "a broker frozen for 10 s": (freezing("nats"), 5.0),
    "a node frozen for 10 s": (freezing("node"), 5.0),
    "a database frozen for 10 s": (freezing("postgres"), 15.0),
    "a partner's broker gone for 60 s": (broker_away, 5.0),
    "every broker wiped while running": (wiped, 5.0),
    "a line cut for 10 s": (line("cut", 10), 2.0),
    "a silent hole in a line for 10 s": (line("hole", 10), 2.0),
    "a silent hole in a line for 40 s": (line("hole", 40), 2.0),
    "a line slowed by 100 ms each way": (line("delay", 10), 2.0),
}


@pytest.fixture(scope="module")
def table(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Prints a line of the table, past pytest's capture."""
    terminal = request.config.pluginmanager.getplugin("terminalreporter")

    def say(text: str) -> None:
        terminal.ensure_newline()
        terminal.write_line(text)

    say(HEAD)
    return say


@pytest.mark.timeout(400)
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_loses_and_doubles_nothing(house: House, table: Callable[[str], None], name: str) -> None:
    """Afterwards every acknowledged report is there once, all nodes tell one story, and nothing is left open."""
    fault, bound_s = FAULTS[name]
    with load(house.nodes) as done:
        time.sleep(1)
        first_s = fault(house)
    caught_up_s = settle(house.nodes)
    check(house.nodes, done)
    table(f"{name:<34}{len(done.cases()):>9}{0:>6}{0:>9}{first_s:>11.1f} s{caught_up_s:>9.1f} s")
    assert first_s <= bound_s
