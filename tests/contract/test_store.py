"""What a node's store promises about logs, held against both: PostgreSQL's tables and their twin in memory."""

from random import Random

import pytest

from contracts.delivery import Examined
from contracts.errors import Code
from services.node.admission import Refusal
from services.node.store import Bad
from tests.conftest import Database
from tests.contract.authors import HAM, NOW, OTHER, OWN, Author, bare, examined
from tests.contract.shelves import READER, MemoryShelf, Shelf, postgres_shelf
from tests.simulation.world import World

pytestmark = pytest.mark.enable_socket


async def test_what_came_before_changes_nothing(shelf: Shelf, ham: Author) -> None:
    """The same records again, alone or together, in one batch or several, leave the store as it was."""
    ham.open()
    ham.say()
    await shelf.admit([*ham.read(), *ham.read()], now_ms=NOW)
    before = await shelf.observe()
    for item in ham.read():
        await shelf.admit([item, bare(item)], now_ms=NOW)
    await shelf.admit(ham.read(), now_ms=NOW)
    assert await shelf.observe() == before
    assert len(before.pointers) == len(set(before.pointers)) == 3


async def test_a_hole_opens_a_gap_and_what_fills_it_closes_it(shelf: Shelf, ham: Author) -> None:
    """What is missing is on record while it is missing, and the head then moves over all that waited."""
    signed = [ham.open(), ham.say(), ham.say(), ham.say()]
    first, *rest = ham.read()
    await shelf.admit([first, *rest[2:]], now_ms=NOW)
    hollow = await shelf.observe()
    assert hollow.gaps == [(HAM, 1, 2, False)]
    assert hollow.holes == [(HAM, 1, 4)]
    assert (hollow.heads[HAM].size, hollow.heads[HAM].highest) == (1, 5)
    await shelf.admit(rest[:1], now_ms=NOW)
    half = await shelf.observe()
    assert half.gaps == [(HAM, 1, 2, False)]
    assert half.holes == [(HAM, 2, 4)]
    await shelf.admit(rest[1:2], now_ms=NOW)
    whole = await shelf.observe()
    assert whole.gaps == [(HAM, 1, 2, True)]
    assert not whole.holes
    assert whole.heads[HAM] == ham.node.store.tables.heads[HAM]
    assert whole.heads[HAM].last == signed[-1].id


async def test_records_beyond_a_hole_are_kept_and_their_events_delivered(shelf: Shelf, ham: Author) -> None:
    """A lost record holds up no event but those that refer to it."""
    ham.open()
    other = ham.open(OTHER)
    await shelf.admit(ham.read(other), now_ms=NOW)
    held = await shelf.observe()
    assert held.records == {(HAM, 2): other.jws}
    assert held.pointers == [other.id]


async def test_a_fork_is_kept_and_never_applied(shelf: Shelf, ham: Author) -> None:
    """Of two records for one place the first stays; the other is evidence, whatever it says."""
    forked = Author("komnas-ham", 3)
    first, other = ham.open(), forked.open()
    await shelf.admit(ham.read(), now_ms=NOW)
    before = await shelf.observe()
    await shelf.admit(forked.read(), now_ms=NOW)
    await shelf.admit(forked.read(), now_ms=NOW)
    after = await shelf.observe()
    assert after.forks == {(HAM, seq, one.id) for seq, one in enumerate(forked.signed())}
    assert (first.id in after.states, other.id in after.states) == (True, False)
    assert after._replace(forks=set()) == before


async def test_a_fork_inside_one_batch_is_kept_too(shelf: Shelf, ham: Author) -> None:
    """Two records for one place are told apart even if neither was held before."""
    forked = Author("komnas-ham", 3)
    first, other = ham.open(), forked.open()
    await shelf.admit([*ham.read(first), *forked.read(other)], now_ms=NOW)
    end = await shelf.observe()
    assert end.records == {(HAM, 1): first.jws}
    assert end.forks == {(HAM, 1, other.id)}
    assert end.pointers == [first.id]


async def test_a_record_that_does_not_follow_is_a_fork(shelf: Shelf, ham: Author) -> None:
    """A record that names another predecessor than the one we hold takes nobody's place and is never applied."""
    forked = Author("komnas-ham", 3)
    ham.open()
    forked.open()
    stray, successor = forked.open(OTHER), ham.say()
    await shelf.admit([*ham.read()[:2], *forked.read(stray)], now_ms=NOW)
    await shelf.admit(ham.read(successor), now_ms=NOW)
    end = await shelf.observe()
    assert end.forks == {(HAM, 2, stray.id)}
    assert end.heads[HAM].last == successor.id
    assert (successor.id in end.pointers, stray.id in end.states) == (True, False)


@pytest.mark.parametrize("together", [True, False])
async def test_a_record_from_before_the_one_before_it_is_a_fork(shelf: Shelf, ham: Author, together: bool) -> None:  # noqa: FBT001
    """In a log time grows: nobody puts what they say today before what was said, and so first in a case."""
    ham.open()
    ham.say()
    early = ham.turn_back()
    sound, late = ham.read()[:-1], ham.read(early)
    for batch in [[*sound, *late]] if together else [sound, late]:
        await shelf.admit(batch, now_ms=NOW)
    end = await shelf.observe()
    assert end.forks == {(HAM, early.record.seq, early.id)}
    assert early.id not in end.states
    assert end.heads[HAM].size == early.record.seq


