"""The embedded PostgreSQL server: started, adopted, watched and stopped (design section 4).

A server belongs to everybody who started or adopted it on one data folder; the last one to
leave stops it. Two lock files in the data folder hold that together, and the kernel frees
both when a process dies:

    postgres.lock   held while starting or stopping: two starters do not race
    postgres.users  held shared by every user of the server; whoever gets it alone is the last

Long since it is one life, from the first start to the last leaving, which in parts could not be
followed.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import signal
import subprocess
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import psycopg
from psycopg import errors, sql
from psycopg.conninfo import make_conninfo

from domain.errors import SettingError, UnavailableError
from store.files import make_folder
from store.postgres import cluster as clusters
from store.postgres.account import Account, service_account
from store.postgres.binaries import (
    Binaries,
    binaries_in,
    bundled_binaries,
    forget_other_copies,
    relocate,
)
from store.postgres.database import has_none_left, no_connection_left
from store.postgres.place import HOME, SOCKET_NAME, Place, find_place, find_sockets
from store.postgres.usage import Usage, starting_or_stopping

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

DATABASE: Final = "pipeledger"

_PAUSE_S: Final = 0.02
_WATCH_S: Final = 0.2
_LONGEST_PAUSE_S: Final = 5.0
# A fast shutdown writes a checkpoint; a slow disk may need its time for it.
_STOP_PATIENCE_S: Final = 120.0
# Backends that outlive a killed server hold its shared memory until they notice.
_ORPHAN_PATIENCE_S: Final = 120.0
_ORPHANS: Final = "pre-existing shared memory block"
_LOG_LIMIT: Final = 16 * 1024 * 1024
_TAIL_LINES: Final = 8

_logger = logging.getLogger("pipeledger.postgres")

# Servers that others still use when we leave: the handle is kept, the process is theirs.
_left: list[subprocess.Popen[bytes]] = []


@atexit.register
def _wait_for_ended() -> None:
    """Let the system forget servers that we started and others ended; they run on otherwise."""
    _left[:] = [child for child in _left if child.poll() is None]


class EmbeddedPostgres:
    """A running embedded server. Make one with `start`; leave it with `stop`.

    Attributes:
        conninfo: libpq string of the owner's login, with its password.
        warnings: what a person should know about where it runs, one sentence each.
        adopted: it ran already.
        restarts: how often this object started it again after it died.
    """

    def __init__(
        self,
        data: Path,
        place: Place,
        binaries: Binaries,
        account: Account | None,
        settings: Mapping[str, str],
    ) -> None:
        self._data = data
        self._place = place
        self._binaries = binaries
        self._account = account
        self._settings = dict(settings)
        self._child: subprocess.Popen[bytes] | None = None
        self._pid = 0
        self._log_start = 0
        self._sockets = Path()
        self._usage: Usage | None = None
        self._leaving = threading.Event()
        self._watcher: threading.Thread | None = None
        self.conninfo = ""
        self.adopted = False
        self.restarts = 0
        self.warnings: tuple[str, ...] = ()

    @classmethod
    def start(
        cls,
        data: Path,
        *,
        binaries: Path | None = None,
        account: Account | None = None,
        home: Path = HOME,
        settings: Mapping[str, str] | None = None,
        environment: Mapping[str, str] = os.environ,
        entropy: Callable[[int], bytes] = os.urandom,
    ) -> Self:
        """Start the server of a data folder, or adopt it where it runs; return when ready.

        Waits as long as recovery takes. While this object lives, a server that dies is
        started again; connections that broke must be made anew.

        Args:
            data: the data folder; made where it is missing.
            binaries: folder of PostgreSQL's programs; None: those of the wheel.
            account: to run as; None: as PIPELEDGER_PG_USER or `nobody` says for root, and
                as this process otherwise.
            home: where root keeps what the account must reach.
            settings: more server settings, for this start.
            environment: where PIPELEDGER_PG_USER is looked up.
            entropy: gives random bytes for the password of a new cluster.

        Raises:
            SettingError: the cluster is of another major version, of another account, out
                of reach, or its password file is wrong.
            UnavailableError: the server died while starting; its last words are in the message.
        """
        account = service_account(environment) if account is None else account
        data = data.absolute()
        if "\n" in str(data):
            raise SettingError("the data folder's path holds a line feed")
        try:
            make_folder(data, 0o700 if account is None else 0o711)
        except OSError as error:
            raise SettingError(
                f"the data folder {data} cannot be made: {error.strerror}"
            ) from error
        with starting_or_stopping(data):
            place = find_place(data, account, home)
            account = _owner_of(place, account)
            found = _choose(place, binaries)
            server = cls(data, place, found, account, settings or {})
            server._usage = Usage(data)
            try:
                server._begin(entropy)
            except psycopg.Error as error:
                server._leave()
                raise UnavailableError(f"the database server ended again: {error}") from error
            except BaseException:
                server._leave()
                raise
        server._watcher = threading.Thread(
            target=server._watch, name="postgres-watcher", daemon=True
        )
        server._watcher.start()
        return server

    @property
    def pid(self) -> int:
        """Process id of the server as last seen."""
        return self._pid

    @property
    def folder(self) -> Path:
        """The folder that holds the cluster, its password and its log."""
        return self._place.folder

    def stop(self) -> None:
        """Leave the server; the last one to leave shuts it down. May be called again."""
        self._leaving.set()
        if self._watcher is not None:
            self._watcher.join()
            self._watcher = None
        with starting_or_stopping(self._data):
            self._leave()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"EmbeddedPostgres({self._place.folder}, pid {self._pid})"

    def _begin(self, entropy: Callable[[int], bytes]) -> None:
        if clusters.cluster_major(self._place) is None:
            self._bring_within_reach()
            clusters.make_cluster(self._place, self._binaries, self._account, entropy)
        self._run()
        self._ensure_database()
        self.warnings = tuple(self._warn())

    def _run(self) -> None:
        """Have a server that accepts connections; start locked."""
        found = clusters.running(self._place)
        self.adopted = found is not None
        if found is None:
            self._sockets = find_sockets(self._place, self._uid_gid())
            self._launch()
        else:
            self._pid = found.pid
        self._wait_until_ready()
        self.conninfo = make_conninfo(
            host=str(self._sockets),
            port=5432,
            user=clusters.OWNER,
            dbname=DATABASE,
            password=self._password(),
        )

    def _launch(self) -> None:
        self._bring_within_reach()
        clusters.disown_stale_pid(self._place, self._sockets)
        settings = {**clusters.FIXED, **self._settings}
        settings["unix_socket_directories"] = str(self._sockets)
        command = [str(self._binaries.postgres), "-D", str(self._place.cluster)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        log = self._place.log
        if log.exists() and log.stat().st_size > _LOG_LIMIT:
            log.rename(log.with_suffix(".old"))
        handle = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "ab") as output:
            self._log_start = output.tell()
            # A session of its own: an interrupt from the terminal is for us, and we stop it.
            self._child = subprocess.Popen(  # noqa: S603 -- our own command line
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                env=clusters.ENVIRONMENT,
                umask=0o077,
                start_new_session=True,
                user=None if self._account is None else self._account.uid,
                group=None if self._account is None else self._account.gid,
                extra_groups=None if self._account is None else [],
            )
        self._pid = self._child.pid

    def _bring_within_reach(self) -> None:
        if self._account is not None and not self._binaries.runs_as(self._account):
            self._binaries = relocate(self._binaries, self._place.folder)
            forget_other_copies(self._binaries, self._place.folder)

    def _wait_until_ready(self) -> None:
        began = time.monotonic()
        told = False
        while not self._leaving.is_set():
            found = clusters.running(self._place)
            if found is not None and found.pid == self._pid and found.ready and found.sockets:
                if self._answers(found.sockets):
                    self._sockets = found.sockets
                    return
            elif not self._alive():
                self._after_death(began)
            if not told and time.monotonic() - began > _LONGEST_PAUSE_S:
                told = True
                _logger.warning("the database is recovering; waiting until it is done")
            time.sleep(_PAUSE_S)
        raise UnavailableError("stopped while the database was recovering")

    def _after_death(self, began: float) -> None:
        """Launch again where that helps; fail at once where it does not."""
        if self.adopted:
            # It was shutting down when we found it; a start of our own is due.
            self.adopted = False
            self._sockets = find_sockets(self._place, self._uid_gid())
            self._launch()
            return
        said = self._last_words()
        if _ORPHANS in said and time.monotonic() - began < _ORPHAN_PATIENCE_S:
            time.sleep(_WATCH_S)
            self._launch()
            return
        raise UnavailableError(f"the database server ended while starting: {said}")

    def _answers(self, sockets: Path) -> bool:
        try:
            with self._connect("postgres", sockets) as connection:
                # Recovery from an archive lets readers in before it is done.
                return connection.execute("SELECT pg_is_in_recovery()").fetchone() == (False,)
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise SettingError(
                    f"{self._place.password} does not hold the password of the database in "
                    f"{self._place.cluster}: restore that file"
                ) from error
            if has_none_left(error):
                raise no_connection_left(str(sockets)) from error
            return False

    def _ensure_database(self) -> None:
        with (
            self._connect("postgres", self._sockets) as connection,
            contextlib.suppress(errors.DuplicateDatabase),
        ):
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(
                    sql.Identifier(DATABASE)
                )
            )

    def _connect(self, database: str, sockets: Path) -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(
            host=str(sockets),
            port=5432,
            user=clusters.OWNER,
            dbname=database,
            password=self._password(),
            autocommit=True,
            connect_timeout=10,
        )

    def _password(self) -> str:
        try:
            return self._place.password.read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingError(
                f"{self._place.password} cannot be read: the database in "
                f"{self._place.cluster} opens only with it"
            ) from error

    def _alive(self) -> bool:
        if self._child is not None and self._child.pid == self._pid:
            return self._child.poll() is None
        return clusters.works_in(self._pid, self._place.cluster)

    def _watch(self) -> None:
        pause = _WATCH_S
        while not self._leaving.wait(pause):
            if self._alive():
                pause = _WATCH_S
                continue
            _logger.error("the database server died; starting it again")
            try:
                with starting_or_stopping(self._data):
                    self._run()
            except (SettingError, UnavailableError, OSError, psycopg.Error) as error:
                _logger.error("the database server does not start: %s", error)  # noqa: TRY400 -- one line for the operator; it is tried again
                pause = min(pause * 2, _LONGEST_PAUSE_S)
            else:
                self.restarts += 1
                _logger.warning("the database server runs again")

    def _leave(self) -> None:
        if self._usage is not None and self._usage.end():
            self._shut_down()
        elif self._child is not None and self._child.poll() is None:
            _left.append(self._child)
        _wait_for_ended()

    def _shut_down(self) -> None:
        if self._pid and self._alive():
            self._signal(signal.SIGINT)
            if not self._gone_within(_STOP_PATIENCE_S):
                # Immediate shutdown: what was acknowledged is in the log and recovers.
                self._signal(signal.SIGQUIT)
                self._gone_within(_STOP_PATIENCE_S)
        if self._sockets.is_absolute() and self._sockets.parent != self._place.folder:
            # Whose name the server's account wrote down: root removes what is ours, no more.
            with contextlib.suppress(OSError):
                for name in (SOCKET_NAME, f"{SOCKET_NAME}.lock"):
                    (self._sockets / name).unlink(missing_ok=True)
                self._sockets.rmdir()

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, number)

    def _gone_within(self, patience: float) -> bool:
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if not self._alive():
                return True
            time.sleep(_PAUSE_S)
        return not self._alive()

    def _uid_gid(self) -> tuple[int, int]:
        if self._account is None:
            return os.geteuid(), os.getegid()
        return self._account.uid, self._account.gid

    def _last_words(self) -> str:
        try:
            with self._place.log.open("rb") as log:
                log.seek(self._log_start)
                lines = log.read().decode(errors="replace").splitlines()
        except OSError:
            lines = []
        return " / ".join(lines[-_TAIL_LINES:]) or f"it said nothing ({self._place.log})"

    def _warn(self) -> Iterator[str]:
        if self._place.temporary:
            yield (
                f"the database lies in the temporary folder {self._place.folder}: "
                "choose a data folder that is not swept"
            )


def _owner_of(place: Place, account: Account | None) -> Account | None:
    """The account that owns an existing cluster runs it, whoever would run a new one."""
    try:
        found = place.cluster.stat()
    except FileNotFoundError:
        return account
    if account is None:
        if found.st_uid != os.geteuid():
            raise SettingError(
                f"the database in {place.cluster} belongs to another account (uid "
                f"{found.st_uid}): start as that account or as root"
            )
        return None
    if found.st_uid == 0:
        raise SettingError(f"{place.cluster} belongs to root, as whom PostgreSQL does not run")
    return replace(account, uid=found.st_uid, gid=found.st_gid)


def _choose(place: Place, folder: Path | None) -> Binaries:
    """The programs for this cluster: of its own major version, or the newest for a new one."""
    major = clusters.cluster_major(place)
    try:
        found = bundled_binaries(major) if folder is None else binaries_in(folder)
    except SettingError:
        if major is None or folder is not None:
            raise
        found = bundled_binaries()
    if major is not None and found.major != major:
        raise SettingError(
            f"the database in {place.cluster} was made by PostgreSQL {major}, and this version "
            f"brings {found.major}: with the former version run `pipeledger-server export "
            "ledger DIR`, then with this one and a new data folder `pipeledger-server import "
            "ledger DIR`"
        )
    return found
