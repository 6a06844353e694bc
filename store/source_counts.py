"""What came from each source, counted from the log.

The counts are a fold over published entries and stand with the position up to which they were
folded, in one transaction: a kill or several processes at once neither lose nor double one.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from psycopg import sql

if TYPE_CHECKING:
    from datetime import datetime

    from store.postgres.database import Database

_AT_ONCE: Final = 10_000
# Who delivered stands in the context of an entry, whose spelling is fixed: nothing before it holds
# these letters, and no name can, since none holds a quote. The database looks for them: to read
# entries whole takes the server 70 to 100 µs each, and pages ask every second.
_DELIVERED: Final = """
INSERT INTO {source_counts} AS c (name, delivered, unmapped, last_position, last_at)
SELECT s.name, count(*), count(*) FILTER (WHERE e.type = 'pipeledger.source.unmapped'),
    max(e.pos), max(e.at)
FROM (
    SELECT pos, at, type,
        encode(substring(entry FROM position('"cred":"'::bytea IN entry) + 8 FOR 36), 'escape')
            AS credential
    FROM {entries}
    WHERE pos > %(after)s AND pos <= %(until)s
) AS e
JOIN {sources} AS s USING (credential)
GROUP BY s.name
ON CONFLICT (name) DO UPDATE SET
    delivered = c.delivered + excluded.delivered, unmapped = c.unmapped + excluded.unmapped,
    last_position = excluded.last_position, last_at = excluded.last_at
"""
_SILENT: Final = """
INSERT INTO {source_counts} AS c (name, gaps)
SELECT s.name, count(*)
FROM {entries} AS e
JOIN {tags} AS t USING (pos)
JOIN {sources} AS s ON t.tag = 'stream:source/' || s.name
WHERE e.type = 'pipeledger.source.gap' AND e.pos > %(after)s AND e.pos <= %(until)s
GROUP BY s.name
ON CONFLICT (name) DO UPDATE SET gaps = c.gaps + excluded.gaps
"""


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

    def __init__(self, database: Database, schema: str) -> None:
        self._database = database
        self._folding = threading.Lock()
        names = {
            name: sql.Identifier(schema, name)
            for name in ("entries", "sources", "source_counts", "source_counted", "tags")
        }
        self._lock = sql.SQL("SELECT upto FROM {source_counted} FOR UPDATE").format(**names)
        self._advance = sql.SQL("UPDATE {source_counted} SET upto = %s").format(**names)
        self._add = [sql.SQL(one).format(**names) for one in (_DELIVERED, _SILENT)]
        self._all = sql.SQL(
            "SELECT name, delivered, unmapped, gaps, last_position, last_at FROM {source_counts}"
        ).format(**names)

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
        """Count the next entries; whether there are more."""
        with self._database.session("writer") as connection, connection.transaction():
            row = connection.execute(self._lock).fetchone()
            upto = int(row[0]) if row is not None else size
            until = min(size, upto + _AT_ONCE)
            if until > upto:
                for statement in self._add:
                    connection.execute(statement, {"after": upto, "until": until})
                connection.execute(self._advance, (until,))
        return until < size
