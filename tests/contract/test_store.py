"""What a node's store promises, held against both: the tables of PostgreSQL and their twin in memory."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from itertools import permutations
from random import Random

import asyncpg
import pytest

from contracts.content import Actor, Content
from contracts.errors import Code
from contracts.events.triage import UrgencyOverridden
from contracts.record import EventId, Signed
from services.node.admission import CLOCK_BOUND_MS, Delivery, Examined, Refusal, examine
from services.node.database import NODE_MIGRATIONS, migrate, migrations
from services.node.sql import Connection
from services.node.store import Bad
from services.node.writing import Draft, Timeline, _write_one
from tests.conftest import Database, Postgres
from tests.contract.shelves import READER, MemoryShelf, PostgresShelf, Shelf
from tests.simulation.charter import AGENCIES, charter
from tests.simulation.node import Node, SkewedClock
from tests.simulation.officers import opening
from tests.simulation.world import World

pytestmark = pytest.mark.enable_socket

NOW = 1_795_312_488_123
HAM, PEREMPUAN, OWN = (charter().members[agency].log for agency in AGENCIES)
CASE = "1" * 26
OTHER = "2" * 26
OFFICER = Actor("petugas", "o-1")


@pytest.fixture(scope="module")
def node_database(postgres: Postgres) -> Iterator[Database]:
    """A database with the node's tables; every test undoes what it wrote there."""
    fresh = postgres.fresh_database()
    asyncio.run(_migrate(fresh))
    yield fresh
    fresh.drop()


@pytest.fixture(params=["memory", "postgres"])
async def shelf(request: pytest.FixtureRequest) -> AsyncIterator[Shelf]:
    """LPSK's store, with every log at its start."""
    if request.param == "memory":
        yield MemoryShelf(OWN, charter().chain)
        return
    async with postgres_shelf(request.getfixturevalue("node_database")) as made:
        yield made


@asynccontextmanager
async def postgres_shelf(database: Database) -> AsyncIterator[PostgresShelf]:
    """The node's tables, with the node's role, in a transaction that is never committed."""
    async with connected(database, "rajut_node") as connection:
        made = PostgresShelf(connection)
        async with made.undone():
            await made.start(OWN, charter().chain)
            yield made


@asynccontextmanager
async def connected(database: Database, role: str) -> AsyncIterator[Connection]:
    """A connection, closed whatever happens."""
    connection = await asyncpg.connect(database.dsn(role))
    try:
        yield connection
    finally:
        await connection.close()


async def _migrate(database: Database) -> None:
    async with connected(database, "rajut_owner") as owner:
        await migrate(owner, migrations({"node": NODE_MIGRATIONS}))


class Author:
    """Another agency, writing what LPSK will read."""

    def __init__(self, agency: str, seed: int = 1) -> None:
        self.node = Node(charter(), agency, SkewedClock(lambda: NOW, 0), Random(seed))
        self.key = bytes([7]) * 32

    def open(self, case: str = CASE, to: tuple[str, ...] = AGENCIES) -> Signed:
        """The first event of a case."""
        timeline = Timeline(case, self.key)
        self.node.log.append("intake", timeline, [Draft(opening(self.node.agency, to), to, OFFICER, self.node.now())])
        return self.last

    def say(self, case: str = CASE, to: tuple[str, ...] = AGENCIES) -> Signed:
        """An event that knows of all the author knows."""
        draft = Draft(UrgencyOverridden(level="TINGGI", reason="dilihat"), to, OFFICER, self.node.now())
        self.node.log.append("triage", self.node.log.load(case), [draft])
        return self.last

    def claim(self, *parents: EventId, case: str = CASE, to: tuple[str, ...] = AGENCIES) -> Signed:
        """An event with parents of the author's choice."""
        body = UrgencyOverridden(level="BIASA", reason="palsu")
        content = Content(body.wire_type, case, self.node.now(), OFFICER, to, tuple(sorted(parents)), body.wire())
        desk = self.node.log.desk()
        written = _write_one(desk, self.node.signers["triage"], Timeline(case, self.key), content)
        self.node.log.keep(desk, [written])
        return self.last

    def hear(self, other: "Author") -> None:
        """Read everything that another author has said."""
        signed = other.signed()
        self.node.admit(other.node.agency, [other.node.deliver(one, self.node.agency).encode() for one in signed])

    def signed(self) -> list[Signed]:
        """The whole log."""
        return self.node.log.outgoing(self.node.log.log, 0, 2**40)

    @property
    def last(self) -> Signed:
        """The newest record."""
        return self.signed()[-1]

    def read(self, *signed: Signed) -> list[Examined]:
        """Records as LPSK finds them after examination; without arguments the whole log."""
        return [examined(self.node.deliver(one, READER)) for one in signed or self.signed()]


def examined(delivery: Delivery) -> Examined:
    return examine(delivery, charter().chain, charter().members[READER].reader)


def bare(item: Examined) -> Examined:
    """The same record, without its content."""
    return Examined(item.signed)


@pytest.fixture
def ham() -> Author:
    return Author("komnas-ham")


@pytest.fixture
def perempuan() -> Author:
    return Author("komnas-perempuan", 2)


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
    assert hollow.gaps == {(HAM, 1, 4)}
    assert (hollow.heads[HAM].size, hollow.heads[HAM].highest) == (1, 5)
    await shelf.admit(rest[:1], now_ms=NOW)
    assert (await shelf.observe()).gaps == {(HAM, 2, 4)}
    await shelf.admit(rest[1:2], now_ms=NOW)
    whole = await shelf.observe()
    assert not whole.gaps
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
    assert not end.gaps


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
    """Nothing can be built on what was refused."""
    hidden = ham.open(to=("komnas-ham", "lpsk"))
    claim = ham.claim(hidden.id)
    child = ham.claim(claim.id)
    for order in permutations(ham.read()):
        async with shelf.undone():
            for item in order:
                await shelf.admit([item], now_ms=NOW)
            end = await shelf.observe()
            assert (end.states[claim.id], end.states[child.id]) == ("refused", "waiting")


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


async def test_a_record_that_does_not_follow_stops_the_head(shelf: Shelf, ham: Author) -> None:
    """A log is held only as far as each record names the one before it."""
    forked = Author("komnas-ham", 3)
    ham.open()
    forked.open()
    stray = forked.say()
    await shelf.admit([*ham.read(), *forked.read(stray)], now_ms=NOW)
    end = await shelf.observe()
    assert end.heads[HAM].size == 2
    assert (HAM, 2, stray.id) in end.forks
    assert end.gaps == {(HAM, 2, 2)}


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
    twin = MemoryShelf(OWN, charter().chain)
    async with postgres_shelf(node_database) as real:
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


async def _admit_in(shelf: Shelf, items: Sequence[Examined], *, late: bool) -> None:
    """One by one, the parent after the child if `late`."""
    for item in reversed(items) if late else items:
        await shelf.admit([item], now_ms=NOW)


def _batches(world: World, rng: Random) -> list[list[Examined]]:
    """Everything that was said in a world, for LPSK's eyes: shuffled, doubled, now and then without content."""
    node = world.nodes[READER]
    items = []
    for signed in node.store.tables.records.values():
        item = examined(world.nodes[signed.record.agency].deliver(signed, READER))
        items += [bare(item), item] if rng.random() < 0.2 else [item] * rng.choice((1, 1, 2))
    rng.shuffle(items)
    return [items[at : at + 9] for at in range(0, len(items), 9)]
