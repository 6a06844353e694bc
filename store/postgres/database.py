"""Connections to PostgreSQL with the settings a ledger depends on (design section 4).

Every connection is autocommit, so a transaction exists only where the code says
`connection.transaction()`, and READ COMMITTED by its own setting whatever the server's
default is. A server that would lose or mangle what it acknowledged is refused at the start.
"""

from __future__ import annotations

import select
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, LiteralString, Self

import psycopg
from psycopg import conninfo as dsn
from psycopg import errors, sql
from psycopg.pq import TransactionStatus

from domain.errors import SettingError, UnavailableError
from store.postgres.roles import Role, Roles, create_roles, find_roles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adbc_driver_postgresql import dbapi as columnar

Connection = psycopg.Connection[tuple[Any, ...]]

OLDEST_VERSION: Final = 15
# An append holds the head's lock for milliseconds; ten seconds of waiting is a fault.
LOCK_TIMEOUT: Final = "10s"
# A transaction left open by a stuck client would hold that lock for everybody.
IDLE_TIMEOUT: Final = "30s"
CONNECT_TIMEOUT_S: Final = 10
POOL_SIZE: Final = 16
_SHORT: Final = (errors.LockNotAvailable, errors.DiskFull, errors.OutOfMemory)
POOL_PATIENCE_S: Final = 10.0

# A client that is cut off in the middle of its rows holds that lock too, until the server notices;
# the system's own patience with silent connections is two hours.
SILENCE_S: Final = 20

# JIT: a plan that is estimated dear switches it on, and compiling costs more than it saves.
_SESSION: Final[LiteralString] = f"""
    SET default_transaction_isolation = 'read committed';
    SET default_transaction_read_only = off;
    SET lock_timeout = '{LOCK_TIMEOUT}';
    SET idle_in_transaction_session_timeout = '{IDLE_TIMEOUT}';
    SET tcp_keepalives_idle = {SILENCE_S};
    SET tcp_keepalives_interval = 5;
    SET tcp_keepalives_count = 3;
    SET tcp_user_timeout = {1000 * SILENCE_S};
    SET jit = off;
    SET timezone = 'UTC';
    SET search_path = pg_catalog
"""


