"""Bytes that are too many to be held in memory at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator


class Long(Protocol):
    """Bytes that lie elsewhere, and are told piece by piece as often as somebody asks."""

    def __len__(self) -> int: ...

    def pieces(self) -> Iterator[bytes]:
        """The bytes in order, each piece of at most a few mebibytes."""
        ...


Content = bytes | Long
"""Bytes, wherever they lie."""


def pieces_of(content: Content) -> Iterator[bytes]:
    """The bytes in order."""
    if isinstance(content, bytes):
        yield content
    else:
        yield from content.pieces()
