"""A bad line between two agencies: a TCP proxy that passes on, cuts, swallows or delays, as it is told.

It carries TLS as it comes, so it can do to bytes what a network does and nothing that an attacker inside
the connection could. `hole` is the worst case: connections stay open and nothing comes through.
"""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Awaitable
from typing import Literal, Self

Mode = Literal["up", "cut", "hole", "delay"]

_CHUNK = 64 * 1024
_START_WITHIN_S = 5.0


class Proxy:
    """Listens on `port` of this machine and speaks to `target` there; a context manager with a thread of its own.

    Args:
        port: where readers dial.
        target: the port of the server behind it.
        delay_s: how long each piece waits, each way, in mode `delay`.
        door: a bound socket to listen on instead, as when `port` is one of another network namespace.
    """

    def __init__(self, port: int, target: int, *, delay_s: float = 0.1, door: socket.socket | None = None) -> None:
        self.port = port
        self._target = target
        self._delay_s = delay_s
        self._door = door
        self._mode: Mode = "up"
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)
        self._listening = threading.Event()
        self._end = asyncio.Event()

    def __enter__(self) -> Self:
        self._thread.start()
        self._listening.wait(_START_WITHIN_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()

    def set(self, mode: Mode) -> None:
        """Treat everything from now on so; `cut` and `up` end connections that a hole had swallowed bytes of."""
        done = threading.Event()

        def change() -> None:
            swallowed, self._mode = self._mode == "hole", mode
            if mode == "cut" or swallowed:
                for writer in self._open:
                    writer.transport.abort()
            done.set()

        self._loop.call_soon_threadsafe(change)
        done.wait()

    def _run(self) -> None:
        with contextlib.closing(self._loop):
            self._loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        door = self._door or socket.create_server(("127.0.0.1", self.port))
        server = await asyncio.start_server(self._accept, sock=door)
        self._listening.set()
        async with server:
            await self._end.wait()
            for writer in self._open:
                writer.transport.abort()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._mode == "cut":
            writer.transport.abort()
            return
        self._open.add(writer)
        with contextlib.suppress(OSError):
            their_reader, their_writer = await asyncio.open_connection("127.0.0.1", self._target)
            self._open.add(their_writer)
            both: tuple[Awaitable[None], ...] = (self._pass(reader, their_writer), self._pass(their_reader, writer))
            await asyncio.gather(*both)
            self._forget(their_writer)
        self._forget(writer)

    def _forget(self, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()  # a hole may have left it open
        self._open.discard(writer)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one direction until it ends; its end is the other side's end, too."""
        with contextlib.suppress(OSError):
            while data := await reader.read(_CHUNK):
                if self._mode == "hole":
                    continue
                if self._mode == "delay":
                    await asyncio.sleep(self._delay_s)
                writer.write(data)
                await writer.drain()
        if self._mode != "hole":
            writer.transport.abort()
