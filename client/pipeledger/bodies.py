"""Bodies too long to be held in memory: read piece by piece, as often as they are sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Protocol

from pipeledger.errors import ClientError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Opener = Callable[[], AbstractContextManager[IO[bytes]]]
"""Opens the same bytes from their start, as often as it is called."""

PIECE = 256 * 1024
MAX_REPORT = 256 * 1024 * 1024
"""Largest report in bytes, unpacked: what a ledger takes of the formats it reads in pieces."""


class UnreadableError(ClientError):
    """A body that cannot be read; others may be."""


class Body(Protocol):
    """Bytes that lie elsewhere."""

    def pieces(self) -> Iterator[bytes]:
        """The bytes in order, a piece at a time; from the start at every call.

        Raises:
            UnreadableError: they cannot be read, or are too many.
        """
        ...


@dataclass(frozen=True)
class FileBody:
    """What stands in a file behind its first bytes.

    Attributes:
        open: opens the file.
        skip: how many bytes stand before it.
        length: of the body, or None where it is not known.
    """

    open: Opener
    skip: int
    length: int | None = None

    def pieces(self) -> Iterator[bytes]:
        """See `Body.pieces`."""
        try:
            with self.open() as stream:
                stream.read(self.skip)
                yield from limited(read_pieces(stream))
        except OSError as error:
            raise UnreadableError(error.strerror or "cannot be read") from error


def opener(file: Path) -> Opener:
    """What opens a file."""
    return lambda: file.open("rb")


def read_pieces(stream: IO[bytes]) -> Iterator[bytes]:
    """What is left of a stream."""
    while piece := stream.read(PIECE):
        yield piece


def split(pieces: Iterable[bytes], end: bytes, limit: int) -> Iterator[bytes]:
    """The parts that end so, each with its end; the last one as it is.

    A part longer than `limit` bytes is given without its end, and nothing after it.
    """
    held: list[bytes] = []
    size = 0
    for piece in pieces:
        first, *more = piece.split(end)
        if more:
            yield b"".join([*held, first, end])
            yield from (part + end for part in more[:-1])
            held, size, first = [], 0, more[-1]
        if first:
            held.append(first)
            size += len(first)
        if size > limit:
            break
    if held:
        yield b"".join(held)


def limited(pieces: Iterator[bytes], said: str = "larger than") -> Iterator[bytes]:
    """The pieces, as long as they are together no more than a report may have.

    Raises:
        UnreadableError: they are more.
    """
    left = MAX_REPORT
    for piece in pieces:
        left -= len(piece)
        if left < 0:
            raise UnreadableError(f"{said} {MAX_REPORT // 1_000_000} MB")
        yield piece
