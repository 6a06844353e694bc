"""Files that are whole or not there at all, whatever stops the machine in between."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OWNER_ONLY = 0o600
FOLDER_MODE = 0o700


Content = bytes | Iterable[bytes]
"""Bytes at once, or in pieces."""


def write_new(file: Path, content: bytes) -> None:
    """Write a file that is not there yet: under another name, flushed, then under its own.

    Raises:
        FileExistsError: it is there already.
        OSError: it could not be written; then nothing of it is there.
    """
    with written(file.parent, file.name, content) as partial:
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
    with written(beside or file.parent, file.name, content) as partial:
        move(partial, file)


def move(partial: Path, file: Path) -> None:
    """Give a whole file its own name, on the same disk; durable on return.

    Raises:
        OSError: it could not be done.
    """
    make_folder(file.parent)
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
def written(folder: Path, name: str, content: Content) -> Iterator[Path]:
    """A new file with this content, flushed; unless it is moved in the block, it goes with it.

    Args:
        folder: where it lies; made if it is not there.
        name: stands in its own name.
        content: its bytes.

    Raises:
        OSError: it could not be written.
    """
    make_folder(folder)
    partial = folder / f".{name}.{os.urandom(6).hex()}.part"
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
        with os.fdopen(descriptor, "wb") as stream:
            for piece in (content,) if isinstance(content, bytes) else content:
                stream.write(piece)
            stream.flush()
            os.fsync(stream.fileno())
        yield partial
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
