"""What a node's witness decides about logs, held against both: PostgreSQL's queries and their twin in memory."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random
from typing import NamedTuple

import asyncpg
import pytest

from contracts import note
from contracts.delivery import Delivery, Examined
from contracts.errors import Rejected
from contracts.evidence import RecordFork, encode
from contracts.hlc import Hlc
from contracts.merkle import Leaves, leaf_hash
from contracts.note import Checkpoint
from contracts.record import Signed, sign
from services.node.admission import decide
from services.node.clock import SystemClock
from services.node.database import NODE_MIGRATIONS, migrate, migrations
from services.node.forks import AT_ONCE, Forks, proofs
from services.node.keys import PURPOSES, Keyring
from services.node.log import SQL, Log
from services.node.recovery import is_behind
from services.node.sql import Pool
from services.node.store import PostgresStore
from services.node.testing import MemoryLog, MemoryStore, MemoryWitness, settled
from services.node.witness import Witness, notes
from tests.conftest import Database
from tests.contract.authors import HAM, NOW, OWN, Author, examined
from tests.contract.shelves import READER
from tests.simulation.charter import _seed, charter

pytestmark = pytest.mark.enable_socket
CHAIN = charter().chain
SEEDS, STEPS = 12, 30


class Verdicts(NamedTuple):
    """What a witness holds; roots of the own log, whose salts differ, are left out."""

    checkpoints: dict[tuple[str, int, bytes], bool | None]
    cosignatures: set[tuple[str, int, bytes, str]]
    proofs: set[bytes]
    notes: list[tuple[str, int]]
    own: int  # how long the own log is: it names every proof
    behind: bool


class Memory:
    """A `MemoryWitness`."""

    def __init__(self) -> None:
        signers = charter().members[READER].signers
        self.store = MemoryStore(OWN, CHAIN)
        self.log = MemoryLog(self.store, signers.__getitem__, CHAIN, SystemClock(), Random(0).randbytes)
        self.witness = MemoryWitness(self.log, signers.__getitem__, CHAIN)

    async def admit(self, batch: Sequence[Examined]) -> None:
        plan = decide(HAM, batch, settled(self.store.known(HAM, batch)), reader=READER, now_ms=NOW)
        settled(self.store.save(plan))

    async def take(self, data: bytes) -> None:
        with self.store.transaction():
            self.witness.take(data)

    async def work(self) -> None:
        for _ in range(8):
            self.witness.review()
            self.witness.gather()
        if not self.store.is_behind():
            self.witness.issue()

    async def observe(self) -> Verdicts:
        rows = self.store.tables
        said = [note.read(text).checkpoint for text in self.witness.notes(2**40)]
        return Verdicts(
            {_place(told): kept.agrees for told, kept in rows.checkpoints.items()},
            {(*_place(told), agency) for told, agency in rows.cosignatures},
            set(self.witness.proofs()),
            [(told.log, told.size) for told in said],
            rows.heads[OWN].size,
            self.store.is_behind(),
        )


class Postgres:
    """`Witness` and `Forks` on a database."""

    def __init__(self, pool: Pool, keyring: Keyring) -> None:
        log = Log(OWN, keyring, CHAIN, SystemClock())
        self.pool, self.vault = pool, keyring.vault
        self.forks = Forks(pool, log, SystemClock())
        self.witness = Witness(pool, log, SystemClock(), self.forks)

    async def admit(self, batch: Sequence[Examined]) -> None:
        async with self.pool.acquire() as connection, connection.transaction():
            store = PostgresStore(connection, self.vault)
            plan = decide(HAM, batch, await store.known(HAM, batch), reader=READER, now_ms=NOW)
            await store.save(plan)

    async def take(self, data: bytes) -> None:
        async with self.pool.acquire() as connection, connection.transaction():
            await self.witness.take(connection, data)

    async def work(self) -> None:
        for _ in range(8):
            await self.witness.review()
            await self.forks.gather()
        async with self.pool.acquire() as connection:
            behind = await is_behind(connection)
        if not behind:
            await self.witness.issue()

    async def observe(self) -> Verdicts:
        told = await self.pool.fetch("select log, size, root, agrees from log.checkpoint")
        given = await self.pool.fetch("select log, size, root, agency from log.cosignature")
        said = [note.read(text).checkpoint for text in await notes(self.pool, READER, 2**40)]
        async with self.pool.acquire() as connection:
            behind = await is_behind(connection)
        return Verdicts(
            {_place(Checkpoint(*tuple(row)[:3])): row["agrees"] for row in told},
            {(*_place(Checkpoint(*tuple(row)[:3])), row["agency"]) for row in given},
            set(await proofs(self.pool)),
            [(one.log, one.size) for one in said],
            await self.pool.fetchval("select size from log.head where own"),
            behind,
        )


def _place(told: Checkpoint) -> tuple[str, int, bytes]:
    return (told.log, told.size, b"" if told.log == OWN else told.root)


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    """What is closed when the test ends."""
    async with AsyncExitStack() as made:
        yield made


@pytest.fixture
async def postgres_witness(database: Database, stack: AsyncExitStack, tmp_path: Path) -> Postgres:
    """LPSK's witness over an empty database."""
    owner = await asyncpg.connect(database.dsn("rajut_owner"))
    stack.push_async_callback(owner.close)
    await migrate(owner, migrations({"node": NODE_MIGRATIONS}))
    pool = await stack.enter_async_context(asyncpg.create_pool(database.dsn("rajut_node"), min_size=1, max_size=2))
    for log in CHAIN.logs().values():
        await pool.execute(SQL["add_head"], log, log == OWN, CHAIN.opened_by(log))
    return Postgres(pool, _keyring(tmp_path))


