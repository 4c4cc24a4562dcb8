"""Revocation, as three nodes live through it: what comes of records does not hang on who heard what first."""

from collections.abc import Sequence
from random import Random
from typing import NamedTuple

import pytest
from hypothesis import given, settings, strategies as st

from contracts.case import Case, digest
from contracts.content import Actor
from contracts.delivery import Delivery
from contracts.directory import Chain, Directory, sign
from contracts.encoding import b64
from contracts.errors import Code
from contracts.events.triage import UrgencyOverridden
from contracts.record import Signed
from contracts.signing import SeedSigner
from services.node.enrolment import Request, Revocation
from services.node.writing import Draft
from tests.contract.authors import CASE, HAM, NOW, Author
from tests.simulation.charter import AGENCIES, Charter, _root, _seed, _signing_key, charter
from tests.simulation.node import Node, SkewedClock

pytestmark = pytest.mark.enable_socket

STOLEN, NEXT = "komnas-ham.triage.1", SeedSigner("komnas-ham.triage.2", _seed("komnas-ham", "triage-2"))
ANALYST, EXPERT = Actor("tim_hrd", "o-1"), Actor("koordinator_upr", "o-2")


def following(chain: Chain, last_good: int) -> bytes:
    """A second version: komnas-ham's triage key is revoked, and has a successor."""
    first = chain.latest
    stolen = Request(agency="komnas-ham", revoke=[Revocation(kid=STOLEN, last_good=last_good)])
    entry = stolen.applied(first.agencies["komnas-ham"])
    entry = entry.model_copy(update={"keys": [*entry.keys, _signing_key(NEXT, "triage", HAM)]})
    members = {"version": 2, "previous": b64(first.digest()), "agencies": {**first.agencies, "komnas-ham": entry}}
    directory = Directory.model_validate(first.model_dump() | members)
    return sign(directory, [_root(agency) for agency in AGENCIES])


def node(agency: str, seed: int) -> Node:
    """A node that holds the first version alone."""
    shared = charter()
    chain = Chain(shared.chain.signed[0], pin=shared.chain.version(1).digest())
    return Node(Charter(chain, shared.members), agency, SkewedClock(lambda: NOW, 0), Random(seed))


class Story(NamedTuple):
    """What two agencies said, as LPSK gets it, and the version that came meanwhile."""

    messages: list[bytes]
    second: bytes
    last_good: int
    void: set[bytes]  # ids of what was said with the stolen key behind the last good place


def told(before: int, during: int, after: int, *, beats: bool) -> Story:
    """`before` decisions up to the theft, `during` it until it is noticed, `after` with the next key; others react."""
    ham, perempuan = Author("komnas-ham"), Author("komnas-perempuan")
    ham.node, perempuan.node = node("komnas-ham", 1), node("komnas-perempuan", 2)
    ham.open()
    for _ in range(before):
        _decide(ham, "MENDESAK")
    last_good = ham.last.record.seq
    stolen = []
    for _ in range(during):
        stolen.append(_decide(ham, "BIASA").id)
        if beats:
            ham.node.log.heartbeat()
            perempuan.hear(ham)
            _decide(perempuan, "TINGGI", EXPERT)
            ham.hear(perempuan)
    second = following(ham.node.chain, last_good)
    ham.node.chain.adopt(second)
    ham.node._adopt()
    ham.node.signers = {**ham.node.signers, "triage": NEXT}
    ham.node.log._signer = ham.node.signers.__getitem__
    for _ in range(after):
        _decide(ham, "TINGGI")
    perempuan.node.chain.adopt(second)
    perempuan.node._adopt()
    perempuan.hear(ham)
    _decide(perempuan, "KRITIS", EXPERT)
    said = [one.node.deliver(signed, "lpsk").encode() for one in (ham, perempuan) for signed in one.signed()]
    return Story(said, second, last_good, set(stolen))


def _decide(author: Author, level: str, actor: Actor = ANALYST) -> Signed:
    draft = Draft(UrgencyOverridden(level=level, reason="dilihat"), AGENCIES, actor, author.node.now())
    author.node.log.append("triage", author.node.log.load(CASE), [draft])
    return author.last


def reading(story: Story, order: Sequence[int], adopt_at: int, batch: int) -> Node:
    """LPSK's node, given the messages in this order and in batches; it adopts at some point, and asks for the rest."""
    lpsk = node("lpsk", 3)
    for start in range(0, len(order), batch):
        if start <= adopt_at < start + batch:
            lpsk.chain.adopt(story.second)
        lpsk.admit("komnas-ham", [story.messages[place] for place in order[start : start + batch]])
    if not lpsk.chain.knows(2):
        lpsk.chain.adopt(story.second)
    for _ in range(len(order)):  # the streams are read again, and holes are filled
        before = dict(lpsk.store.tables.heads)
        lpsk.admit("komnas-ham", [story.messages[place] for place in order])
        if lpsk.store.tables.heads == before:
            break
    return lpsk


