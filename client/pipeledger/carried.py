"""Spools that come from elsewhere: a folder, or a tar or zip archive of one.

Files of a spool's queue are found by their names wherever the folder lies in the archive, and read
within limits. Those of an archive are laid into a temporary folder, under names of our own.
"""

from __future__ import annotations

import contextlib
import re
import tarfile
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import IO, TYPE_CHECKING

from pipeledger.bodies import opener, read_pieces
from pipeledger.errors import ClientError, SpoolError
from pipeledger.spool import MAX_ITEM, Item

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from pipeledger.bodies import Opener

MAX_MEMBERS = 1_000_000
MAX_TOTAL = 4_000_000_000
_QUEUED = re.compile(r"(?:.*/)?queue/([0-9]{20}-[^/]+)")
_DAMAGED = (
    tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error, ValueError, RuntimeError,
    NotImplementedError,
)  # fmt: skip


def carried_items(carried: Path) -> Iterator[Item]:
    """The items of a carried spool, in their order; each is to be kept before the next is taken.

    Raises:
        ClientError: not a spool, damaged, or larger than any spool is.
    """
    if carried.is_dir():
        found = _of_folder(carried)
    elif tarfile.is_tarfile(carried):
        found = _of_tar(carried)
    elif zipfile.is_zipfile(carried):
        found = _of_zip(carried)
    else:
        raise ClientError(f"{carried.name}: neither a folder nor a tar or zip archive")
    empty = True
    with contextlib.closing(found):
        for name, source in found:
            empty = False
            try:
                item = Item.load(source)
            except SpoolError as error:
                raise ClientError(f"{carried.name}: {name}: {error}") from error
            yield item
    if empty:
        raise ClientError(f"{carried.name}: there is no spool with waiting events in it")


def _of_folder(folder: Path) -> Generator[tuple[str, Opener]]:
    queues = [folder / "queue", folder, *sorted(folder.glob("*/queue"))]
    for queue in queues:
        files = [one for one in queue.glob("*-*") if _QUEUED.fullmatch(f"queue/{one.name}")]
        for file in sorted(files):
            yield file.name, opener(file)
        if files:
            return


def _of_tar(archive: Path) -> Generator[tuple[str, Opener]]:
    with tempfile.TemporaryDirectory(prefix="pipeledger-") as folder:
        kept: list[tuple[str, Path]] = []
        total = 0
        try:
            with tarfile.open(archive, "r:*") as tar:
                for number, member in enumerate(tar):
                    match = _QUEUED.fullmatch(member.name)
                    if number > MAX_MEMBERS or total > MAX_TOTAL:
                        raise ClientError(f"{archive.name}: larger than any spool")
                    stream = tar.extractfile(member) if match and member.isfile() else None
                    if match is None or stream is None:
                        continue
                    file = Path(folder) / str(number)
                    total += _copy(stream, file, match[1])
                    kept.append((match[1], file))
        except _DAMAGED as error:
            raise ClientError(f"{archive.name}: a damaged archive") from error
        # An archive may hold its members in any order; names give the true one.
        for name, file in sorted(kept):
            yield name, opener(file)


def _copy(stream: IO[bytes], file: Path, name: str) -> int:
    size = 0
    with file.open("wb") as out:
        for piece in read_pieces(stream):
            size += out.write(piece)
            if size > MAX_ITEM:
                raise ClientError(f"{name}: larger than anything a spool holds")
    return size


def _of_zip(archive: Path) -> Generator[tuple[str, Opener]]:
    with tempfile.TemporaryDirectory(prefix="pipeledger-") as folder:
        file = Path(folder) / "item"
        try:
            with zipfile.ZipFile(archive) as packed:
                members = {
                    match[1]: member
                    for member in packed.infolist()[:MAX_MEMBERS]
                    if (match := _QUEUED.fullmatch(member.filename)) is not None
                }
                for name in sorted(members):
                    with packed.open(members[name]) as stream:
                        _copy(stream, file, name)
                    yield name, opener(file)
        except _DAMAGED as error:
            raise ClientError(f"{archive.name}: a damaged archive") from error
