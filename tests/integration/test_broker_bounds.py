"""A NATS server may be hostile: whatever it announces, it makes the node hold no more than a bounded piece of it."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from services.node.broker import LARGEST_MESSAGE, connected
from services.node.server import Server
from services.node.settings import Home
from tests.e2e.stage import until

INFO = {"server_id": "fake", "version": "2.15.1", "proto": 1, "headers": True, "max_payload": 1 << 20, "nonce": "n"}
CHUNK = b"x" * 65_536
ON_THE_WAY = 16 * 1024 * 1024  # what sockets and TLS may hold between the two
HONEST = 1024 * 1024


class FakeServer:
    """Speaks NATS until a client is in, then says what it was told and `CHUNK` for ever."""

    def __init__(self, opening: bytes, *, endless: bool = True) -> None:
        self.sent = 0
        self.over = asyncio.Event()
        self._opening = opening
        self._endless = endless

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client."""
        with suppress(OSError, asyncio.IncompleteReadError):
            writer.write(b"INFO " + json.dumps(INFO).encode() + b"\r\n")
            await reader.readuntil(b"PING\r\n")
            writer.write(b"PONG\r\n")
            await reader.readuntil(b"SUB ")
            writer.write(self._opening)
            while self._endless and self.sent < 4 * ON_THE_WAY:
                writer.write(CHUNK)
                await writer.drain()
                self.sent += len(CHUNK)
            await reader.read()
        self.over.set()
        writer.transport.abort()


@asynccontextmanager
async def posing(home: Path, fake: FakeServer) -> AsyncIterator[Server]:
    """A fake that has taken the place of a node's own server, its certificate included."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(home / "nats" / "server.pem", home / "nats" / "server.key")
    async with await asyncio.start_server(fake.serve, "127.0.0.1", 0, ssl=context) as listening:
        port = listening.sockets[0].getsockname()[1]
        yield Home(home).server("link")._replace(url=f"tls://127.0.0.1:{port}")


@pytest.mark.parametrize(
    "opening",
    [
        pytest.param(b"MSG _INBOX_link.a 1 99999999999\r\n", id="message"),
        pytest.param(b"MSG _INBOX_link.a 1 %d\r\n" % (LARGEST_MESSAGE + 1), id="message just too large"),
        pytest.param(b"HMSG _INBOX_link.a 1 99999999990 99999999999\r\n", id="header"),
        pytest.param(b"HMSG _INBOX_link.a 1 12 99999999999\r\n", id="message behind a small header"),
        pytest.param(b"", id="line of nothing known"),
        pytest.param(b"MSG ", id="subject"),
        pytest.param(b"INFO {", id="server information"),
        pytest.param(b"-ERR '", id="error text"),
    ],
)
async def test_a_server_that_announces_without_end_is_left(homes: dict[str, Path], opening: bytes) -> None:
    """Whatever a server begins and never ends, the connection ends first, with a few megabytes read."""
    fake = FakeServer(opening)
    async with posing(homes["lpsk"], fake) as server, connected(server) as client:
        await client.subscribe("_INBOX_link.>")
        await until(lambda: asyncio.sleep(0, client.is_closed), 10)
        async with asyncio.timeout(5):
            await fake.over.wait()
        assert fake.sent < ON_THE_WAY
        assert len(client._ps.buf) <= LARGEST_MESSAGE + len(CHUNK)


HEADER = b"NATS/1.0\r\nA: " + b"z" * (HONEST // 2) + b"\r\n\r\n"
BODY = b"y" * (HONEST // 2)
WITH_HEADER = b"HMSG _INBOX_link.a 1 %d %d\r\n" % (len(HEADER), len(HEADER + BODY)) + HEADER + BODY + b"\r\n"
ALL_BODY = b"MSG _INBOX_link.a 1 %d\r\n" % HONEST + b"y" * HONEST + b"\r\n"


@pytest.mark.parametrize("opening", [ALL_BODY, WITH_HEADER], ids=["message", "header"])
async def test_the_largest_that_an_honest_server_sends_is_read(homes: dict[str, Path], opening: bytes) -> None:
    """The bound stops nothing that a server with our settings could ever pass on."""
    fake = FakeServer(opening, endless=False)
    async with posing(homes["lpsk"], fake) as server, connected(server) as client:
        heard = await client.subscribe("_INBOX_link.>")
        message = await heard.next_msg(5)
        assert len(message.data) + len((message.headers or {}).get("A", "")) == HONEST
        assert client.is_connected


class Mute(FakeServer):
    """Greets a client, or does not even do that, and says nothing more."""

    def __init__(self, *, greets: bool) -> None:
        super().__init__(b"")
        self.reached = asyncio.Event()
        self._greets = greets

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client, until it ends the line."""
        if self._greets:
            writer.write(b"INFO " + json.dumps(INFO).encode() + b"\r\n")
            await reader.readuntil(b"PING\r\n")
        self.reached.set()
        with suppress(OSError):
            await reader.read()
        self.over.set()
        writer.transport.abort()


@pytest.mark.parametrize("stopped", [True, False], ids=["stopped", "out of patience"])
@pytest.mark.parametrize("greets", [True, False], ids=["greeted", "not greeted"])
async def test_a_dial_that_comes_to_nothing_leaves_no_line_open(
    homes: dict[str, Path], *, greets: bool, stopped: bool
) -> None:
    """Whether its caller is stopped or a server keeps silent for too long: the line is ended, and not left lying."""
    fake = Mute(greets=greets)
    async with posing(homes["lpsk"], fake) as server, asyncio.timeout(5):
        entering = asyncio.ensure_future(connected(server).__aenter__())
        await fake.reached.wait()
        if stopped:
            entering.cancel()
        with pytest.raises(asyncio.CancelledError if stopped else TimeoutError):
            await entering
        async with asyncio.timeout(0.5):
            await fake.over.wait()
