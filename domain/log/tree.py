"""The Merkle tree over leaf hashes (RFC 6962 section 2.1, RFC 9162 section 2.1).

    leaf hash = SHA-256(0x00 || entry)      (see domain.log.entry)
    node hash = SHA-256(0x01 || left || right)
    MTH(D[n]) = node(MTH(D[0:k]), MTH(D[k:n])), k the largest power of two below n

A *node* here is a complete subtree, named (level, index): the leaves from index * 2^level up to,
not including, (index + 1) * 2^level. A tree of any size is a row of at most 63 nodes of falling
level; that row is all a growing tree must remember (`CompactTree`), and all that a root or proof
must read (`HashReader`).
"""

from __future__ import annotations

from hashlib import sha256
from itertools import islice
from typing import TYPE_CHECKING, Protocol

from domain.errors import DamageError
from domain.log.wire import MAX_NUMBER

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HASH_BYTES = 32
_AT_ONCE = 256
EMPTY_ROOT = sha256(b"").digest()
"""Root of the tree without leaves."""

Node = tuple[int, int]
"""Level and index of a complete subtree."""


class HashReader(Protocol):
    """Where the hashes of complete subtrees are kept."""

    def read_hashes(self, nodes: Sequence[Node]) -> list[bytes]:
        """The hash of each node, in the order asked for.

        Each function of this module makes one call, for at most 63 nodes a proof element and
        two to the power of 7 nodes in all, and only for nodes within the size it was given.

        Raises:
            DamageError: a hash is missing or does not verify.
        """
        ...


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of the node over two subtrees."""
    return sha256(b"\x01" + left + right).digest()


class CompactTree:
    """A tree that only grows, remembered by its right edge: O(log n) memory.

    Not safe for use by several threads at once.

    Attributes:
        size: number of leaves.
    """

    __slots__ = ("_frontier", "size")

    def __init__(self) -> None:
        self.size = 0
        self._frontier: list[bytes] = []

    @classmethod
    def from_frontier(cls, size: int, frontier: Iterable[bytes]) -> CompactTree:
        """The tree of `size` leaves whose complete subtrees have these hashes.

        Args:
            size: number of leaves.
            frontier: as `frontier` gives it, largest subtree first.

        Raises:
            DamageError: the number of hashes does not belong to the size, or one is no hash.
        """
        tree = cls()
        tree.size = size
        tree._frontier = list(frontier)
        if not 0 <= size <= MAX_NUMBER or len(tree._frontier) != size.bit_count():
            raise DamageError(None, "these are not the subtrees of a tree of this size")
        if any(len(subtree) != HASH_BYTES for subtree in tree._frontier):
            raise DamageError(None, "a subtree's hash has another length")
        return tree

    @property
    def frontier(self) -> tuple[bytes, ...]:
        """Hashes of the complete subtrees, largest first: one for each 1 in `size`."""
        return tuple(self._frontier)

    def copy(self) -> CompactTree:
        """A tree of the same leaves that grows on its own."""
        twin = CompactTree()
        twin.size = self.size
        twin._frontier = self._frontier.copy()
        return twin

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash.

        Raises:
            ValueError: not 32 bytes.
        """
        if len(leaf) != HASH_BYTES:
            raise ValueError(f"a leaf hash has {HASH_BYTES} bytes, not {len(leaf)}")
        frontier = self._frontier
        size = self.size
        self.size = size + 1
        while size & 1:
            leaf = sha256(b"\x01" + frontier.pop() + leaf).digest()
            size >>= 1
        frontier.append(leaf)

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add leaf hashes in order.

        Raises:
            ValueError: one is not 32 bytes; those before it are in the tree.
        """
        rest = iter(leaves)
        for leaf in islice(rest, -self.size % _AT_ONCE):
            self.append(leaf)
        while some := list(islice(rest, _AT_ONCE)):
            if len(some) == _AT_ONCE and all(len(leaf) == HASH_BYTES for leaf in some):
                self._join(some, self.size // _AT_ONCE)
                self.size += _AT_ONCE
            else:
                for leaf in some:
                    self.append(leaf)

    def _join(self, hashes: list[bytes], before: int) -> None:
        """Put a complete subtree at the edge, beside `before` of its size."""
        while len(hashes) > 1:
            # Level by level: the same hashes as leaf by leaf, with fewer steps for each.
            pairs = zip(hashes[::2], hashes[1::2], strict=True)
            hashes = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
        (top,) = hashes
        while before & 1:
            top = sha256(b"\x01" + self._frontier.pop() + top).digest()
            before >>= 1
        self._frontier.append(top)

    def root(self) -> bytes:
        """Root hash of the tree as it is now."""
        return _fold(self._frontier) if self._frontier else EMPTY_ROOT


def nodes_of(start: int, end: int) -> list[Node]:
    """The complete subtrees that make up the leaves from `start` to before `end`.

    `start` is a multiple of the largest power of two that fits: true of every subtree that a
    root or proof speaks of. Largest first.
    """
    nodes = []
    while start < end:
        level = (end - start).bit_length() - 1
        nodes.append((level, start >> level))
        start += 1 << level
    return nodes


def root_of(size: int, reader: HashReader) -> bytes:
    """Root of the first `size` leaves.

    Raises:
        DamageError: from the reader.
        ValueError: `size` is negative.
    """
    if size < 0:
        raise ValueError("a tree has no negative size")
    if size == 0:
        return EMPTY_ROOT
    (root,) = _read(reader, [(0, size)])
    return root


def inclusion_proof(index: int, size: int, reader: HashReader) -> list[bytes]:
    """PATH(index, D[size]): the leaf's sibling first, the root's child last.

    Raises:
        ValueError: `index` is not one of `size` leaves.
        DamageError: from the reader.
    """
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    ranges: list[tuple[int, int]] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    return _read(reader, ranges[::-1])


def consistency_proof(old: int, new: int, reader: HashReader) -> list[bytes]:
    """PROOF(old, D[new]): that the first `old` of `new` leaves are the smaller tree's.

    Empty for an empty old tree and for equal sizes.

    Raises:
        ValueError: not 0 <= old <= new.
        DamageError: from the reader.
    """
    if not 0 <= old <= new:
        raise ValueError(f"no tree of {old} within one of {new}")
    if old in (0, new):
        return []
    ranges: list[tuple[int, int]] = []
    start, end = 0, new
    # RFC 6962 section 2.1.2; `start` moved means that the old root itself is not at hand.
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    if start:
        ranges.append((start, end))
    return _read(reader, ranges[::-1])


def verify_inclusion(
    leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes
) -> None:
    """Check that `leaf` is leaf number `index` (from 0) of the tree of `size` with this root.

    Raises:
        DamageError: it is not, or the proof is not one of this index and size.
    """
    if not 0 <= index < size <= MAX_NUMBER:
        raise DamageError(None, f"inclusion: no leaf {index} in a tree of {size}")
    _check_hashes([leaf, root, *path], "inclusion")
    inner = (index ^ (size - 1)).bit_length()
    length = inner + (index >> inner).bit_count()
    if len(path) != length:
        raise DamageError(None, f"inclusion: the proof has {len(path)} hashes, not {length}")
    found = leaf
    for level, sibling in enumerate(path):
        if level >= inner or index >> level & 1:
            found = node_hash(sibling, found)
        else:
            found = node_hash(found, sibling)
    if found != root:
        raise DamageError(None, "inclusion: the proof leads to another root")


def verify_consistency(
    old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]
) -> None:
    """Check that the tree of `old` leaves is the beginning of the tree of `new` leaves.

    Raises:
        DamageError: it is not, or the proof is not one of these sizes.
    """
    _check_sizes(old, new, old_root, new_root)
    _check_hashes([old_root, new_root, *path], "consistency")
    if old in (0, new):
        if path:
            raise DamageError(None, "consistency: the proof must be empty here")
        return
    # The old tree's last complete subtree is where both recomputations begin (RFC 9162
    # section 2.1.4.2); where it is the whole old tree, its hash is the old root itself.
    shift = (old & -old).bit_length() - 1
    inner = ((old - 1) ^ (new - 1)).bit_length() - shift
    border = (old >> (shift + inner)).bit_count()
    hashes = list(path) if old & (old - 1) else [old_root, *path]
    if len(hashes) != 1 + inner + border:
        raise DamageError(None, "consistency: the proof has another length than these sizes need")
    found_old = found_new = hashes[0]
    for level, sibling in enumerate(hashes[1:]):
        if level >= inner or (old - 1) >> (shift + level) & 1:
            found_old = node_hash(sibling, found_old)
            found_new = node_hash(sibling, found_new)
        else:
            found_new = node_hash(found_new, sibling)
    if found_old != old_root:
        raise DamageError(None, "consistency: the proof leads to another old root")
    if found_new != new_root:
        raise DamageError(None, "consistency: the proof leads to another new root")


def _split(size: int) -> int:
    """The largest power of two below `size` (which is at least 2)."""
    return 1 << ((size - 1).bit_length() - 1)


def _fold(row: Sequence[bytes]) -> bytes:
    """The root over a row of complete subtrees of falling size."""
    root = row[-1]
    for subtree in row[-2::-1]:
        root = node_hash(subtree, root)
    return root


def _read(reader: HashReader, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
    """The tree hash of each range of leaves, from one call of the reader."""
    rows = [nodes_of(start, end) for start, end in ranges]
    wanted = [node for row in rows for node in row]
    hashes = reader.read_hashes(wanted) if wanted else []
    if len(hashes) != len(wanted):
        raise DamageError(None, f"{len(hashes)} tree hashes read, {len(wanted)} asked for")
    answer = []
    at = 0
    for row in rows:
        answer.append(_fold(hashes[at : at + len(row)]))
        at += len(row)
    return answer


def _check_sizes(old: int, new: int, old_root: bytes, new_root: bytes) -> None:
    """What sizes and roots say without a proof."""
    if not 0 <= old <= new <= MAX_NUMBER:
        raise DamageError(None, f"consistency: no tree of {old} within one of {new}")
    if old == 0 and old_root != EMPTY_ROOT:
        raise DamageError(None, "consistency: an empty tree has another root")
    if old == new and old_root != new_root:
        raise DamageError(None, "consistency: two roots for one size")


def _check_hashes(hashes: Iterable[bytes], what: str) -> None:
    if any(len(value) != HASH_BYTES for value in hashes):
        raise DamageError(None, f"{what}: a hash has another length than {HASH_BYTES} bytes")
