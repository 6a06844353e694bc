"""A ledger's tree as whoever speaks to witnesses needs it: from the database, whatever is open."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg

from domain.errors import UnavailableError
from domain.log.tree import EMPTY_ROOT, consistency_proof, root_of
from store.ledger.last import last_position
from store.ledger.tiles import Tiles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from store.postgres.database import Connection, Database


class LedgerTree:
    """Reads proofs and roots. Safe for threads."""

    def __init__(self, database: Database, schema: str) -> None:
        """Read a ledger's tree.

        Args:
            database: where its schema lies.
            schema: of the ledger.
        """
        self._database = database
        self._schema = schema
        self._tiles = Tiles(schema)

    def prove(self, old: int, new: int) -> list[bytes]:
        """That the tree of `old` entries is the beginning of the one of `new`.

        Raises:
            DamageError: entries or tiles are missing.
            UnavailableError: the database does not answer.
        """
        if old in (0, new):
            return []
        with self._session() as connection:
            return consistency_proof(old, new, self._tiles.reader(connection, new))

    def root(self, size: int) -> bytes | None:
        """The root over so many entries; None: there are fewer.

        Raises:
            UnavailableError: the database does not answer.
        """
        if not size:
            return EMPTY_ROOT
        with self._session() as connection:
            if last_position(connection, self._schema) < size:
                return None
            return root_of(size, self._tiles.reader(connection, size))

    @contextmanager
    def _session(self) -> Iterator[Connection]:
        try:
            with self._database.session("writer") as connection:
                yield connection
        except psycopg.Error as error:
            raise UnavailableError("the database does not answer about the tree") from error
