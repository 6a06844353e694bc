"""The servers the suite runs on."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import psycopg
import pytest

if TYPE_CHECKING:
    from store.postgres.database import Database


@pytest.mark.long
def test_a_second_postgresql_is_at_hand(request: pytest.FixtureRequest) -> None:
    """Long runs do not pass without a PostgreSQL that is not our own.

    `make tools` installs the package `postgresql`; PIPELEDGER_TEST_DATABASE_URL names one
    elsewhere.
    """
    found = request.config.pluginmanager.get_plugins()
    servers = [plugin.SERVERS for plugin in found if hasattr(plugin, "SERVERS")]
    assert any(len(one) > 1 for one in servers), "missing: postgresql (run `make tools`)"


def test_each_test_gets_an_empty_database_of_its_own(database: Database) -> None:
    """Nothing of another test is there."""
    with database.connect() as connection:
        schemas = connection.execute(
            "SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema)'"
        ).fetchall()
        assert schemas == [("public",)]
        connection.execute("CREATE SCHEMA mine")


def test_a_ledger_database_is_migrated(ledger_database: Database, schema_name: str) -> None:
    """Its schema stands, made from a template."""
    with ledger_database.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)::text", (f"{schema_name}.migrations",))
        assert cursor.fetchone() == (f"{schema_name}.migrations",)


def test_the_server_is_one_the_product_supports(database: Database) -> None:
    """15 or newer, whichever it is."""
    with database.connect() as connection:
        assert connection.info.server_version >= 150_000
        assert isinstance(connection, psycopg.Connection)
    assert os.environ.get("PIPELEDGER_TEST_DATABASE_URL") != ""
