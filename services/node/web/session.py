"""Who is logged in: a random secret in a cookie, its hash in the node's database, and nothing else anywhere.

A session ends half an hour after the last look, and after a shift at the latest. The word that every form carries
(`csrf`) is made of the secret, so that no other site can send one: it cannot read the cookie.
"""

import hmac
import secrets
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from starlette.responses import Response

from contracts.encoding import b64
from services.node.clock import Clock
from services.node.officers import Officer
from services.node.sql import Pool, queries

SQL = queries(Path(__file__).with_name("session.sql"))
AWAY_AFTER = timedelta(minutes=30)
SHIFT = timedelta(hours=12)
_BYTES = 32


class Session(NamedTuple):
    """An officer at the desk."""

    officer: Officer
    secret: str

    @property
    def csrf(self) -> str:
        """The word that their forms carry."""
        return b64(hmac.digest(self.secret.encode(), b"rajut/desk/form", "sha256"))

    def sent(self, word: str) -> bool:
        """Whether a form with this word is theirs."""
        return hmac.compare_digest(self.csrf.encode(), word.encode())


class Sessions:
    """The sessions of one node."""

    def __init__(self, pool: Pool, clock: Clock, *, secure: bool) -> None:
        """`secure` says that the desk is reached by HTTPS alone, as it must be but on one's own machine."""
        self._pool = pool
        self._clock = clock
        self._secure = secure
        # The prefix makes a browser refuse what another host or a page without TLS has set (RFC 6265bis 4.1.3).
        self.cookie = "__Host-rajut" if secure else "rajut"

    async def begin(self, officer: Officer, hint: str = "") -> Session:
        """Log an officer in; sessions that are over are forgotten on the way. `hint` is for when they leave."""
        secret, now = secrets.token_urlsafe(_BYTES), self._now()
        await self._pool.execute(SQL["forget"], *_bounds(now))
        await self._pool.execute(SQL["begin"], _hash(secret), *officer, now, hint)
        return Session(officer, secret)

    async def of(self, secret: str) -> Session | None:
        """The session with this secret, which goes on from now; None if there is none, or it is over."""
        now = self._now()
        row = await self._pool.fetchrow(SQL["seen"], _hash(secret), *_bounds(now), now)
        return Session(Officer(*row), secret) if row else None

    async def there(self, secret: str) -> Session | None:
        """As `of`, without going on: nobody stays logged in because a page is open."""
        row = await self._pool.fetchrow(SQL["there"], _hash(secret), *_bounds(self._now()))
        return Session(Officer(*row), secret) if row else None

    async def end(self, session: Session) -> str:
        """Log an officer out, and return the hint that they came with."""
        return str(await self._pool.fetchval(SQL["end"], _hash(session.secret)) or "")

    def keep(self, response: Response, session: Session) -> None:
        """Give the browser its secret: out of reach of scripts, and not sent along by other sites' forms."""
        response.set_cookie(
            self.cookie, session.secret, secure=self._secure, httponly=True, samesite="strict", path="/"
        )

    def drop(self, response: Response) -> None:
        """Take it back."""
        response.delete_cookie(self.cookie, path="/", secure=self._secure, httponly=True, samesite="strict")

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.now_ms() / 1000, UTC)


def _bounds(now: datetime) -> tuple[datetime, datetime, datetime]:
    """Since when somebody must have been seen, and between when and when they began, to go on."""
    return now - AWAY_AFTER, now - SHIFT, now + AWAY_AFTER


def _hash(secret: str) -> bytes:
    return sha256(secret.encode()).digest()
