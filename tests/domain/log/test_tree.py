"""The Merkle tree: known roots, every proof of every small tree, and no other proof."""

from __future__ import annotations

from hashlib import sha256

import pytest

from domain.errors import DamageError
from domain.log.entry import leaf_hash
from domain.log.tree import (
    EMPTY_ROOT,
    CompactTree,
    consistency_proof,
    inclusion_proof,
    node_hash,
    nodes_of,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from tests.domain.log.leaves import Leaves, leaf, tree_hash

REFERENCE_LEAVES = (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
)  # fmt: skip
REFERENCE_ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)

UP_TO = 66
LEAVES = [leaf(number) for number in range(2 * UP_TO)]
ROOTS = [tree_hash(LEAVES[:size]) for size in range(2 * UP_TO + 1)]
STRANGER = sha256(b"stranger").digest()


def holds(index: int, size: int, path: list[bytes], root: bytes, of: bytes) -> bool:
    """Whether an inclusion proof is accepted."""
    try:
        verify_inclusion(of, index, size, path, root)
    except DamageError:
        return False
    return True


def extends(old: int, new: int, old_root: bytes, new_root: bytes, path: list[bytes]) -> bool:
    """Whether a consistency proof is accepted."""
    try:
        verify_consistency(old, new, old_root, new_root, path)
    except DamageError:
        return False
    return True


def flipped(value: bytes, bit: int) -> bytes:
    """The value with one bit changed."""
    return (int.from_bytes(value) ^ (1 << bit)).to_bytes(len(value))


@pytest.mark.parametrize("size", range(9))
def test_the_reference_leaves_have_the_known_roots(size: int) -> None:
    """The eight leaves of the certificate transparency tests give their published roots."""
    leaves = [leaf_hash(bytes.fromhex(entry)) for entry in REFERENCE_LEAVES[:size]]
    tree = CompactTree()
    tree.extend(leaves)
    assert tree.root().hex() == REFERENCE_ROOTS[size]
    assert root_of(size, Leaves(leaves)).hex() == REFERENCE_ROOTS[size]


def test_a_growing_tree_has_the_roots_of_the_definition() -> None:
    """At every size the compact tree, its copy and its restored frontier agree with the RFC."""
    tree = CompactTree()
    reader = Leaves(LEAVES)
    for size, root in enumerate(ROOTS):
        assert tree.size == size
        assert tree.root() == root == root_of(size, reader)
        assert CompactTree.from_frontier(size, tree.frontier).root() == root
        twin = tree.copy()
        assert twin.size == size
        twin.append(STRANGER)
        assert tree.root() == root
        if size < len(LEAVES):
            tree.append(LEAVES[size])


def test_a_restored_tree_goes_on_growing() -> None:
    """From any frontier the later roots come out the same."""
    for size in range(0, UP_TO, 7):
        begun = CompactTree()
        begun.extend(LEAVES[:size])
        tree = CompactTree.from_frontier(size, begun.frontier)
        tree.extend(LEAVES[size : size + 40])
        assert tree.root() == ROOTS[size + 40]


@pytest.mark.parametrize("first", [0, 1, 100, 255, 256, 300])
def test_many_leaves_at_once_are_as_many_one_by_one(first: int) -> None:
    """However many stand there before: whole groups are joined by themselves."""
    leaves = [leaf(number) for number in range(1100)]
    slow, quick = CompactTree(), CompactTree()
    for one in leaves:
        slow.append(one)
    quick.extend(leaves[:first])
    quick.extend(iter(leaves[first:]))
    assert (quick.size, quick.frontier) == (1100, slow.frontier)


def test_a_leaf_that_is_no_hash_stops_many_where_it_stands() -> None:
    """Those before it are in the tree."""
    leaves = [leaf(number) for number in range(250)]
    tree = CompactTree()
    with pytest.raises(ValueError, match="32 bytes"):
        tree.extend([*leaves, b"short", *leaves[:10]])
    assert (tree.size, tree.root()) == (250, tree_hash(leaves))


