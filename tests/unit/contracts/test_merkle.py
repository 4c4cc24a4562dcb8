from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, strategies as st

from contracts.errors import Code, Rejected
from contracts.merkle import EMPTY_ROOT, Leaves, Tree, check_consistency, check_inclusion, leaf_hash

LEAVES = [bytes.fromhex(leaf) for leaf in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")]
# Published with RFC 6962 implementations; RFC 9162 kept the tree.
KNOWN_ROOTS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    4: "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    5: "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    6: "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    7: "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
}

# A log to prove things about: the hashes of its leaves, and its root at every size.
MOST = 140
HASHES = [leaf_hash(number.to_bytes(2)) for number in range(MOST)]
PROVER = Leaves(HASHES)
ROOTS = [EMPTY_ROOT]
_tree = Tree()
for _number in range(MOST):
    _tree = _tree.append(_number.to_bytes(2))
    ROOTS.append(_tree.root())

sizes = st.integers(1, MOST)
pairs = st.tuples(sizes, sizes).map(lambda pair: (min(pair), max(pair)))
places = sizes.flatmap(lambda size: st.tuples(st.integers(0, size - 1), st.just(size)))


def included(*claim: Any) -> bool:
    """Whether an inclusion proof is taken; it may only be refused as a proof."""
    return accepts(check_inclusion, *claim)


def consistent(*claim: Any) -> bool:
    """Whether a consistency proof is taken; it may only be refused as a proof."""
    return accepts(check_consistency, *claim)


def accepts(check: Any, *claim: Any) -> bool:
    refusal = None
    try:
        check(*claim)
    except Rejected as refused:
        refusal = refused.code
    assert refusal in {None, Code.PROOF}
    return refusal is None


