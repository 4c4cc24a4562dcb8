"""What a node's store promises about what is missing: it is noticed at once, on record, and gone when it came."""

from collections.abc import Callable, Sequence
from itertools import permutations

import pytest

from contracts import sealing
from contracts.delivery import Delivery, Examined
from contracts.errors import Code
from contracts.record import Signed
from services.node.reading import SQL as FSCK
from tests.conftest import Database
from tests.contract.authors import HAM, NOW, OTHER, OWN, PEREMPUAN, Author, bare, examined
from tests.contract.shelves import READER, Shelf, postgres_shelf
from tests.simulation.charter import charter

pytestmark = pytest.mark.enable_socket
Spoil = Callable[[Examined], Examined]


def short_run(ham: Author) -> list[Signed]:
    """Two cases and some heartbeats."""
    ham.open()
    ham.say()
    ham.node.log.heartbeat()
    ham.open(OTHER)
    ham.say(OTHER)
    ham.node.log.heartbeat()
    return ham.signed()


async def admit(shelf: Shelf, items: Sequence[Examined]) -> None:
    for item in items:
        await shelf.admit([item], now_ms=NOW)


async def test_each_message_of_a_run_may_be_dropped(shelf: Shelf, ham: Author) -> None:
    """Whichever message is lost, the next one of that log shows it; what fills the hole is byte for byte the same."""
    run = short_run(ham)
    for lost in run[:-1]:
        async with shelf.undone():
            place = lost.record.seq
            await admit(shelf, ham.read(*run[:place], run[place + 1]))
            held = await shelf.observe()
            assert held.gaps == [(HAM, place, place, False)]
            assert held.holes == [(HAM, place, place + 1)]
            await admit(shelf, [*ham.read(*run[place + 2 :]), *ham.read(lost)])
            await _whole(shelf, ham, (place, place))


async def test_the_last_message_is_missed_when_the_log_speaks_again(shelf: Shelf, ham: Author) -> None:
    """A loss at the end shows with the next heartbeat, or when somebody else speaks of it, whatever comes first."""
    *run, lost = short_run(ham)
    await admit(shelf, ham.read(*run))
    assert (await shelf.observe()).gaps == []
    ham.node.log.heartbeat()
    await admit(shelf, ham.read(ham.last))
    assert (await shelf.observe()).gaps == [(HAM, lost.record.seq, lost.record.seq, False)]
    await admit(shelf, ham.read(lost))
    await _whole(shelf, ham, (lost.record.seq, lost.record.seq))


async def _whole(shelf: Shelf, ham: Author, gap: tuple[int, int]) -> None:
    """All is held as its author holds it; the gap is on record, and closed."""
    end = await shelf.observe()
    assert end.records == {(HAM, one.record.seq): one.jws for one in ham.signed()}
    assert end.heads[HAM] == ham.node.store.tables.heads[HAM]
    assert end.gaps == [(HAM, *gap, True)]
    assert not end.holes
    assert set(end.states.values()) == {"applied"}


async def test_a_row_tells_from_the_first_to_the_last_that_is_missing(shelf: Shelf, ham: Author) -> None:
    """Holes of one log are one row while any of them is open, and the next one is another row."""
    run = short_run(ham)
    for step, gaps in (
        (run[1:2], [(HAM, 0, 0, False)]),
        (run[4:5], [(HAM, 0, 3, False)]),
        (run[0:1], [(HAM, 0, 3, False)]),
        (run[2:4], [(HAM, 0, 3, True)]),
        (run[6:7], [(HAM, 0, 3, True), (HAM, 5, 5, False)]),
        (run[5:6], [(HAM, 0, 3, True), (HAM, 5, 5, True)]),
    ):
        await shelf.admit(ham.read(*step), now_ms=NOW)
        assert (await shelf.observe()).gaps == gaps


