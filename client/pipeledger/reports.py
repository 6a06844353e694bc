"""Report files as they lie about: in folders, packed by gzip or zip, named by patterns.

What a file is, the ledger finds out. Here it is only found, unpacked within limits, and read.
"""

from __future__ import annotations

import glob
import io
import sys
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

from pipeledger.errors import ClientError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_REPORT = 64 * 1024 * 1024 - 65_536
"""Largest report in bytes, unpacked: what the spool can keep."""
MAX_UNPACKED = 1024 * 1024 * 1024
"""Most bytes that one archive may hold unpacked."""
MAX_FILES = 10_000
_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
_GZIP_WINDOW = 31
_CHUNK = 1024 * 1024


class UnreadableError(ClientError):
    """A report that cannot be read; others may be."""


@dataclass(frozen=True)
class ReportFile:
    """A report that was found.

    Attributes:
        name: as people know it.
        body: its bytes, unpacked.
        named: whether it was asked for by its name, and not found in a folder or archive.
        problem: why it could not be read, or nothing.
    """

    name: str
    body: bytes = field(repr=False)
    named: bool
    problem: str = ""


def find_reports(words: Sequence[str]) -> Iterator[ReportFile]:
    """The reports that these words name: files, folders, patterns, `-` for standard input.

    Raises:
        UsageError: a word names nothing.
    """
    for word in words:
        if word == "-":
            yield from _unpacked("standard input", sys.stdin.buffer, named=True)
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


def _file(path: Path, *, named: bool) -> Iterator[ReportFile]:
    try:
        with path.open("rb") as stream:
            # However large an archive is, what counts is what it unpacks to.
            archive = stream.read(len(_ZIP)) == _ZIP
            stream.seek(0)
            yield from (
                _members(str(path), stream)
                if archive
                else _unpacked(str(path), stream, named=named)
            )
    except OSError as error:
        yield ReportFile(str(path), b"", named, error.strerror or "cannot be read")


def _unpacked(name: str, stream: IO[bytes], *, named: bool) -> Iterator[ReportFile]:
    try:
        body = _bounded(stream)
        if body.startswith(_GZIP):
            body = _gunzip(body)
            name = name.removesuffix(".gz")
    except UnreadableError as error:
        yield ReportFile(name, b"", named, str(error))
        return
    if body.startswith(_ZIP):
        yield from _members(name, io.BytesIO(body))
    else:
        yield ReportFile(name, body, named)


def _members(name: str, stream: IO[bytes]) -> Iterator[ReportFile]:
    total = 0
    try:
        with zipfile.ZipFile(stream) as archive:
            members = [one for one in archive.infolist() if not _passed_over(one)]
            if len(members) > MAX_FILES:
                yield ReportFile(name, b"", named=True, problem=f"more than {MAX_FILES} files")
                return
            for member in members:
                inside = f"{name}!{member.filename}"
                try:
                    with archive.open(member) as packed:
                        body = _bounded(packed)
                    if body.startswith(_GZIP):
                        body = _gunzip(body)
                except UnreadableError as error:
                    yield ReportFile(inside, b"", named=False, problem=str(error))
                    continue
                total += len(body)
                if total > MAX_UNPACKED:
                    problem = f"unpacks to more than {MAX_UNPACKED // 1_000_000} MB"
                    yield ReportFile(name, b"", named=True, problem=problem)
                    return
                yield ReportFile(inside, body, named=False)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, OSError):
        # RuntimeError: encrypted; NotImplementedError: packed in a way that is not known here.
        yield ReportFile(name, b"", named=True, problem="a damaged or locked archive")


def _passed_over(member: zipfile.ZipInfo) -> bool:
    # As in folders; the second is what macOS adds to its archives.
    hidden = any(step.startswith(".") for step in member.filename.split("/"))
    return member.is_dir() or hidden or member.filename.startswith("__MACOSX/")


def _bounded(stream: IO[bytes]) -> bytes:
    body = stream.read(MAX_REPORT + 1)
    if len(body) > MAX_REPORT:
        raise UnreadableError(f"larger than {MAX_REPORT // 1_000_000} MB")
    return body


def _gunzip(packed: bytes) -> bytes:
    pieces: list[bytes] = []
    size = 0
    try:
        while packed:
            unzip = zlib.decompressobj(_GZIP_WINDOW)
            while not unzip.eof:
                # One byte over the limit is enough to know: a bomb is never unpacked.
                piece = unzip.decompress(packed, min(_CHUNK, MAX_REPORT + 1 - size))
                packed = unzip.unconsumed_tail
                size += len(piece)
                if size > MAX_REPORT:
                    raise UnreadableError(f"unpacks to more than {MAX_REPORT // 1_000_000} MB")
                if not piece and not packed and not unzip.eof:
                    raise UnreadableError("the gzip stream is cut off")
                pieces.append(piece)
            packed = unzip.unused_data.lstrip(b"\0")
    except zlib.error as error:
        raise UnreadableError("a damaged gzip stream") from error
    return b"".join(pieces)
