"""The document store: large parts as files under their commitment (design section 2).

    ab/cd/abcd….   one document, 0600, named by the 64 hex digits of its commitment
    .new/          documents being written; what a kill leaves there is cleaned at the start

A document is visible only when its bytes and its name are on the disk. The store cannot
check a commitment, because salts lie elsewhere; `fsck` does.
"""

from __future__ import annotations

import fcntl
import os
import re
import tempfile
import weakref
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from domain.errors import (
    ConflictError,
    NotFoundError,
    RefusedError,
    TooLargeError,
    UnavailableError,
)
from store.files import make_folder, sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

# The largest report taken at the door is smaller, sealed or not.
MAX_DOCUMENT: Final = 260 * 1024 * 1024

_PIECE: Final = 1024 * 1024

_COMMITMENT: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_FAN: Final = re.compile(r"[0-9a-f]{2}", re.ASCII)


class DocumentStore:
    """Documents on files. Safe for threads and for several processes on one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._fresh = folder / ".new"
        make_folder(folder)
        make_folder(self._fresh)
        self._lock = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        weakref.finalize(self, os.close, self._lock)
        self._clean()

    @property
    def folder(self) -> Path:
        """Where they lie."""
        return self._folder

    def put(self, commitment: str, body: bytes | Iterable[bytes]) -> bool:
        """Keep a document; durable on return. One that is there with equal bytes stays.

        Args:
            commitment: 64 lower-case hex digits.
            body: its bytes, sealed or not, at once or in pieces.

        Returns:
            Whether it was not there before.

        Raises:
            RefusedError: the commitment is not one.
            TooLargeError: it is larger than MAX_DOCUMENT bytes; nothing is kept.
            ConflictError: other bytes are kept under this commitment.
            UnavailableError: the disk is full or fails; nothing is kept.
        """
        path = self._path(commitment)
        pieces = _limited([body] if isinstance(body, bytes) else body)
        try:
            if there := path.exists():
                self._confirm(path, pieces)
            else:
                self._write(path, pieces)
            sync_folder(path.parent)
        except OSError as error:
            raise UnavailableError(
                f"document {commitment} cannot be kept: {error}",
                f"document {commitment} cannot be kept",
            ) from error
        return not there

    def get(self, commitment: str, limit: int = MAX_DOCUMENT) -> bytes:
        """The bytes of a document.

        Args:
            commitment: 64 lower-case hex digits.
            limit: most bytes wanted.

        Raises:
            RefusedError: the commitment is not one.
            NotFoundError: it is not kept, or was redacted.
            TooLargeError: it is larger than `limit`.
            UnavailableError: the disk fails.
        """
        path = self._path(commitment)
        with _readable(commitment), path.open("rb") as file:
            body = file.read(limit + 1)
        if len(body) > limit:
            raise TooLargeError("document", f"larger than {limit} bytes")
        return body

    @contextmanager
    def reading(self, commitment: str) -> Iterator[tuple[Iterator[bytes], int]]:
        """A document in pieces, and its length in bytes.

        Raises:
            RefusedError: the commitment is not one.
            NotFoundError: it is not kept, or was redacted.
            UnavailableError: the disk fails.
        """
        path = self._path(commitment)
        with _readable(commitment):
            file = path.open("rb")
        # Whatever else fails in the block is the caller's: it may write to a disk that is full.
        with file:
            yield _pieces(file, commitment), os.fstat(file.fileno()).st_size

    def delete(self, commitment: str) -> bool:
        """Remove a document; durable on return.

        Returns:
            Whether it was there.

        Raises:
            RefusedError: the commitment is not one.
            UnavailableError: the disk fails.
        """
        path = self._path(commitment)
        try:
            path.unlink()
            sync_folder(path.parent)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise UnavailableError(
                f"document {commitment} cannot be removed: {error}",
                f"document {commitment} cannot be removed",
            ) from error
        return True

    def put_before(self, commitment: str, instant: datetime) -> bool:
        """Whether a document is there and was last put, or put again, before an instant."""
        try:
            return self._path(commitment).stat().st_mtime < instant.timestamp()
        except FileNotFoundError:
            return False

    def __iter__(self) -> Iterator[str]:
        """The commitments kept, in ascending order; one folder is held in memory at a time."""
        for outer in _below(self._folder):
            for inner in _below(outer):
                for name in sorted(file.name for file in inner.iterdir()):
                    if _COMMITMENT.fullmatch(name) and name.startswith(outer.name + inner.name):
                        yield name

    def _path(self, commitment: str) -> Path:
        if _COMMITMENT.fullmatch(commitment) is None:
            raise RefusedError("commitment", "expected 64 lower-case hex digits")
        return self._folder / commitment[:2] / commitment[2:4] / commitment

    def _write(self, path: Path, pieces: Iterable[bytes]) -> None:
        handle, name = tempfile.mkstemp(dir=self._fresh)
        try:
            with os.fdopen(handle, "wb") as file:
                for piece in pieces:
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            make_folder(path.parent)
            Path(name).rename(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def _confirm(self, path: Path, pieces: Iterable[bytes]) -> None:
        with path.open("rb") as file:
            if any(file.read(len(piece)) != piece for piece in pieces) or file.read(1):
                raise ConflictError(f"other bytes are kept under {path.name}")
            # Whoever removes old documents that no entry needs has to see that one may now.
            os.utime(path)
            # The writer may have been killed before its rename was flushed.
            os.fsync(file.fileno())

    def _clean(self) -> None:
        """Remove what killed writers left, unless another process may be writing now."""
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pass
        else:
            for left in self._fresh.iterdir():
                left.unlink()
        fcntl.flock(self._lock, fcntl.LOCK_SH)


@contextmanager
def _readable(commitment: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise NotFoundError(f"no document {commitment}") from None
    except OSError as error:
        raise UnavailableError(
            f"document {commitment} cannot be read: {error}",
            f"document {commitment} cannot be read",
        ) from error


def _pieces(file: BinaryIO, commitment: str) -> Iterator[bytes]:
    while True:
        with _readable(commitment):
            piece = file.read(_PIECE)
        if not piece:
            return
        yield piece


def _limited(pieces: Iterable[bytes]) -> Iterator[bytes]:
    left = MAX_DOCUMENT
    for piece in pieces:
        left -= len(piece)
        if left < 0:
            raise TooLargeError("document", f"larger than {MAX_DOCUMENT} bytes")
        yield piece


def _below(folder: Path) -> Iterator[Path]:
    for below in sorted(folder.iterdir()):
        if _FAN.fullmatch(below.name):
            yield below
