"""The agency's login server as we see it: what we ask it, how often and how much at a time, and who is who there."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import asyncpg
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from contracts.errors import Code, Rejected
from deploy.dev.postgres import OWNER
from deploy.postgres.generate import apply_all
from services.node.officers import Officer
from services.node.settings import Oidc
from services.node.web.oidc import AT_ONCE, FRESH_MS, MAX_HINT, Arrival, Issuer, Login
from services.node.web.staff import bind
from tests.conftest import Database

START_MS = 1_795_305_600_000
LOGIN = Login("state", "nonce", "verifier")
ANSWER = {"state": "state", "code": "code"}


class LoginServer:
    """One that speaks just enough, and may be told to keep everybody waiting; its clock is also ours."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.heads: list[str] = []
        self.now = START_MS
        self.open = asyncio.Event()
        self.open.set()
        self.busy = asyncio.Event()
        self.padding = ""
        self.address = ""
        self.change_key("1")

    def now_ms(self) -> int:
        """The time that it is here."""
        return self.now

    def change_key(self, kid: str) -> None:
        """From now on this key signs, and no other is published."""
        self.key = ECKey.generate_key("P-256", {"kid": kid})

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Issuer]:
        """Ourselves before it."""
        server = await asyncio.start_server(self._serve, "127.0.0.1")
        self.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        issuer = Issuer(Oidc(issuer=self.address, client="rajut", roles={"p": "pimpinan"}), "secret", self, "back")
        try:
            yield issuer
        finally:
            await issuer.close()
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        path = head.split(" ")[1]
        self.asked[path] += 1
        self.heads.append(head.lower())
        if self.asked.total() == AT_ONCE:
            self.busy.set()
        await self.open.wait()
        body = json.dumps(self._answer(path)).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        await writer.drain()
        writer.close()

    def _answer(self, path: str) -> object:
        match path:
            case "/keys":
                return {"keys": [self.key.as_dict(private=False)]}
            case "/token":
                return {"id_token": jwt.encode({"alg": "ES256", "kid": str(self.key.kid)}, self._claims(), self.key)}
            case _:
                places = {"authorization_endpoint": "/away", "token_endpoint": "/token", "jwks_uri": "/keys"}
                places["end_session_endpoint"] = "/end"
                return {"issuer": self.address} | {name: self.address + place for name, place in places.items()}

    def _claims(self) -> dict[str, object]:
        now = self.now // 1000
        told = {"iss": self.address, "aud": "rajut", "sub": "7", "nonce": LOGIN.nonce, "roles": ["p"]}
        return told | {"exp": now + 60, "iat": now, "auth_time": now, "preferred_username": "p-1", "more": self.padding}


async def test_what_it_publishes_is_asked_for_once_a_minute() -> None:
    """However many log in; nothing that it gave us in one login goes along with another."""
    there = LoginServer()
    async with there.serving() as issuer:
        for _ in range(3):
            await issuer.address(LOGIN)
            assert isinstance(await issuer.finish(LOGIN, ANSWER), Arrival)
        assert (there.asked["/keys"], there.asked["/token"], there.asked.total()) == (1, 3, 5)
        there.now += FRESH_MS + 1
        await issuer.finish(LOGIN, ANSWER)
        assert (there.asked["/keys"], there.asked.total()) == (2, 8)
    assert not [head for head in there.heads if "\r\ncookie:" in head]


async def test_a_changed_key_counts_at_once() -> None:
    """A name that we have not heard of makes us ask again, once; another key under a known name is not believed."""
    there = LoginServer()
    async with there.serving() as issuer:
        await issuer.finish(LOGIN, ANSWER)
        there.change_key("2")
        await issuer.finish(LOGIN, ANSWER)
        assert there.asked["/keys"] == 2
        there.change_key("2")
        with pytest.raises(Rejected) as caught:
            await issuer.finish(LOGIN, ANSWER)
        assert (caught.value.code, there.asked["/keys"]) == (Code.IDENTITY, 2)


async def test_only_so_many_requests_are_under_way() -> None:
    """Whoever comes while a slow login server keeps that many of us waiting is told so at once; later, it goes on."""
    there = LoginServer()
    async with there.serving() as issuer:
        there.open.clear()
        waiting = [asyncio.create_task(issuer.address(LOGIN)) for _ in range(AT_ONCE)]
        async with asyncio.timeout(4):
            await there.busy.wait()
            with pytest.raises(Rejected) as caught:
                await issuer.address(LOGIN)
        assert (caught.value.code, there.asked.total()) == (Code.UNAVAILABLE, AT_ONCE)
        there.open.set()
        assert len(set(await asyncio.gather(*waiting))) == 1
        assert await issuer.address(LOGIN)


async def test_it_is_reminded_of_whom_to_forget() -> None:
    """Who leaves takes along what it said of them when they came, unless that is too long for an answer's head."""
    there = LoginServer()
    async with there.serving() as issuer:
        arrived = await issuer.finish(LOGIN, ANSWER)
        assert f"id_token_hint={arrived.hint}" in await issuer.leave("there", arrived.hint)
        there.padding = "x" * MAX_HINT
        assert (await issuer.finish(LOGIN, ANSWER)).hint == ""
        assert "id_token_hint" not in await issuer.leave("there", "")


async def test_a_person_and_a_pseudonym_belong_to_each_other(database: Database) -> None:
    """Nobody comes under two names and no two under one, nor at another issuer; once released, a name is free."""
    now = datetime.now(UTC)
    await apply_all(database.dsn(OWNER))

    async def come(officer: str, subject: str, issuer: str = "https://masuk.example") -> str:
        try:
            await bind(pool, Arrival(Officer(officer, "pimpinan", ""), issuer, subject, ""), now)
        except Rejected as why:
            return why.code
        return ""

    async with asyncpg.create_pool(database.dsn("rajut_node"), min_size=2, max_size=4) as pool:
        came = await asyncio.gather(*(come("pimpinan-7", subject) for subject in "abcd"))
        assert sorted(came) == ["", *[Code.BOUND] * 3]
        first = "abcd"[came.index("")]
        assert await come("pimpinan-7", first) == ""
        assert await come("pimpinan-8", first) == Code.BOUND
        assert await come("pimpinan-7", first, "https://lain.example") == Code.BOUND
        assert await come("pimpinan-8", "e") == ""
        assert await come("pimpinan-7", "e") == Code.BOUND
        database.sql("delete from log.staff where officer = 'pimpinan-7';", OWNER)
        assert await come("pimpinan-7", "f") == ""
