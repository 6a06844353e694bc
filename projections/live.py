"""All events of one ledger: sealed segments, and the tail that is not sealed yet.

Readers get snapshots. A snapshot never changes, so an answer is made from one state of the ledger
however long it takes; the next one sees what was published since.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

import pyarrow.compute as pc

from domain.errors import DamageError
from domain.log.part import EVENT_PART
from projections.contract import table
from projections.documents import PARTS
from projections.growing import grown
from projections.redactions import last_by_segment, redactions_in
from projections.rows import verified
from projections.shelf import Kept

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pyarrow as pa

    from domain.log.tree import CompactTree
    from projections.redactions import Redaction
    from projections.rows import Link
    from projections.segments import Segments
    from projections.shelf import Shelf
    from store.ledger.columns import ColumnReader
    from store.ledger.publisher import Published


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One published state of a ledger.

    Attributes:
        origin: of the ledger.
        size: number of entries.
        root: root hash over them.
        checkpoint: the signed note of this state.
        segments: files of the sealed segments, in order.
        tail: the entries after them, as the contract of `events` says.
        version: differs between two snapshots whose rows differ.
        documents: reads the documents of these events, when they are asked for.
        state: digest of the sealed segments and of what is redacted of the rest, hexadecimal: equal
            in every process. None while nothing is sealed.
    """

    origin: str
    size: int
    root: bytes
    checkpoint: bytes
    segments: tuple[Path, ...]
    tail: pa.Table = field(repr=False)
    version: tuple[int, int] = (0, 0)
    documents: Callable[[], Kept] = field(default=Kept, repr=False)
    state: str | None = None


class Live:
    """Follows one ledger. Safe for threads."""

    def __init__(
        self,
        segments: Segments,
        reader: ColumnReader,
        published: Callable[[], Published],
        redactions: Callable[[int], list[Redaction]],
        shelf: Shelf,
        forget: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Follow a ledger; nothing is read before the first question.

        Args:
            segments: where its segments lie.
            reader: reads what is not sealed.
            published: the newest state that readers may see.
            redactions: what was redacted, as said up to a size.
            shelf: where the documents of its events lie.
            forget: is told the stem of a segment's file whose bytes were redacted, so that
                nothing that was derived of them stays.
        """
        self._segments = segments
        self._reader = reader
        self._published = published
        self._redactions = redactions
        self._shelf = shelf
        self._forget = forget
        self._lock = threading.Lock()
        self._opened = False
        self._resealed = 0
        self._tail = table("events").arrow.empty_table()
        self._end: Link
        self._tree: CompactTree
        self._last: Snapshot | None = None

    def snapshot(self, progress: Callable[[int], None] = lambda _: None) -> Snapshot:
        """The newest published state, its chain and root verified.

        Args:
            progress: is told the position reached while segments are sealed.

        Raises:
            DamageError: the ledger does not verify; names the position. There is no answer then.
            UnavailableError: the database or the disk.
        """
        with self._lock:
            published = self._published()
            if self._last is None or published.size > self._last.size:
                try:
                    self._follow(published, progress)
                except BaseException:
                    # Half of it may have been taken: begin again with what is sealed and sound.
                    self._opened = False
                    raise
            if self._last is None:
                raise DamageError(None, "the ledger has no entry")
            return self._last

    def rebuild(self, progress: Callable[[int], None] = lambda _: None) -> Snapshot:
        """Drop the segments and seal them anew.

        Raises:
            DamageError: the ledger does not verify; names the position.
            UnavailableError: the database or the disk.
        """
        with self._lock:
            self._segments.drop()
            self._shelf.drop()
            self._opened = False
            self._last = None
        return self.snapshot(progress)

    def close(self) -> None:
        """Close the connections to the database."""
        with self._lock:
            self._reader.close()
            self._shelf.close()

    def _follow(self, published: Published, progress: Callable[[int], None]) -> None:
        if not self._opened:
            self._segments.open()
            self._make_up(self._redactions(published.size))
            self._begin_after_segments()
            self._opened = True
        if published.size // self._segments.size > len(self._segments.seals):
            said = self._redactions(published.size)
            last = last_by_segment(said, [EVENT_PART], self._segments.size)
            self._segments.seal(
                self._reader, published.size, lambda number: last.get(number, 0), progress
            )
            self._make_up(said)
            self._begin_after_segments()
        self._read_tail(published)
        if self._tree.root() != published.root:
            self._opened = False
            raise DamageError(
                None,
                f"the entries give another root than the signed checkpoint of {published.size}",
            )
        self._last = Snapshot(
            origin=self._segments.origin,
            size=published.size,
            root=published.root,
            checkpoint=published.checkpoint,
            segments=tuple(self._segments.paths),
            tail=self._tail,
            version=(published.size, self._resealed),
            documents=self._shelf.reading(self._segments, self._tail),
            state=_state(self._segments, self._tail),
        )

    def _begin_after_segments(self) -> None:
        self._tail = table("events").arrow.empty_table()
        self._end = self._segments.end
        self._tree = self._segments.tree()

    def _read_tail(self, published: Published) -> None:
        rows = verified(
            self._reader.read(self._end.position, published.size),
            self._segments.origin, self._end,
        )  # fmt: skip
        if rows.last.position != published.size:
            raise DamageError(rows.last.position + 1, "no entry here, below the published size")
        self._tail = grown(self._tail, rows.events)
        self._tree.extend(rows.leaves)
        self._end = rows.last
        if said := redactions_in(rows.events):
            self._take_out(said, published)

    def _make_up(self, said: list[Redaction]) -> None:
        """Bytes were redacted: what was sealed or derived of them before is made again."""
        events = last_by_segment(said, [EVENT_PART], self._segments.size)
        documents = last_by_segment(said, PARTS, self._segments.size)
        for number, seal in enumerate(self._segments.seals):
            if events.get(number, 0) > seal.redaction:
                self._segments.reseal(self._reader, number, events[number])
                self._resealed += 1
                self._forget(self._segments.path(number).stem)
            if self._shelf.take_out(number, documents.get(number, 0)):
                self._resealed += 1
                self._forget(self._segments.path(number).stem)

    def _take_out(self, said: list[Redaction], published: Published) -> None:
        """The same, and what is not sealed is read again without the bytes."""
        self._make_up(said)
        sealed = len(self._segments.seals) * self._segments.size
        if any(one.position > sealed and one.parts & {*PARTS} for one in said):
            self._shelf.forget_tail()
        if any(one.position > sealed and EVENT_PART in one.parts for one in said):
            self._begin_after_segments()
            rows = verified(
                self._reader.read(self._end.position, published.size),
                self._segments.origin, self._end,
            )  # fmt: skip
            self._tail = rows.events
            self._tree.extend(rows.leaves)
            self._end = rows.last


def _state(segments: Segments, tail: pa.Table) -> str | None:
    if not segments.seals:
        return None
    digest = sha256(f"{segments.origin}\n".encode())
    for seal in segments.seals:
        digest.update(f"{seal.digest}\n".encode())
    for position in tail["position"].filter(pc.is_null(tail["salt"])).to_pylist():
        digest.update(f"{position}\n".encode())
    return digest.hexdigest()
