"""Statements that many ledgers need, parsed once a process: reading one takes as long as a table.

DuckDB copies a statement that it is given, so threads and databases share these.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    import pyarrow as pa


@functools.lru_cache(maxsize=1024)
def parsed(text: str) -> duckdb.Statement:
    """The one statement of a text."""
    (statement,) = duckdb.extract_statements(text)
    return statement


def plan_plainly(cursor: duckdb.DuckDBPyConnection) -> None:
    """Run the statements of one connection as they are written.

    Definitions name the rows that they begin with first, so while there are few rows, as of a
    ledger of which nothing is sealed, DuckDB's optimiser takes longer than it saves.
    """
    cursor.execute("PRAGMA disable_optimizer")


def put(cursor: duckdb.DuckDBPyConnection, name: str, rows: pa.Table) -> None:
    """Give rows from outside a name in one connection.

    Those that are none become a table of its own: of that DuckDB knows that it is empty, and plans
    what hangs on it in less time; of rows from outside it knows nothing.
    """
    if rows.num_rows:
        cursor.register(name, rows)
    else:
        cursor.execute(parsed(f"CREATE TEMP TABLE {name} ({_columns(cursor, rows.schema)})"))


_COLUMNS: dict[pa.Schema, str] = {}


def _columns(cursor: duckdb.DuckDBPyConnection, schema: pa.Schema) -> str:
    """Columns as a table declares them, with the types that rows from outside have there."""
    if schema not in _COLUMNS:
        outside = cursor.from_arrow(schema.empty_table())
        pairs = zip(outside.columns, outside.types, strict=True)
        _COLUMNS[schema] = ", ".join(f'"{column}" {kind}' for column, kind in pairs)
    return _COLUMNS[schema]
