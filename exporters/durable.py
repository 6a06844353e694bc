"""A folder that others read while it is written to: each file is whole, and durable once settled.

A file is written under another name, flushed, and renamed; its folder is flushed later, by the
descriptor that was open when the file came into it: an error that the system only finds
afterwards is told through that descriptor and through no other. Names are looked up from
descriptors, too, so nothing is written through a link.

Files are readable for whom the process's umask lets read them: a web server has another account.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final, Self

from domain.errors import SettingError, UnavailableError
from store.files import sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NEW: Final = ".new-"
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE: Final = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
_OPEN_AT_MOST: Final = 128

Names = tuple[str, ...]


class DurableFolder:
    """A folder with one writer at a time. A context manager; not safe for several threads.

    Names of files are relative, their parts set apart by `/`.
    """

    def __init__(self, path: Path) -> None:
        """Make the folder if it is not there, and keep other writers out.

        Raises:
            SettingError: another process writes there.
            UnavailableError: the disk.
        """
        self.path = path
        self._open: dict[Names, int] = {}
        with self._telling(""):
            fresh = [one for one in (path, *path.parents) if not one.exists()]
            path.mkdir(parents=True, exist_ok=True)
            # The one before may have ended between making a folder and flushing its parent.
            for one in fresh or [path]:
                sync_folder(one.parent)
            self._open[()] = os.open(path, _FOLDER & ~os.O_NOFOLLOW)
        try:
            with self._telling(""):
                fcntl.flock(self._open[()], fcntl.LOCK_EX | fcntl.LOCK_NB)
        except UnavailableError as error:
            self._release()
            if isinstance(error.__cause__, BlockingIOError):
                raise SettingError(f"{path}: another process is writing there") from error
            raise

    def names(self) -> list[str]:
        """What lies in it at the top, but for files that were never finished."""
        with self._telling(""), os.scandir(self._open[()]) as found:
            return [one.name for one in found if not one.name.startswith(_NEW)]

    def read(self, name: str, limit: int) -> bytes | None:
        """The bytes of a file at the top, at most `limit`; None: it is not there."""
        with self._telling(name):
            try:
                handle = os.open(
                    name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=self._open[()]
                )
            except FileNotFoundError:
                return None
            with os.fdopen(handle, "rb") as file:
                return file.read(limit)

    def write(self, name: str, content: bytes) -> None:
        """Write a file, whole or not at all; its name is durable after `settle`.

        Raises:
            UnavailableError: the disk; whatever stood under this name may stand there still.
        """
        *above, last = name.split("/")
        with self._telling(name):
            folder = self._folder(tuple(above))
            fresh = _NEW + last
            try:
                handle = os.open(fresh, _FILE, 0o666, dir_fd=folder)
                with os.fdopen(handle, "wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                os.rename(fresh, last, src_dir_fd=folder, dst_dir_fd=folder)
            except BaseException:
                with suppress(OSError):
                    os.unlink(fresh, dir_fd=folder)
                raise

    def settle(self) -> None:
        """Make durable what was written since the last time.

        Raises:
            UnavailableError: the disk.
        """
        # The deepest first: a folder's name is in the one above.
        for names in sorted(self._open, key=len, reverse=True):
            with self._telling("/".join(names)):
                os.fsync(self._open[names])
        for names in [one for one in self._open if one]:
            with self._telling("/".join(names)):
                os.close(self._open.pop(names))

    def files(self, below: str) -> Iterator[str]:
        """The files under a folder at the top; those that were never finished are removed.

        A file may be removed when it is given.

        Raises:
            UnavailableError: the disk.
        """

        def fail(error: OSError) -> None:
            raise error

        with self._telling(below):
            for place, folders, files, handle in os.fwalk(
                below, dir_fd=self._open[()], onerror=fail
            ):
                folders.sort()
                for file in sorted(files):
                    if file.startswith(_NEW):
                        os.unlink(file, dir_fd=handle)
                    else:
                        yield f"{place}/{file}"

    def remove(self, name: str) -> None:
        """Remove a file, and its folder if nothing else is in it.

        Raises:
            UnavailableError: the disk.
        """
        above, _, _ = name.rpartition("/")
        with self._telling(name):
            os.unlink(name, dir_fd=self._open[()])
            with suppress(OSError):
                # It is not empty, mostly; if it is and stays, it is only an empty folder.
                os.rmdir(above, dir_fd=self._open[()])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._release()

    def _folder(self, names: Names) -> int:
        """A folder below, made if it is not there; kept open until all is settled."""
        if names in self._open:
            return self._open[names]
        if len(self._open) >= _OPEN_AT_MOST:
            self.settle()
        above = self._folder(names[:-1])
        with suppress(FileExistsError):
            os.mkdir(names[-1], dir_fd=above)
        self._open[names] = os.open(names[-1], _FOLDER, dir_fd=above)
        return self._open[names]

    def _release(self) -> None:
        while self._open:
            # What was to be durable is settled; what was not was told already.
            with suppress(OSError):
                os.close(self._open.popitem()[1])

    @contextmanager
    def _telling(self, name: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise UnavailableError(f"{self.path / name}: {error.strerror}") from error
