"""Files of an export: written once, digested block by block, read back only as they were written.

A digest for every 4 MiB says where a file was damaged, and lets it be read without holding it.
"""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, BinaryIO, Final, Self

import msgspec

from domain.errors import RefusedError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

BLOCK: Final = 4 * 1024 * 1024


class Told(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a manifest says of a file.

    Attributes:
        bytes: its length.
        blocks: SHA-256 of each 4 MiB, in hexadecimal; the last block may be shorter.
    """

    bytes: int
    blocks: tuple[str, ...]


class Digester:
    """Takes bytes and tells their length and digests."""

    def __init__(self) -> None:
        self._digest = sha256()
        self._in_block = 0
        self._length = 0
        self._blocks: list[str] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Take bytes."""
        self._length += len(data)
        left = memoryview(data)
        while left:
            now = left[: BLOCK - self._in_block]
            self._digest.update(now)
            self._in_block += len(now)
            left = left[len(now) :]
            if self._in_block == BLOCK:
                self._end_block()

    def told(self) -> Told:
        """What a manifest is to say of all that was taken."""
        last = (self._digest.hexdigest(),) if self._in_block else ()
        return Told(self._length, (*self._blocks, *last))

    def _end_block(self) -> None:
        self._blocks.append(self._digest.hexdigest())
        self._digest = sha256()
        self._in_block = 0


class Writer(Digester):
    """Writes one file of mode 0600, durable when the block ends well."""

    def __init__(self, path: Path, progress: Callable[[int], None] = lambda _: None) -> None:
        super().__init__()
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._file = os.fdopen(handle, "wb")
        self._progress = progress

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Add bytes."""
        self._file.write(data)
        super().write(data)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, failed: object, *_: object) -> None:
        with self._file:
            if failed is None:
                self._file.flush()
                os.fsync(self._file.fileno())

    def _end_block(self) -> None:
        super()._end_block()
        self._progress(BLOCK)


def pieces(path: Path, told: Told) -> Iterator[bytes]:
    """The bytes of a file, block by block, none before its digest agrees.

    Raises:
        RefusedError: it is missing, no plain file, shorter, longer or altered; the place names
            the bytes.
        UnavailableError: the disk.
    """
    if told.bytes < 0 or len(told.blocks) != -(-told.bytes // BLOCK):
        raise RefusedError(path.name, "the manifest says two lengths of it")
    with _opened(path) as file:
        at = 0
        try:
            for digest in told.blocks:
                wanted = min(BLOCK, told.bytes - at)
                block = file.read(wanted)
                if len(block) < wanted:
                    raise RefusedError(
                        f"{path.name} byte {at + len(block)}",
                        f"the file ends here, it had {told.bytes} bytes",
                    )
                if sha256(block).hexdigest() != digest:
                    raise RefusedError(
                        f"{path.name} bytes {at} to {at + len(block) - 1}", "altered"
                    )
                yield block
                at += len(block)
            if file.read(1):
                raise RefusedError(f"{path.name} byte {at}", "the file goes on, it ended here")
        except OSError as error:
            raise UnavailableError(f"{path} cannot be read: {error.strerror}") from error


def read_small(path: Path, limit: int) -> bytes:
    """The bytes of a file of which no digest is known yet.

    Raises:
        RefusedError: it is missing, no plain file, or larger than `limit` bytes.
    """
    with _opened(path) as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise RefusedError(path.name, f"larger than {limit} bytes")
    return content


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """A plain file. Whoever gave us the folder may have put a link or a pipe in its place."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        raise RefusedError(path.name, "the file is missing") from None
    except OSError as error:
        raise RefusedError(path.name, f"it is no plain file: {error.strerror}") from error
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise RefusedError(path.name, "it is no plain file")
        yield file