async def test_a_batch_may_fill_one_hole_and_leave_another(shelf: Shelf, ham: Author) -> None:
    """What closes and what opens at the same moment are two rows."""
    run = short_run(ham)
    await shelf.admit(ham.read(run[0], run[2], run[4]), now_ms=NOW)
    assert (await shelf.observe()).gaps == [(HAM, 1, 3, False)]
    await shelf.admit(ham.read(run[1], run[3], run[6]), now_ms=NOW)
    assert (await shelf.observe()).gaps == [(HAM, 1, 3, True), (HAM, 5, 5, False)]


async def test_silence_and_an_absent_parent_are_rows_until_they_end(
    shelf: Shelf, ham: Author, perempuan: Author
) -> None:
    """A log's next record and a parent that nobody gave open one row each, however often one looks, and close it."""
    others, first = (HAM, PEREMPUAN), ham.open()
    perempuan.hear(ham)
    await admit(shelf, perempuan.read(*perempuan.signed(), perempuan.say()))
    child = perempuan.last.record.seq
    silent = [("SILENCE", HAM, 0, 0, b"", False), ("SILENCE", PEREMPUAN, child + 1, child + 1, b"", False)]
    absent = ("PARENT", PEREMPUAN, child, child, first.id, False)
    for _ in range(2):
        assert await shelf.look(others) == [absent, *silent]
    await admit(shelf, ham.read(first))
    next_ = first.record.seq + 1
    assert await shelf.look(others) == [
        (*absent[:-1], True),
        ("SILENCE", HAM, 0, 0, b"", True),
        ("SILENCE", HAM, next_, next_, b"", False),
        silent[1],
    ]


@pytest.mark.parametrize("spoil", [bare, None], ids=["withheld", "garbled"])
async def test_content_that_one_reader_did_not_get_comes_from_another(
    shelf: Shelf, ham: Author, perempuan: Author, spoil: Spoil | None
) -> None:
    """Every record names its readers and comes to all: whoever is left out notices, and any other reader can help."""
    opened = ham.open()
    perempuan.hear(ham)
    wrong_wrap = ham.node.deliver(opened, READER)._replace(wrap=bytes(sealing.WRAP_BYTES))
    await admit(shelf, [spoil(ham.read(opened)[0]) if spoil else examined(wrong_wrap)])
    held = await shelf.observe()
    assert held.unreadable == {opened.id: False}
    assert [told[2] for told in held.refused.values()] == ([] if spoil else [Code.WRAP])
    again = perempuan.node.answer(READER, HAM, opened.record.seq, opened.record.seq)
    await admit(shelf, [examined(Delivery.decode(message)) for message in again])
    end = await shelf.observe()
    assert end.unreadable == {opened.id: True}
    assert end.contents == {opened.id}


@pytest.mark.parametrize("parents", ["refused", "of another case"])
async def test_one_parent_that_does_not_fit_is_enough(
    shelf: Shelf, ham: Author, perempuan: Author, parents: str
) -> None:
    """An event with a parent that can never stand is refused, even if nobody ever gives us its other parents."""
    ham.open()
    unfit = ham.claim(ham.open(to=("komnas-ham", "lpsk")).id) if parents == "refused" else ham.open(OTHER)
    perempuan.hear(ham)
    missing = perempuan.say()
    claim = ham.claim(unfit.id, missing.id)
    child = ham.claim(claim.id)
    late = ham.read(unfit, claim, child)
    for order in permutations(late):
        async with shelf.undone():
            await admit(shelf, [*ham.read(*ham.signed()[: unfit.record.seq]), *order])
            end = await shelf.observe()
            assert (end.states[claim.id], end.states[child.id]) == ("refused", "refused")
            assert not end.waiting


async def test_fsck_takes_what_builds_on_a_refused_event_for_refused(node_database: Database, ham: Author) -> None:
    """The verification of a store comes to the same verdict as its admission."""
    hidden = ham.open(to=("komnas-ham", "lpsk"))
    claim = ham.claim(ham.claim(hidden.id).id)
    async with postgres_shelf(node_database, OWN, charter().chain) as shelf:
        await admit(shelf, ham.read())
        assert (await shelf.observe()).states[claim.id] == "refused"
        assert await shelf.connection.fetch(FSCK["misplaced"]) == []
