"""The log as C2SP tlog-tiles has it: tiles and entry bundles of a published tree.

Whatever the size of the ledger, a tile takes two questions of the database and 256 rows at most:
full tiles are stored, partial ones are made of leaves or of the tiles below.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

from domain.errors import DamageError, NotFoundError
from domain.log.entry import leaf_hash
from domain.log.tile import encode_bundle

if TYPE_CHECKING:
    from domain.log.tile import Tile
    from store.ledger.tiles import Edge, Tiles
    from store.postgres.database import Database


class TiledLog:
    """Reads one ledger's tiles and entries. Safe for threads."""

    def __init__(self, database: Database, schema: str, tiles: Tiles) -> None:
        self._database = database
        self._tiles = tiles
        self._span = sql.SQL(
            "SELECT pos, leaf, entry FROM {} WHERE pos > %s AND pos <= %s ORDER BY pos"
        ).format(sql.Identifier(schema, "entries"))

    def read(self, tile: Tile, size: int) -> bytes:
        """The bytes of a tile or bundle in the tree of `size`, which has to be published.

        Raises:
            NotFoundError: a tree of this size does not have it.
            DamageError: something under it is missing, or an entry is not that of its leaf.
        """
        if not tile.fits(size):
            raise NotFoundError(f"a tree of {size} entries has no {tile.path}")
        if tile.level is None:
            return encode_bundle(self.entries(tile.first, tile.end))
        with self._database.session("writer") as connection:
            return b"".join(self._tiles.row(connection, tile.level, tile.index, tile.width))

    def entries(self, first: int, end: int) -> list[bytes]:
        """The entries from index `first` (position - 1) to before `end`, as their leaves have them.

        Raises:
            DamageError: one is missing, or is not that of its leaf; names the position.
        """
        with self._database.session("writer") as connection:
            rows = connection.execute(self._span, (first, end)).fetchall()
        found = []
        # Whoever fetched a bundle may keep it for ever: nothing altered may leave under its name.
        for position, (at, leaf, entry) in enumerate(rows, first + 1):
            if at != position:
                raise DamageError(position, "no entry here")
            found.append(bytes(entry))
            if leaf_hash(found[-1]) != leaf:
                raise DamageError(position, "the entry is not the one that its leaf hash is of")
        if len(found) != end - first:
            raise DamageError(first + len(found) + 1, "no entry here")
        return found

    def edge(self, size: int) -> Edge:
        """The growing edge of the tree of `size`; its root is to be compared with a signed one.

        Raises:
            DamageError: entries or tiles are missing.
        """
        with self._database.session("writer") as connection:
            return self._tiles.edge(connection, size)
