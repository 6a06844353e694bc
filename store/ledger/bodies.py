"""Reads the bytes of parts back: from the table, the document store, and out of their seals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

from domain.errors import DamageError, NotFoundError
from domain.log.part import CLAIMS_PART, EVENT_PART, Part

if TYPE_CHECKING:
    from collections.abc import Iterable

    from domain.log.context import Context
    from store.documents import DocumentStore
    from store.ledger.sealer import Sealer
    from store.postgres.database import Connection

_JSON = "application/json"


def committed_by(context: Context) -> dict[str, bytes]:
    """The commitment of each part that an entry speaks of, by name."""
    committed = {EVENT_PART: context.event.commitment}
    committed |= {part.name: part.commitment for part in context.parts}
    if context.by.claims is not None:
        committed[CLAIMS_PART] = context.by.claims
    return committed


class Bodies:
    """The parts of one ledger. Safe for threads, given a connection each."""

    def __init__(self, schema: str, documents: DocumentStore, sealer: Sealer | None) -> None:
        self._documents = documents
        self._sealer = sealer
        table = sql.Identifier(schema, "parts")
        self._parts = sql.SQL("SELECT name, salt, body, persons FROM {} WHERE pos = %s").format(
            table
        )
        self._some = self._parts + sql.SQL(" AND name = ANY(%s)")
        self._names = sql.SQL("SELECT name, persons FROM {} WHERE pos = %s ORDER BY name").format(
            table
        )

    def read(
        self,
        connection: Connection,
        pos: int,
        context: Context,
        names: Iterable[str] | None = None,
    ) -> dict[str, tuple[bytes, bytes] | None]:
        """Salt and plain body of each part of an entry that is still kept.

        A part that was redacted is absent; one whose person was erased is None.

        Args:
            connection: to the ledger's database.
            pos: position of the entry.
            context: what the entry says.
            names: of the parts that are wanted; None: all.

        Raises:
            DamageError: a document is missing, or a seal was altered.
        """
        committed = committed_by(context)
        kept: dict[str, tuple[bytes, bytes] | None] = {}
        if names is None:
            rows = connection.execute(self._parts, (pos,)).fetchall()
        else:
            rows = connection.execute(self._some, (pos, list(names))).fetchall()
        for name, salt, body, persons in rows:
            commitment = committed.get(name)
            if commitment is None:
                raise DamageError(pos, f"part {name} is kept but the entry does not name it")
            plain = self.open(pos, name, commitment, body, persons)
            kept[name] = None if plain is None else (bytes(salt), plain)
        return kept

    def names(self, connection: Connection, pos: int) -> list[str]:
        """The names of an entry's parts that can still be read; no body is."""
        return [
            str(name)
            for name, persons in connection.execute(self._names, (pos,)).fetchall()
            if persons is None or (self._sealer is not None and self._sealer.opens(tuple(persons)))
        ]

    def parts(
        self,
        connection: Connection,
        pos: int,
        context: Context,
        names: Iterable[str] | None = None,
    ) -> list[Part]:
        """The parts of an entry that can still be read, the event first, then by name.

        Arguments and errors are those of `read`.
        """
        kept = self.read(connection, pos, context, names)
        types = {EVENT_PART: _JSON, CLAIMS_PART: _JSON}
        types |= {part.name: part.media_type for part in context.parts}
        order = [EVENT_PART, *sorted(kept.keys() - {EVENT_PART})]
        return [
            Part(name, types[name], pair[1], pair[0])
            for name in order
            if (pair := kept.get(name)) is not None
        ]

    def open(
        self,
        pos: int,
        name: str,
        commitment: bytes,
        body: bytes | None,
        persons: list[str] | None,
    ) -> bytes | None:
        """The plain body of a part, or None where a person's key was destroyed.

        Args:
            pos: position of its entry.
            name: its name.
            commitment: what the entry says of it.
            body: as it is kept; None: in the document store.
            persons: whose keys seal it; None: it is kept in clear.

        Raises:
            DamageError: its document is missing, or its seal was altered.
        """
        if body is None:
            try:
                body = self._documents.get(commitment.hex())
            except NotFoundError as error:
                raise DamageError(pos, f"part {name}: its document is missing") from error
        if persons is None:
            return bytes(body)
        if self._sealer is None:
            return None
        return self._sealer.open_sealed(bytes(body), tuple(persons), commitment)