async def test_a_branch_beyond_a_hole_stops_the_head_where_it_leaves_the_log(shelf: Shelf, ham: Author) -> None:
    """What could not be told apart when it came is told apart when the hole closes."""
    forked = Author("komnas-ham", 3)
    ham.open()
    forked.open()
    stray = forked.say()
    await shelf.admit(forked.read(stray), now_ms=NOW)
    await shelf.admit(ham.read(), now_ms=NOW)
    end = await shelf.observe()
    assert end.heads[HAM].size == 2
    assert end.forks == {(HAM, 2, stray.id)}
    assert end.gaps == [(HAM, 0, 1, True)]
    assert end.holes == [(HAM, 2, 2)]


async def test_content_that_is_missing_is_noted_until_it_comes(shelf: Shelf, ham: Author) -> None:
    """A record for us without content moves the log on, and is asked for until its content opens."""
    opened = ham.open()
    await shelf.admit([bare(item) for item in ham.read()], now_ms=NOW)
    held = await shelf.observe()
    assert held.heads[HAM].size == 2
    assert held.unreadable[opened.id] is False
    await shelf.admit(ham.read(), now_ms=NOW)
    end = await shelf.observe()
    assert end.unreadable[opened.id] is True
    assert await shelf.due() == []
    assert opened.id in end.pointers


async def test_damaged_content_is_refused_once_and_fetched_again(shelf: Shelf, ham: Author) -> None:
    """A courier that spoils content is answered once; the next good copy is taken."""
    opened = ham.open()
    delivery = ham.node.deliver(opened, READER)
    spoilt = examined(delivery._replace(blob=delivery.blob[:-1] + bytes([delivery.blob[-1] ^ 1])))
    await shelf.admit([spoilt, spoilt], now_ms=NOW)
    await shelf.admit([spoilt], now_ms=NOW)
    held = await shelf.observe()
    assert held.refused == {opened.id: (HAM, 1, Code.BLOB, b"", False)}
    assert held.unreadable == {opened.id: False}
    await shelf.admit([examined(delivery)], now_ms=NOW)
    assert (await shelf.observe()).pointers == [opened.id]


async def test_content_that_breaks_a_rule_is_asked_for_ever_more_rarely(shelf: Shelf, ham: Author) -> None:
    """What opened and was refused would be refused again: asking for it must not keep everybody busy."""
    ham.node.signers = {**ham.node.signers, "triage": ham.node.signers["intake"]}
    claim = ham.claim()
    await shelf.admit(ham.read(), now_ms=NOW)
    end = await shelf.observe()
    assert end.refused[claim.id][2] == Code.GRANT
    assert end.unreadable[claim.id] is False
    assert await shelf.due() == [(HAM, 1)]
    assert await shelf.due() == []


async def test_a_delivery_that_is_no_record_is_kept_once(shelf: Shelf) -> None:
    """What cannot be read is kept with its bytes, and the same bytes again add nothing."""
    bad = Bad(Refusal(bytes(32), HAM, 0, Code.SIGNATURE), b"noise")
    control = Bad(Refusal(bytes([1]) * 32, HAM, 0, Code.GRANT, answer=False), b"")
    await shelf.refuse("komnas-ham", [bad])
    await shelf.refuse("komnas-perempuan", [bad, control])
    assert (await shelf.observe()).refused == {
        bytes(32): (HAM, 0, Code.SIGNATURE, b"noise", False),
        bytes([1]) * 32: (HAM, 0, Code.GRANT, b"", True),
    }


async def test_what_others_have_seen_shows_what_we_have_not_heard(shelf: Shelf, ham: Author, perempuan: Author) -> None:
    """The end of a log that was lost on the way is noticed as soon as anybody else mentions it."""
    ham.open()
    perempuan.hear(ham)
    perempuan.node.log.heartbeat()
    await shelf.admit(perempuan.read(), now_ms=NOW)
    assert (HAM, 0, 1) in (await shelf.observe()).holes


@pytest.mark.parametrize("seed", range(4))
async def test_both_stores_tell_the_same_whatever_arrives(seed: int, node_database: Database) -> None:
    """What the simulation shows of the twin is true of PostgreSQL: same deliveries, same tables, after each batch."""
    world = World(seed, steps=160)
    world.run()
    chain = world.nodes[READER].chain
    twin = MemoryShelf(OWN, chain)
    async with postgres_shelf(node_database, OWN, chain) as real:
        for number, batch in enumerate(_batches(world, Random(seed))):
            for shelf in (twin, real):
                await shelf.admit(batch, now_ms=NOW + number * 2000)
                await shelf.release_clocks(NOW + number * 2000)
            assert await real.observe() == await twin.observe()


async def test_records_of_our_own_are_evidence_and_never_input(shelf: Shelf) -> None:
    """Whoever says that we wrote what we did not know of moves nothing; it is kept to be looked into."""
    restored = Author(READER, 4)
    restored.open()
    before = await shelf.observe()
    await shelf.admit(restored.read(), now_ms=NOW)
    after = await shelf.observe()
    assert after.forks == {(OWN, seq, one.id) for seq, one in enumerate(restored.signed())}
    assert after._replace(forks=set()) == before


def _batches(world: World, rng: Random) -> list[list[Examined]]:
    """Everything that was said in a world, for LPSK's eyes: shuffled, doubled, now and then without content."""
    node = world.nodes[READER]
    items = []
    for signed in node.store.tables.records.values():
        item = examined(world.nodes[signed.record.agency].deliver(signed, READER), node.chain)
        items += [bare(item), item] if rng.random() < 0.2 else [item] * rng.choice((1, 1, 2))
    rng.shuffle(items)
    return [items[at : at + 9] for at in range(0, len(items), 9)]
