"""The Merkle tree in the database: full tiles stored, everything else derived.

Tile n of level L holds 256 hashes, each the root of a complete subtree of 256^L leaves (C2SP
tlog-tiles). The last tile of each level is not stored: level 0 comes from the leaves of the
entries, a higher one from the roots of the full tiles below it, which never change and are
therefore remembered.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from psycopg import sql

from domain.errors import DamageError
from domain.log.tile import HEIGHT, WIDTH
from domain.log.tree import CompactTree, node_hash, nodes_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.log.tree import Node
    from store.postgres.database import Connection

_HASH: Final = 32
_REMEMBERED: Final = 200_000


def tile_root(hashes: bytes) -> bytes:
    """Root over a full tile's 8,192 bytes."""
    row = [hashes[at : at + _HASH] for at in range(0, len(hashes), _HASH)]
    return fold(row)


def fold(row: list[bytes]) -> bytes:
    """Root over a row whose length is a power of two."""
    while len(row) > 1:
        row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row), 2)]
    return row[0]


class Edge:
    """The growing edge: the last, unfinished tile of each level.

    Attributes:
        tree: size and frontier.
        rows: unfinished rows, level 0 first.
        finished: tiles completed since `take` was called: level, index, 8,192 bytes.
    """

    __slots__ = ("finished", "rows", "tree")

    def __init__(self, tree: CompactTree, rows: list[list[bytes]]) -> None:
        self.tree = tree
        self.rows = rows
        self.finished: list[tuple[int, int, bytes]] = []

    def copy(self) -> Edge:
        """An edge of the same tree that grows on its own."""
        return Edge(self.tree.copy(), [row.copy() for row in self.rows])

    def append(self, leaf: bytes) -> None:
        """Add a leaf hash."""
        self.tree.append(leaf)
        self.rows[0].append(leaf)
        level, size = 0, self.tree.size
        while len(self.rows[level]) == WIDTH:
            size //= WIDTH
            row = self.rows[level]
            self.finished.append((level, size - 1, b"".join(row)))
            self.rows[level] = []
            level += 1
            if level == len(self.rows):
                self.rows.append([])
            self.rows[level].append(fold(row))

    def finishes(self, leaves: int) -> bool:
        """Whether so many more leaves complete a tile."""
        return len(self.rows[0]) + leaves >= WIDTH

    def take(self) -> list[tuple[int, int, bytes]]:
        """The tiles finished since the last call."""
        finished, self.finished = self.finished, []
        return finished


class Tiles:
    """Reads nodes and tiles of one ledger; safe for threads, given a connection each."""

    def __init__(self, schema: str) -> None:
        self._leaves = sql.SQL(
            "SELECT leaf FROM {} WHERE pos > %s AND pos <= %s ORDER BY pos"
        ).format(sql.Identifier(schema, "entries"))
        self._tiles = sql.SQL(
            "SELECT idx, hashes FROM {} WHERE level = %s AND idx >= %s AND idx < %s ORDER BY idx"
        ).format(sql.Identifier(schema, "tiles"))
        self._roots: dict[Node, bytes] = {}
        self._lock = threading.Lock()

    def row(self, connection: Connection, level: int, index: int, width: int) -> list[bytes]:
        """The first `width` hashes of a tile.

        Raises:
            DamageError: entries or tiles are missing below it.
        """
        stored = connection.execute(self._tiles, (level, index, index + 1)).fetchall()
        if stored:
            raw = bytes(stored[0][1])
            return [raw[at * _HASH : (at + 1) * _HASH] for at in range(width)]
        first = index * WIDTH
        if level == 0:
            found = connection.execute(self._leaves, (first, first + width)).fetchall()
            row = [bytes(leaf) for (leaf,) in found]
        else:
            row = self._roots_of(connection, level - 1, first, first + width)
        if len(row) != width:
            raise DamageError(None, f"tile {level}/{index}: {len(row)} of {width} hashes found")
        return row

    def edge(self, connection: Connection, size: int) -> Edge:
        """The growing edge of a tree of `size` leaves."""
        rows: list[list[bytes]] = []
        level, count = 0, size
        while True:
            index, width = divmod(count, WIDTH)
            rows.append(self.row(connection, level, index, width) if width else [])
            if index == 0:
                break
            level, count = level + 1, index
        frontier = self.reader(connection, size).read_hashes(nodes_of(0, size))
        return Edge(CompactTree.from_frontier(size, frontier), rows)

    def reader(self, connection: Connection, size: int) -> TileReader:
        """A reader of nodes within a tree of `size` leaves."""
        return TileReader(self, connection, size)

    def _roots_of(self, connection: Connection, level: int, first: int, end: int) -> list[bytes]:
        with self._lock:
            known = {at: self._roots.get((level, at)) for at in range(first, end)}
        missing = [at for at, root in known.items() if root is None]
        if missing:
            span = (level, missing[0], missing[-1] + 1)
            for at, raw in connection.execute(self._tiles, span).fetchall():
                known[at] = tile_root(bytes(raw))
            with self._lock:
                if len(self._roots) > _REMEMBERED:
                    self._roots.clear()
                self._roots.update(
                    ((level, at), root) for at, root in known.items() if root is not None
                )
        return [root for _, root in sorted(known.items()) if root is not None]


class TileReader:
    """`domain.log.tree.HashReader` over the tiles, within one size."""

    def __init__(self, tiles: Tiles, connection: Connection, size: int) -> None:
        self._tiles = tiles
        self._connection = connection
        self._size = size
        self._rows: dict[Node, list[bytes]] = {}

    def read_hashes(self, nodes: Sequence[Node]) -> list[bytes]:
        """The hash of each complete subtree; see the protocol.

        Raises:
            DamageError: a tile or an entry is missing.
        """
        return [self._node(level, index) for level, index in nodes]

    def _node(self, level: int, index: int) -> bytes:
        tile_level, rise = divmod(level, HEIGHT)
        first = index << rise
        number, offset = divmod(first, WIDTH)
        if (tile_level, number) not in self._rows:
            width = min(WIDTH, (self._size >> HEIGHT * tile_level) - number * WIDTH)
            self._rows[tile_level, number] = self._tiles.row(
                self._connection, tile_level, number, width
            )
        row = self._rows[tile_level, number][offset : offset + (1 << rise)]
        if len(row) != 1 << rise:
            raise DamageError(None, f"node {level}/{index} lies outside a tree of {self._size}")
        return fold(row)
