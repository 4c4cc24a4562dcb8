"""A bundle is checked in a process of its own: the same verdict, and a bound on what a file can cost."""

import time

import pytest

from contracts.bundle import verify_archive
from contracts.bundle.archive import pack
from contracts.errors import Code, Rejected
from contracts.vectors import material
from services.node.web.checking import MOST_FINDINGS, Checked, check
from tests.unit.contracts.tampering import FILES, headless

PIN = material.FIRST.digest()


@pytest.mark.parametrize("pin", [PIN, b"\1" * 32, None])
async def test_the_verdict_is_the_same(pin: bytes | None) -> None:
    """What another process found is told word for word, by any pin, of a good file and of a bad one."""
    for data in (pack(FILES), pack(headless()), b"no bundle"):
        whole = verify_archive(data, pin)
        assert await check(data, pin) == Checked(whole, len(whole.findings), len(whole.lines))


async def test_many_findings_are_counted() -> None:
    """Of a file that is wrong everywhere the first findings are shown, and all are counted."""
    told = await check(pack({**FILES, **dict.fromkeys(map(str, range(1000)), b"")}), None)
    assert (told.findings > MOST_FINDINGS, len(told.verdict.findings)) == (True, MOST_FINDINGS)


async def test_a_file_that_takes_too_long_is_given_up() -> None:
    """Whatever was put into it: after its time its process is ended, and the page says that it is too much."""
    began = time.monotonic()
    with pytest.raises(Rejected) as refused:
        await check(pack(FILES), None, limit_s=0)
    assert (refused.value.code, time.monotonic() - began < 5) == (Code.SIZE, True)


async def test_a_file_that_takes_too_much_memory_is_given_up() -> None:
    """Within its bound a large file is judged; beyond it the process that reads it ends, and the page says so."""
    data = pack({**FILES, "large": bytes(16 << 20)})
    assert (await check(data, PIN)).findings
    with pytest.raises(Rejected) as refused:
        await check(data, PIN, limit_bytes=8 << 20)
    assert (refused.value.code, refused.value.detail) == (Code.SIZE, "takes too much")
