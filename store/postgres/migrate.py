"""Migrations: the SQL files of `schema/sql`, run once for each ledger's schema.

The first file (`0001_migrations.sql`) explains placeholders and grants. A file runs in one
transaction together with its record, so a kill leaves a schema at one file or the next.
"""

from __future__ import annotations

import hashlib
import re
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from psycopg import errors, sql

from domain.errors import SettingError
from store.postgres.roles import Roles, create_roles

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from importlib.resources.abc import Traversable

    import psycopg

_FILE: Final = re.compile(r"(?!0000)[0-9]{4}_[a-z0-9_]+\.sql", re.ASCII)
_PLACEHOLDER: Final = re.compile(r"\{([a-z_]+)\}")
_GRANT: Final = re.compile(r"^GRANT\b[^;]*;", re.MULTILINE)
# PostgreSQL cuts names after 63 bytes; names of our own that carry the schema need room.
_SCHEMA: Final = re.compile(r"[a-z][a-z0-9_]{0,47}", re.ASCII)
# Another runner may be in the middle of a long file; longer than that is not waiting.
_LOCK_TIMEOUT: Final = "10min"


@dataclass(frozen=True, slots=True)
class Migration:
    """One SQL file.

    Attributes:
        name: file name, `NNNN_words.sql`.
        text: its SQL with placeholders.
        digest: SHA-256 of its bytes.
    """

    name: str
    text: str
    digest: bytes

    @classmethod
    def read(cls, name: str, raw: bytes) -> Migration:
        """The migration in a file's bytes (UTF-8)."""
        return cls(name=name, text=raw.decode(), digest=hashlib.sha256(raw).digest())


def read_migrations(folder: Traversable | None = None) -> tuple[Migration, ...]:
    """Read the migrations of `folder` (default: those of this version), in order.

    Raises:
        SettingError: two files have one number, or a file's name does not fit.
    """
    folder = resources.files("schema").joinpath("sql") if folder is None else folder
    files = {file.name: file for file in folder.iterdir() if file.name.endswith(".sql")}
    for name in files:
        if _FILE.fullmatch(name) is None:
            raise SettingError(f"migration {name}: expected a name like 0010_entries.sql")
    names = sorted(files)
    for first, second in pairwise(names):
        if first[:4] == second[:4]:
            raise SettingError(f"migrations {first} and {second} have one number")
    return tuple(Migration.read(name, files[name].read_bytes()) for name in names)


def check_schema_name(schema: str) -> str:
    """Give the name back if it can be a ledger's schema.

    Raises:
        SettingError: it cannot.
    """
    if _SCHEMA.fullmatch(schema) is None or schema.startswith("pg_"):
        raise SettingError(
            f"schema {schema!r}: expected a lower-case letter, then letters, digits or _, "
            "48 at most, not beginning with pg_"
        )
    return schema


def migrate(
    connection: psycopg.Connection[Any],
    schema: str,
    migrations: Sequence[Migration] | None = None,
) -> tuple[str, ...]:
    """Bring a ledger's schema to this version; make it where it is missing.

    Idempotent; of two runners at once the second waits and finds the work done. Group roles
    that were made or granted after the schema get what its files grant them.

    Args:
        connection: the owner's, autocommit, outside a transaction.
        schema: name of the ledger's schema.
        migrations: default: those of this version.

    Returns:
        The names of the files that ran now.

    Raises:
        SettingError: a file that ran was changed, the schema is newer than this version,
            exists but is no ledger's, or the login role may not make it.
    """
    check_schema_name(schema)
    files = read_migrations() if migrations is None else tuple(migrations)
    roles = create_roles(connection)
    try:
        with _one_runner(connection, schema):
            waiting = _pending(schema, files, _applied(connection, schema))
            for file in waiting:
                _run(connection, schema, file, roles)
            _grant_late(connection, schema, files, roles)
    except errors.InsufficientPrivilege as error:
        raise SettingError(
            f"schema {schema}: the login role {connection.info.user} may not migrate it "
            f"({error.diag.message_primary})"
        ) from error
    except errors.DuplicateSchema as error:
        raise SettingError(f"schema {schema} exists and is no ledger's") from error
    return tuple(file.name for file in waiting)


