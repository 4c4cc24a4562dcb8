"""The desk asks the node's own API, inside the process, in the name of the officer who is logged in."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import httpx2
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from contracts.errors import Code
from services.node.http import AT_DESK
from services.node.officers import Officer


class Answer(NamedTuple):
    """What the API said."""

    status: int
    told: Any  # its JSON, or its bytes if it is none; None if it had nothing

    @property
    def held(self) -> bool:
        """Whether it was done, or shown."""
        return self.status < 400  # noqa: PLR2004  RFC 9110 15: 4xx and 5xx are errors

    @property
    def code(self) -> str:
        """The code of a problem; "" if there is none."""
        return "" if self.held else str((self.told or {}).get("code", Code.UNEXPECTED))

    @property
    def detail(self) -> str:
        """Where a problem is, such as a field's name."""
        return "" if self.held else str((self.told or {}).get("detail", ""))


UNASKED = Answer(200, None)
"""What a form shows before it was ever sent."""


async def ask(
    api: FastAPI,
    officer: Officer,
    method: str,
    path: str,
    body: object = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """One request. It passes every check that a request from outside passes, but for the token."""

    async def in_their_name(scope: Scope, receive: Receive, send: Send) -> None:
        await api({**scope, AT_DESK: officer}, receive, send)

    sent = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = await request(in_their_name, method, path, sent, headers or {})
    return Answer(answer.status_code, _told(answer) if answer.content else None)


async def request(
    app: ASGIApp, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
) -> httpx2.Response:
    """One request to an app of this process; a body is JSON unless the headers say otherwise."""
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    typed = {"Content-Type": "application/json"} | dict(headers)
    async with httpx2.AsyncClient(transport=transport, base_url="http://inside") as client:
        return await client.request(method, path, headers=typed, content=body)


def _told(answer: httpx2.Response) -> object:
    return answer.json() if answer.headers.get("content-type", "").endswith("json") else answer.content
