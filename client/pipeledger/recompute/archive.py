"""An evidence pack as the ZIP file it is delivered in: unpacked with limits, then judged.

Everything in it may be hostile: names that lead elsewhere, files that grow beyond measure, one name
twice. Nothing of it is written outside a folder of our own.
"""

from __future__ import annotations

import zipfile
import zlib
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from pipeledger.verifier.wire import UncheckedError, UnsoundError

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_FILES = 100_000
_MAX_BYTES = 64 << 30
_MAX_NAME = 300
_MAX_RATIO = 1000
"""Text of a ledger packs a hundredfold; what packs better is made to fill the disk."""
_SMALL = 1 << 20
_PIECE = 1 << 20


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """A folder with the files of a pack, for the length of the block.

    Raises:
        UnsoundError: a file is damaged, or has a name that no pack gives.
        UncheckedError: it is larger than any pack.
        OSError: the disk.
    """
    with TemporaryDirectory(prefix="pipeledger-pack-") as name:
        folder = Path(name)
        try:
            with zipfile.ZipFile(path) as archive:
                _unpack(archive, folder)
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            NotImplementedError,
            RuntimeError,
        ) as error:
            raise UnsoundError(None, f"{path.name}: the archive is damaged: {error}") from error
        yield folder


def _unpack(archive: zipfile.ZipFile, folder: Path) -> None:
    told = archive.infolist()
    if len(told) > _MAX_FILES:
        raise UncheckedError(f"the archive has over {_MAX_FILES} files")
    seen: set[str] = set()
    left = _MAX_BYTES
    for one in told:
        if one.is_dir() and not one.file_size:
            # Whoever packs it anew has them; nothing is made of them.
            continue
        name = _name(one, seen)
        if one.file_size > max(_SMALL, one.compress_size * _MAX_RATIO):
            raise UncheckedError(f"file {name!a} grows beyond measure")
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(one) as stream, path.open("xb") as out:
            while piece := stream.read(min(_PIECE, left + 1)):
                left -= len(piece)
                if left < 0:
                    raise UncheckedError(f"the archive has over {_MAX_BYTES} bytes")
                out.write(piece)


def _name(one: zipfile.ZipInfo, seen: set[str]) -> str:
    name = one.filename
    parts = PurePosixPath(name).parts
    bad = (
        not name or len(name) > _MAX_NAME or name in seen or one.is_dir()
        or not name.isascii() or not name.isprintable() or "\\" in name or ":" in name
        or name.startswith("/") or ".." in parts or "/".join(parts) != name
    )  # fmt: skip
    if bad:
        raise UnsoundError(None, f"file {name[:100]!a}: no name that a pack gives")
    seen.add(name)
    return name
