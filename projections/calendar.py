"""Instants that a calendar tells: those of the years 1 to 9999, as RFC 3339 writes them.

The door takes no others. What came another way may hold some, and SQL computes with them; but no
answer can write them down, so in answers there is no instant in their place.
"""

from __future__ import annotations

import functools
from datetime import UTC, datetime
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

INSTANT: Final = pa.timestamp("us", "UTC")


@functools.cache
def _ends() -> tuple[pa.Scalar, pa.Scalar]:
    # When first needed: making a scalar loads pandas where that is installed, and most commands
    # need none.
    last = datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    return pa.scalar(datetime(1, 1, 1, tzinfo=UTC), INSTANT), pa.scalar(last, INSTANT)


def tellable(table: pa.Table) -> pa.Table:
    """A table without the instants that no calendar tells."""
    for at, column in enumerate(table.schema):
        if pa.types.is_timestamp(column.type):
            instants = table[column.name].cast(INSTANT)
            table = table.set_column(at, column.name, instants_told(instants))
    return table


def instants_told(instants: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Instants, and nothing in place of those that no calendar tells."""
    held = pc.min_max(instants)
    first, last = _ends()
    if not (pc.less(held["min"], first).as_py() or pc.greater(held["max"], last).as_py()):
        return instants
    told = pc.and_(pc.greater_equal(instants, first), pc.less_equal(instants, last))
    return pc.if_else(told, instants, pa.scalar(None, INSTANT))
