"""The guard: the last signed checkpoint, kept where the database's backups do not reach.

A log must never sign two checkpoints that contradict each other. The database cannot promise
that: it can be restored, copied, or run twice. So before a checkpoint is shown to anybody it is
swapped into the guard, and only over the one that was expected there (design section 3).
"""

from __future__ import annotations

import fcntl
import os
import re
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, Final, Protocol

from domain.errors import PipeledgerError, UnavailableError
from store.files import make_folder, write_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FILE: Final = "checkpoint"
_LOCK: Final = ".lock"
_BLOCK: Final = 8192
_MARK: Final = "pipeledger/guard/v1"
_HEAD: Final = re.compile(_MARK.encode() + rb" ([0-9]{1,19}) ([0-9]{1,5}) ([0-9a-f]{64})")


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
    """A guard in a folder of its own. Safe for threads and for several processes.

    One file holds two blocks; the younger note stands. A swap overwrites the older block in
    place and flushes its bytes alone, which costs a fraction of renaming a new file. Torn by a
    crash, a block does not agree with its digest and the other one still stands: nobody was
    told that the swap was done.
    """

    def __init__(self, folder: Path) -> None:
        make_folder(folder)
        self._file = folder / _FILE
        self._lock = folder / _LOCK

    def read(self) -> bytes | None:
        """The note that stands there, or None.

        Raises:
            UnavailableError: the file cannot be read, or neither of its blocks is whole.
        """
        with self._locked(fcntl.LOCK_SH):
            return self._read()[1]

    def swap(self, old: bytes | None, new: bytes) -> None:
        """Put `new` in place of `old`; see `Guard`."""
        with self._locked(fcntl.LOCK_EX):
            number, note = self._read()
            if note != old:
                raise GuardConflictError("another checkpoint stands in the guard")
            block = _block(number + 1, new)
            if note is None:
                write_file(self._file, block + bytes(_BLOCK))
            else:
                self._overwrite((number % 2) * _BLOCK, block)

    @contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        try:
            handle = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(handle, how)
                yield
            finally:
                os.close(handle)
        except OSError as error:
            raise UnavailableError(f"the guard does not answer: {error}") from error

    def _overwrite(self, offset: int, block: bytes) -> None:
        handle = os.open(self._file, os.O_WRONLY | os.O_CLOEXEC)
        try:
            if os.pwrite(handle, block, offset) != len(block):
                raise UnavailableError("the guard's file was not written whole")
            os.fdatasync(handle)
        finally:
            os.close(handle)

    def _read(self) -> tuple[int, bytes | None]:
        try:
            raw = self._file.read_bytes()
        except FileNotFoundError:
            return 0, None
        whole = [found for at in (0, _BLOCK) if (found := _whole(raw[at : at + _BLOCK]))]
        if not whole:
            raise UnavailableError("the guard's file is damaged: neither block is whole")
        return max(whole)


def _block(number: int, note: bytes) -> bytes:
    head = f"{_MARK} {number} {len(note)} {_digest(number, note)}\n".encode()
    if len(head) + len(note) > _BLOCK:
        raise UnavailableError("the checkpoint is too long for the guard's file")
    return (head + note).ljust(_BLOCK, b"\0")


def _whole(block: bytes) -> tuple[int, bytes] | None:
    head, _, rest = block.partition(b"\n")
    match = _HEAD.fullmatch(head)
    if match is None:
        return None
    number, note = int(match[1]), rest[: int(match[2])]
    return (number, note) if _digest(number, note) == match[3].decode() else None


def _digest(number: int, note: bytes) -> str:
    # Over the number too: a young number before an old note is a torn block.
    return sha256(b"%d\n%b" % (number, note)).hexdigest()
