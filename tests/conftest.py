"""Fixtures of the whole suite: real PostgreSQL servers and fresh databases on them.

`postgres` runs a test once for each server there is: the embedded one, and in `make test-long` a
second real PostgreSQL (PIPELEDGER_TEST_DATABASE_URL, or programs found on the machine, started in a
cluster of their own). `database` is a fresh empty database, `ledger_database` one whose
schema `schema_name` is migrated.
"""

from __future__ import annotations

import gc
import logging
import os
import shutil
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import HealthCheck, settings
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from store.postgres.database import Database
from store.postgres.migrate import migrate
from store.postgres.server import EmbeddedPostgres
from tests import clusters

if TYPE_CHECKING:
    from collections.abc import Iterator

SECOND_URL: Final = "PIPELEDGER_TEST_DATABASE_URL"
_numbers = count(1)


def pytest_configure(config: pytest.Config) -> None:
    """Draw the same examples each time, unless told otherwise: a run fails for what was changed.

    And not for how busy the machine was, while examples were drawn or tried.
    """
    for name, is_same in (("same", True), ("new", False)):
        settings.register_profile(
            name, derandomize=is_same, deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        )  # fmt: skip
    if config.getoption("--hypothesis-profile") is None:
        settings.load_profile("same")
    clusters.sweep(clusters.MEMORY, clusters.DISK)


def pytest_collection_finish() -> None:
    """What was collected stays to the end: the garbage collector need not look at it each time."""
    gc.collect()
    gc.freeze()


def second_binaries() -> Path | None:
    """The programs of a PostgreSQL that is not ours, newest first; None: none is here."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name)
    )
    on_path = shutil.which("initdb")
    if on_path is not None:
        found.insert(0, Path(on_path).resolve().parent)
    fitting = [one for one in found if (one / "initdb").exists() and (one / "postgres").exists()]
    return fitting[-1] if fitting else None


SERVERS: Final = (
    ("embedded", pytest.param("system", marks=pytest.mark.long))
    if SECOND_URL in os.environ or second_binaries() is not None
    else ("embedded",)
)


@dataclass(frozen=True)
class Server:
    """A running PostgreSQL for tests.

    Attributes:
        name: `embedded` or `system`.
        conninfo: a login that may make databases.
        template: a database whose schema `schema_name` is migrated; clone it.
    """

    name: str
    conninfo: str
    template: str

    def fresh(self, template: str = "template0") -> Iterator[str]:
        """Give the address of a new database; drop it afterwards."""
        name = f"test_{os.getpid()}_{next(_numbers)}"
        with Database(self.conninfo) as home, home.connect() as connection:
            create = sql.SQL("CREATE DATABASE {} TEMPLATE {} ENCODING 'UTF8'")
            connection.execute(create.format(sql.Identifier(name), sql.Identifier(template)))
        yield make_conninfo(self.conninfo, dbname=name)
        with Database(self.conninfo) as home, home.connect() as connection:
            connection.execute(
                sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
            )


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    """A server's command that runs inside a test sets up logging for the whole process."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture(scope="session")
def reachable() -> Iterator[Path]:
    """A folder that service accounts can reach, for a whole session."""
    folder = clusters.new_folder(quick=False)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def quick() -> Iterator[Path]:
    """The same in memory, where there is room for it."""
    folder = clusters.new_folder(quick=True)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session", autouse=True)
def _cluster() -> Iterator[None]:
    """Leave the one that is copied from behind no more than the copies."""
    with clusters.template():
        yield


@pytest.fixture(scope="module", autouse=True)
def _copied_clusters() -> Iterator[None]:
    """Leave none behind."""
    yield
    clusters.forget()


@pytest.fixture(scope="session")
def schema_name() -> str:
    """The ledger's schema in `ledger_database`."""
    return "ledger_test"


@pytest.fixture(scope="session", params=SERVERS)
def postgres(request: pytest.FixtureRequest, quick: Path, schema_name: str) -> Iterator[Server]:
    """Each PostgreSQL server there is, running."""
    name = str(request.param)
    if name == "system" and SECOND_URL in os.environ:
        yield from _prepared(name, os.environ[SECOND_URL], schema_name)
        return
    binaries = second_binaries() if name == "system" else None
    with EmbeddedPostgres.start(quick / name, binaries=binaries) as server:
        if binaries is None:
            _quicken_logins(server.conninfo)
        yield from _prepared(name, server.conninfo, schema_name)


def _quicken_logins(conninfo: str) -> None:
    """Hash the password once: 4,096 times is half of a login, and each test logs in often."""
    password = conninfo_to_dict(conninfo)["password"]
    with Database(conninfo) as database, database.connect() as connection:
        connection.execute("SET scram_iterations = 1")
        connection.execute(sql.SQL("ALTER ROLE CURRENT_USER PASSWORD {}").format(password))


def _prepared(name: str, conninfo: str, schema: str) -> Iterator[Server]:
    """Make the migrated template on a server; drop it afterwards."""
    bare = Server(name, conninfo, "template0")
    for template in bare.fresh():
        with Database(template) as database:
            database.prepare()
            with database.connect() as connection:
                migrate(connection, schema)
        yield Server(name, conninfo, str(conninfo_to_dict(template)["dbname"]))


@pytest.fixture
def database(postgres: Server) -> Iterator[Database]:
    """A fresh empty database."""
    for conninfo in postgres.fresh():
        with Database(conninfo) as fresh:
            yield fresh


@pytest.fixture
def ledger_database(postgres: Server) -> Iterator[Database]:
    """A fresh database whose schema `schema_name` is migrated and empty."""
    for conninfo in postgres.fresh(postgres.template):
        with Database(conninfo) as fresh:
            yield fresh
