"""The tables of a ledger as they stand in the catalogue, and their rows as bytes.

Which tables there are is asked, not listed here: one that a later migration adds is in the next
export. The binary format of COPY is the same in every version of PostgreSQL that holds ledgers.
"""

from __future__ import annotations

from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, Final

import psycopg
from psycopg import sql

from domain.errors import DamageError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from store.archive.pieces import Digester
    from store.postgres.database import Connection

DERIVED: Final = frozenset({"migrations", "source_counts", "source_counted"})
"""Tables that an import fills by itself: the record of migrations, and counts of the log."""
_UP_TO: Final[Mapping[str, sql.SQL]] = {
    "entries": sql.SQL("pos <= {}"),
    "tags": sql.SQL("pos <= {}"),
    "parts": sql.SQL("pos <= {}"),
    "deliveries": sql.SQL("pos <= {}"),
    "checkpoints": sql.SQL("size <= {}"),
    # Tile n of level L is full at 256^(L+1) * (n+1) leaves.
    "tiles": sql.SQL("(idx + 1) << (8 * (level + 1)) <= {}"),
}
"""Which rows of the log stand behind a checkpoint of this size."""
_CATALOGUE: Final = """
    SELECT c.relname,
        (SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute AS a
         WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
        (SELECT array_agg(a.attname::text ORDER BY k.nth) FROM pg_index AS i
         CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, nth)
         JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = k.attnum
         WHERE i.indrelid = c.oid AND i.indisprimary),
        (SELECT coalesce(array_agg(f.relname::text), '{}') FROM pg_constraint AS o
         JOIN pg_class AS f ON f.oid = o.confrelid
         WHERE o.conrelid = c.oid AND o.contype = 'f' AND f.oid <> c.oid)
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = %s AND c.relkind = 'r'
"""


@dataclass(frozen=True, slots=True)
class Table:
    """One table.

    Attributes:
        name: of it.
        columns: in the catalogue's order.
        key: columns of the primary key.
    """

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]


def tables_of(connection: Connection, schema: str) -> list[Table]:
    """The tables that an export holds, each after those it refers to.

    Raises:
        DamageError: one of them has no primary key, so its rows have no order.
    """
    found: dict[str, Table] = {}
    after: dict[str, set[str]] = {}
    for name, columns, key, refers in connection.execute(_CATALOGUE, (schema,)).fetchall():
        if name in DERIVED:
            continue
        if key is None:
            raise DamageError(None, f"the table {name} has no primary key")
        found[name] = Table(name, tuple(columns), tuple(key))
        after[name] = set(refers)
    # Sorted first: the order is that of the manifest, and shall not hang on the catalogue's.
    ordered = TopologicalSorter({name: sorted(after[name]) for name in sorted(after)})
    return [found[name] for name in ordered.static_order() if name in found]


def copy_out(connection: Connection, schema: str, table: Table, size: int, to: Digester) -> int:
    """Write the rows that stand behind a checkpoint; gives how many.

    Args:
        connection: in a snapshot.
        schema: of the ledger.
        table: of that schema.
        size: of the checkpoint.
        to: takes them.
    """
    bound = _UP_TO.get(table.name)
    statement = sql.SQL(
        "COPY (SELECT {} FROM {}{} ORDER BY {}) TO STDOUT (FORMAT BINARY)"
    ).format(
        _names(table.columns),
        sql.Identifier(schema, table.name),
        sql.SQL("") if bound is None else sql.SQL(" WHERE ") + bound.format(sql.Literal(size)),
        _names(table.key),
    )  # fmt: skip
    with connection.cursor() as cursor:
        with cursor.copy(statement) as rows:
            for row in rows:
                to.write(row)
        return cursor.rowcount


def copy_in(
    connection: Connection,
    schema: str,
    table: str,
    columns: Iterable[str],
    content: Iterable[bytes],
) -> int:
    """Read rows back into an empty table; gives how many.

    Raises:
        RefusedError: they do not fit the table.
    """
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(
        sql.Identifier(schema, table), _names(columns)
    )
    try:
        with connection.cursor() as cursor:
            with cursor.copy(statement) as rows:
                for piece in content:
                    rows.write(piece)
            return cursor.rowcount
    except psycopg.Error as error:
        if connection.closed or error.sqlstate is None:
            raise
        where = " ".join((error.diag.context or "").split()) or table
        raise RefusedError(f"{table}.copy, {where}", str(error.diag.message_primary)) from error


def _names(columns: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))
