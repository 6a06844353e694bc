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
    from collections.abc import Callable, Iterator, Sequence

    from store.ledger.chain import Head
    from store.ledger.prepared import Prepared
    from store.ledger.signer import Frame
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

    def __init__(self, head: Head, at: str, *, claimed: bool = False) -> None:
        """Begin a group; its deliveries are in the database already if they were `claimed`."""
        self.head = head
        self.at = at
        self.numbers: dict[str, int] = {}
        self.pending: list[Prepared] = []
        self.placed: dict[bytes, tuple[bytes, Appended]] = {}
        self._claimed = claimed
        self._outcomes: list[tuple[Appended, tuple[int, ...]]] = []
        self._repeats: list[tuple[Appended, Appended]] = []

    def place(self, event: Prepared) -> Appended:
        """Give an event the next position."""
        self.head.position = position = self.head.position + 1
        numbers = []
        for stream in event.streams:
            number = (self.numbers.get(stream) or self.head.numbers[stream]) + 1
            self.numbers[stream] = number
            numbers.append(number)
        appended = Appended(position)
        if event.key is not None and event.mac is not None:
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
        self,
        talk: Talk,
        schema: str,
        signing: Sequence[Frame] = (),
        settle: Callable[[Sequence[Prepared]], None] | None = None,
    ) -> int:
        """Make the entries, send all rows and commit; gives when every event was signed.

        Args:
            talk: in the transaction of this group.
            schema: the ledger's.
            signing: what is not signed yet.
            settle: signs anew what keys signed that are valid no more.

        Returns:
            nanoseconds since the epoch.
        """
        beside = self._beside()
        tables = list(beside)
        if self.head.edge.finishes(len(self.pending)):
            tables.append("tiles")
        if self.pending:
            tables.append("entries")
        talk.begin([*[copying.statement(schema, table) for table in tables], b"COMMIT"])
        # The rows of a table are made while the server takes in those of the one before, and
        # while it is busy with the tags, which are most of its work, everything of the entries.
        for rows in beside.values():
            talk.rows(copying.binary(rows()))
        for frame in signing:
            frame.wait()
        if settle is not None:
            settle(self.pending)
        signed_at = time.time_ns()
        entries = self._chain()
        if tiles := list(starmap(copying.tile_row, self.head.edge.take())):
            talk.rows(copying.binary(tiles))
        if entries:
            talk.rows(copying.binary(entries))
        talk.end()
        return signed_at

    def _beside(self) -> dict[str, Callable[[], list[bytes]]]:
        """The tables beside the entries that get rows, and what makes these."""
        tables: dict[str, Callable[[], list[bytes]]] = {}
        if self.pending:
            tables["parts"] = self._parts
        if self.placed and not self._claimed:
            tables["deliveries"] = self._deliveries
        if any(event.tag_heads or event.stream_heads for event in self.pending):
            tables["tags"] = self._tags
        return tables

    def _parts(self) -> list[bytes]:
        return [
            copying.part_row(position, row)
            for position, event in self._positions()
            for row in event.part_rows
        ]

    def _deliveries(self) -> list[bytes]:
        return [
            copying.delivery_row(key, mac, outcome.position)
            for key, (mac, outcome) in self.placed.items()
        ]

    def _tags(self) -> list[bytes]:
        rows = []
        for event, (outcome, numbers) in zip(self.pending, self._outcomes, strict=True):
            position = outcome.position
            if event.tag_heads:
                rows.append(copying.tag_rows(event.tag_heads, position))
            for head, number in zip(event.stream_heads, numbers, strict=True):
                rows.append(copying.stream_row(head, position, number))
        return rows

    def _positions(self) -> Iterator[tuple[int, Prepared]]:
        return enumerate(self.pending, self.head.position - len(self.pending) + 1)

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
