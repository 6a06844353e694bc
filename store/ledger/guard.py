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
        with self._locked(fcntl.LOCK_SH), self._opened(os.O_RDONLY) as handle:
            return _stands(handle)[1]

    def swap(self, old: bytes | None, new: bytes) -> None:
        """Put `new` in place of `old`; see `Guard`."""
        # Each call to the system gives the interpreter lock away, and whoever appends wants it
        # back: so few of them. A write that is durable on return saves the flush after it.
        with self._locked(fcntl.LOCK_EX), self._opened(os.O_RDWR | os.O_DSYNC) as handle:
            number, note = _stands(handle)
            if note != old:
                raise GuardConflictError("another checkpoint stands in the guard")
            block = _block(number + 1, new)
            if handle is None:
                write_file(self._file, block + bytes(_BLOCK))
            elif os.pwrite(handle, block, (number % 2) * _BLOCK) != len(block):
                raise UnavailableError("the guard's file was not written whole")

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
            raise UnavailableError(
                f"the guard does not answer: {error}", "the guard does not answer"
            ) from error

    @contextmanager
    def _opened(self, how: int) -> Iterator[int | None]:
        """The file, or None where there is none."""
        try:
            handle = os.open(self._file, how | os.O_CLOEXEC)
        except FileNotFoundError:
            yield None
            return
        try:
            yield handle
        finally:
            os.close(handle)


def _stands(handle: int | None) -> tuple[int, bytes | None]:
    """Number and note of the younger block; 0 and None where there is no file."""
    if handle is None:
        return 0, None
    raw = os.pread(handle, 2 * _BLOCK, 0)
    whole = [found for at in (0, _BLOCK) if (found := _whole(raw[at : at + _BLOCK]))]
    if not whole:
        raise UnavailableError(
            "the guard's file is damaged: neither block is whole. Move it away, then "
            "pipeledger-server guard restore"
        )
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
