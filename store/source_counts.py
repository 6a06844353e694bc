"""What came from each source, counted from the log.

The counts are a fold over published entries and stand with the position up to which they were
folded, in one transaction: a kill or several processes at once neither lose nor double one.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from psycopg import sql

from domain.log.entry import parse_at, parse_entry
from store.ledger.reader import Filter

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from store.ledger.reader import Reader, Row
    from store.postgres.database import Connection, Database

_PAGE: Final = 1000
_UNMAPPED: Final = "pipeledger.source.unmapped"
_GAP: Final = "pipeledger.source.gap"
_STREAM: Final = "source/"


@dataclass(slots=True)
class Count:
    """What came from one source.

    Attributes:
        delivered: events, repeats not counted.
        unmapped: those of them that no event type is for.
        gaps: times it was found silent for too long.
        last_position: of the newest event.
        last_at: when that was sequenced.
    """

    delivered: int = 0
    unmapped: int = 0
    gaps: int = 0
    last_position: int | None = None
    last_at: datetime | None = None


class SourceCounts:
    """The counts of one ledger's sources. Safe for threads and processes."""

    def __init__(self, database: Database, schema: str, reader: Reader) -> None:
        self._database = database
        self._reader = reader
        self._folding = threading.Lock()
        counts, upto = sql.Identifier(schema, "source_counts"), sql.Identifier(
            schema, "source_counted"
        )  # fmt: skip
        self._sources = sql.SQL("SELECT credential, name FROM {}").format(
            sql.Identifier(schema, "sources")
        )
        self._lock = sql.SQL("SELECT upto FROM {} FOR UPDATE").format(upto)
        self._advance = sql.SQL("UPDATE {} SET upto = %s").format(upto)
        self._add = sql.SQL(
            "INSERT INTO {0} AS c (name, delivered, unmapped, gaps, last_position, last_at)"
            " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (name) DO UPDATE SET"
            " delivered = c.delivered + excluded.delivered,"
            " unmapped = c.unmapped + excluded.unmapped, gaps = c.gaps + excluded.gaps,"
            " last_position = coalesce(excluded.last_position, c.last_position),"
            " last_at = coalesce(excluded.last_at, c.last_at)"
        ).format(counts)
        self._all = sql.SQL(
            "SELECT name, delivered, unmapped, gaps, last_position, last_at FROM {}"
        ).format(counts)

    def read(self, size: int) -> dict[str, Count]:
        """The counts by name of source, of all entries up to `size`.

        Raises:
            UnavailableError: the database does not answer, or another process counts for long.
        """
        # Before any session: whoever waits for the fold of another thread must hold none of the
        # sessions that this one needs.
        with self._folding:
            while self._fold(size):
                pass
        with self._database.session("writer") as connection:
            rows = connection.execute(self._all).fetchall()
        return {row[0]: Count(*row[1:]) for row in rows}

    def _fold(self, size: int) -> bool:
        """Count the next page; whether there may be another."""
        with self._database.session("writer") as connection, connection.transaction():
            row = connection.execute(self._lock).fetchone()
            upto = int(row[0]) if row is not None else size
            rows = self._reader.entries(size, Filter(), after=upto, limit=_PAGE)
            if rows:
                names = dict(connection.execute(self._sources).fetchall())
                self._keep(connection, _counted(rows, names))
                connection.execute(self._advance, (rows[-1].position,))
        return len(rows) == _PAGE

    def _keep(self, connection: Connection, counts: dict[str, Count]) -> None:
        for name, one in counts.items():
            values = (name, one.delivered, one.unmapped, one.gaps, one.last_position, one.last_at)
            connection.execute(self._add, values)


def _counted(rows: Iterable[Row], names: dict[str, str]) -> dict[str, Count]:
    found: dict[str, Count] = defaultdict(Count)
    for row in rows:
        entry = parse_entry(row.raw)
        name = names.get(entry.context.by.credential)
        if name is not None:
            one = found[name]
            one.delivered += 1
            one.unmapped += entry.context.type == _UNMAPPED
            one.last_position, one.last_at = row.position, parse_at(entry.seq.at)
        elif entry.context.type == _GAP:
            for stream in entry.context.streams:
                if (silent := stream.removeprefix(_STREAM)) in names.values():
                    found[silent].gaps += 1
    return found
