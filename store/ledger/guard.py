"""The guard: the last signed checkpoint, kept where the database's backups do not reach.

A log must never sign two checkpoints that contradict each other. The database cannot promise
that: it can be restored, copied, or run twice. So before a checkpoint is shown to anybody it is
swapped into the guard, and only over the one that was expected there (design section 3).
"""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING, Final, Protocol

from domain.errors import PipeledgerError, UnavailableError
from store.files import make_folder, write_file

if TYPE_CHECKING:
    from pathlib import Path

_NOTE: Final = "checkpoint"
_LOCK: Final = ".lock"


class GuardConflictError(PipeledgerError):
    """Another checkpoint stands in the guard than the one that was expected."""


class Guard(Protocol):
    """Compare and swap of one signed note, durable on return."""

    def read(self) -> bytes | None:
        """The note that stands there, or None.

        Raises:
            UnavailableError: the guard does not answer.
        """
        ...

    def swap(self, old: bytes | None, new: bytes) -> None:
        """Put `new` in place of `old`; durable on return.

        Raises:
            GuardConflictError: something else than `old` stands there.
            UnavailableError: the guard does not answer; whether `new` stands is unknown.
        """
        ...


class FileGuard:
    """A guard in a folder of its own. Safe for threads and for several processes."""

    def __init__(self, folder: Path) -> None:
        make_folder(folder)
        self._note = folder / _NOTE
        self._lock = folder / _LOCK

    def read(self) -> bytes | None:
        """The note that stands there, or None."""
        try:
            return self._note.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise UnavailableError(f"the guard cannot be read: {error}") from error

    def swap(self, old: bytes | None, new: bytes) -> None:
        """Put `new` in place of `old`; see `Guard`."""
        try:
            handle = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)
                if self.read() != old:
                    raise GuardConflictError("another checkpoint stands in the guard")
                write_file(self._note, new)
            finally:
                os.close(handle)
        except OSError as error:
            raise UnavailableError(f"the guard cannot be written: {error}") from error
