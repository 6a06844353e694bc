"""Bytes being worked on: in memory while they are few, else in a file that has no name.

The file lies where temporary files do (`TMPDIR`) and is gone with the process, however it ends.
"""

from __future__ import annotations

import contextlib
import hashlib
import mmap
import os
import tempfile
import weakref
from typing import TYPE_CHECKING, Final

from domain.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from domain.content import Content

FEW: Final = 1_048_576
"""So many bytes are kept in memory, and written or read at once."""


class Scratch:
    """Bytes that are written once, in order, and then read as often as needed."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._digest = hashlib.sha256()
        self._file: int | None = None
        self._written = 0

    def __len__(self) -> int:
        return self._written + len(self._rest)

    def write(self, piece: bytes) -> None:
        """Add bytes at the end.

        Raises:
            UnavailableError: the disk cannot keep them.
        """
        self._rest += piece
        if len(self._rest) >= FEW:
            self._spill()

    def digest(self) -> str:
        """SHA-256 of the bytes, 64 hex digits."""
        whole = self._digest.copy()
        whole.update(self._rest)
        return whole.hexdigest()

    def content(self) -> Content:
        """The bytes themselves while they are few, else this."""
        return self if self._written else bytes(self._rest)

    def pieces(self) -> Iterator[bytes]:
        """See `domain.content.Long`.

        Raises:
            UnavailableError: the disk fails.
        """
        at = 0
        while at < self._written:
            piece = self._read(at)
            at += len(piece)
            yield piece
        if self._rest:
            yield bytes(self._rest)

    @contextlib.contextmanager
    def mapped(self) -> Iterator[memoryview]:
        """The bytes side by side, for the length of the block.

        Raises:
            UnavailableError: the disk fails.
        """
        if not self._written:
            yield memoryview(bytes(self._rest))
            return
        self._spill()
        assert self._file is not None  # noqa: S101 - something was written
        view = mmap.mmap(self._file, self._written, access=mmap.ACCESS_READ)
        try:
            yield memoryview(view)
        finally:
            # What an error still holds of it goes with the error.
            with contextlib.suppress(BufferError):
                view.close()

    def _spill(self) -> None:
        try:
            if self._file is None:
                with tempfile.TemporaryFile(buffering=0) as file:
                    self._file = os.dup(file.fileno())
                weakref.finalize(self, os.close, self._file)
            rest = memoryview(self._rest)
            at = 0
            while at < len(rest):
                at += os.pwrite(self._file, rest[at:], self._written + at)
            self._written += at
        except OSError as error:
            raise UnavailableError(f"there is no room for it: {error.strerror}") from error
        self._digest.update(rest)
        self._rest = bytearray()

    def _read(self, at: int) -> bytes:
        assert self._file is not None  # noqa: S101 - something was written
        try:
            piece = os.pread(self._file, min(FEW, self._written - at), at)
        except OSError as error:
            raise UnavailableError(f"it cannot be read back: {error.strerror}") from error
        if not piece:
            raise UnavailableError("it cannot be read back: it is cut off")
        return piece
