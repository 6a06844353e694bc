"""An earlier published state, cut out of a later one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from projections.live import Snapshot
from projections.segment import read_seal
from projections.shelf import Kept

if TYPE_CHECKING:
    from pathlib import Path


def earlier(snapshot: Snapshot, size: int, root: bytes, checkpoint: bytes) -> Snapshot:
    """The state of a smaller size, or of the same one.

    Whoever cuts the same size out of whatever later state gets the same files and the same tail,
    unless something was redacted in between.

    Args:
        snapshot: a later state.
        size: number of entries wanted.
        root: root hash over them.
        checkpoint: a signed note of this size.
    """
    ends = [(path, read_seal(path).after.position) for path in snapshot.segments]
    whole = tuple(path for path, end in ends if end <= size)
    cut = [path for path, end in ends if end > size]
    tail = _cut(cut, snapshot.tail, size)

    def documents() -> Kept:
        kept = snapshot.documents()
        return Kept(kept.files[: len(whole)], _cut(kept.files[len(whole) :], kept.tail, size))

    # No two states that are cut differently may be taken for one another.
    version = (size, -len(whole) - 1)
    return Snapshot(snapshot.origin, size, root, checkpoint, whole, tail, version, documents)


def _cut(files: list[Path] | tuple[Path, ...], tail: pa.Table, size: int) -> pa.Table:
    """Rows up to a position, of files that go beyond it and of the tail."""
    pieces = []
    for path in files:
        rows = pq.read_table(path).replace_schema_metadata(None)
        pieces.append(rows.filter(pc.less_equal(rows["position"], size)).sort_by("position"))
    pieces.append(tail.filter(pc.less_equal(tail["position"], size)))
    return pa.concat_tables([piece.cast(tail.schema) for piece in pieces]).combine_chunks()
