"""A ledger as a process reads it that neither opens nor extends it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from store.documents import DocumentStore
from store.ledger.bodies import Bodies
from store.ledger.opening import schema_of
from store.ledger.reader import Reader
from store.ledger.tiles import Tiles
from store.people.keys import RegisterKeys
from store.people.register import Register

if TYPE_CHECKING:
    from store.ledger.columns import ColumnReader
    from store.ledger.opening import Place
    from store.ledger.publisher import Published
    from store.postgres.database import Database


class ReadOnlyLedger:
    """Reads a ledger that another process appends to. It has no key that signs.

    Attributes:
        origin: of the ledger.
        reader: its entries.
        published: the newest state that the other process told of.
    """

    def __init__(
        self,
        name: str,
        origin: str,
        place: Place,
        published: Published,
        database: Database,
        people: Database,
    ) -> None:
        """Read a ledger; nothing is asked yet.

        Args:
            name: of the ledger.
            origin: likewise.
            place: its files.
            published: a state that the other process told of.
            database: where its schema lies.
            people: the same by other connections, since persons are looked up while entries are
                read.

        Raises:
            SettingError: its secrets are missing.
        """
        self.origin = origin
        self.published = published
        self._database = database
        self._schema = schema_of(name)
        self._documents = DocumentStore(place.documents)
        keys = RegisterKeys.load(place.secrets)
        self._sealer = Register(people, self._schema, keys, os.urandom)
        bodies = Bodies(self._schema, self._documents, self._sealer)
        self.reader = Reader(database, self._schema, bodies, Tiles(self._schema))

    def columns(self) -> ColumnReader:
        """A reader of much of the log at once, with a connection of its own."""
        # Arrow loads for who reads so.
        from store.ledger.columns import ColumnReader  # noqa: PLC0415

        return ColumnReader(self._database, self._schema, self._documents, self._sealer)