class Database:
    """One PostgreSQL database: connections by role, and a small pool of them.

    Safe to share between threads. Making one does not connect.

    Attributes:
        conninfo: libpq URL or key-value string; may hold a password.
    """

    def __init__(
        self, conninfo: str, *, application: str = "pipeledger", pool_size: int = POOL_SIZE
    ) -> None:
        try:
            dsn.conninfo_to_dict(conninfo)
        except psycopg.ProgrammingError:
            # libpq's message repeats the address, which may hold a password.
            raise SettingError(
                "the database address is neither a postgresql:// URL nor a libpq string; in a URL "
                "a space or @ of the password is written %20 or %40"
            ) from None
        self.conninfo = conninfo
        self._application = application
        self._roles: Roles | None = None
        self._size = pool_size
        self._changed = threading.Condition()
        # The next three: under _changed.
        self._idle: dict[Role, list[Connection]] = {"owner": [], "writer": [], "redactor": []}
        self._open = 0
        self._closed = False

    def connect(self, role: Role = "owner") -> Connection:
        """Open a connection of your own; close it yourself (it is a context manager).

        Args:
            role: `owner` for migrations, `writer` to append, `redactor` to delete.

        Raises:
            UnavailableError: the server does not answer, or not yet.
            SettingError: it answers and refuses this login or database.
        """
        connection = self._connect()
        try:
            if role != "owner":
                name = self._find_roles(connection).name(role)
                if name is not None:
                    connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(name)))
        except psycopg.Error as error:
            connection.close()
            raise UnavailableError("the database ended the connection") from error
        return connection

    def columnar(self, role: Role = "writer") -> columnar.Connection:
        """Open a connection that answers in Arrow columns; close it yourself.

        Raises:
            UnavailableError: the server does not answer.
        """
        # It loads what reads columns, half a second's work that most commands never need.
        from adbc_driver_postgresql import dbapi as columnar  # noqa: PLC0415

        with self.session(role) as connection:
            # So that a refusal is told in the words of every other connection.
            name = self._find_roles(connection).name(role)
        try:
            opened = columnar.connect(self.conninfo, autocommit=True)
        except columnar.Error as error:
            raise UnavailableError(
                f"the database at {self.address} does not answer", _AWAY
            ) from error
        try:
            with opened.cursor() as cursor:
                cursor.execute("SET jit = off")
                if name is not None:
                    cursor.execute(f'SET ROLE "{name}"')
        except columnar.Error as error:
            opened.close()
            raise UnavailableError("the database ended the connection") from error
        return opened

    @contextmanager
    def session(self, role: Role = "owner") -> Iterator[Connection]:
        """Borrow a connection from the pool.

        An open transaction is rolled back when it is given back; SET of a session must be
        undone by the borrower.

        Raises:
            UnavailableError: none became free in time, the server does not answer, it ended the
                connection while it was borrowed, or has no lock, memory or disk to give.
        """
        connection = self._take(role)
        try:
            yield connection
        except psycopg.OperationalError as error:
            # Ended in the middle of a question, which is no fault of whoever asked.
            if connection.closed:
                raise UnavailableError("the database ended the connection") from error
            if isinstance(error, _SHORT):
                cause = f"the database cannot do it now: {type(error).__name__}"
                raise UnavailableError(cause) from error
            raise
        finally:
            self._give_back(role, connection)

    def prepare(self) -> Roles:
        """Check the server, make the group roles where that is allowed.

        Raises:
            SettingError: the server may not hold a ledger; one line says why.
            UnavailableError: it does not answer.
        """
        with self.connect() as connection:
            check_server(connection)
            self._roles = create_roles(connection)
        return self._roles

    def readiness_warnings(self) -> list[str]:
        """What works but is weaker than it should be, one sentence each.

        Raises:
            UnavailableError: the server does not answer.
        """
        with self.session() as connection:
            self._roles = find_roles(connection)
            return [*self._roles.missing(), *_standby_warnings(connection)]

    def close(self) -> None:
        """Close the idle connections; borrowed ones close when they come back."""
        with self._changed:
            self._closed = True
            idle = [one for ones in self._idle.values() for one in ones]
            for ones in self._idle.values():
                ones.clear()
            self._open -= len(idle)
            self._changed.notify_all()
        for connection in idle:
            connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Database({self.address})"

    @property
    def address(self) -> str:
        """Where it is, without any secret."""
        parts = dsn.conninfo_to_dict(self.conninfo)
        shown = ("host", "hostaddr", "port", "user", "dbname")
        return " ".join(f"{key}={parts[key]}" for key in shown if key in parts)

    def _connect(self) -> Connection:
        try:
            connection = psycopg.connect(
                self.conninfo,
                autocommit=True,
                client_encoding="UTF8",
                application_name=self._application,
                connect_timeout=CONNECT_TIMEOUT_S,
            )
        except psycopg.OperationalError as error:
            raise _unreachable(error, self.address) from error
        try:
            connection.execute(_SESSION)
        except psycopg.Error as error:
            connection.close()
            raise UnavailableError("the database ended the connection") from error
        return connection

    def _find_roles(self, connection: Connection) -> Roles:
        # What is missing may have been made since; only a full answer is kept.
        if self._roles is None or None in (self._roles.writer, self._roles.redactor):
            self._roles = find_roles(connection)
        return self._roles

    def _take(self, role: Role) -> Connection:
        deadline = time.monotonic() + POOL_PATIENCE_S
        with self._changed:
            while True:
                if self._closed:
                    raise UnavailableError("the database connections are closed")
                while self._idle[role]:
                    connection = self._idle[role].pop()
                    if _alive(connection):
                        return connection
                    self._open -= 1
                    connection.close()
                if self._open < self._size or self._drop_idle_of_another(role):
                    self._open += 1
                    break
                if not self._changed.wait(deadline - time.monotonic()):
                    raise UnavailableError(f"all {self._size} database connections are in use")
        try:
            return self.connect(role)
        except BaseException:
            with self._changed:
                self._open -= 1
                self._changed.notify()
            raise

    def _drop_idle_of_another(self, role: Role) -> bool:
        for other, ones in self._idle.items():
            if other != role and ones:
                ones.pop().close()
                self._open -= 1
                return True
        return False

    def _give_back(self, role: Role, connection: Connection) -> None:
        try:
            if connection.info.transaction_status != TransactionStatus.IDLE:
                connection.rollback()
        except psycopg.Error:
            connection.close()
        with self._changed:
            keep = not (connection.closed or self._closed)
            if keep:
                self._idle[role].append(connection)
            else:
                self._open -= 1
            self._changed.notify()
        if not keep:
            connection.close()


