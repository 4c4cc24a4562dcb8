"""Connections to NATS servers, ours and the partners'. A connection is used once and thrown away.

Nothing here reconnects: nats-py queues subscriptions while offline, may hang in its own reconnect
after a silent cut, and gives up for good after an authorisation error (nats reference 5.1-5.3).
Whoever needs the server opens a new connection, which takes some 20 ms.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from nats.aio.client import Client
from nats.aio.transport import TcpTransport
from nats.errors import ProtocolError
from nats.protocol.parser import AWAITING_CONTROL_LINE, Parser

from services.node.server import Server

CONNECT_TIMEOUT_S = 1
CLOSE_TIMEOUT_S = 0.5
LARGEST_MESSAGE = 2 * 1024 * 1024  # twice NATS's own bound for us, headers included
LONGEST_LINE = 64 * 1024  # a server with many routes names them all in its INFO
PENDING_BYTES = 256 * 1024 * 1024  # one full batch of the largest deliveries, and then some


_closing: set["asyncio.Future[None]"] = set()  # goodbyes that go on by themselves


class BoundedParser(Parser):
    """nats-py's parser, without its trust: a server that begins a message or a line beyond all bounds is dropped."""

    async def parse(self, data: bytes = b"") -> None:
        """Parse what came in; ProtocolError for a message or a line that no honest server sends."""
        await super().parse(data)
        begun = len(self.buf) if self.state == AWAITING_CONTROL_LINE else 0
        if self.needed > LARGEST_MESSAGE or begun > LONGEST_LINE:
            raise ProtocolError


@contextlib.asynccontextmanager
async def connected(server: Server) -> AsyncIterator[Client]:
    """A live connection; closed on leaving, within half a second even if the other side is silent.

    Raises nats.errors.Error, OSError or TimeoutError if there is no server or it refuses us.
    """
    client = await _dial(server)
    try:
        yield client
    finally:
        await _close(client)


async def _dial(server: Server) -> Client:
    client = Client()
    try:
        async with asyncio.timeout(2 * CONNECT_TIMEOUT_S):
            await client.connect(
                server.url,
                nkeys_seed_str=server.seed,
                tls=server.tls(),
                tls_hostname=server.hostname,
                tls_handshake_first=True,
                inbox_prefix=f"_INBOX_{server.user}".encode(),
                connect_timeout=CONNECT_TIMEOUT_S,
                allow_reconnect=False,
                # A server that cannot be reached is an error at once: else nats-py sits there for two seconds, and
                # whoever waits for the server would find it that much later.
                max_reconnect_attempts=1,
                reconnect_time_wait=0,
                ping_interval=3,
                max_outstanding_pings=2,
                pending_size=PENDING_BYTES,
                error_cb=_quiet,
            )
    except BaseException:
        _hang_up(client)  # nats-py leaves the line open when it is stopped in the middle of a dial
        raise
    # nats-py offers no door for this. The class is changed, not the object: half a message may be in it already.
    client._ps.__class__ = BoundedParser  # noqa: SLF001
    return client


async def _close(client: Client) -> None:
    """Say goodbye, but not for long: to a silent server TLS alone would do so for half a minute, deaf to all else."""
    closing = asyncio.ensure_future(client.close())
    _closing.add(closing)
    closing.add_done_callback(_closed)
    _, late = await asyncio.wait({closing}, timeout=CLOSE_TIMEOUT_S)
    if late:
        _hang_up(client)


def _hang_up(client: Client) -> None:
    """End the line without a goodbye; nats-py offers no door for this."""
    transport = client._transport  # noqa: SLF001
    if isinstance(transport, TcpTransport) and transport._io_writer:  # noqa: SLF001
        transport._io_writer.transport.abort()  # noqa: SLF001


def _closed(closing: "asyncio.Future[None]") -> None:
    _closing.discard(closing)
    if not closing.cancelled():
        closing.exception()  # looked at, and of no further interest


async def _quiet(_error: Exception) -> None:
    """Failures reach callers through their own calls; the default handler prints tracebacks."""
