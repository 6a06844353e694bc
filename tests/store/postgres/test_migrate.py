"""Migrations."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from domain.errors import SettingError
from store.postgres.migrate import Migration, check_migrated, migrate, read_migrations, render
from store.postgres.roles import Roles

if TYPE_CHECKING:
    from pathlib import Path

    from store.postgres.database import Database


def numbered(name: str, text: str) -> Migration:
    """A migration file of our own making."""
    return Migration.read(name, text.encode())


def test_a_new_schema_gets_every_file_once(database: Database) -> None:
    """The first run applies all files in order, the second none."""
    with database.connect() as connection:
        first = migrate(connection, "ledger_one")
        assert list(first) == [file.name for file in read_migrations()]
        assert migrate(connection, "ledger_one") == ()
        check_migrated(connection, "ledger_one")


def test_two_ledgers_share_a_database_and_nothing_else(database: Database) -> None:
    """Each schema has its own record of what ran."""
    with database.connect() as connection:
        assert migrate(connection, "ledger_one") == migrate(connection, "ledger_two")


def test_two_runners_at_once_apply_each_file_once(database: Database) -> None:
    """The second runner waits and finds the work done."""

    def run(_: int) -> int:
        with database.connect() as connection:
            return len(migrate(connection, "ledger_one"))

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(run, range(4))) == [0, 0, 0, len(read_migrations())]


def test_a_changed_file_is_refused(database: Database) -> None:
    """A file edited after it ran stops the start, naming the file."""
    files = read_migrations()[:1]
    changed = numbered(files[0].name, files[0].text + "-- one more line\n")
    with database.connect() as connection:
        migrate(connection, "ledger_one", files)
        with pytest.raises(SettingError, match=r"0001_migrations\.sql was changed"):
            migrate(connection, "ledger_one", [changed])


def test_a_newer_schema_is_refused(database: Database) -> None:
    """A schema that holds a file this version does not know stops the start."""
    files = read_migrations()[:1]
    newer = numbered("9999_later.sql", "CREATE TABLE {schema}.later ()")
    with database.connect() as connection:
        migrate(connection, "ledger_one", [*files, newer])
        with pytest.raises(SettingError, match="newer version"):
            migrate(connection, "ledger_one", files)


def test_a_file_that_should_have_run_before_is_refused(database: Database) -> None:
    """A file may not slip in below one that ran."""
    first = read_migrations()[0]
    early, late = numbered("0002_early.sql", "SELECT 1"), numbered("0003_late.sql", "SELECT 1")
    with database.connect() as connection:
        migrate(connection, "ledger_one", [first, late])
        with pytest.raises(SettingError, match="0002_early"):
            migrate(connection, "ledger_one", [first, early, late])


def test_a_failing_file_leaves_the_schema_before_it(database: Database) -> None:
    """A file and its record are one transaction."""
    first = read_migrations()[0]
    wrong = numbered("0002_wrong.sql", "CREATE TABLE {schema}.half (); SELECT 1/0")
    right = numbered("0002_wrong.sql", "CREATE TABLE {schema}.half ()")
    with database.connect() as connection:
        with pytest.raises(Exception, match="division by zero"):
            migrate(connection, "ledger_one", [first, wrong])
        assert migrate(connection, "ledger_one", [first, right]) == ("0002_wrong.sql",)


def test_a_schema_of_somebody_else_is_refused(database: Database) -> None:
    """A schema without our record is not taken over."""
    with database.connect() as connection:
        connection.execute("CREATE SCHEMA ledger_one")
        with pytest.raises(SettingError, match="is no ledger's"):
            migrate(connection, "ledger_one")


def test_a_schema_behind_this_version_is_named(database: Database) -> None:
    """Readers refuse a schema that was not migrated, and say what to run."""
    with database.connect() as connection, pytest.raises(SettingError, match="migrate"):
        check_migrated(connection, "ledger_one")


@pytest.mark.parametrize("name", ["", "A", "1a", 'a"b', "a b", "pg_a", "a" * 49, "ä", "a\n"])
def test_names_that_are_no_schema_are_refused(database: Database, name: str) -> None:
    """Nothing but a plain identifier becomes part of SQL."""
    with database.connect() as connection, pytest.raises(SettingError, match="schema"):
        migrate(connection, name)


def test_placeholders_are_quoted_and_unknown_ones_refused() -> None:
    """Names go in as quoted identifiers; without a role of its own, the login's."""
    roles = Roles(writer="pipeledger_writer", redactor=None)
    text = "GRANT x ON {schema}.t TO {writer}, {redactor}; SELECT '{}'::text[]"
    assert render(text, "led", roles) == (
        b'GRANT x ON "led".t TO "pipeledger_writer", CURRENT_USER; SELECT \'{}\'::text[]'
    )
    with pytest.raises(SettingError, match="nonsense"):
        render("{nonsense}", "led", roles)


def test_files_are_read_in_order_of_their_number(tmp_path: Path) -> None:
    """Order is the number's; other files in the folder do not count."""
    for name in ("0010_b.sql", "0002_a.sql", "README.md"):
        (tmp_path / name).write_text("SELECT 1")
    assert [file.name for file in read_migrations(tmp_path)] == ["0002_a.sql", "0010_b.sql"]


@pytest.mark.parametrize("name", ["0002_b.sql", "2_b.sql", "0000_b.sql", "0003-b.sql"])
def test_misnamed_files_are_refused(tmp_path: Path, name: str) -> None:
    """Two files of one number, or a name without a number, stop the start."""
    (tmp_path / "0002_a.sql").write_text("SELECT 1")
    (tmp_path / name).write_text("SELECT 1")
    with pytest.raises(SettingError, match="migration"):
        read_migrations(tmp_path)
