"""A node restored from an older backup must not contradict what it has said: it writes nothing until it has it back."""

import asyncio
import json
from collections.abc import Awaitable

import pytest

from contracts.errors import Code
from deploy.dev.runner import ThreeNodes
from services.node import link
from services.node.node import Node
from tests.e2e.stage import (
    LOGS,
    READERS,
    RECEIVERS,
    REPORTS,
    ask,
    level,
    opened,
    report,
    size,
    tasks,
    until,
)
from tests.integration.commands import rajut
from tests.integration.trio import A, B, C, agree, three


async def told(machines: ThreeNodes, reports: int) -> str:
    """Hand reports to A until all three agencies hold the same; the last case."""
    async with three(machines) as trio:
        cases = [await report(trio.a) for _ in range(reports)]
        await agree(trio)
    return cases[-1]


def linked(node: Node) -> list[Awaitable[None]]:
    """What a node says, and its links to all its partners."""
    return [node.relay.run(), *(link.run() for link in node.links)]


async def hand_in(node: Node) -> int:
    """Try to hand in a report; the HTTP status."""
    answer = await ask(node, "POST", "/reports", RECEIVERS[A], content=REPORTS[A].read_bytes())
    assert answer.is_success or answer.json()["code"] == Code.BEHIND
    return answer.status_code


async def test_a_node_hears_its_partners_before_it_writes(
    machines: ThreeNodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What they hold of its log says whether it is behind: its log is begun when all who are there have said so."""
    monkeypatch.setattr(link, "HEAR_WITHIN_S", 60.0)
    heard: list[list[bool]] = []

    async def begin() -> None:
        heard.append([one.asked.is_set() for one in a.links])

    async with (
        opened(machines.homes[A]) as a,
        opened(machines.homes[B]) as b,
        opened(machines.homes[C]) as c,
        tasks(*linked(a), *linked(b), *linked(c)),
    ):
        monkeypatch.setattr(a.duties, "open_log", begin)
        await a.duties.greet()
    assert heard == [[True, True]]


async def test_a_restored_node_writes_nothing_until_it_has_its_own_log_back(machines: ThreeNodes) -> None:
    """It learns from its partners that it is behind, refuses to append, fetches the end of its log, and goes on."""
    database = machines[A].postgres
    await told(machines, 1)
    database.copy_database("rajut", "earlier")
    case = await told(machines, 3)
    database.drop_database("rajut")
    database.copy_database("earlier", "rajut")

    async with opened(machines.homes[B]) as b, opened(machines.homes[C]) as c, tasks(*linked(b), *linked(c)):
        async with opened(machines.homes[A]) as a, tasks(*linked(a)):
            held = await size(a, LOGS[A])
            await asyncio.gather(*(link.asked.wait() for link in a.links))
            assert await hand_in(a) == 503
            assert await size(a, LOGS[A]) == held
        done = await asyncio.to_thread(rajut, machines.homes[A], "node", "recover", str(machines.homes[A]), "--json")
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        assert (found["before"], found["after"], found["still_behind"]) == (held, await size(b, LOGS[A]), False)
        async with opened(machines.homes[A]) as a, tasks(a.relay.run(), *(link.run() for link in a.links)):
            assert (await ask(a, "GET", f"/cases/{case}", READERS[A])).is_success
            assert await hand_in(a) == 201
            await until(lambda: level(a, b, c))
        checked = await asyncio.to_thread(rajut, machines.homes[A], "fsck")
        assert checked.returncode == 0, checked.stdout
