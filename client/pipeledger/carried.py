"""Spools that come from elsewhere: a folder, or a tar or zip archive of one.

Nothing is unpacked to disk; files of a spool's queue are found by their names wherever the folder
lies in the archive, and read within limits.
"""

from __future__ import annotations

import re
import tarfile
import zipfile
import zlib
from typing import TYPE_CHECKING

from pipeledger.errors import ClientError, SpoolError
from pipeledger.spool import MAX_HEADER, MAX_ITEM, Item

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import IO

MAX_MEMBERS = 1_000_000
MAX_TOTAL = 4_000_000_000
_QUEUED = re.compile(r"(?:.*/)?queue/([0-9]{20}-[^/]+)")


def carried_items(carried: Path) -> Iterator[Item]:
    """The items of a carried spool, in their order.

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
    for name, raw in found:
        empty = False
        try:
            yield Item.decode(raw)
        except SpoolError as error:
            raise ClientError(f"{carried.name}: {name}: {error}") from error
    if empty:
        raise ClientError(f"{carried.name}: there is no spool with waiting events in it")


def _of_folder(folder: Path) -> Iterator[tuple[str, bytes]]:
    queues = [folder / "queue", folder, *sorted(folder.glob("*/queue"))]
    for queue in queues:
        files = [one for one in queue.glob("*-*") if _QUEUED.fullmatch(f"queue/{one.name}")]
        for file in sorted(files):
            with file.open("rb") as stream:
                yield file.name, _read(stream, file.name)
        if files:
            return


def _of_tar(archive: Path) -> Iterator[tuple[str, bytes]]:
    try:
        with tarfile.open(archive, "r:*") as tar:
            # An archive may hold its members in any order; names give the true one.
            kept: list[tuple[str, bytes]] = []
            total = 0
            for number, member in enumerate(tar):
                match = _QUEUED.fullmatch(member.name)
                if number > MAX_MEMBERS or total > MAX_TOTAL:
                    raise ClientError(f"{archive.name}: larger than any spool")
                if match is None or not member.isfile():
                    continue
                stream = tar.extractfile(member)
                if stream is not None:
                    raw = _read(stream, match[1])
                    total += len(raw)
                    kept.append((match[1], raw))
    except (tarfile.TarError, EOFError, zlib.error, ValueError) as error:
        raise ClientError(f"{archive.name}: a damaged archive") from error
    yield from sorted(kept)


def _of_zip(archive: Path) -> Iterator[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(archive) as packed:
            members = {
                match[1]: member
                for member in packed.infolist()[:MAX_MEMBERS]
                if (match := _QUEUED.fullmatch(member.filename)) is not None
            }
            for name in sorted(members):
                with packed.open(members[name]) as stream:
                    yield name, _read(stream, name)
    except (zipfile.BadZipFile, EOFError, zlib.error, RuntimeError, NotImplementedError) as error:
        raise ClientError(f"{archive.name}: a damaged archive") from error


def _read(stream: IO[bytes], name: str) -> bytes:
    raw = stream.read(MAX_ITEM + MAX_HEADER + 1)
    if len(raw) > MAX_ITEM + MAX_HEADER:
        raise ClientError(f"{name}: larger than anything a spool holds")
    return raw
