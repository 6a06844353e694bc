"""A link that does not fit: which of the two entries was altered, as far as it can be told."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeledger.verifier.entry import LINK_AT, LINK_END
from pipeledger.verifier.wire import HASH_BYTES, UnsoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeledger.verifier.tree import Tree
    from pipeledger.verifier.wire import Checkpoint

_LINK = re.compile(b"[0-9a-f]{64}")


class BrokenLink:
    """What is still learnt about a link that does not fit, from the entries after it."""

    def __init__(
        self, position: int, fault: UnsoundError | None, tree: Tree, leaves: list[bytes]
    ) -> None:
        """Begin at the entry whose link does not fit.

        Args:
            position: its position.
            fault: what is wrong with it by itself, if anything.
            tree: leaves of the run from position 1, as far as they are in a tree.
            leaves: leaves after those, up to the last but one before `position`.
        """
        self._position = position
        self._fault = fault
        self._believed = tree.copy()
        self._believed.extend(leaves)
        self._last = b""
        self._confirmed: bool | None = None
        self._first = b""

    def extend(self, entries: Sequence[bytes], leaves: list[bytes]) -> None:
        """Note which leaves the links of these entries speak of."""
        links = [_link(entry) for entry in entries]
        self._believed.extend(links)
        if not self._first:
            self._first = leaves[0]
            links = links[1:]
        if self._confirmed is None and links:
            self._confirmed = links[0] == self._first
        self._last = leaves[-1]

    def verdict(self, checkpoint: Checkpoint | None) -> UnsoundError:
        """Which of the two entries is bad.

        Args:
            checkpoint: of the log, or None where none covers the run from position 1.
        """
        self._believed.extend([self._last])
        altered = UnsoundError(
            self._position - 1, f"not the entry that position {self._position} links to"
        )
        if checkpoint is not None and (self._believed.size, self._believed.root()) == (
            checkpoint.size,
            checkpoint.root,
        ):
            return altered
        if self._fault is not None:
            return self._fault
        if self._confirmed:
            return altered
        return UnsoundError(self._position, "its link is not the leaf hash of the entry before")


def _link(entry: bytes) -> bytes:
    """The leaf hash that an entry links to; in another spelling it is none that a tree has."""
    link = entry[LINK_AT:LINK_END]
    return bytes.fromhex(link.decode()) if _LINK.fullmatch(link) else bytes(HASH_BYTES)
