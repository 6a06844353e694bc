"""The last position of a ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

if TYPE_CHECKING:
    from store.postgres.database import Connection


def last_position(connection: Connection, schema: str) -> int:
    """The position of the last entry that is committed; 0: there is none."""
    statement = sql.SQL("SELECT coalesce(max(pos), 0) FROM {}").format(
        sql.Identifier(schema, "entries")
    )
    row = connection.execute(statement).fetchone()
    return 0 if row is None else int(row[0])
