"""One group: the events of one transaction, placed in the chain and written.

Placing an event only takes numbers. Its entry is made later, while the server takes in the rows
of tags, which are most of its work; the chain's hashes and the last signatures cost nothing then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from domain.log.entry import Seq, encode_entry, leaf_hash
from store.ledger import rows
from store.ledger.rows import array

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from store.ledger.chain import Head
    from store.ledger.prepared import Prepared
    from store.postgres.database import Connection


@dataclass(slots=True)
class Appended:
    """An event that stands in the ledger.

    Attributes:
        position: its position.
        leaf: its leaf hash; empty until its group is written.
        raw: its entry; empty until its group is written.
        repeated: it was delivered before; this is the first delivery's entry.
    """

    position: int
    leaf: bytes = b""
    raw: bytes = b""
    repeated: bool = False


class Group:
    """What is pending in one transaction.

    Attributes:
        head: the chain behind what was placed; its hashes follow in `write`.
        at: when the group is sequenced, as entries say it.
        numbers: last numbers of the streams used here.
        pending: the events placed, in order.
        placed: MAC and outcome by delivery key.
    """

    def __init__(self, head: Head, at: str) -> None:
        self.head = head
        self.at = at
        self.numbers: dict[str, int] = {}
        self.pending: list[Prepared] = []
        self.placed: dict[bytes, tuple[bytes, Appended]] = {}
        self._outcomes: list[tuple[Appended, tuple[int, ...]]] = []
        self._repeats: list[tuple[Appended, Appended]] = []
        self._positions: list[bytes] = []
        self._tag_positions: list[bytes] = []
        self._stream_numbers: list[bytes] = []
        self._part_positions: list[bytes] = []
        self._delivered: list[tuple[bytes, bytes, bytes]] = []

    def place(self, event: Prepared) -> Appended:
        """Give an event the next position."""
        self.head.position = position = self.head.position + 1
        here = rows.long(position)
        numbers = []
        for stream in event.streams:
            number = (self.numbers.get(stream) or self.head.numbers[stream]) + 1
            self.numbers[stream] = number
            numbers.append(number)
        self._positions.append(here)
        self._tag_positions.append(here * (len(event.tags) + len(numbers)))
        self._stream_numbers.append(rows.NULL * len(event.tags))
        self._stream_numbers.extend(map(rows.long, numbers))
        self._part_positions.append(here * event.parts.count)
        appended = Appended(position)
        if event.key is not None and event.mac is not None:
            self._delivered.append((rows.field(event.key), rows.field(event.mac), here))
            self.placed[event.key] = (event.mac, appended)
        self.pending.append(event)
        self._outcomes.append((appended, tuple(numbers)))
        return appended

    def repeat(self, first: Appended) -> Appended:
        """The outcome of an event that is in the ledger, or pending here, as `first`."""
        again = Appended(first.position, first.leaf, first.raw, repeated=True)
        self._repeats.append((again, first))
        return again

    def write(
        self, connection: Connection, schema: str, signing: Sequence[Future[None]] = ()
    ) -> None:
        """Make the entries, send all rows and commit.

        Args:
            connection: in the transaction of this group.
            schema: the ledger's.
            signing: done once every event is signed; empty if they are.
        """
        with connection.pipeline():
            if self.pending:
                self._write_tags(connection, schema)
                self._write_deliveries(connection, schema)
                for signed in signing:
                    signed.result()
                self._write_entries(connection, schema)
                self._write_parts(connection, schema)
                self._write_tiles(connection, schema)
            connection.execute(b"COMMIT")

    def _write_tags(self, connection: Connection, schema: str) -> None:
        count = sum(len(event.tags) + len(event.streams) for event in self.pending)
        if count:
            columns = (
                array(rows.Texts, count, [event.tag_fields for event in self.pending]),
                array(rows.Longs, count, self._tag_positions),
                array(rows.Longs, count, self._stream_numbers),
            )
            rows.insert(connection, schema, "tags", columns)

    def _write_deliveries(self, connection: Connection, schema: str) -> None:
        if self._delivered:
            count = len(self._delivered)
            keys, macs, positions = zip(*self._delivered, strict=True)
            columns = (
                array(rows.Bytes, count, keys),
                array(rows.Bytes, count, macs),
                array(rows.Longs, count, positions),
            )
            rows.insert(connection, schema, "deliveries", columns)

    def _write_entries(self, connection: Connection, schema: str) -> None:
        head, instant, count = self.head, self.at, len(self.pending)
        leaves, entries = [], []
        for event, (outcome, numbers) in zip(self.pending, self._outcomes, strict=True):
            raw = encode_entry(
                Seq(head.leaf, outcome.position, instant, numbers, event.signatures),
                event.context,
            )
            leaf = leaf_hash(raw)
            head.leaf, head.at = leaf, instant
            head.edge.append(leaf)
            outcome.leaf, outcome.raw = leaf, raw
            leaves.append(rows.field(leaf))
            entries.append(rows.field(raw))
        for again, first in self._repeats:
            again.leaf, again.raw = first.leaf, first.raw
        at = rows.long(rows.microseconds(datetime.fromisoformat(instant)))
        columns = (
            array(rows.Longs, count, self._positions),
            array(rows.Instants, count, [at * count]),
            array(rows.Instants, count, [event.time for event in self.pending]),
            array(rows.Texts, count, [event.type_field for event in self.pending]),
            array(rows.Bytes, count, leaves),
            array(rows.Bytes, count, entries),
        )
        rows.insert(connection, schema, "entries", columns)

    def _write_parts(self, connection: Connection, schema: str) -> None:
        parts = [event.parts for event in self.pending]
        count = sum(part.count for part in parts)
        columns = (
            array(rows.Longs, count, self._part_positions),
            array(rows.Texts, count, [part.names for part in parts]),
            array(rows.Bytes, count, [part.salts for part in parts]),
            array(rows.Bytes, count, [part.bodies for part in parts]),
            array(rows.Texts, count, [part.persons for part in parts]),
        )
        rows.insert(connection, schema, "parts", columns)

    def _write_tiles(self, connection: Connection, schema: str) -> None:
        tiles = self.head.edge.take()
        if tiles:
            columns = (
                array(rows.Shorts, len(tiles), [rows.short(level) for level, _, _ in tiles]),
                array(rows.Longs, len(tiles), [rows.long(index) for _, index, _ in tiles]),
                array(rows.Bytes, len(tiles), [rows.field(hashes) for _, _, hashes in tiles]),
            )
            rows.insert(connection, schema, "tiles", columns)
