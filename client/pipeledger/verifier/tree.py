"""The Merkle tree of RFC 6962 section 2.1.

    empty root = SHA-256("")    leaf = SHA-256(0x00 || entry)
    node = SHA-256(0x01 || left || right)

An odd node at the end of a level is carried up as it is, never doubled.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from pipeledger.verifier.wire import HASH_BYTES

if TYPE_CHECKING:
    from collections.abc import Sequence

EMPTY_ROOT = sha256(b"").digest()
_LEAF = sha256(b"\x00")
_NODE = sha256(b"\x01")


def leaf_hash(entry: bytes) -> bytes:
    """The leaf hash of an entry's bytes."""
    return sha256(b"\x00" + entry).digest()


def leaf_hashes(entries: Sequence[bytes]) -> list[bytes]:
    """The leaf hashes of many entries; copying a started hash is the fastest way here."""
    start = _LEAF.copy
    leaves = []
    for entry in entries:
        digest = start()
        digest.update(entry)
        leaves.append(digest.digest())
    return leaves


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node from those of its children."""
    return sha256(b"\x01" + left + right).digest()


def levels(leaves: Sequence[bytes]) -> list[list[bytes]]:
    """The hashes of a complete tree, level by level: 2^n leaves, 2^(n-1) nodes, .. the root."""
    rows = [list(leaves)]
    while len(rows[-1]) > 1:
        rows.append(_above(rows[-1]))
    return rows


def all_but_last(rows: Sequence[Sequence[bytes]]) -> list[bytes]:
    """Of a complete tree: roots of the complete trees before its last leaf, the largest first."""
    return [row[-2] for row in reversed(rows[:-1])]


def _above(row: Sequence[bytes]) -> list[bytes]:
    start, pairs = _NODE.copy, iter(row)
    nodes = []
    for left, right in zip(pairs, pairs, strict=True):
        digest = start()
        digest.update(left + right)
        nodes.append(digest.digest())
    return nodes


class Tree:
    """A tree that only remembers its complete subtrees: at most one hash a level.

    Attributes:
        size: number of leaves.
    """

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes | None] = []

    def extend(self, leaves: Sequence[bytes]) -> None:
        """Append leaves, hashing whole levels at a time."""
        self.size += len(leaves)
        row = list(leaves)
        level = 0
        while row:
            if level == len(self._peaks):
                self._peaks.append(None)
            if (waiting := self._peaks[level]) is not None:
                row.insert(0, waiting)
            self._peaks[level] = row.pop() if len(row) % 2 else None
            row = _above(row)
            level += 1

    def append(self, level: int, top: bytes) -> None:
        """Append the root of 2^level leaves; a multiple of twice as many stands before them."""
        self.size += 1 << level
        self._peaks += [None] * (level + 1 - len(self._peaks))
        self._peaks[level] = top

    def root(self) -> bytes:
        """The root hash of all leaves so far."""
        root: bytes | None = None
        for peak in self._peaks:
            if peak is not None:
                root = peak if root is None else node_hash(peak, root)
        return EMPTY_ROOT if root is None else root

    def copy(self) -> Tree:
        """A tree of the same leaves that grows apart from this one."""
        other = Tree()
        other.size = self.size
        other._peaks = self._peaks.copy()
        return other


def is_included(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether `path` proves `leaf` at `index` of a tree of `size` leaves with this root.

    The bits of the index say on which side each sibling stands; above the point where the index
    and the last leaf part, every sibling stands left (RFC 9162 section 2.1.3.2).
    """
    if not 0 <= index < size:
        return False
    inner = (index ^ (size - 1)).bit_length()
    border = (index >> inner).bit_count()
    if len(path) != inner + border or not _are_hashes(leaf, root, *path):
        return False
    found = leaf
    for level, sibling in enumerate(path):
        if level < inner and not index >> level & 1:
            found = node_hash(found, sibling)
        else:
            found = node_hash(sibling, found)
    return found == root


def is_consistent(
    old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]
) -> bool:
    """Whether `path` proves that a tree of `old` leaves is the beginning of one of `new` leaves.

    The recursive definition (RFC 6962 section 2.1.2), read from the root down: the last hashes of
    the path are the subtrees nearest to the root.
    """
    if not 0 < old <= new or not _are_hashes(old_root, new_root, *path):
        return False
    steps = list(path)
    found = _consistent(old, new, steps, old_root, known=True)
    return not steps and found == (old_root, new_root)


def _consistent(
    old: int, new: int, steps: list[bytes], old_root: bytes, *, known: bool
) -> tuple[bytes, bytes] | None:
    """Roots of the first `old` and of all `new` leaves of a subtree, or None: steps are missing.

    Takes its steps from the end. `known`: the first leaves are a tree whose root is given.
    """
    if old == new and known:
        return old_root, old_root
    if not steps:
        return None
    if old == new:
        only = steps.pop()
        return only, only
    cut = 1 << (new - 1).bit_length() - 1
    beside = steps.pop()
    if old <= cut:
        inner = _consistent(old, cut, steps, old_root, known=known)
        return None if inner is None else (inner[0], node_hash(inner[1], beside))
    inner = _consistent(old - cut, new - cut, steps, old_root, known=False)
    if inner is None:
        return None
    return node_hash(beside, inner[0]), node_hash(beside, inner[1])


def _are_hashes(*values: bytes) -> bool:
    return all(len(value) == HASH_BYTES for value in values)