def _keyring(home: Path) -> Keyring:
    (home / "keys").mkdir()
    secrets = {f"{purpose}.seed": _seed(READER, purpose) for purpose in PURPOSES}
    secrets |= {"sealing.key": _seed(READER, "sealing", 96), "storage.key": bytes(32), "index.key": bytes(32)}
    for name, secret in secrets.items():
        (home / "keys" / name).write_text(secret.hex(), encoding="ascii")
        (home / "keys" / name).chmod(0o600)
    (home / "vault").mkdir()
    return Keyring(home, READER)


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_both_witnesses_judge_alike(postgres_witness: Postgres, seed: int) -> None:
    """Whatever records, checkpoints and proofs come in whatever order: they cosign, stop and convict alike."""
    rng, memory = Random(seed), Memory()
    for message in _story(rng):
        refused = [await _offer(one, message) for one in (memory, postgres_witness)]
        assert refused[0] == refused[1]
        assert await memory.observe() == await postgres_witness.observe()


async def test_contradictions_that_prove_nothing_hide_no_fork(postgres_witness: Postgres) -> None:
    """Whoever writes records that go back in time, of which no proof can be made, is convicted of its forks as well."""
    author, memory = Author("komnas-ham"), Memory()
    for _ in range(24):
        author.node.log.heartbeat()
    log = author.signed()
    held = [one for place, one in enumerate(log) if place % 4 < 2]  # two side by side, and then a hole
    early = [_instead(log[place], Hlc(1, tick)) for tick in range(AT_ONCE) for place in range(2, 20, 4)]
    fork = _instead(log[21], log[21].record.hlc.next(NOW * 2))
    beside = _instead(log[18], log[18].record.hlc, log[16].id)
    for witness in (memory, postgres_witness):
        for batch in (held, [*early, beside, fork]):
            await witness.admit([examined(Delivery(one.jws)) for one in batch])
        await witness.work()
    found = await memory.observe()
    assert found.proofs == {encode(RecordFork(log[17].jws, beside.jws)), encode(RecordFork(log[21].jws, fork.jws))}
    assert found == await postgres_witness.observe()


async def test_two_openings_at_one_place_are_a_fork(postgres_witness: Postgres) -> None:
    """Whoever begins a case for one partner, and at the same place of its log for another, is convicted by both."""
    author, twin, memory = Author("komnas-ham"), Author("komnas-ham"), Memory()
    twin.node.store.tables = author.node.store.snapshot()
    told = author.open(to=("komnas-ham", READER))
    hidden = twin.open(to=("komnas-ham", "komnas-perempuan"))
    assert told.record.seq == hidden.record.seq
    for witness in (memory, postgres_witness):
        await witness.admit(author.read())
        await witness.admit([examined(Delivery(hidden.jws))])
        await witness.work()
        assert (await witness.observe()).proofs == {encode(RecordFork(told.jws, hidden.jws))}


def _instead(signed: Signed, hlc: Hlc, prev: bytes = b"") -> Signed:
    """Another record at the same place, of this time, behind the same one or another."""
    record = signed.record._replace(hlc=hlc, prev=prev or signed.record.prev)
    return sign(record, charter().members["komnas-ham"].signers["node"])


async def _offer(witness: Memory | Postgres, message: bytes | Sequence[Examined] | None) -> str:
    try:
        if message is None:
            await witness.work()
        elif isinstance(message, bytes):
            await witness.take(message)
        else:
            await witness.admit(message)
    except Rejected as rejected:
        return str(rejected.code)
    return ""


def _story(rng: Random) -> list[bytes | Sequence[Examined] | None]:
    """Two histories of one log and what is signed of them, mixed; rarely also of a longer log of LPSK's own."""
    one, other = Author("komnas-ham"), Author("komnas-ham")
    for author, times in ((one, 6), (other, 6)):
        author.open()
        author.node.store.tables = one.node.store.snapshot()
        author.node.log._opened |= one.node.log._opened
        for _ in range(times):
            author.say()
    story: list[bytes | Sequence[Examined] | None] = []
    for _ in range(STEPS):
        author = rng.choice((one, one, other))
        story.append(rng.choice((None, author.read(*rng.sample(author.signed(), 3)), _checkpoint(rng, author))))
    pair = (one.signed()[4].jws, other.signed()[rng.choice((4, 5))].jws)
    return [*story, encode(RecordFork(*pair)), None, _signed(Checkpoint(OWN, 10**6, bytes(32)), READER), None]


def _checkpoint(rng: Random, author: Author) -> bytes:
    leaves = Leaves(leaf_hash(signed.jws) for signed in author.signed())
    size = rng.randint(1, leaves.size)
    root = leaves.root(size) if rng.random() < 0.9 else rng.randbytes(32)
    return _signed(Checkpoint(HAM, size, root), "komnas-ham", *rng.choice(((), ("komnas-perempuan",), (READER,))))


def _signed(told: Checkpoint, agency: str, *witnesses: str) -> bytes:
    members = charter().members
    (key,) = note.checkpoint_keys(CHAIN, told.log)
    signed = note.sign(told, key, members[agency].signers["checkpoint"])
    for witness in witnesses:
        (own,) = note.witness_keys(CHAIN, witness)
        line = note.cosign(told, own, members[witness].signers["witness"], NOW // 1000)
        signed = signed._replace(lines=(*signed.lines, line))
    return signed.encode()
