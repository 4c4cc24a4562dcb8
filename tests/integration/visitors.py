"""Browsers without their pages, at the desk of a node of LPSK of which nothing runs."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import NamedTuple

import httpx2
from fastapi.routing import iter_route_contexts
from starlette.routing import Mount

from contracts.record import EventId
from deploy.dev import cast
from deploy.dev.runner import ThreeNodes
from services.node.node import Node

LPSK = "lpsk"
OFFICER, AUDITOR, ADMIN = "lpsk-darurat", "lpsk-auditor", "lpsk-admin"


class Desk(NamedTuple):
    """LPSK's node, and a case of it."""

    node: Node
    machines: ThreeNodes
    case: str

    def visitor(self, address: str = "127.0.0.1") -> httpx2.AsyncClient:
        """A browser at an address, without its pages."""
        transport = httpx2.ASGITransport(app=self.node.app, client=(address, 1), raise_app_exceptions=False)
        return httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1")

    @asynccontextmanager
    async def entered(self, officer: str = OFFICER) -> AsyncIterator[httpx2.AsyncClient]:
        """A browser in which an officer is logged in."""
        async with self.visitor() as browser:
            answer = await self.login(browser, officer)
            assert (answer.status_code, answer.headers["location"]) == (303, "/desk")
            yield browser

    async def login(self, browser: httpx2.AsyncClient, officer: str = OFFICER, **given: str) -> httpx2.Response:
        """What comes of a login."""
        token = cast.token(self.node.home.path, officer)
        return await browser.post("/desk/login", data={"officer": officer, "token": token, "to": "/desk"} | given)

    def pages(self) -> Iterator[str]:
        """Every page that is asked for by GET, as its route has it."""
        mount = next(route for route in self.node.app.routes if isinstance(route, Mount) and route.path == "/desk")
        for one in iter_route_contexts(mount.routes):
            if "GET" in (one.methods or ()):
                yield one.path or ""

    def sql(self, statement: str) -> None:
        """As the database's owner."""
        self.machines[LPSK].postgres.sql(statement, database="rajut")


def hidden(page: str) -> dict[str, str]:
    """What a form carries unseen."""
    return dict(re.findall('<input type="hidden" name="([^"]+)" value="([^"]*)"', page))


def csrf(page: str) -> str:
    """The word that the forms of a page carry."""
    found = re.search('name="_csrf" value="([^"]+)"', page)
    assert found
    return found[1]


async def handle(node: Node, case: str) -> None:
    """Let every service handle every event of a case, until nothing new is said."""
    handled: set[EventId] = set()
    while True:
        rows = await node.pools["node"].fetch("select id from log.event where case_id = $1", case)
        new = [row["id"] for row in rows if row["id"] not in handled]
        if not new:
            return
        for id_ in new:
            for inbox in node.inboxes.values():
                await inbox.handle(id_)
        handled.update(new)
