from hashlib import sha256

from contracts.merkle import EMPTY_ROOT, Tree

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
