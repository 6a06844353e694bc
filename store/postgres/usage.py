"""Who uses the embedded server of a data folder, told by locks the kernel frees at death."""

from __future__ import annotations

import contextlib
import fcntl
import os
from typing import IO, TYPE_CHECKING

from domain.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Usage:
    """This process's share in a server, taken when made."""

    def __init__(self, data: Path) -> None:
        self._file: IO[bytes] | None = _open(data / "postgres.users")
        fcntl.flock(self._file, fcntl.LOCK_SH)

    def end(self) -> bool:
        """Give the share back; call inside `starting_or_stopping`.

        Returns:
            Whether it was the last one; False when called again.
        """
        if self._file is None:
            return False
        with self._file as file:
            self._file = None
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True


@contextlib.contextmanager
def starting_or_stopping(data: Path) -> Iterator[None]:
    """Be the only one that starts or stops the server of a data folder; waits for its turn."""
    with _open(data / "postgres.lock") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _open(path: Path) -> IO[bytes]:
    try:
        return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+b")
    except OSError as error:
        raise SettingError(f"this account may not write {path}: {error.strerror}") from error
