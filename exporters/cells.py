"""Cells of CSV: the same bytes for the same rows, and nothing that a sheet runs.

A cell that begins with `=`, `+`, `-`, `@`, tab or carriage return gets an apostrophe before it, or
a spreadsheet would take it for a formula. Lists are texts with spaces between; instants are RFC
3339 in UTC; what has no value is empty.
"""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def csv_of(columns: Sequence[str], rows: Iterable[dict[str, Any]]) -> bytes:
    """Rows as CSV (RFC 4180) in UTF-8, with a line of headings."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([cell_of(row[name]) for name in columns])
    return out.getvalue().encode()


def cell_of(value: Any) -> str:  # noqa: ANN401 - of any column
    """A value as a cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    text = " ".join(map(str, value)) if isinstance(value, list) else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def harmless(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column of texts as `cell_of` has them, whatever writes them; null stays null."""
    first = pc.utf8_slice_codeunits(texts, 0, 1)
    runs = pc.is_in(first, pa.array(_FORMULA, texts.type))
    return pc.if_else(runs, pc.binary_join_element_wise("'", texts, ""), texts)
