"""The group roles on a cluster that has none yet."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from psycopg.conninfo import make_conninfo

from store.postgres.database import Database
from store.postgres.migrate import migrate
from store.postgres.roles import REDACTOR, WRITER, Roles
from store.postgres.server import EmbeddedPostgres

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def bare(data: Path) -> Iterator[Database]:
    """A database on a new cluster."""
    with EmbeddedPostgres.start(data) as server, Database(server.conninfo) as database:
        yield database


def test_many_that_make_the_roles_at_once_all_succeed(bare: Database) -> None:
    """Servers that start on one cluster at the same moment do not fail each other."""
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: bare.prepare(), range(8)))
    assert set(made) == {Roles(writer=WRITER, redactor=REDACTOR)}


def test_a_login_that_may_create_roles_makes_and_enters_them(bare: Database) -> None:
    """No superuser is needed on somebody else's server."""
    with bare.connect() as connection:
        connection.execute("CREATE ROLE maker LOGIN CREATEROLE PASSWORD 'maker'")
        connection.execute(f"GRANT CREATE ON DATABASE {connection.info.dbname} TO maker".encode())
    with Database(make_conninfo(bare.conninfo, user="maker", password="maker")) as database:
        assert database.prepare() == Roles(writer=WRITER, redactor=REDACTOR)
        with database.connect() as connection:
            migrate(connection, "ledger_made")
        with database.session("writer") as connection:
            assert connection.execute("SELECT current_user").fetchone() == (WRITER,)
        assert not [line for line in database.readiness_warnings() if "role" in line]


def test_a_login_that_was_granted_the_roles_enters_them(bare: Database) -> None:
    """An administrator who made the roles beforehand has done enough."""
    with bare.connect() as connection:
        for name in (WRITER, REDACTOR):
            connection.execute(f"CREATE ROLE {name} NOLOGIN".encode())
        connection.execute(
            f"CREATE ROLE guest LOGIN PASSWORD 'guest' IN ROLE {WRITER}, {REDACTOR}".encode()
        )
    with Database(make_conninfo(bare.conninfo, user="guest", password="guest")) as database:
        assert database.prepare() == Roles(writer=WRITER, redactor=REDACTOR)


def test_roles_that_are_granted_after_the_ledger_was_made_may_do_what_they_are_for(
    bare: Database,
) -> None:
    """Whoever follows the advice of a first start does not lock the ledger for the next."""
    with bare.connect() as connection:
        connection.execute("CREATE ROLE plain LOGIN PASSWORD 'plain'")
        connection.execute(f"GRANT CREATE ON DATABASE {connection.info.dbname} TO plain".encode())
    login = make_conninfo(bare.conninfo, user="plain", password="plain")
    with Database(login) as database, database.connect() as connection:
        assert database.prepare() == Roles(writer=None, redactor=None)
        assert migrate(connection, "ledger_late")
    with bare.connect() as connection:
        for name in (WRITER, REDACTOR):
            connection.execute(f"CREATE ROLE {name} NOLOGIN".encode())
            connection.execute(f"GRANT {name} TO plain".encode())
    with Database(login) as database:
        with database.connect() as connection:
            assert migrate(connection, "ledger_late") == ()
        with database.session("writer") as connection:
            assert connection.execute("SELECT count(*) FROM ledger_late.entries").fetchone()
            assert connection.execute("SELECT current_user").fetchone() == (WRITER,)
        with database.session("redactor") as connection:
            connection.execute("DELETE FROM ledger_late.parts")
