"""Reads a partner's stream in order from a position that *we* keep.

One pull request is always outstanding. A heartbeat that fails to come, a hole in the sequence or a
server that went away all end the same way: `Broken`, and the caller starts again from its position.
The server's own idea of what was acknowledged is never relied on.

A server numbers what it sends to us, beside the places in the stream. A place that is left out while that
count goes on was not lost underway: the server has nothing to give there, as its stream forgot its oldest,
or its disk turned bits over. Reading it again would end there again, for ever, so we go on behind it. What
we missed is a gap in the partner's log, and is fetched as such. The count begins at one where we go to a place, and
heartbeats tell it, so neither the first nor the last messages can go unseen to a pull of ours that the server has not
yet found dead.

What had to wait comes in batches that grow. A batch is admitted as a whole, so the first of a large one would
take effect seconds later on a busy machine.
"""

import asyncio
import json
from collections.abc import Sequence
from typing import NamedTuple

from nats.aio.client import Client
from nats.aio.msg import Msg

from services.node.broker import PENDING_BYTES

BATCH = 256
FIRST = 16  # so many at most at first, then twice as many each time, up to BATCH
EXPIRES_S = 5.0
HEARTBEAT_S = 0.5
SILENCE_S = 2.5 * HEARTBEAT_S
_NANO = 1_000_000_000


class Broken(Exception):
    """The pull cannot go on from where it is; reconnect and start from the stored position."""


class Message(NamedTuple):
    """One message of a stream."""

    seq: int
    nth: int  # of those that the server has sent since we went to a place in the stream; the first is 1
    data: bytes
    reply: str


class Puller:
    """Pulls one durable consumer on one connection."""

    def __init__(self, client: Client, stream: str, durable: str) -> None:
        """`stream` and `durable` were created by the server's owner for us."""
        self._client = client
        self._path = f"{stream}.{durable}"
        self._arrived: asyncio.Queue[Msg] = asyncio.Queue(4 * BATCH)
        self._request = 0
        self._left = 0
        self._most = FIRST
        self._next = 0
        self._nth = 0

    async def start(self, created: str, position: int) -> str:
        """Go on behind `position` of the stream made at `created`, else at the start, and say which stream it is.

        A newer stream is read from its start, and so is one that ends before `position`: a broken disk took its end,
        and what is said there now would be passed over without a word until it came to `position` again.
        """
        self._inbox = self._client.new_inbox()
        # A server that sends more than we asked for loses it here, and with it our trust in the sequence.
        await self._client.subscribe(
            f"{self._inbox}.*", cb=self._arrived.put, pending_msgs_limit=4 * BATCH, pending_bytes_limit=PENDING_BYTES
        )
        found, holds = await self._reset(max(position, 1))
        if found != created or not holds:
            position = 0
        await self._reset(position + 1)
        self._next = position + 1
        await self._ask()
        return found

    async def batch(self) -> Sequence[Message]:
        """The next messages, contiguous, at least one; waits for as long as the server shows life. Raises Broken."""
        batch: list[Message] = []
        while True:
            message = await self._one(block=not batch)
            if message is None:
                return batch
            if self._nth == message.nth - 1:
                self._next = max(self._next, message.seq)
            self._nth = message.nth
            if message.seq == self._next:
                batch.append(message)
                self._next += 1
                if len(batch) == self._most:
                    self._most = min(2 * self._most, BATCH)
                    return batch
            elif message.seq > self._next:
                raise Broken("hole in the stream")

    async def acknowledge(self, message: Message) -> None:
        """Tell the owner how far we are; for its information, not for our safety."""
        await self._client.publish(message.reply, b"+ACK")

    async def _one(self, *, block: bool) -> Message | None:
        """The next message; None if there is none at hand and we need not wait."""
        while True:
            if not block and self._arrived.empty():
                return None
            try:
                async with asyncio.timeout(SILENCE_S):
                    raw = await self._arrived.get()
            except TimeoutError:
                raise Broken("no sign of life") from None
            # Not by its headers, which whoever fills the stream may choose: a message keeps its subject there.
            if raw.subject.startswith(self._inbox):
                await self._status(raw)
                continue
            self._left -= 1
            if self._left == 0:
                await self._ask()
            _, _, _, _, _, seq, nth, *_ = raw.reply.split(".")
            return Message(int(seq), int(nth), raw.data, raw.reply)

    async def _status(self, raw: Msg) -> None:
        """100 is a heartbeat, which says how many were sent; anything else ends its pull request, so send another."""
        headers = raw.headers or {}
        if headers.get("Status") == "100":
            if int(headers.get("Nats-Last-Consumer", self._nth)) > self._nth:
                raise Broken("the last messages went elsewhere")
        elif raw.subject.endswith(f".{self._request}"):
            await self._ask()

    async def _ask(self) -> None:
        self._request += 1
        self._left = BATCH
        request = {"batch": BATCH, "expires": int(EXPIRES_S * _NANO), "idle_heartbeat": int(HEARTBEAT_S * _NANO)}
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{self._path}"
        await self._client.publish(subject, json.dumps(request).encode(), reply=f"{self._inbox}.{self._request}")

    async def _reset(self, seq: int) -> tuple[str, bool]:
        """Go to a place in the stream; when it was made, and whether it holds anything from there on."""
        body = json.dumps({"seq": seq}).encode()
        answer = await self._client.request(f"$JS.API.CONSUMER.RESET.{self._path}", body, timeout=2)
        reply = json.loads(answer.data)
        if "error" in reply:
            raise Broken(f"reset refused: {reply['error'].get('err_code')}")
        return str(reply["created"]), bool(reply.get("num_pending"))
