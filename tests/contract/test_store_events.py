"""What a node's store promises about events: each is applied once, after its parents, in its time, or never."""

from collections.abc import Sequence
from itertools import permutations

import pytest

from contracts.delivery import Examined
from contracts.errors import Code
from services.node.admission import CLOCK_BOUND_MS
from tests.contract.authors import NOW, OTHER, Author
from tests.contract.shelves import Shelf

pytestmark = pytest.mark.enable_socket


async def test_events_wait_for_their_parents_in_any_order(shelf: Shelf, ham: Author, perempuan: Author) -> None:
    """However records of two logs arrive, one by one, each event is applied once and after its parents."""
    signed = [ham.open(), ham.say()]
    perempuan.hear(ham)
    signed.append(perempuan.say())
    ham.hear(perempuan)
    signed.append(ham.say())
    items = [*ham.read(*signed[:2], signed[3]), *perempuan.read(signed[2])]
    for order in permutations(items):
        async with shelf.undone():
            for item in order:
                await shelf.admit([item], now_ms=NOW)
            end = await shelf.observe()
            assert end.pointers == [one.id for one in signed]
            assert set(end.states.values()) == {"applied"}
            assert not end.waiting


async def test_a_child_may_precede_its_parent_in_one_batch(shelf: Shelf, ham: Author, perempuan: Author) -> None:
    """The order inside a batch, and of the logs in it, does not matter either."""
    ham.open()
    perempuan.hear(ham)
    perempuan.say()
    ham.hear(perempuan)
    ham.say()
    await shelf.admit([*reversed(ham.read()), *reversed(perempuan.read())], now_ms=NOW)
    end = await shelf.observe()
    assert set(end.states.values()) == {"applied"}
    assert not end.holes


async def test_while_a_parent_is_missing_the_event_waits(shelf: Shelf, ham: Author) -> None:
    """An event whose past is not known is kept, and told to nobody."""
    opened, said = ham.open(), ham.say()
    await shelf.admit(ham.read(said), now_ms=NOW)
    held = await shelf.observe()
    assert held.states == {said.id: "waiting"}
    assert held.waiting == {(said.id, opened.id): 0}
    assert held.contents == {said.id}
    assert held.pointers == []


@pytest.mark.parametrize("late", [False, True])
async def test_a_parent_of_another_case_is_refused(shelf: Shelf, ham: Author, *, late: bool) -> None:
    """An event cannot drag another case into its own; its author is told, whichever comes first."""
    ham.open(OTHER)
    claim = ham.claim(ham.last.id)
    await _admit_in(shelf, ham.read(), late=late)
    end = await shelf.observe()
    assert end.states[claim.id] == "refused"
    assert end.refused[claim.id][2:] == (Code.VISIBILITY, b"", False)
    assert claim.id not in end.pointers


@pytest.mark.parametrize("late", [False, True])
async def test_a_parent_with_fewer_readers_is_refused(shelf: Shelf, ham: Author, *, late: bool) -> None:
    """An event that some of its readers could never place is refused, whichever comes first."""
    hidden = ham.open(to=("komnas-ham", "lpsk"))
    claim = ham.claim(hidden.id)
    await _admit_in(shelf, ham.read(), late=late)
    end = await shelf.observe()
    assert (end.states[hidden.id], end.states[claim.id]) == ("applied", "refused")
    assert end.refused[claim.id][2:] == (Code.VISIBILITY, b"", False)


async def test_what_refers_to_a_refused_event_is_never_applied(shelf: Shelf, ham: Author) -> None:
    """What is built on what was refused is refused, in whatever order they come: it does not wait for ever."""
    hidden = ham.open(to=("komnas-ham", "lpsk"))
    claim = ham.claim(hidden.id)
    child = ham.claim(claim.id)
    for order in permutations(ham.read()):
        async with shelf.undone():
            for item in order:
                await shelf.admit([item], now_ms=NOW)
            end = await shelf.observe()
            assert (end.states[claim.id], end.states[child.id]) == ("refused", "refused")
            assert end.refused[child.id][2] == Code.VISIBILITY
            assert not end.waiting


async def test_an_event_from_the_future_waits_until_it_has_come(shelf: Shelf, ham: Author) -> None:
    """A clock that runs ahead cannot push its events before those of others; nothing is lost by it."""
    ahead = CLOCK_BOUND_MS + 1
    ham.node.clock.skew_ms = ahead
    opened = ham.open()
    child = ham.say()
    await shelf.admit(ham.read(opened, child), now_ms=NOW)
    held = await shelf.observe()
    assert held.states == {opened.id: "waiting", child.id: "waiting"}
    assert held.waiting[opened.id, b""] == NOW + ahead
    await shelf.release_clocks(NOW + ahead - 1)
    assert (await shelf.observe()).pointers == []
    await shelf.release_clocks(NOW + ahead + 1)
    end = await shelf.observe()
    assert end.pointers == [opened.id, child.id]
    assert not end.waiting


async def test_a_clock_within_bounds_is_not_waited_for(shelf: Shelf, ham: Author) -> None:
    """Five minutes of difference between two clocks hold nothing up."""
    ham.node.clock.skew_ms = CLOCK_BOUND_MS
    opened = ham.open()
    await shelf.admit(ham.read(opened), now_ms=NOW)
    assert (await shelf.observe()).pointers == [opened.id]


async def test_time_alone_does_not_release_what_lacks_a_parent(shelf: Shelf, ham: Author) -> None:
    """An event that waits for its time and for a parent needs both."""
    ham.node.clock.skew_ms = 2 * CLOCK_BOUND_MS
    opened = ham.open()
    child = ham.say()
    await shelf.admit(ham.read(child), now_ms=NOW)
    await shelf.release_clocks(NOW + 3 * CLOCK_BOUND_MS)
    assert (await shelf.observe()).states == {child.id: "waiting"}
    await shelf.admit(ham.read(opened), now_ms=NOW + 3 * CLOCK_BOUND_MS)
    assert (await shelf.observe()).pointers == [opened.id, child.id]


async def _admit_in(shelf: Shelf, items: Sequence[Examined], *, late: bool) -> None:
    """One by one, the parent after the child if `late`."""
    for item in reversed(items) if late else items:
        await shelf.admit([item], now_ms=NOW)
