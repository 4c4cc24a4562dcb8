"""The desks of nodes that run: acts for officers over HTTP, and waits for the other nodes where an act needs them."""

import asyncio
import contextlib
import json
import secrets
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2

from contracts.errors import Code
from contracts.mechanism import LATEST, Permission
from services.node.settings import BadSettings, Home

PATIENCE_S = 20.0
AGAIN_S = 0.2
NOT_YET = {Code.NOT_FOUND, Code.STATE}  # the other node may not have heard yet


class Refused(Exception):
    """A desk said no, and not because it has not heard yet; the text is the code and the act."""


class Desk:
    """One agency's desk in a rehearsal, whose officers' tokens lie in `cast.json`."""

    def __init__(self, home: Path) -> None:
        """BadSettings unless the home is that of a rehearsal."""
        self.home = Home(home)
        self.agency = self.home.settings.agency
        if not self.home.settings.rehearsal:
            raise BadSettings("node.toml: rehearsal: missing; a year is played at rehearsing nodes only")
        self.clock = self.home.clock()
        self._tokens: dict[str, str] = json.loads(self.home.secret("cast.json"))
        officers = json.loads((home / "officers.json").read_text(encoding="utf-8"))
        self._roles: dict[str, str] = {one["officer"]: one["role"] for one in officers}
        where = self.home.settings.http
        self._http = httpx2.AsyncClient(base_url=f"http://{where.host}:{where.port}", timeout=60)
        self.said = Counter[str]()

    def officers(self, permission: Permission) -> list[str]:
        """Who here may do something, in the order of the cast."""
        return [name for name, role in self._roles.items() if LATEST.may(self.agency, role, permission)]

    def in_role(self, role: str) -> str | None:
        """Somebody in a role."""
        return next((name for name, held in self._roles.items() if held == role), None)

    async def get(self, officer: str, path: str) -> Any:  # noqa: ANN401  whatever JSON the route answers
        """What a desk shows; waited for while it is not there. Refused."""
        return await self._ask("GET", officer, path, None)

    async def until(self, officer: str, path: str, ready: Callable[[Any], bool]) -> Any:  # noqa: ANN401
        """What a desk shows, once it shows what is waited for. Refused if that does not come."""
        until = asyncio.get_running_loop().time() + PATIENCE_S
        while not ready(told := await self.get(officer, path)):
            if asyncio.get_running_loop().time() > until:
                raise Refused(f"{Code.UNAVAILABLE} GET {path}")
            await asyncio.sleep(AGAIN_S)
        return told

    async def say(self, permission: Permission, path: str, body: Any = None, *, officer: int = 0) -> Any:  # noqa: ANN401
        """An act of the `officer`-th who may; waited for while its causes are not here. Refused."""
        able = self.officers(permission)
        return await self._ask("POST", able[officer % len(able)], path, body or {})

    async def try_once(self, officer: str, path: str) -> bool:
        """An act that does not matter if it comes too late."""
        with contextlib.suppress(httpx2.TransportError):
            answer = await self._http.post(path, headers=self._as(officer))
            return answer.is_success
        return False

    async def close(self) -> None:
        """Hang up."""
        await self._http.aclose()

    async def _ask(self, method: str, officer: str, path: str, body: Any) -> Any:  # noqa: ANN401
        until = asyncio.get_running_loop().time() + PATIENCE_S
        headers = self._as(officer) | {"Idempotency-Key": secrets.token_urlsafe(16)}
        while True:
            code = ""
            # A line that is cut leaves open whether the act was heard: said again under its key, it is said once.
            with contextlib.suppress(httpx2.TransportError):
                answer = await self._http.request(method, path, json=body, headers=headers)
                if answer.is_success:
                    self.said[method] += 1
                    return answer.json() if answer.content else None
                code = answer.json().get("code", "")
            if (code and code not in NOT_YET) or asyncio.get_running_loop().time() > until:
                raise Refused(f"{code or Code.UNAVAILABLE} {method} {path.rpartition('/')[2]}")
            await asyncio.sleep(AGAIN_S)

    def _as(self, officer: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._tokens[officer]}"}
