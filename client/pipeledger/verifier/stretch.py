"""A stretch of a log that another process found good, as far as that can be told by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class Stretch(NamedTuple):
    """Entries that follow each other, each good by itself; how many is a power of two.

    Attributes:
        size: how many.
        link: what the first one links to, as it stands there.
        last: leaf hash of the last one.
        path: roots of the complete trees of all leaves but the last, the largest first.
        tops: roots of the full tiles of leaves.
        begins: time of the first one; empty without signatures, as what follows.
        ends: time of the last one.
        numbers: first and last number in each stream.
        signers: where each key signed first.
        absent: how many parts the entries speak of.
        named: the first of these, as position and name.
    """

    size: int
    link: bytes
    last: bytes
    path: Sequence[bytes]
    tops: Sequence[bytes]
    begins: str
    ends: str
    numbers: dict[str, tuple[int, int]]
    signers: dict[str, int]
    absent: int
    named: Sequence[tuple[int, str]]
