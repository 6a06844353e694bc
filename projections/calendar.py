"""Instants that a calendar tells: those of the years 1 to 9999, as RFC 3339 writes them.

The door takes no others. What came another way may hold some, and SQL computes with them; but no
answer can write them down, so in answers there is no instant in their place.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

INSTANT: Final = pa.timestamp("us", "UTC")
_FIRST: Final = pa.scalar(datetime(1, 1, 1, tzinfo=UTC), INSTANT)
_LAST: Final = pa.scalar(datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), INSTANT)


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
    if not (pc.less(held["min"], _FIRST).as_py() or pc.greater(held["max"], _LAST).as_py()):
        return instants
    told = pc.and_(pc.greater_equal(instants, _FIRST), pc.less_equal(instants, _LAST))
    return pc.if_else(told, instants, pa.scalar(None, INSTANT))
