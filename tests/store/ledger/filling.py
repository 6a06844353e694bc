"""Fills the log's tables without appending: entries of any bytes, their leaves, full tiles."""

from __future__ import annotations

from itertools import islice, starmap
from typing import TYPE_CHECKING, Final

from psycopg import sql

from domain.log.entry import leaf_hash
from domain.log.tree import CompactTree
from store.ledger import copying
from store.ledger.tiles import Edge

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from store.postgres.database import Connection, Database

_AT_ONCE: Final = 50_000
_KIND: Final = copying.type_field("pipeledger.deployment.finished")


def fill(database: Database, schema: str, entries: Iterable[bytes]) -> Edge:
    """Write entries, from position 1 on, into an empty log; gives its edge."""
    edge = Edge(CompactTree(), [[]])
    rest = iter(entries)
    with database.connect() as connection:
        while some := list(islice(rest, _AT_ONCE)):
            leaves = [leaf_hash(raw) for raw in some]
            rows = entry_rows(edge.tree.size + 1, leaves, some)
            for leaf in leaves:
                edge.append(leaf)
            copy(connection, schema, "entries", rows)
            copy(connection, schema, "tiles", list(starmap(copying.tile_row, edge.take())))
    return edge


def entry_rows(first: int, leaves: Sequence[bytes], entries: Sequence[bytes]) -> list[bytes]:
    """Rows of entries from position `first` on."""
    return [
        copying.entry_row(position, position, None, _KIND, leaf, raw)
        for position, leaf, raw in zip(
            range(first, first + len(entries)), leaves, entries, strict=True
        )
    ]


def copy(connection: Connection, schema: str, table: str, rows: Sequence[bytes]) -> None:
    """Write rows as `store.ledger.copying` makes them."""
    statement = sql.SQL(copying.statement(schema, table).decode())
    with connection.cursor().copy(statement) as stream:
        stream.write(copying.binary(rows))


def drawn(count: int) -> Iterator[bytes]:
    """Entries that differ, one empty and one as long as any can be among them."""
    for number in range(count):
        if number == 3:
            yield b""
        elif number == 5:
            yield b"\xff" * 65_535
        else:
            yield b"entry %d" % number
