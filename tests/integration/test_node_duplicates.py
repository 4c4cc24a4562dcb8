"""Whether a person is known at an agency is that agency's knowledge: who reports somebody there does not learn it."""

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable, Mapping, Set as AbstractSet
from contextlib import AsyncExitStack
from functools import partial
from types import MappingProxyType

import pytest

from contracts.encoding import unb64
from contracts.record import EventId
from deploy.dev.runner import ThreeNodes
from deploy.nats.client import connect
from services.node.node import Node
from services.node.streams import stream_to
from tests.e2e.stage import READERS, RECEIVERS, REPORTS, ask, opened, size, talk, until
from tests.integration.trio import A, B, C
from tests.integration.warrants import fsck

SHARED_BY_B = {"share_with": [A], "fields": ["identity", "safe_contact"]}
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


async def test_officers_of_both_agencies_decide_and_take_back(agencies: ThreeNodes) -> None:
    """Two agencies that hold one person find the pair each for itself, and tell each other only what they decide."""
    name = secrets.token_hex(8)
    async with AsyncExitStack() as stack:
        a, b = [await stack.enter_async_context(opened(agencies.homes[agency])) for agency in (A, B)]
        await stack.enter_async_context(talk(a, b))
        ours, theirs, alone = await share(a, b, name), await share(b, a, name, SHARED_BY_B), await hand_in(b, name)
        assert [await offered(node, ours) for node in (a, b)] == [{theirs}, {theirs, alone}]
        said = [await decide(a, ours, "link", theirs, "ORANG_YANG_SAMA", key=name) for _ in range(2)]
        assert said[0] == said[1], "a request that comes again with its key is done once"
        await heard(b, said[0])
        both_ways = ((ours, theirs), (theirs, ours))
        assert {await state(node, *pair) for node in (a, b) for pair in both_ways} == {"LINKED"}
        await heard(a, await decide(b, theirs, "dismiss", ours, "KONTAK_BERSAMA"))
        assert [await state(node, ours, theirs) for node in (a, b)] == ["DISMISSED"] * 2
        await heard(b, await decide(a, theirs, "reopen", ours, "KETERANGAN_BARU"))
        assert [await state(node, ours, theirs) for node in (a, b)] == ["OPEN"] * 2
        await decide(b, ours, "link", alone, "ORANG_YANG_SAMA")
        assert await state(b, ours, alone) == "LINKED"
        b.relay.wake()
        await until(lambda: told_all(a, b))
        assert await offered(a, ours) == {theirs}, "who takes no part in the other case hears nothing of it"


@pytest.mark.parametrize("other", ["unknown", "own"])
async def test_a_decision_is_about_another_case_that_is_known(agencies: ThreeNodes, other: str) -> None:
    """A case that nobody here holds, and the case itself, are no duplicates; nor is a reason that nobody agreed on."""
    async with opened(agencies.homes[B]) as b:
        case = await hand_in(b, secrets.token_hex(8))
        named, status = (case, 409) if other == "own" else ("0" * 26, 404)
        assert await decide(b, case, "link", named, "ORANG_YANG_SAMA", expected=status) == ""
        second = await hand_in(b, secrets.token_hex(8))
        assert await decide(b, case, "link", second, "KONTAK_BERSAMA", expected=422) == ""
        assert await decide(b, case, "link", second, "ORANG_YANG_SAMA", expected=412, version="another") == ""


async def test_after_a_withdrawal_the_other_agency_offers_nothing(agencies: ThreeNodes) -> None:
    """What was shared by consent finds nobody any more once consent is withdrawn; who took the report still looks."""
    name = secrets.token_hex(8)
    async with AsyncExitStack() as stack:
        a, b = [await stack.enter_async_context(opened(agencies.homes[agency])) for agency in (A, B)]
        async with talk(a, b):
            ours, theirs = await share(a, b, name), await share(b, a, name, SHARED_BY_B)
            withdrawal = {"given_by": "defender", "form": "spoken", "at": "2026-11-22T09:00:00+07:00"}
            said = await ask(a, "POST", f"/cases/{ours}/consent/withdraw", RECEIVERS[A], json=withdrawal)
            a.relay.wake()
            for node in (a, b):
                await heard(node, said.json()["events"][0])
        assert [await offered(node, ours) for node in (a, b)] == [{theirs}, set()]
        assert await offered(b, await hand_in(b, name)) == {theirs}
        found = [str(one) for node in (a, b) for one in (await fsck(node)).findings]
        assert [one for one in found if "person index" in one] == []


async def decide(
    node: Node,
    case: str,
    what: str,
    other: str,
    reason: str,
    *,
    key: str = "",
    version: str = "",
    expected: int = 201,
) -> str:
    """An officer decides about two cases; the id of the event, or "" if it is refused as expected."""
    headers = {"Idempotency-Key": key, "If-Match": version}
    path, body = f"/cases/{case}/duplicates/{what}", {"other": other, "reason": reason}
    answer = await ask(node, "POST", path, READERS[node.log.agency], json=body, headers=headers)
    assert answer.status_code == expected, answer.text
    node.relay.wake()
    return str(answer.json()["events"][0]) if expected == 201 else ""


async def heard(node: Node, event: str) -> None:
    """Once an event is here, let intake handle it."""
    id_ = unb64(event)
    await until(
        lambda: node.pools["node"].fetchval("select id from log.event where id = $1 and state = 'applied'", id_)
    )
    await node.inboxes["intake"].handle(EventId(id_))


async def told_all(reader: Node, author: Node) -> bool:
    """Whether a node holds the whole log of another."""
    return await size(reader, author.log.log) == await size(author, author.log.log)


async def state(node: Node, case: str, other: str) -> str:
    """What is shown of two cases."""
    answer = await ask(node, "GET", f"/cases/{case}/duplicates", READERS[node.log.agency])
    return next(str(one["state"]) for one in answer.json()["duplicates"] if one["case"] == other)


def about(node: Node, name: str, consent: Mapping[str, object]) -> bytes:
    """A sample report, about somebody else."""
    told = json.loads(REPORTS[node.log.agency].read_text())
    contact = told["defender"]["safe_contact"] | {"channel": "email", "address": f"{name}@contoh.id"}
    changed = {"defender": told["defender"] | {"name": name, "safe_contact": contact}}
    return json.dumps(told | changed | {"consent": told["consent"] | consent}).encode()


async def hand_in(node: Node, name: str, consent: Mapping[str, object] = MappingProxyType({})) -> str:
    """Report somebody; the case."""
    report = about(node, name, consent)
    answer = await ask(node, "POST", "/reports", RECEIVERS[node.log.agency], content=report)
    assert answer.status_code == 201, answer.text
    node.relay.wake()
    return str(answer.json()["case"])


async def share(author: Node, reader: Node, name: str, consent: Mapping[str, object] = MappingProxyType({})) -> str:
    """Report somebody at one agency, whose consent names another; the case, once that one has looked for the person."""
    case, pool = await hand_in(author, name, consent), reader.pools["node"]
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
