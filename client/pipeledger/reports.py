"""Report files as they lie about: in folders, packed by gzip or zip, named by patterns.

What a file is, the ledger finds out. Here it is only found, and unpacked within limits while it is
read; no file is in memory as a whole.
"""

from __future__ import annotations

import functools
import glob
import io
import os
import sys
import tempfile
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

from pipeledger.bodies import PIECE, UnreadableError, limited, opener, read_pieces
from pipeledger.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipeledger.bodies import Opener

MAX_UNPACKED = 1024 * 1024 * 1024
"""Most bytes that one archive may hold unpacked."""
MAX_FILES = 10_000
_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
_GZIP_WINDOW = 31
# RuntimeError: encrypted; NotImplementedError: packed in a way that is not known here.
_DAMAGED = (
    zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, OSError,
)  # fmt: skip


@dataclass(frozen=True)
class ReportFile:
    """A report that was found; it is a body (`pipeledger.bodies.Body`).

    Attributes:
        name: as people know it.
        named: whether it was asked for by its name, and not found in a folder or archive.
        problem: why it cannot be read, or nothing.
        open: opens it, still packed by gzip where it is.
        archive: what was read of the archive it lies in, or None.
    """

    name: str
    named: bool
    problem: str = ""
    open: Opener = field(repr=False, default=io.BytesIO)
    archive: _Archive | None = None

    def pieces(self) -> Iterator[bytes]:
        """Its bytes, unpacked; see `pipeledger.bodies.Body`."""
        damage = "a damaged or locked archive" if self.archive is not None else "cannot be read"
        try:
            with self.open() as stream:
                first = stream.read(PIECE)
                pieces = _again(first, read_pieces(stream))
                if first.startswith(_GZIP):
                    pieces = limited(_gunzipped(pieces), "unpacks to more than")
                else:
                    pieces = limited(pieces)
                yield from pieces if self.archive is None else self.archive.counted(pieces)
        except _DAMAGED as error:
            said = None if self.archive is not None else getattr(error, "strerror", None)
            raise UnreadableError(said or damage) from error


class _Archive:
    """How much was unpacked of one archive."""

    def __init__(self) -> None:
        self.left = MAX_UNPACKED

    def counted(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """The pieces, as long as they are no more than an archive may hold."""
        for piece in pieces:
            self.left -= len(piece)
            if self.left < 0:
                raise UnreadableError(f"unpacks to more than {MAX_UNPACKED // 1_000_000} MB")
            yield piece


def find_reports(words: Sequence[str]) -> Iterator[ReportFile]:
    """The reports that these words name: files, folders, patterns, `-` for standard input.

    Each is to be read before the next one is asked for.

    Raises:
        UsageError: a word names nothing.
    """
    for word in words:
        if word == "-":
            yield from _once("standard input", read_pieces(sys.stdin.buffer))
            continue
        for path in _paths(word):
            if path.is_dir():
                for number, file in enumerate(_files(path)):
                    if number >= MAX_FILES:
                        raise UsageError(f"{path}: more than {MAX_FILES} files")
                    yield from _file(file, named=False)
            else:
                yield from _file(path, named=True)


def _paths(word: str) -> list[Path]:
    if Path(word).exists():
        return [Path(word)]
    found = sorted(glob.glob(word, recursive=True))  # noqa: PTH207 - patterns of whole paths
    if not found:
        raise UsageError(f"{word}: no such file or folder")
    return [Path(one) for one in found]


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        hidden = any(step.startswith(".") for step in path.relative_to(folder).parts)
        if path.is_file() and not hidden:
            yield path


def _once(name: str, pieces: Iterator[bytes]) -> Iterator[ReportFile]:
    """What can be read only once, and may have to be read twice."""
    try:
        with tempfile.TemporaryFile() as kept:
            for piece in limited(pieces):
                kept.write(piece)
            kept.flush()
            yield from _found(name, functools.partial(_reopened, kept), named=True)
    except UnreadableError as error:
        yield ReportFile(name, named=True, problem=str(error))
    except OSError as error:
        yield ReportFile(name, named=True, problem=error.strerror or "cannot be read")


def _reopened(kept: IO[bytes]) -> IO[bytes]:
    stream = os.fdopen(os.dup(kept.fileno()), "rb")
    stream.seek(0)
    return stream


def _file(path: Path, *, named: bool) -> Iterator[ReportFile]:
    try:
        if path.is_file():
            yield from _found(str(path), opener(path), named=named)
        else:
            with path.open("rb") as stream:
                yield from _once(str(path), read_pieces(stream))
    except OSError as error:
        yield ReportFile(str(path), named, error.strerror or "cannot be read")


def _found(name: str, source: Opener, *, named: bool) -> Iterator[ReportFile]:
    with source() as stream:
        head = stream.read(len(_ZIP))
        if head == _ZIP:
            yield from _members(name, stream)
            return
    if not head.startswith(_GZIP):
        yield ReportFile(name, named, open=source)
        return
    one = ReportFile(name.removesuffix(".gz"), named, open=source)
    yield from _once(one.name, one.pieces()) if _is_archive(one) else [one]


def _is_archive(one: ReportFile) -> bool:
    try:
        return next(one.pieces(), b"").startswith(_ZIP)
    except UnreadableError:
        return False


def _members(name: str, stream: IO[bytes]) -> Iterator[ReportFile]:
    counted = _Archive()
    try:
        with zipfile.ZipFile(stream) as archive:
            members = [one for one in archive.infolist() if not _passed_over(one)]
            if len(members) > MAX_FILES:
                yield ReportFile(name, named=True, problem=f"more than {MAX_FILES} files")
                return
            for member in members:
                inside = f"{name}!{member.filename}"
                source = functools.partial(archive.open, member)
                yield ReportFile(inside, named=False, open=source, archive=counted)
                if counted.left < 0:
                    return
    except _DAMAGED:
        yield ReportFile(name, named=True, problem="a damaged or locked archive")


def _passed_over(member: zipfile.ZipInfo) -> bool:
    # As in folders; the second is what macOS adds to its archives.
    hidden = any(step.startswith(".") for step in member.filename.split("/"))
    return member.is_dir() or hidden or member.filename.startswith("__MACOSX/")


def _again(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _gunzipped(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """What gzip packed, several streams one after the other, zeros between and behind them."""
    unzip = None
    try:
        for packed in pieces:
            left = packed
            while left or unzip is not None:
                if unzip is None:
                    left = left.lstrip(b"\0")
                    if not left:
                        break
                    unzip = zlib.decompressobj(_GZIP_WINDOW)
                piece = unzip.decompress(left, PIECE)
                if piece:
                    yield piece
                left = unzip.unconsumed_tail
                if unzip.eof:
                    left, unzip = unzip.unused_data, None
                elif not left and len(piece) < PIECE:
                    break
    except zlib.error as error:
        raise UnreadableError("a damaged gzip stream") from error
    if unzip is not None:
        raise UnreadableError("the gzip stream is cut off")
