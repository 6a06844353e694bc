"""Facts: typed rows of one family of events, derived once of each segment and of each later event.

What is kept beside the segments carries the digest of its definition in its name, so a changed
definition is simply not found there and made anew. Those of events that are not sealed are kept in
memory. A definition makes each row of one event alone, or of one row of a document: so rows that
were derived in pieces are the ones that would be derived at once.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from domain.errors import UnavailableError
from domain.log.part import REDACTED
from projections.definitions import definitions
from projections.growing import after, grown, until
from projections.placing import place
from projections.segment import types_in
from projections.statements import parsed, plan_plainly

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from projections.definitions import Definition
    from projections.live import Snapshot
    from projections.workspace import Workspace

_NOTHING: Final[dict[Definition, pa.Table]] = {}
"""The facts, by definition, of events none of which is of their types: the same of every ledger."""
_FEW: Final = 1_000
"""Events: of fewer it takes longer to find out which columns need not be read than to read them."""


@dataclass(slots=True)
class _Tail:
    """Facts of the events after the segments, of the newest state that was asked about.

    Attributes:
        size: of the ledger then.
        redacted: position of the last event of these that tells of a redaction; None: there is
            none.
        leaves: columns `position` and `leaf` of these events.
        made: by definition, facts and up to where they go.
    """

    size: int
    redacted: int | None
    leaves: pa.Table
    made: dict[str, tuple[pa.Table, int]] = field(default_factory=dict, repr=False)

    def agrees(self, other: _Tail) -> bool:
        """Whether the events of both are the same, as far as both go, and redacted alike."""
        size = min(self.size, other.size)
        ours, theirs = until(self.leaves, size), until(other.leaves, size)
        # The chain makes a leaf speak for all events before it.
        return (
            self.redacted == other.redacted
            and 0 < ours.num_rows == theirs.num_rows
            and ours["leaf"][-1] == theirs["leaf"][-1]
        )


class Facts:
    """The facts of one ledger. One thread at a time, but for those of segments."""

    def __init__(
        self,
        folder: Path,
        workspace: Workspace,
        heard: Callable[[Snapshot], Mapping[str, int]],
    ) -> None:
        """Derive nothing yet.

        Args:
            folder: where those of segments are kept; it may be dropped at any time.
            workspace: in which they are derived.
            heard: tells the types of the events that are not sealed.
        """
        self._folder = folder
        self._workspace = workspace
        self._heard = heard
        self._types: dict[str, frozenset[str]] = {}
        self._whole: set[Path] = set()
        self._tail: _Tail | None = None

    def forget(self) -> None:
        """Drop all of them."""
        for name in definitions():
            for old in self._folder.glob(f"{name}-*"):
                shutil.rmtree(old, ignore_errors=True)
        self._tail = None

    def drop(self, stem: str) -> None:
        """Drop those of one segment.

        Args:
            stem: of the segment's file.
        """
        for old in self._folder.glob(f"*/{stem}-*"):
            old.unlink(missing_ok=True)

    def of_segments(self, one: Definition, snapshot: Snapshot) -> list[Path]:
        """The files of those of sealed segments; those that are missing are derived.

        Raises:
            UnavailableError: the disk.
        """
        folder = self._folder / f"{one.name}-{one.digest[:16]}"
        found = []
        files = snapshot.documents().files if one.base == "documents" else snapshot.segments
        for file in files:
            # A segment that was sealed anew has another time: facts of the old one do not count.
            path = folder / f"{file.stem}-{file.stat().st_mtime_ns:x}.parquet"
            nothing = path.with_suffix(".none")
            if not nothing.exists() and not self._is_whole(path):
                self._derive(one, file, path, nothing)
            if not nothing.exists():
                found.append(path)
        return found

    def _is_whole(self, path: Path) -> bool:
        """Whether a file is there, and to its end; each is looked at once."""
        if path not in self._whole:
            try:
                pq.read_metadata(path)
            except (pa.ArrowException, OSError):
                return False
            self._whole.add(path)
        return path.exists()

    def _derive(self, one: Definition, file: Path, path: Path, nothing: Path) -> None:
        """Make the file of a segment's facts, or the empty one that says that it has none."""
        if not path.parent.exists():
            for old in self._folder.glob(f"{one.name}-*"):
                shutil.rmtree(old, ignore_errors=True)
        path.parent.mkdir(exist_ok=True)
        if one.types and one.types.isdisjoint(self._types_in(file)):
            nothing.touch()
            return
        fresh = path.with_suffix(f".{os.getpid()}.new")
        try:
            with self._workspace.cursor() as cursor:
                cursor.execute(f"CREATE TEMP VIEW {one.base} AS {reading([file])}")
                cursor.sql(one.text).write_parquet(str(fresh), compression="zstd")
            place(fresh, path)
        except (duckdb.IOException, OSError) as error:
            fresh.unlink(missing_ok=True)
            raise UnavailableError(f"facts {path.name} cannot be written: {error}") from error

    def _types_in(self, file: Path) -> frozenset[str]:
        key = f"{file.stem}-{file.stat().st_mtime_ns:x}"
        if key not in self._types:
            self._types[key] = types_in(file)
        return self._types[key]

    def of_tail(self, one: Definition, snapshot: Snapshot) -> pa.Table:
        """Those of the events that are not sealed; what was derived before is kept."""
        heard = self._heard(snapshot)
        if one.types and one.types.isdisjoint(heard):
            if one not in _NOTHING:
                _NOTHING[one] = self._derived(snapshot.tail[:0], one)
            return _NOTHING[one]
        made = self._turned_to(snapshot, heard.get(REDACTED)).made
        rows, size = made.get(one.name, (None, 0))
        if rows is None or size < snapshot.size:
            told = snapshot.documents().tail if one.base == "documents" else snapshot.tail
            if rows is None:
                rows = self._derived(told, one)
            elif not one.types or any(heard.get(kind, 0) > size for kind in one.types):
                rows = grown(rows, self._derived(after(told, size), one))
            made[one.name] = rows, snapshot.size
            return rows
        return rows if size == snapshot.size else until(rows, snapshot.size)

    def _turned_to(self, snapshot: Snapshot, redacted: int | None) -> _Tail:
        """What is kept of these events; nothing is kept of a state older than the newest."""
        kept, leaves = self._tail, snapshot.tail.select(["position", "leaf"])
        asked = _Tail(snapshot.size, redacted, leaves)
        if kept is not None and kept.agrees(asked):
            if kept.size < asked.size:
                kept.size, kept.leaves = asked.size, asked.leaves
            return kept
        if kept is None or kept.size < asked.size:
            # What was redacted goes, of all definitions.
            self._tail = asked
        return asked

    def _derived(self, rows: pa.Table, one: Definition) -> pa.Table:
        with self._workspace.cursor() as cursor:
            if rows.num_rows < _FEW:
                plan_plainly(cursor)
            cursor.register(one.base, rows)
            # What is asked for its rows at once is bound twice, which costs more than these rows.
            cursor.execute(parsed(f"CREATE TEMP TABLE told AS {one.text}"))
            return cursor.sql("FROM told").to_arrow_table()


def reading(files: Iterable[Path | str]) -> str:
    """The statement that reads Parquet files as one table."""
    listed = ", ".join("'" + str(path).replace("'", "''") + "'" for path in files)
    return f"FROM read_parquet([{listed}])"
