"""A log in memory that nobody signed: to judge facts that no ledger holds.

Its entries are chained and hashed like a ledger's, so the same definitions read them through the
same checks; but there is no key, no guard and no checkpoint, and whoever shows what comes of it
has to say so. It is gone with the process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa

from domain.content import pieces_of
from domain.log.context import Context, EventRef, PartRef
from domain.log.entry import Seq, Signature, encode_entry, format_at, leaf_hash
from domain.log.part import Part
from domain.log.tree import CompactTree
from projections.documents import PARTS as READABLE
from projections.documents import documents_of
from projections.engine import Engine
from projections.live import Snapshot
from projections.local import LocalHistory
from projections.rows import Link, beginning, verified
from projections.shelf import Kept
from store.ledger.columns import PARTS, SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from domain.draft import Draft
    from projections.rows import Rows

# The form of an entry wants one; this is a key that nobody has, and its name says so.
_NO_SIGNATURE: Final = (Signature("unsigned+00000000", b"\0" * 64),)


class UnsignedLog:
    """Entries of one origin, appended one by one. One thread at a time."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self._rows: list[tuple[int, bytes, bytes, bytes | None, bytes | None]] = []
        self._parts: dict[tuple[int, str], Part] = {}
        self._instants: list[datetime] = []
        self._link = beginning(origin)
        self._numbers: dict[str, int] = {}

    def append(self, draft: Draft, at: datetime) -> int:
        """Append an event; gives its position.

        Args:
            draft: passed the door.
            at: when it is taken in, UTC.

        Raises:
            TooLargeError: its entry would be too long.
        """
        position = self._link.position + 1
        parts = [one.part for one in draft.parts]
        for part in parts:
            if part.name in READABLE:
                body = b"".join(pieces_of(part.body))
                self._parts[position, part.name] = Part(part.name, part.media_type, body, part.salt)
        named = tuple(
            PartRef(one.name, one.media_type, len(one.body), one.commitment) for one in parts
        )
        event = draft.event
        context = Context(
            self.origin, draft.type, draft.version, draft.assurance, draft.by, draft.streams,
            draft.tags, EventRef(len(event.body), event.commitment), named,
        )  # fmt: skip
        for name in draft.streams:
            self._numbers[name] = self._numbers.get(name, 0) + 1
        seq = Seq(
            self._link.leaf, position, format_at(at),
            tuple(self._numbers[name] for name in draft.streams), _NO_SIGNATURE,
        )  # fmt: skip
        entry = encode_entry(seq, context.encode())
        self._link = Link(position, leaf_hash(entry))
        self._rows.append((position, self._link.leaf, entry, event.salt, event.body))
        self._instants.append(at)
        return position

    def read(self) -> pa.Table:
        """The entries as a reader of the store gives them."""
        if not self._rows:
            return SCHEMA.empty_table()
        return pa.table([list(column) for column in zip(*self._rows, strict=True)], SCHEMA)

    def parts(self, names: Iterable[str], after: int, until: int) -> pa.Table:
        """The documents as a reader of the store gives them."""
        rows = [
            (position, name, one.salt, one.body)
            for (position, name), one in self._parts.items()
            if name in names and after < position <= until
        ]
        columns = zip(*rows, strict=True) if rows else [[] for _ in PARTS]
        return pa.table([list(column) for column in columns], PARTS)

    def rows(self) -> Rows:
        """The entries as rows, verified."""
        return verified(self.read(), self.origin, beginning(self.origin))

    def snapshot(self) -> Snapshot:
        """All of it as one tail; its checkpoint is empty, since there is none."""
        rows = self.rows()
        documents = pa.concat_tables([Kept().tail, *documents_of(rows.events, self)])
        size = rows.last.position
        return Snapshot(
            self.origin, size, self.root_at(size), b"", (), rows.events, (size, 0),
            lambda: Kept((), documents),
        )  # fmt: skip

    def root_at(self, size: int) -> bytes:
        """Root hash over the first entries, so many."""
        tree = CompactTree()
        tree.extend([row[1] for row in self._rows[:size]])
        return tree.root()

    def position_at(self, instant: datetime, size: int) -> int:
        """The last position that was taken in at or before an instant; 0: none."""
        return sum(at <= instant for at in self._instants[:size])


def history_over(log: UnsignedLog, folder: Path) -> LocalHistory:
    """What can be asked of a log in memory, as it is now.

    Args:
        log: is not appended to any more.
        folder: for files of queries.
    """
    return LocalHistory(_Still(log.snapshot()), Engine(folder), log.root_at, log.position_at)


class _Still:
    """A state that nothing follows."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def snapshot(self) -> Snapshot:
        return self._snapshot

    def rebuild(self, progress: object) -> Snapshot:
        del progress
        return self._snapshot

    def close(self) -> None:
        """Nothing is open."""
