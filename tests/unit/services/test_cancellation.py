"""Endless work ends when it is told to."""

import asyncio
import contextlib
from functools import partial

import pytest

from services.node.cancellation import together, uncancelled


async def test_a_cancellation_that_was_forgotten_is_remembered() -> None:
    """Whoever swallows a cancellation inside a loop keeps it from ending once, and not for ever."""
    rounds = 0

    async def loop() -> None:
        nonlocal rounds
        while uncancelled():
            rounds += 1
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                continue

    task = asyncio.create_task(loop())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(1):
            await task
    assert rounds == 1


async def test_a_timeout_that_ended_well_is_no_cancellation() -> None:
    """A deadline inside the loop that passes leaves the loop going."""
    for _ in range(3):
        assert uncancelled()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.001):
                await asyncio.sleep(3600)
    assert uncancelled()


async def fail() -> None:
    raise LookupError


async def test_a_group_that_failed_does_not_end_the_loop_around_it() -> None:
    """What fails inside a loop is tried again: the failure is not mistaken for being told to end."""
    for _ in range(3):
        assert uncancelled()
        with pytest.raises(ExceptionGroup):
            await together(fail, partial(asyncio.sleep, 3600))
    assert uncancelled()


async def test_a_group_ends_when_its_loop_is_told_to() -> None:
    """Whoever waits for a group and is told to end takes all of it along."""
    ended: list[str] = []

    async def member(name: str) -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            ended.append(name)

    async def loop() -> None:
        while uncancelled():
            await together(partial(member, "a"), partial(member, "b"))

    task = asyncio.create_task(loop())
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(1):
            await task
    assert sorted(ended) == ["a", "b"]


async def test_a_group_that_is_ended_before_it_begins_leaves_nothing_begun() -> None:
    """Who is told to end in the very moment of starting starts nothing, and drops nothing unawaited: that warns."""
    task = asyncio.create_task(together(partial(asyncio.sleep, 3600)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_what_was_told_to_end_before_a_group_begins_no_group() -> None:
    """A library may drop the request: the members would be tasks that nobody has told, and go on for ever."""
    begun = asyncio.Event()

    async def for_ever() -> None:
        while uncancelled():
            begun.set()
            await asyncio.sleep(0.01)

    async def deaf() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        await together(for_ever)

    task = asyncio.create_task(deaf())
    await asyncio.sleep(0)
    task.cancel()
    _, late = await asyncio.wait({task}, timeout=2)
    assert (late, begun.is_set(), task.cancelled()) == (set(), False, True)
