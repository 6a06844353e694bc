"""Where the embedded server's files lie.

For an ordinary user everything lies in `<data>/postgres/`. Started by root, the server runs
as a service account, which often cannot enter root's folders. No mode is opened for it:
instead the files lie where the account can go, and `<data>/postgres` is a file that holds
that folder's path. So they do where a shell would stumble over the data folder's name.

In the folder:  cluster/  PostgreSQL's own data folder, of the account, 0700
                password  of the starter, 0600
                log       what the server says
                s/        its socket, of the account, 0700
                postgresql-18.4/  copies of the programs, where the account cannot reach ours
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from domain.errors import SettingError
from store.files import make_folder, write_file
from store.postgres.account import VARIABLE

if TYPE_CHECKING:
    from store.postgres.account import Account

HOME: Final = Path("/var/lib/pipeledger")
SOCKET_NAME: Final = ".s.PGSQL.5432"
# sun_path of sockaddr_un holds 108 bytes with the final NUL on Linux, 104 on macOS.
_LONGEST_SOCKET: Final = 103
_POINTER: Final = "postgres"
_SHELL: Final = frozenset('"$`\\')
"""initdb runs the server by a shell, in double quotes: copies of both lie below no such name."""
_SHORT: Final = Path("/tmp")  # noqa: S108 -- used only after its owner and mode were checked


@dataclass(frozen=True, slots=True)
class Place:
    """The folder of one embedded server.

    Attributes:
        folder: absolute path of the folder described above.
        temporary: it lies in the system's temporary folder, which may be swept.
    """

    folder: Path
    temporary: bool

    @property
    def cluster(self) -> Path:
        """PostgreSQL's own data folder."""
        return self.folder / "cluster"

    @property
    def password(self) -> Path:
        """The file that holds the owner's password."""
        return self.folder / "password"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.folder / "log"


def find_place(data: Path, account: Account | None, home: Path = HOME) -> Place:
    """Find or make the folder of the embedded server that belongs to a data folder.

    Args:
        data: the data folder; made where it is missing.
        account: the account the server will run as; None: this process's own.
        home: where root keeps what the account must reach.

    Raises:
        SettingError: the data folder names a place that is not there or not reachable.
    """
    make_folder(data, 0o700 if account is None else 0o711)
    here = data.absolute() / _POINTER
    if here.is_file():
        return _pointed(here, account)
    is_plain = _SHELL.isdisjoint(str(here))
    if here.is_dir() or account is None or (is_plain and account.reaches(data)):
        make_folder(here, 0o700 if account is None else 0o711)
        if account is not None and not account.reaches(here):
            raise SettingError(_out_of_reach(account, here))
        return Place(here, temporary=_is_temporary(here))
    folder = _new_folder(data.absolute().name, account, home)
    write_file(here, f"{folder}\n".encode())
    return Place(folder, temporary=_is_temporary(folder))


def find_sockets(place: Place, owner: tuple[int, int]) -> Path:
    """Find or make the folder of the server's socket, short enough for a socket's path.

    Args:
        place: the server's folder.
        owner: user and group of the account that runs the server.
    """
    near = place.folder / "s"
    if _fits(near):
        make_folder(near, 0o700, owner)
        return near
    digest = hashlib.sha256(os.fsencode(place.folder)).hexdigest()[:16]
    short = _SHORT / f"pipeledger-{owner[0]}-{digest}"
    try:
        make_folder(short, 0o700, owner)
        found = short.lstat()
    except OSError as error:
        raise SettingError(f"no socket folder can be made at {short}") from error
    # Anybody may make names in the temporary folder: one that is not ours is not used.
    if found.st_uid == owner[0] and stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o077:
        return short
    folder = Path(tempfile.mkdtemp(prefix="pl-", dir=_SHORT))
    os.chown(folder, *owner)
    return folder


def _pointed(pointer: Path, account: Account | None) -> Place:
    folder = Path(os.fsdecode(pointer.read_bytes().rstrip(b"\n")))
    if not folder.is_absolute() or not folder.is_dir():
        raise SettingError(
            f"{pointer} says that the database lies in {folder}, and it is not there: "
            "restore that folder, or give a database address"
        )
    if account is not None and not account.reaches(folder):
        raise SettingError(_out_of_reach(account, folder))
    return Place(folder, temporary=_is_temporary(folder))


def _out_of_reach(account: Account, folder: Path) -> str:
    return (
        f"the account {account.name} cannot reach {folder}: open its parents to that account, "
        f"or name another in {VARIABLE}"
    )


def _new_folder(name: str, account: Account, home: Path) -> Path:
    """A fresh folder that only root can write and the account can enter."""
    try:
        make_folder(home, 0o711)
        found = home.stat()
        safe = found.st_uid == 0 and not found.st_mode & 0o022
        base = home if safe and account.reaches(home) else None
    except OSError:
        base = None
    label = "".join(letter for letter in name if letter.isalnum() and letter.isascii())[:20]
    folder = Path(
        tempfile.mkdtemp(prefix=f"{label or 'data'}-", dir=base)
        if base is not None
        else tempfile.mkdtemp(prefix="pipeledger-", dir=_SHORT)
    )
    folder.chmod(0o711)
    if not account.reaches(folder):
        folder.rmdir()
        raise SettingError(
            f"the account {account.name} can reach neither the data folder nor {folder.parent}"
        )
    return folder


def _fits(folder: Path) -> bool:
    # A comma would make a list of it, for the server and for libpq.
    path = os.fsencode(folder / SOCKET_NAME)
    return len(path) <= _LONGEST_SOCKET and b"," not in path


def _is_temporary(folder: Path) -> bool:
    return folder.is_relative_to(_SHORT) or folder.is_relative_to(tempfile.gettempdir())
