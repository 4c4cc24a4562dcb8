"""An agency's own system asks its node over NATS, with an officer's token, what an officer asks over HTTP."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from nats.aio.client import Client
from nats.errors import NoRespondersError
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from contracts.errors import Code
from contracts.events.access import CaseRead, Door, Purpose
from deploy.dev import cast
from deploy.dev.runner import ThreeNodes
from services.node.broker import connected
from services.node.node import Node, systems_of
from services.node.settings import Home
from services.node.systems import AT_ONCE, SUBJECT, Systems
from tests.e2e.stage import CASES, LOGS, READERS, RECEIVERS, events, opened, size, tasks, until
from tests.integration.hostile import HOSTILE, SAID

LPSK, NAME = "lpsk", "registry"
FOREIGN = (
    "",
    SUBJECT + NAME,
    "_INBOX_api.x",
    "_INBOX_systems",
    f"_INBOX_systems.{NAME}",
    f"_INBOX_systems.{NAME}2.x",
    "_INBOX_systems.hotline.x",
    "_INBOX_link.x",
    "to.komnas-ham",
    "$JS.API.INFO",
    "_R_.x",
)
REPORT = json.loads((CASES / "saksi-hanya-lpsk.json").read_text())


@asynccontextmanager
async def system(home: Path) -> AsyncIterator[Client]:
    """A system of the agency, with the key and certificate that such systems have, once somebody answers it."""
    folder = home / "nats"
    server = Home(home).server(f"systems.{NAME}")
    async with connected(server._replace(certificate=folder / "systems.pem", key=folder / "systems.key")) as client:

        async def answered() -> bool:
            with contextlib.suppress(NoRespondersError):
                return bool(await told(client, b""))
            return False

        await until(answered)
        yield client


async def told(client: Client, data: bytes) -> dict[str, Any]:
    """What is answered to a message."""
    answer: dict[str, Any] = json.loads((await client.request(SUBJECT + NAME, data, timeout=30)).data)
    return answer


def request(home: Path, officer: str, method: str, path: str, **more: object) -> bytes:
    """The message of an officer's request."""
    asked = {"method": method, "path": path, "token": cast.token(home, officer)} | more
    return json.dumps(asked).encode()


class Answering(NamedTuple):
    """A node, and what of it answers systems."""

    node: Node
    systems: Systems


@pytest.fixture
async def answering(agencies: ThreeNodes) -> AsyncIterator[Answering]:
    """LPSK's node, of which nothing runs but what answers its systems."""
    async with opened(agencies.homes[LPSK]) as node:
        systems = systems_of(node)
        assert systems, "the home has the user's key"
        async with tasks(systems.run()):
            yield Answering(node, systems)


@pytest.fixture
def node(answering: Answering) -> Node:
    """The node alone."""
    return answering.node


async def test_a_system_does_what_an_officer_does(node: Node) -> None:
    """A report goes in once however often it comes; a case is read, and noted; an act is done if nothing is lost."""
    home = node.home.path
    async with system(home) as client:
        hand_in = request(
            home, RECEIVERS[LPSK], "POST", "/reports", body=REPORT, headers={"Idempotency-Key": "from-the-registry-1"}
        )
        first, again = [await told(client, hand_in) for _ in range(2)]
        assert [answer["status"] for answer in (first, again)] == [201, 200]
        assert first["body"] == again["body"]
        path = f"/cases/{first['body']['case']}"

        async def ask(method: str, below: str = "", **more: object) -> dict[str, Any]:
            return await told(client, request(home, READERS[LPSK], method, path + below, **more))

        seen = await ask("GET", headers={"Rajut-Purpose": "LEGAL"})
        assert (seen["status"], seen["body"]["case"]) == (200, first["body"]["case"])
        unchanged = await ask("GET", headers={"If-None-Match": seen["headers"]["ETag"]})
        assert (unchanged["status"], unchanged["body"]) == (304, None)
        urgent = {"level": "KRITIS", "reason": "a call from the registry"}
        stale = await ask("POST", "/urgency", body=urgent, headers={"If-Match": "another"})
        assert (stale["status"], stale["body"]["code"]) == (412, Code.STALE)
        done = await ask("POST", "/urgency", body=urgent, headers={"If-Match": seen["body"]["version"]})
        assert done["status"] == 201, done
        assert (await ask("GET"))["body"]["version"] == done["body"]["version"]
    noted = [CaseRead.read(one.content.body) for one in await events(node, LOGS[LPSK], CaseRead.wire_type)]
    ours = [body for body in noted if first["body"]["case"] in body.cases]
    assert [(body.door, body.purpose) for body in ours] == [(Door.API, Purpose.LEGAL), (Door.API, Purpose.HANDLING)]


