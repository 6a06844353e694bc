"""The last numbers of streams: some at a position, or those of a pass over a whole ledger."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from psycopg import RawCursor, sql

from domain.log.names import RESERVED_TAG_PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterable

    from store.postgres.database import Connection

REMEMBERED: Final = 100_000
"""Streams whose last numbers a writer keeps in memory."""
HELD: Final = 500_000
"""Streams that a pass holds in memory; about 100 bytes each beside their names."""
_DROPPED: Final = 10


class Numbering:
    """Last numbers in memory; those not met lately are looked up beside the entries again."""

    def __init__(self, schema: str, held: int = HELD) -> None:
        self._last = numbers_of(schema)
        self._held = held
        self._numbers: dict[str, int] = {}
        self._dropped = False

    def last(self, connection: Connection, stream: str, position: int) -> int:
        """The last number of a stream up to a position; 0 for none."""
        number = self._numbers.pop(stream, None)
        if number is None:
            number = self._kept(connection, stream, position) if self._dropped else 0
        return number

    def set(self, stream: str, number: int) -> None:
        """Note the last number of a stream."""
        self._numbers.pop(stream, None)
        self._numbers[stream] = number
        if len(self._numbers) > self._held:
            self._dropped = True
            # `last` takes out and `set` puts back, so the first ones were not met for longest.
            for name in list(islice(self._numbers, max(1, self._held // _DROPPED))):
                del self._numbers[name]

    def _kept(self, connection: Connection, stream: str, position: int) -> int:
        wanted = ([RESERVED_TAG_PREFIX + stream], position)
        row = RawCursor(connection).execute(self._last, wanted).fetchone()
        return 0 if row is None or row[1] is None else int(row[1])


class StreamNumbers:
    """Looks up the last numbers of streams, as they stood at a position."""

    def __init__(self, schema: str) -> None:
        self._last = numbers_of(schema)

    def fill(
        self, connection: Connection, position: int, numbers: dict[str, int], streams: Iterable[str]
    ) -> None:
        """Make sure that `numbers` has these streams; 0 for one that was not there."""
        if len(numbers) > REMEMBERED:
            numbers.clear()
        unknown = unmet(numbers, set(streams))
        if not unknown:
            return
        numbers.update(dict.fromkeys(unknown, 0))
        wanted = [RESERVED_TAG_PREFIX + name for name in unknown]
        cursor = RawCursor(connection).execute(self._last, (wanted, position))
        for tag, number in cursor.fetchall():
            numbers[tag.removeprefix(RESERVED_TAG_PREFIX)] = int(number)


def unmet(numbers: dict[str, int], streams: set[str]) -> list[str]:
    """The streams without a last number in memory."""
    # Not a difference of sets: that goes through all numbers in memory to leave out a few.
    return [stream for stream in streams if stream not in numbers]


def numbers_of(schema: str) -> bytes:
    """The statement for last numbers: of these tags ($1), up to a position ($2)."""
    # LATERAL with a limit walks the index once for each stream, whatever the planner
    # believes of tables it has no statistics of yet.
    return (
        sql.SQL(
            "SELECT wanted.tag, last.sn FROM unnest($1::text[]) AS wanted (tag)"
            " CROSS JOIN LATERAL (SELECT sn FROM {} AS t WHERE t.tag = wanted.tag"
            " AND t.pos <= $2 ORDER BY t.pos DESC LIMIT 1) AS last"
        )
        .format(sql.Identifier(schema, "tags"))
        .as_bytes(None)
    )
