"""Writes a ledger out, as it stands behind its last signed checkpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import psycopg
from psycopg import sql

from domain.errors import NotFoundError, UnavailableError
from domain.log.dsse import pae
from store.archive.manifest import (
    CHECKPOINT,
    DOCUMENTS,
    ENVELOPE,
    FORMAT,
    MANIFEST,
    VKEYS,
    Manifest,
    Ran,
    TableTold,
    envelope,
    file_of,
)
from store.archive.pieces import Writer
from store.archive.tables import copy_out, tables_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from store.archive.pieces import Told
    from store.ledger.equipment import Equipment
    from store.ledger.publisher import Published
    from store.postgres.database import Connection

_FETCH: Final = 500


def write_ledger(
    equipment: Equipment,
    published: Published,
    target: Path,
    progress: Callable[[int, int], None] = lambda _, __: None,
) -> Manifest:
    """Write entries, parts, register and all that belongs to them into an empty folder.

    A server may go on appending meanwhile: what comes after the checkpoint is not in it. Sealed
    parts stay sealed; no private key and no secret is written.

    Args:
        equipment: of the ledger.
        published: the state to be written.
        target: the folder.
        progress: is told how many bytes are written, and of about how many.

    Raises:
        UnavailableError: the database, the disk, or something was redacted meanwhile.
    """
    try:
        with equipment.database.connect() as connection, connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            # Nothing is asked of the database while a long document is copied.
            connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            equipment.ring.load(connection)
            return _Writing(equipment, published, target, connection, progress).write()
    except psycopg.Error as error:
        raise UnavailableError("the database ended the connection; export again") from error
    except OSError as error:
        raise UnavailableError(f"{target} cannot be written: {error.strerror}") from error


class _Writing:
    def __init__(
        self,
        equipment: Equipment,
        published: Published,
        target: Path,
        connection: Connection,
        progress: Callable[[int, int], None],
    ) -> None:
        self._equipment = equipment
        self._published = published
        self._target = target
        self._connection = connection
        self._progress = progress
        self._done = 0
        self._total = self._estimate()

    def write(self) -> Manifest:
        equipment, published = self._equipment, self._published
        told = []
        for table in tables_of(self._connection, equipment.schema):
            with self._writer(file_of(table.name)) as file:
                rows = copy_out(
                    self._connection, equipment.schema, table, published.size, file
                )  # fmt: skip
            told.append(TableTold(table.name, table.columns, rows, file.told()))
        documents, kept = self._documents()
        files = {
            CHECKPOINT: self._add(CHECKPOINT, published.checkpoint),
            VKEYS: self._add(
                VKEYS, "".join(f"{key}\n" for key in equipment.ring.succession.vkeys).encode()
            ),
            DOCUMENTS: kept,
        }
        manifest = Manifest(
            FORMAT, equipment.origin, published.size, published.root.hex(), self._migrations(),
            tuple(told), documents, files,
        )  # fmt: skip
        content = manifest.encode()
        self._add(MANIFEST, content)
        self._add(ENVELOPE, envelope(content, self._sign))
        self._progress(self._done, self._done)
        return manifest

    def _documents(self) -> tuple[int, Told]:
        count = 0
        with self._writer(DOCUMENTS) as file:
            for commitment in self._commitments():
                count += 1
                try:
                    with self._equipment.documents.reading(commitment.hex()) as (pieces, length):
                        file.write(commitment + length.to_bytes(8, "big"))
                        for piece in pieces:
                            file.write(piece)
                except NotFoundError as error:
                    raise UnavailableError(
                        f"the document {commitment.hex()} is not there: if it was not redacted "
                        "just now, fsck says what it belongs to"
                    ) from error
        return count, file.told()

    def _commitments(self) -> Iterator[bytes]:
        statement = sql.SQL(
            "SELECT DISTINCT document FROM {} WHERE body IS NULL AND document IS NOT NULL"
            " AND pos <= %s ORDER BY document"
        ).format(sql.Identifier(self._equipment.schema, "parts"))
        with self._connection.cursor(name="documents") as cursor:
            cursor.itersize = _FETCH
            cursor.execute(statement, (self._published.size,))
            for (commitment,) in cursor:
                yield bytes(commitment)

    def _migrations(self) -> tuple[Ran, ...]:
        statement = sql.SQL("SELECT name, digest FROM {} ORDER BY name").format(
            sql.Identifier(self._equipment.schema, "migrations")
        )
        rows = self._connection.execute(statement).fetchall()
        return tuple(Ran(str(name), bytes(digest).hex()) for name, digest in rows)

    def _estimate(self) -> int:
        row = self._connection.execute(
            "SELECT coalesce(sum(pg_table_size(c.oid)), 0)::bigint FROM pg_class AS c"
            " JOIN pg_namespace AS n ON n.oid = c.relnamespace"
            " WHERE n.nspname = %s AND c.relkind = 'r'",
            (self._equipment.schema,),
        ).fetchone()
        return int(row[0]) if row is not None else 0

    def _sign(self, payload_type: str, payload: bytes) -> tuple[str, bytes]:
        key = self._equipment.ring.signers[-1]
        return key.key_id, key.sign(pae(payload_type, payload))

    def _add(self, name: str, content: bytes) -> Told:
        with self._writer(name) as file:
            file.write(content)
        return file.told()

    def _writer(self, name: str) -> Writer:
        return Writer(self._target / name, self._wrote)

    def _wrote(self, length: int) -> None:
        self._done += length
        self._progress(min(self._done, self._total), self._total)