def naive_root(leaves: list[bytes]) -> bytes:
    """RFC 9162 2.1.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\0" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\1" + naive_root(leaves[:split]) + naive_root(leaves[split:])).digest()


def test_the_root_is_the_one_of_the_rfc() -> None:
    """Growing leaf by leaf gives, at every size from none to 300, the root that RFC 9162 defines."""
    leaves = [number.to_bytes(2) for number in range(300)]
    tree = Tree()
    for size in range(301):
        assert (tree.size, tree.root()) == (size, naive_root(leaves[:size]))
        if size < 300:
            tree = tree.append(leaves[size])


def test_known_roots() -> None:
    """Roots that other programs published come out of ours."""
    tree = Tree()
    assert tree.root() == EMPTY_ROOT
    for size, root in KNOWN_ROOTS.items():
        assert tree.root().hex() == root
        if size < len(LEAVES):
            tree = tree.append(LEAVES[size])


def test_a_tree_needs_few_hashes() -> None:
    """What is kept grows with the digits of the size, not with the size."""
    tree = Tree()
    for number in range(1000):
        tree = tree.append(number.to_bytes(2))
        assert len(tree.peaks) == tree.size.bit_count()


def test_growing_leaves_the_old_tree_as_it_was() -> None:
    """A tree is a value: whoever holds a head keeps it."""
    old = Tree().append(b"a")
    root = old.root()
    old.append(b"b")
    assert old.root() == root


def test_a_leaf_is_not_an_inner_node() -> None:
    """Two subtrees cannot be passed off as one leaf (second preimage)."""
    left, right = Tree().append(b"a").root(), Tree().append(b"b").root()
    assert Tree().append(b"a").append(b"b").root() != Tree().append(left + right).root()


def test_all_roots_come_from_one_pass() -> None:
    """What was hashed once tells the same root at every size as the tree that grew to it."""
    assert [PROVER.root(size) for size in range(MOST + 1)] == ROOTS


@given(places)
def test_what_is_in_the_log_can_be_proven(place: tuple[int, int]) -> None:
    """Each record of a log is proven to whoever has the root, at every size since it came."""
    index, size = place
    assert included(HASHES[index], index, size, PROVER.inclusion(index, size), ROOTS[size])


@given(pairs)
def test_that_a_log_only_grew_can_be_proven(pair: tuple[int, int]) -> None:
    """Each earlier size of a log is proven to be the beginning of each later one."""
    old, new = pair
    assert consistent(old, ROOTS[old], new, ROOTS[new], PROVER.consistency(old, new))


@given(places, sizes)
def test_a_record_is_not_proven_at_another_place(place: tuple[int, int], other: int) -> None:
    """The proof of one record proves no other record and no other place."""
    index, size = place
    other = other % size
    proof = PROVER.inclusion(index, size)
    assert included(HASHES[other], index, size, proof, ROOTS[size]) == (other == index)
    assert included(HASHES[index], other, size, proof, ROOTS[size]) == (other == index)


@given(pairs, sizes)
def test_an_earlier_log_that_was_another_is_not_proven(pair: tuple[int, int], other: int) -> None:
    """No proof of a log shows that it grew out of another root than its own."""
    old, new = pair
    proof = PROVER.consistency(old, new)
    assert consistent(old, ROOTS[other], new, ROOTS[new], proof) == (other == old)
    assert consistent(old, ROOTS[old], new, ROOTS[other], proof) == (other == new)


@given(places, pairs, st.data())
def test_every_bit_of_a_proof_counts(place: tuple[int, int], pair: tuple[int, int], data: st.DataObject) -> None:
    """A proof with a bit changed, a hash taken out, put in, cut or lengthened proves nothing."""
    (index, size), (old, new) = place, pair
    for bent in bends(PROVER.inclusion(index, size), data):
        assert not included(HASHES[index], index, size, bent, ROOTS[size])
    for bent in bends(PROVER.consistency(old, new), data):
        assert not consistent(old, ROOTS[old], new, ROOTS[new], bent)


def bends(proof: tuple[bytes, ...], data: st.DataObject) -> list[tuple[bytes, ...]]:
    at = data.draw(st.integers(0, len(proof)))
    before, after = proof[:at], proof[at + 1 :]
    bent = [(*before, extra, *proof[at:]) for extra in (HASHES[0], b"", ROOTS[-1])]
    if at < len(proof):
        node, bit = proof[at], data.draw(st.integers(0, 255))
        flipped = (int.from_bytes(node) ^ 1 << bit).to_bytes(32)
        bent += [before + after, *((*before, other, *after) for other in (flipped, node[:-1], node + b"\0", b""))]
    return bent


def test_left_and_right_keep_their_border() -> None:
    """Hashes of other lengths that run together to the same bytes are no proof, though the digest is the same."""
    left, right = HASHES[:2]
    assert included(left, 0, 2, [right], ROOTS[2])
    assert not included(left + right[:1], 0, 2, [right[1:]], ROOTS[2])
    assert not included(left[:-1], 0, 2, [left[-1:] + right], ROOTS[2])
    assert not included(b"", 0, 1, [], b"")


def test_nothing_is_proven_about_the_empty_log() -> None:
    """Every log begins with nothing: whoever would take a proof of that could be shown any history."""
    assert not included(HASHES[0], 0, 0, [], EMPTY_ROOT)
    for new in (0, 1, 8):
        assert not consistent(0, EMPTY_ROOT, new, ROOTS[new], [])
        assert not consistent(0, EMPTY_ROOT, new, ROOTS[new], [ROOTS[new]])
    assert Leaves([]).root(0) == EMPTY_ROOT


@pytest.mark.parametrize(("index", "size"), [(-1, 4), (4, 4), (5, 4), (0, -1), (-2, -1)])
def test_a_place_outside_the_log_is_not_proven(index: int, size: int) -> None:
    """A place that a log does not have is refused before anything is hashed."""
    assert not included(HASHES[0], index, size, [], ROOTS[1])
    assert not consistent(size + 1, ROOTS[1], size, ROOTS[1], [])


def test_no_proof_is_made_of_what_is_not_there() -> None:
    """Asked for a proof beyond the log, the prover says so, and makes none that nobody would take."""
    with pytest.raises(ValueError, match="not the hash"):
        Leaves([HASHES[0], b"record"])
    for index, size in ((-1, 4), (4, 4), (0, MOST + 1), (0, 0)):
        with pytest.raises(ValueError, match="not in this tree"):
            PROVER.inclusion(index, size)
    for old, new in ((0, 4), (5, 4), (1, MOST + 1), (0, 0)):
        with pytest.raises(ValueError, match="not in this tree"):
            PROVER.consistency(old, new)
    for size in (-1, MOST + 1):
        with pytest.raises(ValueError, match="not in this tree"):
            PROVER.root(size)


def test_proofs_are_short() -> None:
    """A proof grows with the digits of the size: at a hundred thousand records it is at most 17 hashes."""
    many = Leaves(leaf_hash(number.to_bytes(4)) for number in range(100_000))
    root = many.root(100_000)
    for index in range(0, 100_000, 9_973):
        proof = many.inclusion(index, 100_000)
        assert len(proof) <= 17
        assert included(leaf_hash(index.to_bytes(4)), index, 100_000, proof, root)
    assert len(many.consistency(77_777, 100_000)) <= 18
