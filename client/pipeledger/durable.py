"""Files that are whole or not there at all, whatever stops the machine in between."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OWNER_ONLY = 0o600
FOLDER_MODE = 0o700


def write_new(file: Path, content: bytes) -> None:
    """Write a file that is not there yet: under another name, flushed, then under its own.

    Raises:
        FileExistsError: it is there already.
        OSError: it could not be written; then nothing of it is there.
    """
    with _written(file, content, file.parent) as partial:
        try:
            os.link(partial, file)
        except FileExistsError:
            raise
        except OSError:
            partial.rename(file)  # a file system without links
    sync_folder(file.parent)


def replace(file: Path, content: bytes, *, beside: Path | None = None) -> None:
    """Write a file, in place of an older one if there is one.

    Args:
        file: the file.
        content: its bytes.
        beside: folder of the same disk where it lies until it is whole; None: the file's own.

    Raises:
        OSError: it could not be written; then the older one is unharmed.
    """
    with _written(file, content, beside or file.parent) as partial:
        partial.replace(file)
    sync_folder(file.parent)


def make_folder(folder: Path) -> None:
    """Make a folder, for its owner only, if it is not there.

    Raises:
        OSError: it could not be made.
    """
    folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)


def sync_folder(folder: Path) -> None:
    """Make names in a folder durable, where the system can."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _written(file: Path, content: bytes, folder: Path) -> Iterator[Path]:
    make_folder(folder)
    make_folder(file.parent)
    partial = folder / f".{file.name}.{os.urandom(6).hex()}.part"
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        yield partial
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
