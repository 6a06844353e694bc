"""A lock between processes, on a file; it falls when its holder dies."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from typing import TYPE_CHECKING

from pipeledger.durable import OWNER_ONLY, make_folder
from pipeledger.errors import SpoolError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PAUSE_S = 0.02


@contextlib.contextmanager
def locked(file: Path, wait_s: float, what: str = "the spool") -> Iterator[None]:
    """Hold the lock for the length of the block.

    Args:
        file: the lock's file; made if it is not there, and left there.
        wait_s: longest wait for another holder, in seconds.
        what: it is that is locked, for people.

    Raises:
        SpoolError: another process held it all that time.
        OSError: the file cannot be made.
    """
    make_folder(file.parent)
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, OWNER_ONLY)
    try:
        deadline = time.monotonic() + wait_s
        while not _take(descriptor):
            if time.monotonic() >= deadline:
                raise SpoolError(f"another process holds {what}")
            time.sleep(_PAUSE_S)
        yield
    finally:
        os.close(descriptor)


if sys.platform == "win32":
    import msvcrt

    def _take(descriptor: int) -> bool:
        try:
            os.lseek(descriptor, 0, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _take(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
