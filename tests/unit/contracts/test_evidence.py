from hashlib import sha512

import pytest
from hypothesis import given, strategies as st
from nacl.bindings import (
    crypto_core_ed25519_scalar_add,
    crypto_core_ed25519_scalar_mul,
    crypto_core_ed25519_scalar_reduce,
    crypto_scalarmult_ed25519_base_noclamp,
)

from contracts import canonical, note
from contracts.encoding import b64
from contracts.errors import Code, Rejected
from contracts.evidence import MAX_EVIDENCE, CheckpointFork, Fork, RecordFork, Split, check, decode, encode
from contracts.hlc import Hlc
from contracts.note import MAX_NOTE, Checkpoint, Line, Note
from contracts.record import LaterDirectory, Record, Signed, sign
from contracts.signing import SeedSigner
from contracts.vectors import material
from tests.unit.contracts import notaries
from tests.unit.contracts.notaries import CHAIN, LOG, LOG_KEY, LOG_SIGNER, checkpoint, leaves

NODE = material.signer("lpsk.node.1")
SPLIT_AT = 5  # records that both histories have in common
SMALL, LARGE = 9, 13


def heartbeat(seq: int, *, prev: bytes = bytes(32), tick: int = 0, log: str = LOG, signer: SeedSigner = NODE) -> Signed:
    """A record; another `tick` makes it another one."""
    blank = Record(log=log, seq=seq, prev=prev, hlc=Hlc(1, tick), dir=1, kind="hb", to=(), seen={})
    return sign(blank, signer)


def told(what: Checkpoint, signer: SeedSigner = LOG_SIGNER) -> bytes:
    """A checkpoint as its log's agency says it, or somebody else in its name."""
    return note.sign(what, LOG_KEY, signer).encode()


def refusal(fork: Fork) -> Code | None:
    """Why a fork proves nothing; None if it does."""
    try:
        check(fork, CHAIN)
    except Rejected as refused:
        return refused.code
    return None


SEVENTH, OTHER_SEVENTH = heartbeat(7), heartbeat(7, tick=1)
RECORDS = RecordFork(SEVENTH.jws, OTHER_SEVENTH.jws)
SAME_SIZE = CheckpointFork(told(checkpoint(SMALL)), told(checkpoint(SMALL, other_from=SPLIT_AT)))
# The smaller checkpoint is of one history, the larger one of the other: its tree had another root at the smaller size.
OTHER = leaves(LARGE, other_from=SPLIT_AT)
GROWN = CheckpointFork(
    told(checkpoint(SMALL)),
    told(checkpoint(LARGE, other_from=SPLIT_AT)),
    OTHER.root(SMALL),
    OTHER.consistency(SMALL, LARGE),
)
FORKS: dict[str, Fork] = {"records": RECORDS, "same size": SAME_SIZE, "grown": GROWN}


@pytest.mark.parametrize(("name", "size"), [("records", 8), ("same size", SMALL), ("grown", SMALL)])
def test_a_contradiction_convicts_its_log(name: str, size: int) -> None:
    """Whoever signs two histories is convicted by them, and it is said of which log and where, in any order."""
    fork = FORKS[name]
    assert check(fork, CHAIN) == Split(LOG, size)
    assert check(fork._replace(one=fork.other, other=fork.one), CHAIN) == Split(LOG, size)


def test_a_neighbour_that_denies_its_predecessor_convicts() -> None:
    """A record that names another predecessor than the one that its log signed is proof, in either order."""
    for follower, code in ((heartbeat(8), None), (heartbeat(8, prev=SEVENTH.id), Code.PROOF)):
        assert refusal(RecordFork(SEVENTH.jws, follower.jws)) == code
        assert refusal(RecordFork(follower.jws, SEVENTH.jws)) == code
    assert check(RecordFork(heartbeat(8).jws, SEVENTH.jws), CHAIN) == Split(LOG, 8)


@pytest.mark.parametrize("other", [7, 9, 20])
def test_records_that_may_both_be_true_prove_nothing(other: int) -> None:
    """The same record twice, distant records, and records of two logs are no contradiction."""
    ham = heartbeat(7, log=material.origin("komnas-ham"), signer=material.signer("komnas-ham.node.1"))
    assert refusal(RecordFork(SEVENTH.jws, heartbeat(other).jws)) == Code.PROOF
    assert refusal(RecordFork(SEVENTH.jws, ham.jws)) == Code.PROOF


