"""A process does all of its work, or none."""

import asyncio

import pytest

from services.node.running import Ended, Shift, Work, serve


async def nothing() -> None:
    pass


async def for_ever() -> None:
    await asyncio.sleep(3600)


async def gives_up() -> None:
    raise asyncio.CancelledError


@pytest.mark.parametrize("ends", [nothing, gives_up])
async def test_work_that_ends_by_itself_ends_the_process(ends: Work) -> None:
    """No node goes on with a part of its work silently gone: it ends and says which, to be started again."""
    with pytest.raises(ExceptionGroup) as group:
        async with asyncio.timeout(1):
            await serve(Shift(nothing, [for_ever, ends], [], []))
    assert [str(error) for error in group.value.exceptions] == [ends.__qualname__]
    assert isinstance(group.value.exceptions[0], Ended)


async def test_a_process_that_is_told_to_end_just_ends() -> None:
    """Being stopped is no failure."""
    serving = asyncio.create_task(serve(Shift(nothing, [for_ever], [], [])))
    await asyncio.sleep(0.01)
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(1):
            await serving
