"""Tables in order of position that grow at their end."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc


def grown(rows: pa.Table, more: pa.Table) -> pa.Table:
    """Both, in few pieces however often it grew.

    Each piece is longer than the one after it: so there are as many as the number of rows has
    binary digits, and a row is copied no more often than that.
    """
    pieces = [*rows.to_batches(), *more.to_batches()]
    first, length = len(pieces), 0
    while first and pieces[first - 1].num_rows <= length + more.num_rows:
        first -= 1
        length += pieces[first].num_rows
    joined = pa.Table.from_batches(pieces[first:], rows.schema).combine_chunks()
    return pa.Table.from_batches([*pieces[:first], *joined.to_batches()], rows.schema)


def until(rows: pa.Table, position: int) -> pa.Table:
    """Those up to a position."""
    return rows[: _reaching(rows, position)]


def after(rows: pa.Table, position: int) -> pa.Table:
    """Those after a position."""
    return rows[_reaching(rows, position) :]


def _reaching(rows: pa.Table, position: int) -> int:
    found: int | None = pc.sum(pc.less_equal(rows["position"], position)).as_py()
    return found or 0