def test_a_record_signed_twice_is_one_record() -> None:
    """A second good signature on the same record makes other bytes and no other history."""
    again = signed_otherwise(SEVENTH)
    assert again != SEVENTH.jws
    assert refusal(RecordFork(SEVENTH.jws, again)) == Code.PROOF
    assert refusal(RecordFork(OTHER_SEVENTH.jws, again)) is None


def signed_otherwise(signed: Signed) -> bytes:
    """The record with a signature from another nonce than RFC 8032's, which verifies as well."""
    message = signed.jws.rpartition(b".")[0]
    digest = bytearray(sha512(material.secret(NODE.kid)).digest()[:32])
    digest[0], digest[31] = digest[0] & 248, digest[31] & 127 | 64
    nonce = crypto_core_ed25519_scalar_reduce(sha512(b"another nonce").digest())
    point = crypto_scalarmult_ed25519_base_noclamp(nonce)
    challenge = crypto_core_ed25519_scalar_reduce(sha512(point + NODE.public + message).digest())
    secret = crypto_core_ed25519_scalar_reduce(bytes(digest) + bytes(32))
    proof = crypto_core_ed25519_scalar_add(nonce, crypto_core_ed25519_scalar_mul(challenge, secret))
    return message + b"." + b64(point + proof).encode()


def test_nobody_is_accused_by_what_another_signed() -> None:
    """Records and checkpoints that the log's own keys did not sign are refused, whatever they contradict."""
    service, witness = material.signer(notaries.SERVICE_KID), material.signer("komnas-ham.witness.1")
    for signer in (service, witness, material.signer("komnas-ham.checkpoint.1")):
        assert refusal(SAME_SIZE._replace(other=told(checkpoint(SMALL, other_from=2), signer))) == Code.SIGNATURE
    posing = SeedSigner(NODE.kid, material.secret("not the node's"))
    assert refusal(RecordFork(SEVENTH.jws, heartbeat(7, tick=1, signer=posing).jws)) == Code.SIGNATURE
    by_notary = heartbeat(7, tick=1, signer=LOG_SIGNER)
    assert refusal(RecordFork(SEVENTH.jws, by_notary.jws)) == Code.GRANT
    cosigned = Note(checkpoint(SMALL), (note.cosign(checkpoint(SMALL), notaries.WITNESS_KEY, witness, 1),))
    assert refusal(SAME_SIZE._replace(other=cosigned.encode())) == Code.SIGNATURE


def test_a_record_from_a_later_directory_waits() -> None:
    """Who cannot judge a record yet says neither that its author is honest nor that it is not."""
    later = sign(SEVENTH.record._replace(dir=2), NODE)
    with pytest.raises(LaterDirectory):
        check(RecordFork(SEVENTH.jws, later.jws), CHAIN)
    assert check(RecordFork(SEVENTH.jws, later.jws), notaries.chain(2)) == Split(LOG, 8)


@given(st.integers(1, 20), st.integers(1, 20), st.integers(1, 20), st.integers(1, 20))
def test_who_only_grew_cannot_be_accused(one: int, other: int, old: int, new: int) -> None:
    """No two checkpoints of one history are a fork, with whatever root and proof from its own tree they are brought."""
    old, new = min(old, new), max(old, new)
    tree = leaves(20)
    pair = (told(checkpoint(one)), told(checkpoint(other)))
    for root in (b"", tree.root(old), tree.root(new), bytes(32)):
        for proof in ((), tree.consistency(old, new), tree.inclusion(old - 1, new)):
            assert refusal(CheckpointFork(*pair, root, proof)) == Code.PROOF


def test_the_empty_log_contradicts_nothing() -> None:
    """From a checkpoint of size 0 nobody can be accused by one that is larger, whatever root it is given."""
    empty = told(Checkpoint(LOG, 0, bytes(32)))
    for root in (bytes(32), OTHER.root(0), OTHER.root(LARGE), b""):
        assert refusal(CheckpointFork(empty, told(checkpoint(LARGE)), root, ())) == Code.PROOF


