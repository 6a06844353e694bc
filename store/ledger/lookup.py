"""What a group has to know of the ledger before its events are placed, in one round trip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg import sql

from domain.log.names import RESERVED_TAG_PREFIX
from store.ledger.group import Appended

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from psycopg import Cursor

    from store.postgres.database import Connection

REMEMBERED = 100_000
"""Streams whose last numbers are kept in memory."""

Known = dict[bytes, tuple[bytes, Appended]]
"""MAC and first outcome by delivery key."""


@dataclass(frozen=True, slots=True)
class Found:
    """The state of the ledger under the lock.

    Attributes:
        position: of the last entry; 0 for none.
        leaf: its leaf hash; empty for none.
        numbers: last number of each stream asked for; 0 for a stream that is not there yet.
        known: deliveries asked for that are there.
    """

    position: int
    leaf: bytes
    numbers: dict[str, int]
    known: Known


class Lookup:
    """The statements by which the sequencer begins a transaction."""

    def __init__(self, schema: str, mutex: int) -> None:
        self._mutex = mutex
        entries = sql.Identifier(schema, "entries")
        self._last = (
            sql.SQL("SELECT pos, leaf FROM {} ORDER BY pos DESC LIMIT 1")
            .format(entries)
            .as_bytes(None)
        )
        self._known = (
            sql.SQL(
                "SELECT d.key, d.mac, d.pos, e.leaf, e.entry FROM unnest(%b::bytea[])"
                " AS wanted (key) CROSS JOIN LATERAL (SELECT * FROM {} AS d"
                " WHERE d.key = wanted.key LIMIT 1) AS d JOIN {} AS e ON e.pos = d.pos"
            )
            .format(sql.Identifier(schema, "deliveries"), entries)
            .as_bytes(None)
        )
        self._numbers = StreamNumbers(schema)

    def begin(self, connection: Connection, streams: Iterable[str], keys: Sequence[bytes]) -> Found:
        """Begin a transaction, exclude other writers, and look.

        Each statement has a snapshot of its own, younger than the lock before it.
        """
        names = list(streams)
        with connection.pipeline():
            connection.execute(b"BEGIN")
            connection.execute(b"SELECT pg_advisory_xact_lock(%s)", (self._mutex,))
            last = connection.execute(self._last)
            numbers = self._numbers.ask(connection, names) if names else None
            known = connection.execute(self._known, (keys,), binary=True) if keys else None
        row = last.fetchone()
        position, leaf = (0, b"") if row is None else (int(row[0]), bytes(row[1]))
        return Found(
            position,
            leaf,
            self._numbers.told(numbers, names) if numbers is not None else {},
            _told(known) if known is not None else {},
        )


class StreamNumbers:
    """Looks up the last numbers of streams."""

    def __init__(self, schema: str) -> None:
        # LATERAL with a limit walks the index once for each stream, whatever the planner
        # believes of tables it has no statistics of yet.
        self._last = (
            sql.SQL(
                "SELECT wanted.tag, last.sn FROM unnest(%b::text[]) AS wanted (tag)"
                " CROSS JOIN LATERAL (SELECT sn FROM {} AS t WHERE t.tag = wanted.tag"
                " AND t.pos <= %b ORDER BY t.pos DESC LIMIT 1) AS last"
            )
            .format(sql.Identifier(schema, "tags"))
            .as_bytes(None)
        )

    def ask(
        self, connection: Connection, streams: Sequence[str], until: int = 2**63 - 1
    ) -> Cursor[Any]:
        """Ask for the numbers at a position; `told` reads the answer."""
        names = [RESERVED_TAG_PREFIX + name for name in streams]
        return connection.execute(self._last, (names, until))

    @staticmethod
    def told(answer: Cursor[Any], streams: Sequence[str]) -> dict[str, int]:
        """The last numbers; 0 for a stream that was not there."""
        numbers = dict.fromkeys(streams, 0)
        for tag, number in answer.fetchall():
            numbers[tag.removeprefix(RESERVED_TAG_PREFIX)] = int(number)
        return numbers

    def fill(
        self, connection: Connection, position: int, numbers: dict[str, int], streams: Iterable[str]
    ) -> None:
        """Make sure that `numbers` has these streams, as they stood at a position."""
        if len(numbers) > REMEMBERED:
            numbers.clear()
        unknown = list(set(streams) - numbers.keys())
        if unknown:
            numbers.update(self.told(self.ask(connection, unknown, position), unknown))


def _told(answer: Cursor[Any]) -> Known:
    return {
        bytes(key): (bytes(mac), Appended(pos, bytes(leaf), bytes(raw)))
        for key, mac, pos, leaf, raw in answer.fetchall()
    }