def check_migrated(connection: psycopg.Connection[Any], schema: str) -> None:
    """Check that a schema is exactly at this version.

    Raises:
        SettingError: it is older, newer or changed.
    """
    waiting = _pending(schema, read_migrations(), _applied(connection, schema))
    if waiting:
        raise SettingError(
            f"schema {schema} lacks {waiting[0].name}: run `pipeledger-server migrate`"
        )


def render(text: str, schema: str, roles: Roles) -> bytes:
    """Put quoted names in place of a file's placeholders.

    Raises:
        SettingError: the text holds a placeholder of another name.
    """
    login = "CURRENT_USER"
    values: Mapping[str, str] = {
        "schema": sql.Identifier(schema).as_string(),
        "writer": sql.Identifier(roles.writer).as_string() if roles.writer else login,
        "redactor": sql.Identifier(roles.redactor).as_string() if roles.redactor else login,
    }

    def value(found: re.Match[str]) -> str:
        try:
            return values[found[1]]
        except KeyError:
            raise SettingError(f"unknown placeholder {found[0]}") from None

    return _PLACEHOLDER.sub(value, text).encode()


def _applied(connection: psycopg.Connection[Any], schema: str) -> dict[str, bytes]:
    table = sql.Identifier(schema, "migrations")
    try:
        rows = connection.execute(sql.SQL("SELECT name, digest FROM {}").format(table)).fetchall()
    except (errors.UndefinedTable, errors.InvalidSchemaName):
        return {}
    return {str(name): bytes(digest) for name, digest in rows}


def _pending(
    schema: str, files: Sequence[Migration], applied: Mapping[str, bytes]
) -> Sequence[Migration]:
    ours = {file.name: file for file in files}
    for name in sorted(applied):
        if name not in ours:
            raise SettingError(
                f"schema {schema} was migrated by a newer version ({name}): use that version"
            )
        if ours[name].digest != applied[name]:
            raise SettingError(f"migration {name} was changed after it ran on schema {schema}")
    waiting = [file for file in files if file.name not in applied]
    if waiting and applied and waiting[0].name < max(applied):
        raise SettingError(
            f"schema {schema} holds {max(applied)} but not {waiting[0].name} before it"
        )
    return waiting


def _run(connection: psycopg.Connection[Any], schema: str, file: Migration, roles: Roles) -> None:
    with connection.transaction():
        connection.execute(render(file.text, schema, roles))
        connection.execute(
            sql.SQL("INSERT INTO {} (name, digest) VALUES (%s, %s)").format(
                sql.Identifier(schema, "migrations")
            ),
            (file.name, file.digest),
        )


def _grant_late(
    connection: psycopg.Connection[Any], schema: str, files: Sequence[Migration], roles: Roles
) -> None:
    closed = connection.execute(
        "SELECT FROM unnest(%s::text[]) AS role WHERE NOT has_schema_privilege(role, %s, 'USAGE')",
        ([one for one in (roles.writer, roles.redactor) if one is not None], schema),
    ).fetchone()
    if closed is None:
        return
    with connection.transaction():
        for file in files:
            for grant in _GRANT.findall(file.text):
                connection.execute(render(grant, schema, roles))


@contextmanager
def _one_runner(connection: psycopg.Connection[Any], schema: str) -> Iterator[None]:
    digest = hashlib.sha256(f"pipeledger/migrate/{schema}".encode()).digest()
    key = int.from_bytes(digest[:8], "big", signed=True)
    waited = connection.execute("SELECT current_setting('lock_timeout')").fetchone()
    connection.execute("SELECT set_config('lock_timeout', %s, false)", (_LOCK_TIMEOUT,))
    try:
        connection.execute("SELECT pg_advisory_lock(%s)", (key,))
        try:
            yield
        finally:
            connection.execute("SELECT pg_advisory_unlock(%s)", (key,))
    finally:
        connection.execute("SELECT set_config('lock_timeout', %s, false)", waited)
