"""Connections, roles and the pool."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import errors
from psycopg.conninfo import make_conninfo

from domain.errors import SettingError, UnavailableError
from store.postgres import database as databases
from store.postgres.database import Database
from store.postgres.migrate import migrate
from store.postgres.roles import REDACTOR, WRITER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from store.postgres.database import Connection
    from store.postgres.roles import Role


def one(connection: Connection, statement: str, *values: object) -> object:
    """The single value a statement gives."""
    row = connection.execute(statement.encode(), values or None).fetchone()
    assert row is not None
    return row[0]


@pytest.fixture
def plain_login(database: Database) -> Iterator[str]:
    """The address of a login that may make schemas here and nothing else."""
    with database.connect() as connection:
        name = f"plain_{connection.info.dbname}"
        connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'plain'".encode())
        connection.execute(f"GRANT CREATE ON DATABASE {connection.info.dbname} TO {name}".encode())
        yield make_conninfo(database.conninfo, user=name, password="plain")
        connection.execute(f"DROP OWNED BY {name} CASCADE".encode())
        connection.execute(f"DROP ROLE {name}".encode())


def test_every_connection_has_the_settings_a_ledger_depends_on(database: Database) -> None:
    """Whatever the server's or the login's defaults are."""
    with database.connect() as connection:
        connection.execute(
            b"ALTER DATABASE " + connection.info.dbname.encode() + b" SET jit = on; "
            b"ALTER DATABASE "
            + connection.info.dbname.encode()
            + b" SET default_transaction_isolation = 'serializable'"
        )
    roles: tuple[Role, ...] = ("owner", "writer", "redactor")
    for role in roles:
        with database.connect(role) as connection:
            assert connection.autocommit
            assert one(connection, "SHOW jit") == "off"
            assert one(connection, "SHOW lock_timeout") == databases.LOCK_TIMEOUT
            assert one(connection, "SHOW idle_in_transaction_session_timeout") == "30s"
            assert one(connection, "SHOW client_encoding") == "UTF8"
            assert one(connection, "SHOW application_name") == "pipeledger"
            with connection.transaction():
                assert one(connection, "SHOW transaction_isolation") == "read committed"


def test_a_sound_server_is_accepted_and_gets_the_roles(database: Database) -> None:
    """Two group roles that own nothing and cannot log in."""
    roles = database.prepare()
    assert (roles.writer, roles.redactor) == (WRITER, REDACTOR)
    assert database.prepare() == roles
    with database.connect() as connection:
        assert (
            one(
                connection,
                "SELECT bool_or(rolcanlogin OR rolsuper OR rolcreaterole OR rolcreatedb) "
                "FROM pg_roles WHERE rolname = ANY(%s)",
                [WRITER, REDACTOR],
            )
            is False
        )


@pytest.mark.parametrize(("role", "name"), [("writer", WRITER), ("redactor", REDACTOR)])
def test_a_session_of_a_role_may_not_change_what_the_owner_made(
    ledger_database: Database, schema_name: str, role: Role, name: str
) -> None:
    """It reads what was granted, and neither writes, drops nor makes anything."""
    with ledger_database.session(role) as connection:
        assert one(connection, "SELECT current_user") == name
        table = f"{schema_name}.migrations"
        assert one(connection, f"TABLE {table} LIMIT 1") == "0001_migrations.sql"
        on_table = [f"{verb} {table}" for verb in ("DELETE FROM", "TRUNCATE", "DROP TABLE")]
        for statement in (*on_table, f"CREATE TABLE {schema_name}.mine ()", "CREATE SCHEMA mine"):
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(statement.encode())


def test_a_login_that_may_not_make_roles_works_with_a_warning(plain_login: str) -> None:
    """It migrates and appends as itself; readiness says which separation is missing."""
    with Database(plain_login) as database:
        with database.connect() as connection:
            migrate(connection, "ledger_plain")
        roles = database.prepare()
        assert (roles.writer, roles.redactor) == (None, None)
        with database.session("writer") as connection:
            assert one(connection, "SELECT count(*) > 0 FROM ledger_plain.migrations") is True
        warnings = " ".join(database.readiness_warnings())
        assert WRITER in warnings
        assert REDACTOR in warnings


def test_a_login_that_may_not_make_schemas_is_a_wrong_setting(plain_login: str) -> None:
    """One line names the login and what it may not."""
    with Database(plain_login) as database, database.connect() as connection:
        name = connection.info.user
    with (
        Database(make_conninfo(plain_login, dbname="postgres")) as other,
        other.connect() as elsewhere,
        pytest.raises(SettingError, match=name),
    ):
        migrate(elsewhere, "ledger_plain")


def test_readiness_says_that_there_is_no_synchronous_standby(database: Database) -> None:
    """A single machine works and is warned about."""
    database.prepare()
    assert [line for line in database.readiness_warnings() if "no synchronous standby" in line]


def test_a_login_whose_commits_are_not_flushed_is_refused(database: Database) -> None:
    """synchronous_commit off is seen where only the login or database sets it."""
    weak = make_conninfo(database.conninfo, options="-c synchronous_commit=off")
    with Database(weak) as other, pytest.raises(SettingError, match="synchronous_commit off"):
        other.prepare()


def test_a_database_that_is_not_utf8_is_refused(database: Database) -> None:
    """Text would be mangled."""
    with database.connect() as connection:
        name = f"{connection.info.dbname}_latin"
        connection.execute(
            f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'".encode()
        )
        latin = Database(make_conninfo(database.conninfo, dbname=name))
        try:
            with pytest.raises(SettingError, match="UTF8"):
                latin.prepare()
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def test_an_address_that_is_none_is_refused_without_repeating_it() -> None:
    """A mistyped address may hold a password."""
    with pytest.raises(SettingError) as caught:
        Database("postgres//user:secret@host/x y=")
    assert "secret" not in str(caught.value)


def test_an_address_is_shown_without_its_password() -> None:
    """Logs and errors name the place only."""
    database = Database("postgresql://me:secret@db.example:6000/ledger")
    assert repr(database) == "Database(host=db.example port=6000 user=me dbname=ledger)"


def test_a_server_that_is_away_is_unavailable_and_a_wrong_login_a_setting(
    database: Database,
) -> None:
    """The first may mend itself, the second does not."""
    with pytest.raises(UnavailableError, match=r"/nowhere .* does not answer") as away:
        Database(make_conninfo(database.conninfo, host="/nowhere")).connect()
    assert away.value.public == "the database does not answer"
    with pytest.raises(SettingError):
        Database(make_conninfo(database.conninfo, password="wrong")).connect()
    with pytest.raises(SettingError, match="does not exist"):
        Database(make_conninfo(database.conninfo, dbname="no_such_database")).connect()


def test_the_pool_gives_one_connection_again(database: Database) -> None:
    """A session that came back sound serves the next."""
    with database.session() as first:
        pid = first.info.backend_pid
    with database.session() as second:
        assert second.info.backend_pid == pid


def test_an_open_transaction_does_not_reach_the_next_borrower(database: Database) -> None:
    """It is rolled back when the session is given back."""
    with database.session() as connection:
        connection.execute("BEGIN")
        connection.execute("CREATE SCHEMA left_open")
    with database.session() as connection:
        assert one(connection, "SELECT count(*) FROM pg_namespace WHERE nspname='left_open'") == 0


def test_a_session_ended_by_the_server_is_replaced(database: Database) -> None:
    """A connection that died while idle is not given out."""
    with database.session() as connection:
        pid = connection.info.backend_pid
    with database.connect() as other:
        assert one(other, f"SELECT pg_terminate_backend({pid}, 10000)") is True
    with database.session() as connection:
        assert connection.info.backend_pid != pid
        assert one(connection, "SELECT 1") == 1


def test_a_session_that_broke_in_use_is_not_kept(database: Database) -> None:
    """The borrower sees the error, the next borrower a new connection."""
    with database.session() as connection, database.connect() as other:
        assert one(other, f"SELECT pg_terminate_backend({connection.info.backend_pid}, 10000)")
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    with database.session() as connection:
        assert one(connection, "SELECT 1") == 1


def test_a_lock_that_does_not_come_is_no_error_of_the_driver(database: Database) -> None:
    """Whoever asked can ask again."""
    with database.connect() as holder:
        holder.execute("SELECT pg_advisory_lock(1)")
        with (
            pytest.raises(UnavailableError, match=r"cannot do it now: LockNotAvailable"),
            database.session() as session,
        ):
            session.execute("SET lock_timeout = 1; SELECT pg_advisory_lock(1)")


def test_the_pool_is_bounded_and_says_when_it_is_full(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No more connections than its size; waiting ends with an error."""
    monkeypatch.setattr(databases, "POOL_PATIENCE_S", 0.05)
    small = Database(database.conninfo, pool_size=1)
    with small.session(), pytest.raises(UnavailableError, match="all 1"), small.session():
        pass
    with small.session("writer") as connection:
        assert one(connection, "SELECT 1") == 1
    small.close()


def test_many_threads_share_a_small_pool(database: Database) -> None:
    """Each waits for its turn and gets it."""

    def work(number: int) -> object:
        with small.session("writer" if number % 2 else "owner") as connection:
            return one(connection, f"SELECT {number}")

    with Database(database.conninfo, pool_size=3) as small, ThreadPoolExecutor(12) as pool:
        assert list(pool.map(work, range(60))) == list(range(60))


def test_a_closed_database_gives_no_session(database: Database) -> None:
    """After close every call says so."""
    other = Database(database.conninfo)
    with other.session():
        other.close()
    with pytest.raises(UnavailableError, match="closed"), other.session():
        pass
