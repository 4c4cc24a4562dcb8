"""A minute of what may happen to three agencies under load; the long version is `make fault`."""

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.dev.runner import PARTS, ThreeNodes
from tests.e2e.load import check, load, settle
from tests.e2e.stage import AGENCIES, three

pytestmark = pytest.mark.slow

SEED = 2026


@pytest.fixture(scope="module")
def nodes(server_folder: Path) -> Iterator[ThreeNodes]:
    """Three agencies that are started again when they die."""
    with three(server_folder / "faults", supervise=True) as running:
        yield running


@pytest.mark.timeout(240)
def test_kills_a_freeze_and_a_wiped_broker_lose_and_double_nothing(nodes: ThreeNodes) -> None:
    """Each part of the house dies once under load, one freezes, one loses its streams: every report is there, once."""
    dice = random.Random(SEED)
    victims = [(dice.choice(AGENCIES), part) for part in PARTS]
    with load(nodes) as done:
        for agency, part in victims:
            time.sleep(dice.uniform(1, 2))
            nodes[agency].kill(part)
        time.sleep(2)
        nodes["lpsk"].pause("nats")
        time.sleep(3)
        nodes["lpsk"].resume("nats")
        nodes["komnas-perempuan"].wipe_jetstream()
        time.sleep(2)
    settle(nodes)
    assert len(done.cases()) > 10
    check(nodes, done)