def seen(lpsk: Node) -> tuple[object, ...]:
    """What must be the same on every node."""
    case = Case(*lpsk.case(CASE))
    void = {event.id for event in case.timeline if event.void}
    records = {place: signed.id for place, signed in lpsk.store.tables.records.items() if place[0] != lpsk.log.log}
    heads = {log: head for log, head in lpsk.store.tables.heads.items() if log != lpsk.log.log}
    return heads, records, digest(case), case.slots, void, case.unsupported, bool(lpsk.store.tables.forks)


@settings(max_examples=40, deadline=None)
@given(
    before=st.integers(0, 3),
    during=st.integers(0, 4),
    after=st.integers(0, 2),
    beats=st.booleans(),
    adopt_at=st.integers(0, 40),
    batch=st.integers(1, 40),
    rng=st.randoms(use_true_random=False),
)
def test_the_order_of_arrival_and_adoption_changes_nothing(
    before: int, during: int, after: int, *, beats: bool, adopt_at: int, batch: int, rng: Random
) -> None:
    """A node that learns of a revocation early and one that learns of it late end up with the same case and logs."""
    story = told(before, during, after, beats=beats)
    order = list(range(len(story.messages)))
    late = seen(reading(story, order, adopt_at=len(order), batch=1))
    rng.shuffle(order)
    found = seen(reading(story, order, adopt_at, batch))
    assert found == late
    assert found[4] == story.void
    assert story.void <= found[5]  # type: ignore[operator]
    assert found[6] is False


def test_what_the_thief_decided_is_shown_and_counts_for_nothing() -> None:
    """The decision before the theft stands again, and those made since stand; the stolen one is in sight."""
    story = told(before=1, during=1, after=0, beats=False)
    lpsk = reading(story, range(len(story.messages)), adopt_at=len(story.messages), batch=100)
    case = lpsk.case(CASE)
    assert {event.id for event in case.timeline if event.void} == story.void
    assert story.void == set(case.unsupported)
    assert case.in_force("urgency") == "KRITIS"


class Scene(NamedTuple):
    """The end of komnas-ham's log: what LPSK holds, what a thief puts behind it, and what komnas-ham says there."""

    ham: Author
    second: bytes
    held: list[bytes]
    fake: Delivery
    true: Delivery


@pytest.fixture
def scene() -> Scene:
    """The thief names the version that still lists the key; komnas-ham has gone on to the next one."""
    ham, thief = Author("komnas-ham"), Author("komnas-ham")
    ham.node, thief.node = node("komnas-ham", 1), node("komnas-ham", 4)
    ham.open()
    thief.node.store.tables = ham.node.store.snapshot()
    _decide(thief, "BIASA")
    held = [ham.node.deliver(signed, "lpsk").encode() for signed in ham.signed()]
    second = following(ham.node.chain, ham.last.record.seq)
    ham.node.chain.adopt(second)
    ham.node._adopt()
    true = ham.node.deliver(ham.last, "lpsk")
    return Scene(ham, second, held, thief.node.deliver(thief.last, "lpsk"), true)


def test_whoever_knows_of_the_revocation_keeps_the_thief_out_of_the_log(scene: Scene) -> None:
    """A forged end of the log is refused though it names an older version, and the true end goes in its place."""
    lpsk = node("lpsk", 3)
    lpsk.chain.adopt(scene.second)
    for message in (*scene.held, scene.fake.encode(), scene.true.encode(), scene.fake.encode()):
        lpsk.admit("komnas-ham", [message])
    assert {bad.refusal.code for bad in lpsk.store.tables.quarantine.values()} == {Code.REVOKED}
    assert lpsk.store.tables.records[HAM, scene.ham.last.record.seq] == scene.ham.last
    assert not lpsk.store.tables.forks


def test_what_a_thief_got_in_before_the_revocation_is_void_and_in_dispute(scene: Scene) -> None:
    """It keeps its place in the copy of whom it was shown to, changes nothing, and the true record shows the fork."""
    lpsk = node("lpsk", 3)
    for message in (*scene.held, scene.fake.encode()):
        lpsk.admit("komnas-ham", [message])
    assert lpsk.case(CASE).in_force("urgency") == "BIASA"
    lpsk.chain.adopt(scene.second)
    lpsk.admit("komnas-ham", [scene.true.encode()])
    assert lpsk.case(CASE).in_force("urgency") == ""
    assert {id_ for _, _, id_ in lpsk.store.tables.forks} == {scene.ham.last.id}


@pytest.mark.parametrize("reverse", [False, True])
def test_a_log_never_goes_back_to_an_older_directory(scene: Scene, *, reverse: bool) -> None:
    """Behind a record that names a later version one that names an older one is evidence and no part of the log."""
    ham = scene.ham.node
    old = Chain(ham.chain.signed[0], pin=ham.chain.version(1).digest())
    ham.log._chain = old
    ham.log.heartbeat()
    back = ham.deliver(scene.ham.last, "lpsk").encode()
    good = [*scene.held, scene.true.encode()]
    lpsk = node("lpsk", 3)
    lpsk.chain.adopt(scene.second)
    for message in (back, *good) if reverse else (*good, back):
        lpsk.admit("komnas-ham", [message])
    assert lpsk.store.tables.heads[HAM].size == len(good)
    assert {seq for _, seq, _ in lpsk.store.tables.forks} == {len(good)}
