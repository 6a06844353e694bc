"""One group: the events of one transaction, placed in the chain and written.

Placing an event only takes numbers. Its entry is made later, while the server takes in the rows
beside it, most of all the tags; the chain's hashes and the last signatures cost nothing then.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from itertools import starmap
from typing import TYPE_CHECKING

from domain.log.entry import Seq, encode_entry, leaf_hash
from store.ledger import copying

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from store.ledger.chain import Head
    from store.ledger.prepared import Prepared
    from store.postgres.talk import Talk


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
        self._tags: list[bytes] = []
        self._parts: list[bytes] = []
        self._deliveries: list[bytes] = []

    def place(self, event: Prepared) -> Appended:
        """Give an event the next position."""
        self.head.position = position = self.head.position + 1
        numbers = []
        for stream, head in zip(event.streams, event.stream_heads, strict=True):
            number = (self.numbers.get(stream) or self.head.numbers[stream]) + 1
            self.numbers[stream] = number
            numbers.append(number)
            self._tags.append(copying.stream_row(head, position, number))
        if event.tag_heads:
            self._tags.append(copying.tag_rows(event.tag_heads, position))
        for row in event.part_rows:
            self._parts.append(copying.part_row(position, row))
        appended = Appended(position)
        if event.key is not None and event.mac is not None:
            self._deliveries.append(copying.delivery_row(event.key, event.mac, position))
            self.placed[event.key] = (event.mac, appended)
        self.pending.append(event)
        self._outcomes.append((appended, tuple(numbers)))
        return appended

    def repeat(self, first: Appended) -> Appended:
        """The outcome of an event that is in the ledger, or pending here, as `first`."""
        again = Appended(first.position, first.leaf, first.raw, repeated=True)
        self._repeats.append((again, first))
        return again

    def write(self, talk: Talk, schema: str, signing: Sequence[Future[None]] = ()) -> int:
        """Make the entries, send all rows and commit; gives when every event was signed.

        Args:
            talk: in the transaction of this group.
            schema: the ledger's.
            signing: done once every event is signed; empty if they are.

        Returns:
            nanoseconds since the epoch.
        """
        beside = {"parts": self._parts, "deliveries": self._deliveries, "tags": self._tags}
        tables = [table for table, rows in beside.items() if rows]
        if self.head.edge.finishes(len(self.pending)):
            tables.append("tiles")
        if self.pending:
            tables.append("entries")
        talk.begin([*[copying.statement(schema, table) for table in tables], b"COMMIT"])
        for rows in beside.values():
            if rows:
                talk.rows(copying.binary(rows))
        # The tags, which are most of its work, are what the server is busy with meanwhile.
        for signed in signing:
            signed.result()
        signed_at = time.time_ns()
        entries = self._chain()
        if tiles := list(starmap(copying.tile_row, self.head.edge.take())):
            talk.rows(copying.binary(tiles))
        if entries:
            talk.rows(copying.binary(entries))
        talk.end()
        return signed_at

    def _chain(self) -> list[bytes]:
        """Make the entries; their rows."""
        head, instant = self.head, self.at
        at = copying.microseconds(datetime.fromisoformat(instant))
        rows = []
        for event, (outcome, numbers) in zip(self.pending, self._outcomes, strict=True):
            position = outcome.position
            raw = encode_entry(
                Seq(head.leaf, position, instant, numbers, event.signatures), event.context
            )
            leaf = leaf_hash(raw)
            head.leaf, head.at = leaf, instant
            head.edge.append(leaf)
            outcome.leaf, outcome.raw = leaf, raw
            rows.append(copying.entry_row(position, at, event.time, event.type_field, leaf, raw))
        for again, first in self._repeats:
            again.leaf, again.raw = first.leaf, first.raw
        return rows
