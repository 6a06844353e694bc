"""Reads the log in columns, for those who read much of it at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc
from adbc_driver_postgresql import dbapi as columnar

from domain.errors import DamageError, NotFoundError, UnavailableError

if TYPE_CHECKING:
    from store.documents import DocumentStore
    from store.postgres.database import Database

SCHEMA: Final = pa.schema([
    pa.field("pos", pa.int64()),
    pa.field("leaf", pa.binary()),
    pa.field("entry", pa.binary()),
    pa.field("salt", pa.binary()),
    pa.field("body", pa.binary()),
])  # fmt: skip
"""One row an entry, in order of position; `salt` and `body` are of the event, null: redacted."""
_STATEMENT: Final = (
    "SELECT e.pos, e.leaf, e.entry, p.salt, p.body, p.document"
    ' FROM "{0}".entries AS e'
    " LEFT JOIN \"{0}\".parts AS p ON p.pos = e.pos AND p.name = 'event'"
    " WHERE e.pos > {1:d} AND e.pos <= {2:d} ORDER BY e.pos"
)


class ColumnReader:
    """Reads one ledger. One thread at a time; connects when first asked."""

    def __init__(self, database: Database, schema: str, documents: DocumentStore) -> None:
        self._database = database
        self._schema = schema
        self._documents = documents
        self._connection: columnar.Connection | None = None

    def read(self, after: int, until: int) -> pa.Table:
        """The entries over `after` and up to `until`, as `SCHEMA` says.

        Raises:
            UnavailableError: the database does not answer.
            DamageError: a document that an event lies in is missing.
        """
        try:
            return self._read(after, until)
        except columnar.Error:
            # The connection may have died while nobody asked.
            self.close()
        try:
            return self._read(after, until)
        except columnar.Error as error:
            self.close()
            raise UnavailableError("the database ended the connection") from error

    def close(self) -> None:
        """Close the connection; the next read opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _read(self, after: int, until: int) -> pa.Table:
        if self._connection is None:
            self._connection = self._database.columnar()
        with self._connection.cursor() as cursor:
            cursor.execute(_STATEMENT.format(self._schema, after, until))
            table = cursor.fetch_arrow_table()
        return self._with_documents(table)

    def _with_documents(self, table: pa.Table) -> pa.Table:
        """Fill in the bodies that are too large for a row."""
        document = table["document"]
        if document.null_count < len(document):
            bodies = table["body"].to_pylist()
            away = pc.and_(pc.is_null(table["body"]), pc.is_valid(document))
            for at in pc.indices_nonzero(away).to_pylist():
                bodies[at] = self._document(table["pos"][at].as_py(), document[at].as_py())
            table = table.set_column(4, "body", pa.array(bodies, pa.binary()))
        return table.drop_columns(["document"]).cast(SCHEMA)

    def _document(self, position: int, commitment: bytes) -> bytes:
        try:
            return self._documents.get(commitment.hex())
        except NotFoundError as error:
            raise DamageError(position, "part event: its document is missing") from error