@pytest.mark.parametrize(
    ("size", "frontier"),
    [(1, []), (0, [leaf(0)]), (3, [leaf(0)]), (2, [leaf(0)[:31]]), (-1, [leaf(0)]),
     (2**63, [leaf(0)])],
)  # fmt: skip
def test_a_frontier_of_another_size_is_damage(size: int, frontier: list[bytes]) -> None:
    """A size and hashes that do not belong together are noticed."""
    with pytest.raises(DamageError):
        CompactTree.from_frontier(size, frontier)


def test_a_leaf_that_is_no_hash_is_a_mistake() -> None:
    """Only hashes are appended, and a refused one leaves the tree as it was."""
    tree = CompactTree()
    with pytest.raises(ValueError, match="32 bytes"):
        tree.append(b"entry")
    assert tree.size == 0
    assert tree.root() == EMPTY_ROOT


def test_every_inclusion_proof_verifies_and_proves_nothing_else() -> None:
    """For every leaf of every small tree: the proof holds; at other places and sizes it fails."""
    reader = Leaves(LEAVES)
    for size in range(1, UP_TO + 1):
        root = ROOTS[size]
        for index in range(size):
            path = inclusion_proof(index, size, reader)
            assert holds(index, size, path, root, LEAVES[index])
            for other in {index - 1, index + 1, index ^ 2, size - 1, size, size * 2} - {index}:
                assert not holds(other, size, path, root, LEAVES[index])
            assert not holds(index, size, path, root, LEAVES[index ^ 1])
            assert not holds(index, size, path, EMPTY_ROOT, LEAVES[index])
            assert not holds(index, size, path, STRANGER, LEAVES[index])
            assert not holds(index, size, path, ROOTS[size + 1], LEAVES[index])


def mutations(path: list[bytes], root: bytes) -> list[list[bytes]]:
    """Paths that are not this one: longer, shorter, reordered, with a bit changed."""
    found = [
        [*path, STRANGER], [*path, b""], [*path, root], [STRANGER, *path], [root, *path],
    ]  # fmt: skip
    for at, value in enumerate(path):
        found += [
            path[:at] + path[at + 1 :],
            path[:at],
            [*path[:at], STRANGER, *path[at + 1 :]],
            [*path[:at], value[:31], *path[at + 1 :]],
            [*path[:at], value + b"\0", *path[at + 1 :]],
            [*path[:at], flipped(value, at), *path[at + 1 :]],
        ]
    if len(path) > 1:
        found += [path[::-1], [path[1], path[0], *path[2:]]]
    return found


def test_a_changed_inclusion_proof_fails() -> None:
    """Longer, shorter, reordered and changed paths are refused, at every leaf of small trees."""
    reader = Leaves(LEAVES)
    for size in [*range(1, 34), 63, 64, 65, 127, 128, 129]:
        for index in range(size):
            path = inclusion_proof(index, size, reader)
            for changed in mutations(path, ROOTS[size]):
                assert not holds(index, size, changed, ROOTS[size], LEAVES[index])


def test_every_bit_of_a_proof_counts() -> None:
    """Each single bit of leaf, root and path decides."""
    reader = Leaves(LEAVES)
    path = inclusion_proof(5, 11, reader)
    for bit in range(256):
        assert not holds(5, 11, path, ROOTS[11], flipped(LEAVES[5], bit))
        assert not holds(5, 11, path, flipped(ROOTS[11], bit), LEAVES[5])
        for at, value in enumerate(path):
            changed = [*path[:at], flipped(value, bit), *path[at + 1 :]]
            assert not holds(5, 11, changed, ROOTS[11], LEAVES[5])


