"""Reads the documents of an export: commitment, length and bytes, one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from domain.errors import RefusedError
from store.archive.manifest import DOCUMENTS
from store.documents import MAX_DOCUMENT

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEAD: Final = 40
"""Bytes before a document: its commitment (32) and its length (8, big-endian)."""


class DocumentReader:
    """Reads documents one after the other out of a stream of pieces."""

    def __init__(self, content: Iterator[bytes]) -> None:
        self._content = content
        self._held = b""
        self._used = 0
        self._at = 0
        self._last = b""

    def next(self) -> tuple[str, Iterator[bytes]]:
        """The commitment of the next document, and its bytes, to be read before the one after."""
        head = b"".join(self._take(_HEAD))
        commitment, length = head[:32], int.from_bytes(head[32:], "big")
        if commitment <= self._last:
            raise RefusedError(f"{DOCUMENTS} byte {self._at - _HEAD}", "not in order")
        if length > MAX_DOCUMENT:
            raise RefusedError(f"{DOCUMENTS} byte {self._at - 8}", "longer than a document can be")
        self._last = commitment
        return commitment.hex(), self._take(length)

    def end(self) -> None:
        """Refuse what follows the last one."""
        if self._used < len(self._held) or any(self._content):
            raise RefusedError(f"{DOCUMENTS} byte {self._at}", "more documents than were counted")

    def _take(self, length: int) -> Iterator[bytes]:
        while length:
            if self._used == len(self._held):
                self._held, self._used = next(self._content, b""), 0
                if not self._held:
                    raise RefusedError(f"{DOCUMENTS} byte {self._at}", "it ends in a document")
            piece = self._held[self._used : self._used + length]
            self._used += len(piece)
            length -= len(piece)
            self._at += len(piece)
            yield piece
