"""A PostgreSQL cluster on disk: making it, its settings, and who runs it now."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, Literal

from domain.errors import SettingError, UnavailableError
from store.files import make_folder, sync_folder, write_file
from store.postgres.place import SOCKET_NAME

if TYPE_CHECKING:
    from collections.abc import Callable

    from store.postgres.account import Account
    from store.postgres.binaries import Binaries
    from store.postgres.place import Place

OWNER: Final = "pipeledger"

# Given on the command line, so that no file and no ALTER SYSTEM can undo them.
FIXED: Final = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "restart_after_crash": "on",
    "password_encryption": "scram-sha-256",
    "logging_collector": "off",
    "log_destination": "stderr",
    "log_timezone": "UTC",
    # A statement or a key's value may hold what only the sealed parts may hold.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_statement": "none",
}

# Written once into postgresql.conf, where an operator may change them.
_TUNING: Final = """
# Pipeledger's settings; what follows may be changed, it is not written again.
max_connections = 500
shared_buffers = 128MB
jit = off
wal_buffers = 16MB
min_wal_size = 128MB
max_wal_size = 2GB
checkpoint_completion_target = 0.9
log_checkpoints = off
log_line_prefix = '%m [%p] '
timezone = 'UTC'
"""

_HBA: Final = """\
# Only the Unix socket is open, and only with the password.
local  all  all  scram-sha-256
"""

_MAJOR: Final = re.compile(r"[0-9]{1,3}")


@dataclass(frozen=True, slots=True)
class Postmaster:
    """What the running server wrote into its `postmaster.pid`.

    Attributes:
        pid: process id.
        sockets: the folder of its socket, or None where it does not say yet.
        ready: it accepts connections.
    """

    pid: int
    sockets: Path | None
    ready: bool


def cluster_major(place: Place) -> int | None:
    """The major version that made the cluster; None where there is no cluster yet.

    Raises:
        SettingError: the folder is there and is no cluster.
    """
    if not place.cluster.exists():
        return None
    try:
        text = (place.cluster / "PG_VERSION").read_text().strip()
    except (OSError, UnicodeDecodeError):
        text = ""
    if _MAJOR.fullmatch(text) is None:
        raise SettingError(f"{place.cluster} is no PostgreSQL cluster that this account may read")
    return int(text)


def make_cluster(
    place: Place, binaries: Binaries, account: Account | None, entropy: Callable[[int], bytes]
) -> None:
    """Make the cluster and its password; after a kill half-way the next call starts afresh.

    Raises:
        UnavailableError: initdb failed; its words are in the message.
    """
    owner = (os.geteuid(), os.getegid()) if account is None else (account.uid, account.gid)
    fresh = place.folder / "cluster.new"
    shutil.rmtree(fresh, ignore_errors=True)
    make_folder(fresh, 0o700, owner)
    password = entropy(32).hex()
    write_file(place.password, password.encode())
    # initdb runs as the account and cannot read our file: it gets its own for a moment.
    lent = place.folder / "password.new"
    lent.unlink(missing_ok=True)
    write_file(lent, password.encode())
    if account is not None:
        os.chown(lent, *owner)
    try:
        done = run_as(
            account,
            [
                *(str(binaries.initdb), "-D", str(fresh), "-U", OWNER, f"--pwfile={lent}"),
                *("-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--data-checksums"),
            ],
        )
    finally:
        lent.unlink()
    if done.returncode != 0:
        shutil.rmtree(fresh, ignore_errors=True)
        said = " ".join(done.stderr.split())[-400:]
        raise UnavailableError(f"the database cluster could not be made in {fresh}: {said}")
    for name, flags, text in (
        ("postgresql.conf", os.O_APPEND, _TUNING),
        ("pg_hba.conf", os.O_TRUNC, _HBA),
    ):
        with _opened(fresh / name, os.O_WRONLY | flags, "wb") as file:
            file.write(text.encode())
            file.flush()
            # Or a power cut leaves a cluster that lets nobody in.
            os.fsync(file.fileno())
    fresh.rename(place.cluster)
    sync_folder(place.folder)


def running(place: Place) -> Postmaster | None:
    """The server that runs on this cluster now; None where none does.

    The pid in the file may be left over from a crash and belong to another process by now:
    what counts is that the process works in this cluster's folder.
    """
    try:
        lines = (place.cluster / "postmaster.pid").read_text().splitlines()
        pid = int(lines[0])
    except (OSError, ValueError, IndexError, UnicodeDecodeError):
        return None
    if not works_in(pid, place.cluster):
        return None
    sockets = Path(lines[4]) if len(lines) > 4 and lines[4] else None  # noqa: PLR2004 -- line 5 of postmaster.pid, miscadmin.h
    ready = len(lines) > 7 and lines[7].strip() == "ready"  # noqa: PLR2004 -- line 8, likewise
    return Postmaster(pid=pid, sockets=sockets, ready=ready)


def works_in(pid: int, folder: Path) -> bool:
    """Whether a live process has `folder` as its working folder, as a postmaster does."""
    if Path("/proc/self/cwd").exists():
        try:
            return Path(f"/proc/{pid}/cwd").samefile(folder)
        except OSError:
            return False
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def disown_stale_pid(place: Place, sockets: Path) -> None:
    """Keep a left-over pid from blocking the start of a server; call where none runs.

    PostgreSQL takes any process of that number for a server: a stranger, or a dead server
    that nobody waits for (in a container without an init). It makes an exception for its own
    parent, which is us. The rest of `postmaster.pid` stays, because the server finds the
    shared memory of surviving backends through it.
    """
    (sockets / f"{SOCKET_NAME}.lock").unlink(missing_ok=True)
    path = place.cluster / "postmaster.pid"
    try:
        with _opened(path, os.O_RDWR, "r+b") as file:
            pid, rest = file.read().split(b"\n", 1)
            if works_in(int(pid), place.cluster):
                return
            file.seek(0)
            file.write(b"%d\n%b" % (os.getpid(), rest))
            file.truncate()
    except (OSError, ValueError):
        return


def _opened(path: Path, flags: int, mode: Literal["wb", "r+b"]) -> BinaryIO:
    """A file in a folder of the server's account, which must not lead root elsewhere."""
    return os.fdopen(os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC), mode)


def run_as(account: Account | None, command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a program to its end as the account, in a bare environment."""
    return subprocess.run(  # noqa: S603 -- programs of the installation, arguments of our own
        command,
        check=False,
        capture_output=True,
        text=True,
        errors="replace",
        cwd="/",
        env=ENVIRONMENT,
        umask=0o077,
        user=None if account is None else account.uid,
        group=None if account is None else account.gid,
        extra_groups=None if account is None else [],
    )


# Nothing of the caller's environment (PGDATA, PGOPTIONS, locale) may steer the server.
ENVIRONMENT: Final = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