def test_a_proof_of_another_size_fails_where_it_needs_another_length() -> None:
    """Halved, doubled and zero sizes are refused."""
    reader = Leaves(LEAVES)
    for size in range(2, UP_TO + 1):
        path = inclusion_proof(0, size, reader)
        assert not holds(0, 0, path, ROOTS[size], LEAVES[0])
        assert not holds(0, size * 2, path, ROOTS[size], LEAVES[0])
        assert not holds(0, size // 2, path, ROOTS[size], LEAVES[0])
        assert not holds(-1, size, path, ROOTS[size], LEAVES[0])
        assert not holds(0, 2**63, path, ROOTS[size], LEAVES[0])


def test_every_consistency_proof_verifies_and_proves_nothing_else() -> None:
    """For every pair of small sizes: the proof holds, with other roots and sizes it fails."""
    reader = Leaves(LEAVES)
    for new in range(UP_TO + 1):
        for old in range(new + 1):
            path = consistency_proof(old, new, reader)
            assert extends(old, new, ROOTS[old], ROOTS[new], path)
            assert not extends(old, new, STRANGER, ROOTS[new], path)
            assert not extends(old, new, ROOTS[old], STRANGER, path) or old == 0 < new
            assert not extends(old, new, ROOTS[old], ROOTS[new], [*path, STRANGER])
            assert not extends(new, old, ROOTS[new], ROOTS[old], path) or old == new
            if 0 < old < new:
                assert not extends(old, new, ROOTS[new], ROOTS[old], path)
                assert not extends(old, new, ROOTS[old], ROOTS[new], path[:-1])
                assert not extends(old - 1, new, ROOTS[old], ROOTS[new], path)
                assert not extends(old + 1, new, ROOTS[old], ROOTS[new], path)


def test_a_changed_consistency_proof_fails() -> None:
    """Longer, shorter, reordered and changed paths are refused, at every pair of small sizes."""
    reader = Leaves(LEAVES)
    for new in [*range(1, 26), 31, 32, 33, 64, 65]:
        for old in range(1, new):
            path = consistency_proof(old, new, reader)
            for changed in mutations(path, ROOTS[new]):
                assert not extends(old, new, ROOTS[old], ROOTS[new], changed)


@pytest.mark.parametrize(
    ("old", "new", "old_root", "new_root", "path"),
    [
        (0, 5, EMPTY_ROOT, ROOTS[5], [STRANGER]),
        (0, 5, STRANGER, ROOTS[5], []),
        (0, 0, STRANGER, STRANGER, []),
        (5, 5, ROOTS[5], STRANGER, []),
        (5, 5, ROOTS[5], ROOTS[5], [STRANGER]),
        (6, 5, ROOTS[6], ROOTS[5], []),
        (-1, 5, ROOTS[1], ROOTS[5], []),
        (5, 2**63, ROOTS[5], ROOTS[6], []),
        (4, 5, ROOTS[4], ROOTS[5], []),
        (5, 6, b"", ROOTS[6], []),
    ],
)
def test_what_needs_no_proof_is_checked_without_one(
    old: int, new: int, old_root: bytes, new_root: bytes, path: list[bytes]
) -> None:
    """Empty trees, equal sizes and shrinking sizes have their own rules."""
    assert not extends(old, new, old_root, new_root, path)


def test_an_empty_tree_begins_every_tree() -> None:
    """Nothing is proved from size 0 but that the empty tree was empty."""
    assert consistency_proof(0, 7, Leaves(LEAVES)) == []
    assert extends(0, 7, EMPTY_ROOT, ROOTS[7], [])
    assert extends(0, 0, EMPTY_ROOT, EMPTY_ROOT, [])


def test_an_inner_node_is_no_leaf() -> None:
    """Entries that spell an inner node, with its prefix or without, do not verify as one."""
    children = LEAVES[0] + LEAVES[1]
    for entry in (children, b"\x01" + children):
        assert leaf_hash(entry) != node_hash(LEAVES[0], LEAVES[1])
        path = inclusion_proof(0, 4, Leaves(LEAVES))
        assert not holds(0, 4, path, ROOTS[4], leaf_hash(entry))
        assert not holds(0, 2, path[1:], ROOTS[4], leaf_hash(entry))


def test_what_is_no_hash_proves_nothing() -> None:
    """Also where nothing has to be reckoned: two equal texts are no leaf and root."""
    with pytest.raises(DamageError, match="inclusion: a hash has another length"):
        verify_inclusion(b"x", 0, 1, [], b"x")
    with pytest.raises(DamageError, match="inclusion: a hash has another length"):
        verify_inclusion(LEAVES[0], 0, 2, [b"x"], ROOTS[2])
    with pytest.raises(DamageError, match="consistency: a hash has another length"):
        verify_consistency(5, 5, b"x", b"x", [])


def test_sizes_that_cannot_be_are_named() -> None:
    """Before anything else; the largest that there is can be."""
    with pytest.raises(DamageError, match="no leaf -1 in a tree of 5"):
        verify_inclusion(LEAVES[0], -1, 5, [], ROOTS[5])
    for old, new in ((-1, 5), (6, 5), (5, 2**63)):
        with pytest.raises(DamageError, match=f"no tree of {old} within one of {new}"):
            verify_consistency(old, new, ROOTS[5], ROOTS[5], [])
    verify_consistency(2**63 - 1, 2**63 - 1, ROOTS[5], ROOTS[5], [])


def test_an_inner_node_does_not_pass_as_a_leaf_of_a_smaller_tree() -> None:
    """A hash of a node given as a leaf hash only verifies in a tree of another size.

    So the size must come from a signed checkpoint, and the leaf hash from the entry's bytes.
    """
    path = inclusion_proof(0, 4, Leaves(LEAVES))
    node = node_hash(LEAVES[0], LEAVES[1])
    assert not holds(0, 4, path[1:], ROOTS[4], node)
    assert holds(0, 2, path[1:], ROOTS[4], node)


def test_each_proof_is_one_call_of_logarithmic_size() -> None:
    """A store is asked once, for complete subtrees alone, and for few of them."""
    for size in range(2, UP_TO + 1):
        for index in range(size):
            reader = Leaves(LEAVES)
            inclusion_proof(index, size, reader)
            consistency_proof(index, size, reader)
            assert len(reader.calls) == (2 if index else 1)
            assert max(map(len, reader.calls)) <= 2 * size.bit_length()


def test_nodes_of_a_great_range_are_few() -> None:
    """The largest tree is a row of 63 subtrees."""
    assert CompactTree.from_frontier(2**63 - 1, [leaf(0)] * 63).size == 2**63 - 1
    assert len(nodes_of(0, 2**63 - 1)) == 63
    assert nodes_of(0, 0) == []
    assert nodes_of(8, 14) == [(2, 2), (1, 6)]


def test_a_path_in_the_largest_tree_verifies() -> None:
    """Sizes and indexes up to 2^63-1 are reckoned with exactly."""
    size = 2**63 - 1
    path = [STRANGER] * 62
    root = LEAVES[0]
    for sibling in path:
        root = node_hash(sibling, root)
    # The last leaf of that tree has only left siblings.
    verify_inclusion(LEAVES[0], size - 1, size, path, root)
    assert not holds(size - 2, size, path, root, LEAVES[0])


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (-1, 5), (5, 5), (6, 5)])
def test_a_proof_of_a_leaf_that_is_not_there_is_a_mistake(index: int, size: int) -> None:
    """The caller asked for what cannot be."""
    with pytest.raises(ValueError, match="no leaf"):
        inclusion_proof(index, size, Leaves(LEAVES))


@pytest.mark.parametrize(("old", "new"), [(-1, 5), (6, 5)])
def test_a_proof_between_sizes_that_cannot_be_is_a_mistake(old: int, new: int) -> None:
    """The caller asked for what cannot be."""
    with pytest.raises(ValueError, match="no tree"):
        consistency_proof(old, new, Leaves(LEAVES))
    with pytest.raises(ValueError, match="negative"):
        root_of(-1, Leaves(LEAVES))


def test_a_reader_that_answers_short_is_damage() -> None:
    """Hashes that are missing are noticed before they are used."""

    class Forgetful(Leaves):
        def read_hashes(self, nodes):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            return super().read_hashes(nodes)[:-1]

    with pytest.raises(DamageError, match="tree hashes read"):
        inclusion_proof(1, 4, Forgetful(LEAVES))
