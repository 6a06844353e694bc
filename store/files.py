"""Files and folders that are whole, private and durable, or not there."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def make_folder(folder: Path, mode: int = 0o700, owner: tuple[int, int] | None = None) -> None:
    """Make a folder with exactly this mode; leave an existing one as it is.

    Missing parents are made for this process's account alone.

    Args:
        folder: the folder.
        mode: permission bits, whatever the umask says.
        owner: user and group it shall belong to; heeded when run by root.
    """
    if folder.is_dir():
        return
    if not folder.parent.is_dir():
        make_folder(folder.parent)
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        if folder.is_dir():
            return
        raise
    if owner is not None and os.geteuid() == 0:
        os.chown(folder, *owner)
    folder.chmod(mode)
    sync_folder(folder.parent)


def write_file(path: Path, content: bytes) -> None:
    """Write a file of mode 0600 whole or not at all, durable on return.

    An existing file is replaced in one step.
    """
    handle, name = tempfile.mkstemp(prefix=".new-", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make what was created, renamed or removed in a folder durable.

    A folder that this account may enter but not read (0711) cannot be flushed by it.
    """
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except PermissionError:
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
