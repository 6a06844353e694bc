"""Database clusters that are copied, since making one takes longer than most tests.

How one is made, `tests/store/postgres` shows.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from store.files import make_folder
from store.postgres.account import service_account
from store.postgres.cluster import cluster_major
from store.postgres.place import find_place
from store.postgres.server import EmbeddedPostgres

if TYPE_CHECKING:
    from collections.abc import Iterator

DISK: Final = Path("/tmp")  # noqa: S108 - made by mkdtemp
MEMORY: Final = Path("/dev/shm")  # noqa: S108 - likewise
ROOM: Final = 4 << 30
"""Bytes that are left free there: a server of a worker's tests takes half a gibibyte."""

# Numbers of processes are told in a namespace, folders may be shared by several.
MARK: Final = f"pl-test-{Path('/proc/self/ns/pid').stat().st_ino}-"
_AVAILABLE: Final = re.compile(r"^MemAvailable: +(\d+) kB$", re.MULTILINE)

_made: list[Path] = []


def new_folder(*, quick: bool) -> Path:
    """A folder that service accounts can reach.

    Args:
        quick: in memory, where there is room for it and programs may run. A database is 300 files,
            and many tests make one and drop it: in memory that is a quarter of the work.
    """
    place = MEMORY if quick and _has_room() else DISK
    folder = Path(tempfile.mkdtemp(prefix=f"{MARK}{os.getpid()}-", dir=place))
    folder.chmod(0o711)
    return folder


def _has_room() -> bool:
    if not MEMORY.is_dir():
        return False
    told = os.statvfs(MEMORY)
    available = _AVAILABLE.search(Path("/proc/meminfo").read_text())
    # The file system may be as large as the memory, which others need as well.
    room = min(told.f_bavail * told.f_frsize, int(available[1]) << 10 if available else 0)
    return room >= ROOM and not told.f_flag & os.ST_NOEXEC


def prepared(data: Path) -> Path:
    """Give a new data folder the cluster that its first start would make; gives the folder."""
    place = find_place(data, service_account(os.environ))
    if cluster_major(place) is None:
        _copy(place.folder)
    return data


def quickly_prepared(data: Path) -> Path:
    """The same with a cluster that lies elsewhere, in memory if it can."""
    if not (data / "postgres").exists():
        make_folder(data, 0o711)
        folder = new_folder(quick=True)
        _copy(folder)
        (data / "postgres").write_text(f"{folder}\n")
    return data


def _copy(folder: Path) -> None:
    _made.append(folder)
    subprocess.run(["cp", "-a", f"{_template()}/.", folder], check=True)


def forget() -> None:
    """Remove the clusters, which may lie outside the tests' own folders; none is used any more."""
    for folder in _made:
        shutil.rmtree(folder, ignore_errors=True)
    _made.clear()


def sweep(*places: Path) -> None:
    """Remove what the tests of processes that are gone left, as those do that were killed.

    A server that still runs on such a cluster ends by itself when it is gone.

    Args:
        places: where they lie.
    """
    for place in places:
        for folder in place.glob(f"{MARK}*-*"):
            maker = folder.name.removeprefix(MARK).partition("-")[0]
            if maker.isdecimal() and not Path(f"/proc/{maker}").exists():
                shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def template() -> Iterator[None]:
    """Remove the cluster that is copied, in the end."""
    yield
    if _template.cache_info().currsize:
        shutil.rmtree(_template().parent.parent)


@cache
def _template() -> Path:
    with EmbeddedPostgres.start(new_folder(quick=True) / "data") as server:
        return server.folder
