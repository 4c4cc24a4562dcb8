"""The Merkle tree over a log (RFC 9162 2.1), kept as the roots of its full subtrees.

A log of n leaves needs only popcount(n) hashes to grow and to tell its root, so appending costs the
same at a million records as at a thousand.
"""

from hashlib import sha256
from typing import NamedTuple, Self

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
        """The tree with one more leaf; merges as many full subtrees as `size` has trailing ones."""
        peaks, carry, rest = list(self.peaks), leaf_hash(leaf), self.size
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
