"""The last numbers of streams, for a pass over a whole ledger: however many there are."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from psycopg import RawCursor

from domain.log.names import RESERVED_TAG_PREFIX
from store.ledger.lookup import numbers_of

if TYPE_CHECKING:
    from store.postgres.database import Connection

HELD: Final = 500_000
"""Streams held in memory; about 100 bytes each beside their names."""
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
