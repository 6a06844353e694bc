"""A tree held in memory, for reading proofs from; stricter than any store."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from domain.log.tree import Node


def tree_hash(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962 section 2.1, written as the RFC writes it: the judge of the product's."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + tree_hash(leaves[:split]) + tree_hash(leaves[split:])).digest()


def leaf(number: int) -> bytes:
    """A leaf hash that belongs to this number."""
    return sha256(b"\0" + str(number).encode()).digest()


class Leaves:
    """A reader of complete subtrees over leaf hashes.

    Attributes:
        calls: the nodes asked for, one list a call.
    """

    def __init__(self, leaves: Iterable[bytes]) -> None:
        self.leaves = list(leaves)
        self.calls: list[list[Node]] = []

    def read_hashes(self, nodes: Sequence[Node]) -> list[bytes]:
        """Each node's hash; asking for a node that is not complete is an error of the asker."""
        self.calls.append(list(nodes))
        hashes = []
        for level, index in nodes:
            below = self.leaves[index << level : (index + 1) << level]
            assert len(below) == 1 << level, f"no complete subtree {level}, {index}"
            hashes.append(tree_hash(below))
        return hashes
