"""Verifies signatures in another process, many at a time, while this one reads what they sign.

A signature costs as much as all the rest of a record, and threads of one Python process do not help: each waits
for the other at every record. The other process is told public keys, messages and signatures and nothing else;
it answers a byte for each, and ends with its standard input.
"""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from struct import Struct
from typing import BinaryIO, NamedTuple, cast

from contracts.errors import Rejected
from contracts.signing import KEY_BYTES, verify

_SIZES = Struct(">II")  # of message and signature; no message: that is all for now


class Claimed(NamedTuple):
    """A signature that somebody claims to be good."""

    public: bytes
    message: bytes
    signature: bytes


Verifier = Callable[[Sequence[Claimed]], Awaitable[Sequence[bool]]]
"""Begins to verify at once; one answer each, in order, to whoever awaits them in the order of asking."""


async def here(claimed: Sequence[Claimed]) -> Sequence[bool]:
    """Verify in this process."""
    return [_holds(one) for one in claimed]


@contextlib.asynccontextmanager
async def elsewhere() -> AsyncIterator[Verifier]:
    """Verify in another process as long as this context lasts."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", __name__, stdin=pipe, stdout=pipe)
    source, sink = cast("asyncio.StreamReader", process.stdout), cast("asyncio.StreamWriter", process.stdin)

    def verified(claimed: Sequence[Claimed]) -> Awaitable[Sequence[bool]]:
        sink.write(b"".join((*map(_encode, claimed), _SIZES.pack(0, 0))))
        return answers(len(claimed))

    async def answers(count: int) -> Sequence[bool]:
        return [bool(answer) for answer in await source.readexactly(count)]

    try:
        yield verified
    finally:
        sink.close()
        await process.wait()


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """Answer what is asked until there is nothing more."""
    while sizes := source.read(_SIZES.size):
        message, signature = _SIZES.unpack(sizes)
        if message:
            sink.write(bytes([_holds(Claimed(source.read(KEY_BYTES), source.read(message), source.read(signature)))]))
        else:
            sink.flush()


def _encode(one: Claimed) -> bytes:
    return b"".join((_SIZES.pack(len(one.message), len(one.signature)), *one))


def _holds(one: Claimed) -> bool:
    try:
        verify(*one)
    except Rejected:
        return False
    return True


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
