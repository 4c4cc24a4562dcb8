"""Everything that may befall a house or a line, under load, with real processes; what it cost is printed as a table."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest

from deploy.dev.ports import free_port
from deploy.dev.proxy import Mode, Proxy
from deploy.dev.runner import PARTS, Part, ThreeNodes
from tests.e2e.load import check, first_event, load, settle
from tests.e2e.stage import AGENCIES, eventually, three
from tests.fault.clock import bent_node
from tests.fault.disk import Disk, flip, small_disk
from tests.fault.impossible import Impossible
from tests.fault.wire import Direction, Wire, wire

AUTHOR, READER = "komnas-perempuan", "lpsk"
HOUR_MS = 60 * 60 * 1000
DAY_MS = 24 * HOUR_MS


@dataclass(frozen=True, kw_only=True, slots=True)
class House:
    """Three nodes, and the line on which LPSK reads Komnas Perempuan, whose servers have small disks."""

    nodes: ThreeNodes
    line: Proxy
    wire: Wire | Impossible
    disks: dict[Part, Disk | Impossible] = field(default_factory=dict)


@pytest.fixture(scope="module")
def house(server_folder: Path) -> Iterator[House]:
    """Three agencies that are started again when they die."""
    with ExitStack() as stack:
        nodes = three(server_folder / "long", supervise=True)
        home = nodes.homes[AUTHOR]
        disks: dict[Part, Disk | Impossible] = {
            "postgres": stack.enter_context(small_disk(home / "postgres" / "data", 384)),
            "nats": stack.enter_context(small_disk(home / "nats" / "jetstream", 96)),
        }
        port, laid = nodes[AUTHOR].ports.nats, stack.enter_context(wire())
        far = free_port()
        line = stack.enter_context(laid.proxy(far, port) if isinstance(laid, Wire) else Proxy(far, port))
        path = nodes.homes[READER] / "node.toml"
        address = f"tls://{laid.far if isinstance(laid, Wire) else '127.0.0.1'}:{far}"
        path.write_text(path.read_text().replace(f"tls://127.0.0.1:{port}", address))
        yield House(nodes=stack.enter_context(nodes), line=line, wire=laid, disks=disks)


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


def dropped(*directions: Direction) -> Fault:
    """The kernel drops every packet between reader and author for ten seconds, in these directions."""

    def fault(house: House) -> float:
        if isinstance(house.wire, Impossible):
            raise house.wire
        house.wire.cut(*directions)
        time.sleep(10)
        house.wire.heal()
        return first_event(house.nodes, AUTHOR, READER)

    return fault


def full(part: Part) -> Fault:
    """Not one byte can be written where a server keeps its data, for ten seconds."""

    def fault(house: House) -> float:
        disk = house.disks[part]
        if isinstance(disk, Impossible):
            raise disk
        disk.fill(10)
        if part == "nats":  # see docs/howto/a-broken-broker.md
            house.nodes[AUTHOR].restart("nats")
        return first_event(house.nodes, AUTHOR, READER)

    return fault


def flipped_running(house: House) -> float:
    """A bit in every 4 KiB of what a broker keeps turns over under its feet; then its machine restarts."""
    assert flip(_store(house), "*.blk", random.Random("flipped while running"))
    time.sleep(3)
    house.nodes[AUTHOR].kill("nats")
    return first_event(house.nodes, AUTHOR, READER)


def flipped_stopped(house: House) -> float:
    """The same while it is stopped, and holds what the reader has not read yet."""
    author, reader = house.nodes[AUTHOR], house.nodes[READER]
    reader.stop("node")
    time.sleep(5)
    author.stop("nats")
    assert flip(_store(house), "*.blk", random.Random("flipped while stopped"))
    author.start("nats")
    reader.launch("node")
    return first_event(house.nodes, AUTHOR, READER)


def _store(house: House) -> Path:
    return house.nodes.homes[AUTHOR] / "nats" / "jetstream"


def clock_jumps(house: House) -> float:
    """A node's clock is 20 days ahead for a while, then an hour late; each time it says that it is not ready."""
    author = house.nodes[AUTHOR]
    author.stop("node")
    with bent_node(author.home) as clock:
        for off_ms in (20 * DAY_MS, -HOUR_MS):
            clock.off_ms = off_ms
            eventually(lambda: any(told.startswith("clock:") for told in problems(author.ports.ops)))
            time.sleep(5)
        clock.off_ms = 0
        eventually(lambda: not problems(author.ports.ops))
        first_s = first_event(house.nodes, AUTHOR, READER)
    author.start("node")
    return first_s


def problems(ops: int) -> list[str]:
    """Why a node says that it is not ready."""
    told: list[str] = httpx2.get(f"http://127.0.0.1:{ops}/health/ready", timeout=10).json()["problems"]
    return told


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
    # Nobody waits for the kernel, which sends again after ever longer pauses: a line that gives no sign of life for
    # 1.25 s is dropped, and who dials begins anew at least every 1.25 s (services/node/broker.py, link.py).
    "packets there dropped for 10 s": (dropped("there"), 2.0),
    "packets back dropped for 10 s": (dropped("back"), 2.0),
    "packets both ways dropped for 10 s": (dropped("there", "back"), 2.0),
    "a broker's bits turned, running": (flipped_running, 15.0),
    "a broker's bits turned, stopped": (flipped_stopped, 30.0),
    "a database's disk full for 10 s": (full("postgres"), 30.0),
    "a broker's disk full for 10 s": (full("nats"), 30.0),
    "a clock 20 days ahead, 1 hour late": (clock_jumps, 15.0),
}


@pytest.mark.timeout(400)
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_loses_and_doubles_nothing(house: House, table: dict[str, str], name: str) -> None:
    """Afterwards every acknowledged report is there once, all nodes tell one story, and nothing is left open."""
    fault, bound_s = FAULTS[name]
    table[name] = "  FAILED, see above"
    try:
        with load(house.nodes) as done:
            time.sleep(1)
            first_s = fault(house)
    except Impossible as why:
        table[name] = f"  not tried: this machine allows {why}"
        return
    caught_up_s = settle(house.nodes)
    check(house.nodes, done)
    assert done.refused <= {"E_UNAVAILABLE"}
    assert first_s <= bound_s
    table[name] = f"{len(done.cases()):>9}{0:>6}{0:>9}{first_s:>11.1f} s{caught_up_s:>9.1f} s"
