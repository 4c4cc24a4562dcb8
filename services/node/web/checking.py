"""Checks a bundle in a process of its own, which may take so much time and memory and no more.

A file from anywhere may be made to keep whoever reads it busy. What it keeps busy is a process that ends, and the node
goes on. Nothing of the file touches a disk: it goes in by one pipe, and what there is to show comes out of another.
"""

import asyncio
import os
import resource
import sys
from typing import NamedTuple

from pydantic import TypeAdapter

from contracts.bundle import Verdict, verify_archive
from contracts.errors import Code, Rejected

LIMIT_S = 60
LIMIT_BYTES = 1 << 30
MOST_FINDINGS, MOST_LINES = 50, 200  # on the page; the counts are of all


class Checked(NamedTuple):
    """A verdict with the first of its findings and lines, and how many there are."""

    verdict: Verdict
    findings: int
    lines: int


_CHECKED = TypeAdapter(Checked)


async def check(data: bytes, pin: bytes | None, limit_s: int = LIMIT_S, limit_bytes: int = LIMIT_BYTES) -> Checked:
    """What `verify_archive` says; Rejected(SIZE) if that takes more than it may."""
    # -P: the folder in which somebody calls us is none to take programs from.
    command = (sys.executable, "-P", "-m", __name__, str(limit_s), str(limit_bytes), (pin or b"").hex())
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.DEVNULL)
    try:
        async with asyncio.timeout(limit_s):
            said, _ = await process.communicate(data)
    except TimeoutError:
        raise Rejected(Code.SIZE, "takes too long") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise Rejected(Code.SIZE, "takes too much")
    return _CHECKED.validate_json(said)


def _main() -> None:
    limit_s, limit_bytes, pin = int(sys.argv[1]), int(sys.argv[2]), bytes.fromhex(sys.argv[3])
    os.nice(10)
    resource.setrlimit(resource.RLIMIT_CPU, (limit_s, limit_s))  # also if whoever asked is gone
    resource.setrlimit(resource.RLIMIT_AS, (limit_bytes, limit_bytes))
    whole = verify_archive(sys.stdin.buffer.read(), pin or None)
    shown = whole._replace(findings=whole.findings[:MOST_FINDINGS], lines=whole.lines[:MOST_LINES])
    sys.stdout.buffer.write(_CHECKED.dump_json(Checked(shown, len(whole.findings), len(whole.lines))))


if __name__ == "__main__":
    _main()
