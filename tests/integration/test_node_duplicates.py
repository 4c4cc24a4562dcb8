"""Whether a person is known at an agency is that agency's knowledge: who reports somebody there does not learn it."""

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable, Set as AbstractSet
from contextlib import AsyncExitStack
from functools import partial

from deploy.dev.runner import ThreeNodes
from deploy.nats.client import connect
from services.node.node import Node
from services.node.streams import stream_to
from tests.e2e.stage import READERS, RECEIVERS, REPORTS, ask, opened, size, talk, until

A, B, C = "komnas-perempuan", "lpsk", "komnas-ham"
SHARED = "select id from log.event where case_id = $1 and state = 'applied' and type ~ 'identity.shared'"


async def test_a_possible_duplicate_leaves_no_record_and_no_message(agencies: ThreeNodes) -> None:
    """Our officers are offered the cases of one person; to partners, a person we know looks like one we do not."""
    known, unknown, other = (secrets.token_hex(8) for _ in range(3))
    async with AsyncExitStack() as stack:
        a, b = [await stack.enter_async_context(opened(agencies.homes[name])) for name in (A, B)]
        await stack.enter_async_context(talk(a, b))
        first, _ = await traces(b, partial(hand_in, b, known))
        asked = {who: await traces(b, partial(share, a, b, who)) for who in (known, unknown)}
        again = {who: await traces(b, partial(hand_in, b, who)) for who in (known, other)}
        assert await offered(b, first) == {asked[known][0], again[known][0]}
        assert await offered(b, asked[unknown][0]) == set()
    assert {left for _, left in asked.values()} == {(0, 0, 0)}
    assert {left for _, left in again.values()} == {(3, 3, 3)}


def about(node: Node, name: str) -> bytes:
    """A sample report, about somebody else."""
    told = json.loads(REPORTS[node.log.agency].read_text())
    contact = told["defender"]["safe_contact"] | {"channel": "email", "address": f"{name}@contoh.id"}
    return json.dumps(told | {"defender": told["defender"] | {"name": name, "safe_contact": contact}}).encode()


async def hand_in(node: Node, name: str) -> str:
    """Report somebody; the case."""
    answer = await ask(node, "POST", "/reports", RECEIVERS[node.log.agency], content=about(node, name))
    assert answer.status_code == 201, answer.text
    node.relay.wake()
    return str(answer.json()["case"])


async def share(author: Node, reader: Node, name: str) -> str:
    """Report somebody at one agency, whose consent names another; the case, once that one has looked for the person."""
    case, pool = await hand_in(author, name), reader.pools["node"]
    await until(lambda: pool.fetchval(SHARED, case))
    await reader.inboxes["intake"].handle(await pool.fetchval(SHARED, case))
    return case


async def traces(node: Node, work: Callable[[], Awaitable[str]]) -> tuple[str, tuple[int, ...]]:
    """A case, and what others can see of the work on it: records in the log, and messages to each partner."""
    link = await connect(node.home.path, "link")

    async def seen() -> list[int]:
        paths = [f"$JS.API.STREAM.INFO.{stream_to(partner)}" for partner in (A, C)]
        told = [json.loads((await link.request(path, b"", timeout=2)).data) for path in paths]
        return [await size(node, node.log.log), *(one["state"]["last_seq"] for one in told)]

    async def at_rest() -> list[int]:
        """All that there was to say is said."""
        readings = [await seen()]
        while readings[-5:] != readings[-1:] * 5:
            node.relay.wake()
            await asyncio.sleep(0.1)
            readings.append(await seen())
        return readings[-1]

    before = await at_rest()
    case = await work()
    left = tuple(now - then for now, then in zip(await at_rest(), before, strict=True))
    await link.close()
    return case, left


async def offered(node: Node, case: str) -> AbstractSet[str]:
    """The cases that officers are shown beside this one."""
    answer = await ask(node, "GET", f"/cases/{case}/duplicates", READERS[node.log.agency])
    return {one["case"] for one in answer.json()["duplicates"]}
