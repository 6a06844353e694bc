"""All events of one ledger: sealed segments, and the tail that is not sealed yet.

Readers get snapshots. A snapshot never changes, so an answer is made from one state of the ledger
however long it takes; the next one sees what was published since.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from domain.errors import DamageError
from domain.log.part import EVENT_PART
from projections.contract import table
from projections.rows import verified

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from domain.log.tree import CompactTree
    from projections.rows import Link
    from projections.segments import Segments
    from store.ledger.columns import ColumnReader
    from store.ledger.publisher import Published

REDACTED: Final = "pipeledger.part.redacted"


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
    """

    origin: str
    size: int
    root: bytes
    checkpoint: bytes
    segments: tuple[Path, ...]
    tail: pa.Table = field(repr=False)
    version: tuple[int, int] = (0, 0)


class Live:
    """Follows one ledger. Safe for threads."""

    def __init__(
        self,
        segments: Segments,
        reader: ColumnReader,
        published: Callable[[], Published],
        redactions: Callable[[int], dict[int, int]],
    ) -> None:
        """Follow a ledger; nothing is read before the first question.

        Args:
            segments: where its segments lie.
            reader: reads what is not sealed.
            published: the newest state that readers may see.
            redactions: positions whose event was redacted up to a size, and where that is said.
        """
        self._segments = segments
        self._reader = reader
        self._published = published
        self._redactions = redactions
        self._lock = threading.Lock()
        self._opened = False
        self._resealed = 0
        self._tail: list[pa.Table] = []
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
            self._opened = False
            self._last = None
        return self.snapshot(progress)

    def close(self) -> None:
        """Close the connection to the database."""
        with self._lock:
            self._reader.close()

    def _follow(self, published: Published, progress: Callable[[int], None]) -> None:
        if not self._opened:
            self._segments.open()
            self._begin_after_segments()
            self._opened = True
        if published.size // self._segments.size > len(self._segments.seals):
            gone = self._redactions(published.size)
            self._segments.seal(
                self._reader, published.size, lambda number: self._last_of(gone, number), progress
            )
            self._begin_after_segments()
        self._read_tail(published)
        if self._tree.root() != published.root:
            self._opened = False
            raise DamageError(
                None,
                f"the entries give another root than the signed checkpoint of {published.size}",
            )
        events = table("events").arrow
        self._last = Snapshot(
            origin=self._segments.origin,
            size=published.size,
            root=published.root,
            checkpoint=published.checkpoint,
            segments=tuple(self._segments.paths),
            tail=pa.concat_tables(self._tail) if self._tail else events.empty_table(),
            version=(published.size, self._resealed),
        )

    def _begin_after_segments(self) -> None:
        self._tail = []
        self._end = self._segments.end
        self._tree = self._segments.tree()

    def _read_tail(self, published: Published) -> None:
        rows = verified(
            self._reader.read(self._end.position, published.size),
            self._segments.origin, self._end,
        )  # fmt: skip
        if rows.last.position != published.size:
            raise DamageError(rows.last.position + 1, "no entry here, below the published size")
        self._tail.append(rows.events)
        self._tree.extend(rows.leaves)
        self._end = rows.last
        if gone := _redacted(rows.events):
            self._forget(gone, published)

    def _forget(self, gone: dict[int, int], published: Published) -> None:
        """Bytes were redacted: what was read of them before is read again without them."""
        size = self._segments.size
        sealed = len(self._segments.seals) * size
        for number in sorted({(at - 1) // size for at in gone if at <= sealed}):
            self._segments.reseal(self._reader, number, self._last_of(gone, number))
            self._resealed += 1
        if any(at > sealed for at in gone):
            self._begin_after_segments()
            rows = verified(
                self._reader.read(self._end.position, published.size),
                self._segments.origin, self._end,
            )  # fmt: skip
            self._tail.append(rows.events)
            self._tree.extend(rows.leaves)
            self._end = rows.last

    def _last_of(self, gone: dict[int, int], number: int) -> int:
        size = self._segments.size
        return max((said for at, said in gone.items() if (at - 1) // size == number), default=0)


def redacted_by(event: Any, position: int) -> dict[int, int]:  # noqa: ANN401 - JSON
    """The position whose event bytes a redaction took away, and where that is said."""
    data = event.get("data", {})
    return {int(data["position"]): position} if EVENT_PART in data.get("parts", ()) else {}


def _redacted(events: pa.Table) -> dict[int, int]:
    rows = events.filter(pc.equal(events["type"], REDACTED))
    found: dict[int, int] = {}
    for position, text in zip(rows["position"].to_pylist(), rows["event"].to_pylist(), strict=True):
        found |= redacted_by(json.loads(text or "{}"), position)
    return found