async def test_what_is_refused_over_http_is_refused_here(node: Node) -> None:
    """No token, another role, no such path, the desk, too large, no JSON: the same problem, with its code."""
    home = node.home.path
    reader, receiver = READERS[LPSK], RECEIVERS[LPSK]
    asked = [
        (b"{", 422, Code.JSON),
        (json.dumps({"method": "GET", "path": "/cases", "token": "nobody's"}).encode(), 401, Code.IDENTITY),
        (request(home, reader, "GET", "/cases", as_if="lpsk-pimpinan-1"), 422, Code.SCHEMA),
        (request(home, reader, "GET", "/operations"), 403, Code.FORBIDDEN),
        (request(home, reader, "GET", "/nowhere"), 404, Code.NOT_FOUND),
        (request(home, reader, "GET", "/desk"), 404, Code.NOT_FOUND),
        (request(home, reader, "GET", "/cases/../desk/login"), 404, Code.NOT_FOUND),
        (request(home, receiver, "POST", "/reports", body={"channel": "x" * 300_000}), 413, Code.SIZE),
    ]
    async with system(home) as client:
        answers = [await told(client, data) for data, _, _ in asked]
    assert [(one["status"], one["body"]["code"]) for one in answers] == [(status, code) for _, status, code in asked]
    assert all(one["headers"] == {"Content-Type": "application/problem+json"} for one in answers)


async def test_a_message_that_somebody_spoiled_is_refused(node: Node, agencies: ThreeNodes) -> None:
    """What is almost a good request is refused for what is wrong with it, as over HTTP, and nothing is stored."""
    database, good = agencies[LPSK].postgres, request(node.home.path, RECEIVERS[LPSK], "POST", "/reports", body=REPORT)
    before = database.sql(SAID, database="rajut")
    async with system(node.home.path) as client:
        for name, (spoil, codes) in HOSTILE.items():
            data = spoil(good)
            if len(data) <= client.max_payload:  # else the server takes no such message
                answer = await told(client, data)
                assert answer["body"]["code"] in codes.split(), name
    assert database.sql(SAID, database="rajut") == before


async def test_a_request_with_a_foreign_reply_is_not_done(answering: Answering) -> None:
    """Whoever wants the answer elsewhere than in its own inbox gets none, and nothing happens in anybody's name."""
    node = answering.node
    home = node.home.path
    before = await size(node, LOGS[LPSK])
    hand_in = request(home, RECEIVERS[LPSK], "POST", "/reports", body=REPORT)
    async with system(home) as client:
        for reply in FOREIGN:
            await client.publish(SUBJECT + NAME, hand_in, reply=reply)
        assert (await told(client, b"{"))["status"] == 422, "this one came after them"
    assert not answering.systems._under_way
    assert await size(node, LOGS[LPSK]) == before


async def test_more_than_can_be_answered_at_once_is_refused_at_once(agencies: ThreeNodes) -> None:
    """Nobody waits in a line: one too many hears that a part is not ready, and those before it are answered."""
    home, go, working = agencies.homes[LPSK], asyncio.Event(), 0

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal working
        working += 1
        await go.wait()
        await JSONResponse("done")(scope, receive, send)

    async def busy() -> bool:
        return working == AT_ONCE

    data = request(home, READERS[LPSK], "GET", "/cases")
    async with tasks(Systems(slow, Home(home).server("api")).run()), system(home) as client:
        waiting = [asyncio.create_task(told(client, data)) for _ in range(AT_ONCE)]
        await until(busy)
        refused = await told(client, data)
        go.set()
        assert {one["body"] for one in await asyncio.gather(*waiting)} == {"done"}
    assert (refused["status"], refused["body"]["code"]) == (503, Code.UNAVAILABLE)


async def test_a_server_that_was_away_is_found_again(agencies: ThreeNodes, node: Node) -> None:
    """A dead server ends nothing: what answers the systems goes on, and answers once it is back."""
    async with system(node.home.path):
        agencies[LPSK].stop("nats")
    agencies[LPSK].start("nats")
    async with system(node.home.path) as client:
        assert (await told(client, b"{"))["status"] == 422