def check_server(connection: Connection) -> None:
    """Check that the server keeps what it acknowledges.

    Raises:
        SettingError: it is too old, does not flush, or its database is not UTF-8.
        UnavailableError: it is a standby, which may be promoted later.
    """
    version = connection.info.server_version // 10_000
    if version < OLDEST_VERSION:
        raise SettingError(
            f"the database server is PostgreSQL {version}; {OLDEST_VERSION} or newer is needed"
        )
    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        if _setting(connection, name) == "off":
            raise SettingError(
                f"the database server has {name} off: an acknowledged event could be lost; "
                "switch it on"
            )
    if connection.execute("SELECT pg_is_in_recovery()").fetchone() != (False,):
        raise UnavailableError("the database server is a standby or recovering: it takes no writes")
    encoding = _setting(connection, "server_encoding")
    if encoding != "UTF8":
        raise SettingError(f"the database has the encoding {encoding}; UTF8 is needed")


def _setting(connection: Connection, name: str) -> str:
    row = connection.execute("SELECT current_setting(%s)", (name,)).fetchone()
    return "" if row is None else str(row[0])


def _standby_warnings(connection: Connection) -> Iterator[str]:
    # A login without pg_read_all_stats sees a standby but not its state.
    row = connection.execute(
        "SELECT count(*) FROM pg_stat_replication "
        "WHERE sync_state IS NULL OR sync_state IN ('sync', 'quorum')"
    ).fetchone()
    if _setting(connection, "synchronous_standby_names") == "":
        yield "no synchronous standby: what is acknowledged lies on one machine only"
    elif row is None or row[0] == 0:
        yield "the synchronous standby is named but not connected"
    if _setting(connection, "synchronous_commit") == "local":
        yield "synchronous_commit is local: commits do not wait for a standby"


def _alive(connection: Connection) -> bool:
    """Whether an idle connection still stands: a dead one has its end waiting to be read."""
    if connection.closed:
        return False
    try:
        poll = select.poll()
        poll.register(connection.fileno(), select.POLLIN)
        return not poll.poll(0)
    except (OSError, psycopg.Error):
        return False


_AWAY: Final = "the database does not answer"
# Who is refused at the door is told by words alone (postinit.c and proc.c of PostgreSQL).
_FULL: Final = ("too many clients", "connection slots are reserved", "too many connections for")
# SQLSTATE classes 28 (who you are) and 3D (which database) do not mend themselves.
_WRONG_SETTING: Final = (errors.InvalidAuthorizationSpecification, errors.InvalidCatalogName)


def _unreachable(error: psycopg.OperationalError, address: str) -> SettingError | UnavailableError:
    reason = " ".join(str(error).split())
    if isinstance(error, _WRONG_SETTING) or any(
        sign in reason for sign in ("authentication failed", "no password supplied")
    ):
        return SettingError(f"the database at {address} refuses the login: {reason}")
    if "does not exist" in reason:
        return SettingError(f"the database at {address}: {reason}")
    if has_none_left(error):
        return no_connection_left(address)
    return UnavailableError(f"the database at {address} does not answer: {reason}", _AWAY)


def has_none_left(error: psycopg.OperationalError) -> bool:
    """Whether a connection was refused because there are as many as there may be."""
    return any(sign in str(error) for sign in _FULL)


def no_connection_left(address: str) -> UnavailableError:
    """What is raised then."""
    return UnavailableError(
        f"the database at {address} has no connection left; raise its max_connections: a server "
        "wants 24, each ledger 4, and each command a few (docs/operations.md)",
        "the database has no connection left",
    )
