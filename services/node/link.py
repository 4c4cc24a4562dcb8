"""The link to one partner: we dial its server, read what it says to us, and fetch what is missing.

The position in the partner's stream is ours, in PostgreSQL, moved in the transaction of the admission.
A stream that was created anew is read from its start: what we already hold is recognised by its place
in the partner's log, and what the new stream never had shows up as a gap. Gaps are filled from the
log's origin, else from another partner that holds a copy; signatures decide, not who delivers.
"""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from nats.errors import Error as NatsError

from contracts.record import agency_of
from services.node import telemetry
from services.node.admit import Admission, Place, Step
from services.node.broker import connected
from services.node.cancellation import together, uncancelled
from services.node.log import SQL
from services.node.pull import Puller
from services.node.server import Server
from services.node.sql import Pool
from services.node.streams import stream_to

if TYPE_CHECKING:
    from nats.aio.client import Client


RETRY_S = 0.25
HEAR_WITHIN_S = 2.0
BACKFILL_EVERY_S = 1.0
BACKFILL_TIMEOUT_S = 3.0
BACKFILL_RECORDS = 256


class Hole(NamedTuple):
    """A part of a log that we lack."""

    log: str
    first: int
    last: int


class Link:
    """Follows one partner for as long as the node runs."""

    def __init__(self, agency: str, partner: str, server: Server, pool: Pool, admission: Admission) -> None:
        """`agency` is ours; `server` is the partner's, with our credentials there."""
        self._agency = agency
        self.partner = partner
        self._server = server
        self._pool = pool
        self._admission = admission
        self._client: Client | None = None
        self._restarts = 0
        self.asked = asyncio.Event()  # whether this partner has told us since the start what it holds of our log

    @property
    def up(self) -> bool:
        """Whether the partner's server answers us now."""
        return self._client is not None

    async def run(self) -> None:
        """Dial, follow, and dial again whenever that ends; never returns."""
        while uncancelled():
            try:
                async with connected(self._server) as client:
                    await self._follow(client)
            except Exception as error:  # noqa: BLE001  whatever ended it, the partner must be followed
                telemetry.link_down(self.partner, telemetry.reason(error), was_up=self.up)
            finally:
                self._client = None
            await asyncio.sleep(RETRY_S)

    async def restart(self) -> None:
        """Drop the connection; `run` dials again and starts from the stored position."""
        self._restarts += 1
        if self._client:
            await self._client.close()

    async def backfill(self, log: str, first: int, last: int) -> bool:
        """Ask this partner for a part of a log, and admit what it gives us; whether it answered at all."""
        if self._client is None:
            return False
        request = json.dumps({"log": log, "first": first, "last": last}).encode()
        with contextlib.suppress(NatsError, OSError, TimeoutError):
            answer = await self._client.request("backfill", request, timeout=BACKFILL_TIMEOUT_S)
            await self._admission.admit(self.partner, unpack(answer.data))
            return True
        return False

    async def _follow(self, client: "Client") -> None:
        puller = Puller(client, stream_to(self._agency), self._agency)
        restarts, at = self._restarts, await self._position()
        created = await puller.start(*at)
        if self._restarts > restarts:
            return  # while we had no connection to drop yet: the position may be another one now
        self._client = client
        telemetry.link_up(self.partner)
        await together(self._look_back, partial(self._read, puller, created, at))  # an answer may be long in coming

    async def _read(self, puller: Puller, created: str, at: Place) -> None:
        while uncancelled():
            batch = await puller.batch()
            step = Step(at, Place(created, batch[-1].seq))
            await self._admission.admit(self.partner, [message.data for message in batch], step)
            at = step.after
            await puller.acknowledge(batch[-1])

    async def _look_back(self) -> None:
        """Ask whether the partner holds more of our own log than we do: it does if we were restored from a backup."""
        own = await self._pool.fetchrow(SQL["own_head"])
        if own and await self.backfill(own["log"], own["size"], own["size"]):
            self.asked.set()

    async def _position(self) -> Place:
        row = await self._pool.fetchrow(SQL["link"], self.partner)
        return Place(*row) if row else Place("", 0)


async def asked(links: Sequence[Link]) -> None:
    """Wait until every partner has said what it holds of our log; not for long: no dead partner holds us up."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(HEAR_WITHIN_S):
            await asyncio.gather(*(link.asked.wait() for link in links))


async def fill_gaps(pool: Pool, links: Sequence[Link]) -> None:
    """Go through the open holes once, side by side: a partner that does not answer delays only its own."""
    holes = [Hole(row["log"], row["from_seq"], row["to_seq"]) for row in await pool.fetch(SQL["open_gaps"])]
    holes += [Hole(row["log"], row["from_seq"], row["to_seq"]) for row in await pool.fetch(SQL["unheard"])]
    holes += [Hole(row["log"], row["seq"], row["seq"]) for row in await pool.fetch(SQL["open_unreadable"])]
    await asyncio.gather(*(_fill(pool, links, hole) for hole in dict.fromkeys(holes)))


async def _fill(pool: Pool, links: Sequence[Link], hole: Hole) -> None:
    """Ask the log's own agency first, then whoever else is there, until the hole is gone."""
    for link in sorted(links, key=lambda link: link.partner != agency_of(hole.log)):
        await link.backfill(hole.log, hole.first, min(hole.last, hole.first + BACKFILL_RECORDS - 1))
        if not await pool.fetchval(SQL["still_missing"], hole.log, hole.first):
            return


async def every(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    """Do `work` again and again; an accident is logged and does not end it."""
    while uncancelled():
        try:
            await work()
        except Exception as error:  # noqa: BLE001  the next round may find the cause gone
            telemetry.stumbled(getattr(work, "__qualname__", "timer"), error)
        await asyncio.sleep(seconds)


def pack(messages: Sequence[bytes]) -> bytes:
    """Several deliveries as one answer: each behind its length, four bytes, big endian."""
    return b"".join(len(message).to_bytes(4) + message for message in messages)


def unpack(data: bytes) -> list[bytes]:
    """The deliveries in an answer, no more than we asked for; a cut-off tail is left out."""
    messages: list[bytes] = []
    at = 0
    while at + 4 <= len(data) and len(messages) < BACKFILL_RECORDS:
        end = at + 4 + int.from_bytes(data[at : at + 4])
        if end > len(data):
            break
        messages.append(data[at + 4 : end])
        at = end
    return messages
