"""Reads the log in columns, for those who read much of it at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from domain.errors import DamageError, NotFoundError, UnavailableError
from domain.log.names import check_part_name

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from adbc_driver_postgresql import dbapi as columnar

    from store.documents import DocumentStore
    from store.ledger.sealer import Sealer
    from store.postgres.database import Database

SCHEMA: Final = pa.schema([
    pa.field("pos", pa.int64()),
    pa.field("leaf", pa.binary()),
    pa.field("entry", pa.binary()),
    pa.field("salt", pa.binary()),
    pa.field("body", pa.binary()),
])  # fmt: skip
"""One row an entry, in order of position; `salt` and `body` are of the event, null: redacted."""
PARTS: Final = pa.schema([
    pa.field("pos", pa.int64()),
    pa.field("name", pa.string()),
    pa.field("salt", pa.binary()),
    pa.field("body", pa.binary()),
])  # fmt: skip
"""One row a part, in order of position and name."""
# The bounds of p.pos follow from those of e.pos, and the planner does not see it: without them it
# looks up each event by itself, in three times as long.
_STATEMENT: Final = (
    "SELECT e.pos, e.leaf, e.entry, p.salt, p.body, p.document"
    ' FROM "{0}".entries AS e'
    " LEFT JOIN \"{0}\".parts AS p ON p.pos = e.pos AND p.name = 'event'"
    " AND p.pos > {1:d} AND p.pos <= {2:d}"
    " WHERE e.pos > {1:d} AND e.pos <= {2:d} ORDER BY e.pos"
)
_PARTS: Final = (
    "SELECT pos, name, salt, body, persons, document"
    ' FROM "{0}".parts'
    " WHERE pos > {1:d} AND pos <= {2:d} AND name IN ({3}) ORDER BY pos, name"
)


class ColumnReader:
    """Reads one ledger. One thread at a time; connects when first asked."""

    def __init__(
        self,
        database: Database,
        schema: str,
        documents: DocumentStore,
        sealer: Sealer | None = None,
    ) -> None:
        self._database = database
        self._schema = schema
        self._documents = documents
        self._sealer = sealer
        self._connection: columnar.Connection | None = None

    @property
    def place(self) -> tuple[str, str, Path]:
        """What another process needs to read the same: address, schema, folder of documents."""
        return self._database.conninfo, self._schema, self._documents.folder

    def read(self, after: int, until: int) -> pa.Table:
        """The entries over `after` and up to `until`, as `SCHEMA` says.

        Raises:
            UnavailableError: the database does not answer.
            DamageError: a document that an event lies in is missing.
        """
        table = self._ask(_STATEMENT.format(self._schema, after, until))
        return self._with_documents(table).cast(SCHEMA)

    def parts(self, names: Iterable[str], after: int, until: int) -> pa.Table:
        """The parts of these names that can still be read, of such entries, as `PARTS` says.

        Args:
            names: of parts, as our own code knows them.
            after: the position before the first.
            until: the last position.

        Raises:
            UnavailableError: the database does not answer.
            DamageError: a document that a part lies in is missing, or a seal was altered.
        """
        listed = ", ".join(f"'{check_part_name(name)}'" for name in names)
        table = self._ask(_PARTS.format(self._schema, after, until, listed))
        rows = []
        for row in table.to_pylist():
            body = row["body"]
            if body is None:
                body = self._document(row["pos"], row["document"])
            if row["persons"] is not None:
                body = self._opened(body, tuple(row["persons"]), row["document"])
            if body is not None:
                rows.append((row["pos"], row["name"], row["salt"], body))
        columns = zip(*rows, strict=True) if rows else [[] for _ in PARTS]
        return pa.table([list(column) for column in columns], PARTS)

    def close(self) -> None:
        """Close the connection; the next read opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _opened(self, body: bytes, persons: tuple[str, ...], committed: bytes) -> bytes | None:
        if self._sealer is None:
            return None
        return self._sealer.open_sealed(body, persons, committed)

    def _ask(self, statement: str) -> pa.Table:
        # Loaded with the first connection, which may be long after the start (`Database.columnar`).
        from adbc_driver_postgresql.dbapi import Error  # noqa: PLC0415

        try:
            return self._run(statement)
        except Error:
            # The connection may have died while nobody asked.
            self.close()
        try:
            return self._run(statement)
        except Error as error:
            self.close()
            raise UnavailableError("the database ended the connection") from error

    def _run(self, statement: str) -> pa.Table:
        if self._connection is None:
            self._connection = self._database.columnar()
        with self._connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetch_arrow_table()

    def _with_documents(self, table: pa.Table) -> pa.Table:
        """Fill in the bodies that are too large for a row."""
        document = table["document"]
        if document.null_count < len(document):
            bodies = table["body"].to_pylist()
            away = pc.and_(pc.is_null(table["body"]), pc.is_valid(document))
            for at in pc.indices_nonzero(away).to_pylist():
                bodies[at] = self._document(table["pos"][at].as_py(), document[at].as_py())
            at = table.schema.get_field_index("body")
            table = table.set_column(at, "body", pa.array(bodies, pa.binary()))
        return table.drop_columns(["document"])

    def _document(self, position: int, commitment: bytes) -> bytes:
        try:
            return self._documents.get(commitment.hex())
        except NotFoundError as error:
            raise DamageError(position, "the document of a part is missing") from error
