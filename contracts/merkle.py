"""The Merkle tree over a log (RFC 9162 2.1): small to grow, whole to prove with, and checked by whoever has neither.

`Tree` keeps the roots of its full subtrees. A log of n leaves needs only popcount(n) hashes to grow and to tell
its root, so appending costs the same at a million records as at a thousand.

`Leaves` keeps the hashes of all full subtrees, made in one pass. A proof is then a handful of look-ups.

The checks climb from one node to the root. A consistency proof is the upper part of the way from the old tree's last
leaf: above the full subtree that ends there, what stands left is in both trees, what stands right in the new one alone.
"""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import NamedTuple, Self

from contracts.errors import Code, Rejected

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()  # RFC 9162 2.1.1: the hash of an empty list


def leaf_hash(leaf: bytes) -> bytes:
    """Hash of one leaf: SHA-256(0x00 ‖ leaf)."""
    return sha256(b"\0" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node: SHA-256(0x01 ‖ left ‖ right)."""
    return sha256(b"\1" + left + right).digest()


class Tree(NamedTuple):
    """A log's tree: its size, and the roots of its full subtrees from the largest to the smallest."""

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def append(self, leaf: bytes) -> Self:
        """The tree with one more leaf."""
        return self.grow(leaf_hash(leaf))

    def grow(self, carry: bytes) -> Self:
        """The tree with one more leaf, given by its hash; merges as many full subtrees as `size` has trailing ones."""
        peaks, rest = list(self.peaks), self.size
        while rest & 1:
            carry = node_hash(peaks.pop(), carry)
            rest >>= 1
        return type(self)(self.size + 1, (*peaks, carry))

    def root(self) -> bytes:
        """The RFC 9162 tree hash of all leaves so far."""
        if not self.peaks:
            return EMPTY_ROOT
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = node_hash(peak, root)
        return root


class Leaves:
    """The hashes of a log's leaves and of all full subtrees over them; tells roots and proofs of every size so far.

    Costs one hash and about 64 bytes for each leaf, once.
    """

    def __init__(self, hashes: Iterable[bytes]) -> None:
        """Take the hashes of the leaves in order (see `leaf_hash`); ValueError if one is not 32 bytes."""
        leaves = list(hashes)
        if any(len(leaf) != HASH_BYTES for leaf in leaves):
            raise ValueError("not the hash of a leaf")
        self.size = len(leaves)
        self._levels = [b"".join(leaves)]
        while len(self._levels[-1]) >= 2 * HASH_BYTES:
            self._levels.append(_parents(self._levels[-1]))

    def root(self, size: int) -> bytes:
        """The tree hash of the first `size` leaves (RFC 9162 2.1.1); ValueError if there are fewer."""
        if size == 0:
            return EMPTY_ROOT
        self._check_inside(0, size)
        return self._hash(0, size)

    def tree(self, size: int) -> Tree:
        """The first `size` leaves as a tree that can grow; ValueError if there are fewer."""
        if not 0 <= size <= self.size:
            raise ValueError("not in this tree")
        peaks, begin = [], 0
        for level in reversed(range(size.bit_length())):
            if size >> level & 1:
                peaks.append(self._hash(begin, begin + (1 << level)))
                begin += 1 << level
        return Tree(size, tuple(peaks))

    def inclusion(self, index: int, size: int) -> tuple[bytes, ...]:
        """Proof that the tree of `size` has leaf `index` (RFC 9162 2.1.3.1); ValueError if it has not."""
        self._check_inside(index, size)
        proof, begin, end = [], 0, size
        while end - begin > 1:
            middle = begin + _left_part(end - begin)
            if index < middle:
                proof.append(self._hash(middle, end))
                end = middle
            else:
                proof.append(self._hash(begin, middle))
                begin = middle
        return tuple(reversed(proof))

    def consistency(self, old: int, new: int) -> tuple[bytes, ...]:
        """Proof that the tree of `new` begins with that of `old` (RFC 9162 2.1.4.1); ValueError if 0 or too large."""
        self._check_inside(old - 1, new)
        if old == new:
            return ()
        last = _last_full(old)
        above = self.inclusion(old - 1, new)[last.bit_length() - 1 :]
        return above if last == old else (self._hash(old - last, old), *above)

    def _check_inside(self, index: int, size: int) -> None:
        if not 0 <= index < size <= self.size:
            raise ValueError("not in this tree")

    def _hash(self, begin: int, end: int) -> bytes:
        """Tree hash of a subtree; `begin` is a multiple of its size, rounded up to a power of two."""
        size = end - begin
        if size == _last_full(size):
            at = begin // size * HASH_BYTES
            return self._levels[size.bit_length() - 1][at : at + HASH_BYTES]
        middle = begin + _left_part(size)
        return node_hash(self._hash(begin, middle), self._hash(middle, end))


def check_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Raise Rejected(PROOF) unless the tree of `size` with this root has the leaf of this hash at `index`.

    RFC 9162 2.1.3.2. The empty tree has no leaf, so nothing is included in it.
    """
    if not 0 <= index < size:
        raise Rejected(Code.PROOF, "index")
    sides = list(_sides(index, size - 1))
    _check_hashes((leaf, *proof), 1 + len(sides))
    for left, sibling in zip(sides, proof, strict=True):
        leaf = node_hash(sibling, leaf) if left else node_hash(leaf, sibling)
    if leaf != root:
        raise Rejected(Code.PROOF, "root")


def check_consistency(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Raise Rejected(PROOF) unless the tree of `new` with its root begins with the tree of `old` with its root.

    RFC 9162 2.1.4.2, which says nothing of the empty tree. Every log begins with it, so a proof from size 0 would prove
    nothing: it is refused, whatever it holds. A tree is consistent with itself by equal roots and an empty proof.
    """
    if not 0 < old <= new:
        raise Rejected(Code.PROOF, "size")
    if old == new:
        if proof or old_root != new_root:
            raise Rejected(Code.PROOF, "root")
        return
    last = _last_full(old)
    level = last.bit_length() - 1
    sides = list(_sides((old - 1) >> level, (new - 1) >> level))
    nodes = (old_root, *proof) if last == old else tuple(proof)  # an old tree that is full is itself the first node
    _check_hashes(nodes, 1 + len(sides))
    small = large = nodes[0]
    for left, sibling in zip(sides, nodes[1:], strict=True):
        small = node_hash(sibling, small) if left else small
        large = node_hash(sibling, large) if left else node_hash(large, sibling)
    if (small, large) != (old_root, new_root):
        raise Rejected(Code.PROOF, "root")


def _check_hashes(hashes: Sequence[bytes], count: int) -> None:
    """A hash of another length could shift the border between left and right under the same digest."""
    if len(hashes) != count or any(len(node) != HASH_BYTES for node in hashes):
        raise Rejected(Code.PROOF, "length")


def _sides(node: int, last: int) -> Iterator[bool]:
    """For each sibling on the way up to the root, whether it stands on the left; `last` is the level's last node."""
    while last:
        if node & 1:
            yield True
        elif node < last:
            yield False
        node >>= 1
        last >>= 1


def _parents(level: bytes) -> bytes:
    pairs = range(0, len(level) - HASH_BYTES, 2 * HASH_BYTES)
    return b"".join(sha256(b"\1" + level[at : at + 2 * HASH_BYTES]).digest() for at in pairs)


def _left_part(size: int) -> int:
    """Leaves left of the root: the largest power of two below `size` (RFC 9162 2.1.1)."""
    return 1 << ((size - 1).bit_length() - 1)


def _last_full(size: int) -> int:
    """Leaves of the last full subtree of a tree: the lowest bit of `size`."""
    return size & -size
