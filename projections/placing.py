"""Files that were made beside others and take their place, whole or not at all."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def place(fresh: Path, path: Path) -> None:
    """Put a file in the place of another one; after a power failure it is whole or not there.

    Args:
        fresh: the file that was made.
        path: where it belongs, in the same file system.

    Raises:
        OSError: the disk.
    """
    sync(fresh)
    fresh.replace(path)


def sync(path: Path) -> None:
    """Make what was written to a file, or changed in a folder, durable.

    Raises:
        OSError: the disk.
    """
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