@pytest.mark.parametrize(
    "bent",
    [
        GROWN._replace(proof=GROWN.proof[:-1]),
        GROWN._replace(proof=(*GROWN.proof, bytes(32))),
        GROWN._replace(proof=GROWN.proof[::-1]),
        GROWN._replace(proof=()),
        GROWN._replace(root=b""),
        GROWN._replace(root=bytes(32)),
        GROWN._replace(root=checkpoint(SMALL).root),
        GROWN._replace(proof=leaves(LARGE).consistency(SMALL, LARGE)),
        GROWN._replace(root=checkpoint(SMALL).root, proof=leaves(LARGE).consistency(SMALL, LARGE)),
        GROWN._replace(other=told(checkpoint(LARGE + 1, other_from=SPLIT_AT))),
        GROWN._replace(other=told(checkpoint(LARGE))),
        GROWN._replace(other=GROWN.one),
        SAME_SIZE._replace(other=SAME_SIZE.one),
        SAME_SIZE._replace(root=GROWN.root),
        SAME_SIZE._replace(proof=GROWN.proof),
    ],
)
def test_a_proof_that_does_not_show_it_is_refused(bent: CheckpointFork) -> None:
    """Two genuine checkpoints convict only with the right root and the right proof, no less and no more."""
    assert refusal(GROWN) is refusal(SAME_SIZE) is None
    assert refusal(bent) == Code.PROOF


def test_checkpoints_of_two_logs_contradict_nothing() -> None:
    """What two agencies say of their own logs is no fork."""
    ham = material.origin("komnas-ham")
    key, signer = note.checkpoint_keys(CHAIN, ham)[0], material.signer("komnas-ham.checkpoint.1")
    theirs = note.sign(checkpoint(SMALL, log=ham, other_from=2), key, signer).encode()
    assert refusal(SAME_SIZE._replace(other=theirs)) == Code.PROOF


@pytest.mark.parametrize("name", FORKS)
def test_a_fork_has_one_form(name: str) -> None:
    """Whoever found it first, the same two things make the same bytes, and these say what was found."""
    fork = FORKS[name]
    data = encode(fork)
    assert encode(decode(data)) == encode(fork._replace(one=fork.other, other=fork.one)) == data
    assert check(decode(data), CHAIN) == check(fork, CHAIN)
    assert {decode(data).one, decode(data).other} == {fork.one, fork.other}
    value = canonical.loads(data, max_bytes=len(data))
    assert isinstance(value, dict)
    pair = value["pair"]
    assert isinstance(pair, list)
    for other in (pair[::-1], pair[:1], [pair[0], pair[0]], [*pair, pair[0]], [pair[0], 1], pair[0]):
        assert unreadable(canonical.dumps(value | {"pair": other})) == Code.SCHEMA
    wrongs: list[object] = [
        value | {"more": 1},
        value | {"kind": "else"},
        {"kind": value["kind"]},
        value | {"proof": 1},
    ]
    for wrong in (*wrongs, [], 1):
        assert unreadable(canonical.dumps(wrong)) == Code.SCHEMA
    assert unreadable(data + b" ") == Code.CANONICAL


def unreadable(data: bytes) -> Code | None:
    try:
        decode(data)
    except Rejected as refused:
        return refused.code
    return None


@pytest.mark.parametrize("name", FORKS)
def test_every_byte_of_a_fork_counts(name: str) -> None:
    """A proof that was changed anywhere on its way proves nothing any more."""
    data = encode(FORKS[name])
    for position in range(0, len(data), 7):
        bent = bytearray(data)
        bent[position] ^= 1
        with pytest.raises(Rejected):
            check(decode(bytes(bent)), CHAIN)


@given(st.binary(max_size=80))
def test_any_bytes_get_a_verdict(data: bytes) -> None:
    """Whatever is offered as a fork, or as a part of one, is refused with a code, and never an accident."""
    assert unreadable(data) is not None
    assert refusal(RecordFork(data, SEVENTH.jws)) is not None
    assert refusal(SAME_SIZE._replace(one=data)) is not None
    assert refusal(GROWN._replace(root=data, proof=(data,))) is not None


def test_the_largest_fork_fits_its_bound() -> None:
    """Two notes full of others' lines and the longest proof are read; more is refused before it is looked at."""
    stranger = Line("stranger", b"abcd", bytes(MAX_NOTE * 3 // 4 - 400))
    full = [Note(note.read(data).checkpoint, (*note.read(data).lines, stranger)).encode() for data in GROWN[:2]]
    assert all(MAX_NOTE - 400 < len(data) <= MAX_NOTE for data in full)
    largest = encode(CheckpointFork(full[0], full[1], bytes(32), (bytes(32),) * 41))
    assert decode(largest).one in full
    assert unreadable(b" " * (MAX_EVIDENCE + 1)) == Code.SIZE
