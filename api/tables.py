"""Tables as Arrow, Parquet and CSV; entries as such tables, one row an entry."""

from __future__ import annotations

import io
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from domain.log.entry import parse_entry
from domain.log.part import EVENT_PART
from exporters.cells import harmless

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.log.part import Part
    from store.ledger.reader import Row

ARROW: Final = "application/vnd.apache.arrow.stream"
PARQUET: Final = "application/vnd.apache.parquet"
CSV: Final = "text/csv"
MEDIA_TYPES: Final = (ARROW, PARQUET, CSV)

_NAMES: Final = pa.list_(pa.string())
SCHEMA: Final = pa.schema([
    pa.field("position", pa.int64(), nullable=False),
    pa.field("leaf", pa.string(), nullable=False),
    pa.field("at", pa.timestamp("us", "UTC"), nullable=False),
    pa.field("type", pa.string(), nullable=False),
    pa.field("version", pa.int64(), nullable=False),
    pa.field("assurance", pa.string(), nullable=False),
    pa.field("principal", pa.string(), nullable=False),
    pa.field("credential", pa.string(), nullable=False),
    pa.field("how", pa.string(), nullable=False),
    pa.field("streams", _NAMES, nullable=False),
    pa.field("tags", _NAMES, nullable=False),
    pa.field("event", pa.string()),
])  # fmt: skip
"""`event` is the event as JSON; null where the role may not read it or it was redacted."""


def encode(rows: Sequence[tuple[Row, Sequence[Part]]], media: str) -> bytes:
    """These entries, with the parts that may be seen, in one of MEDIA_TYPES.

    In CSV the names of streams and of tags stand in one field each, separated by spaces, which
    no name holds.
    """
    return write_table(
        pa.Table.from_pylist([_record(row, parts) for row, parts in rows], SCHEMA), media
    )


def write_table(table: pa.Table, media: str) -> bytes:
    """A table in one of MEDIA_TYPES.

    In CSV, lists are texts with spaces between, and no text is one that a sheet would run.
    """
    out = io.BytesIO()
    if media == PARQUET:
        pyarrow.parquet.write_table(table, out, compression="zstd")
    elif media == ARROW:
        with pa.ipc.new_stream(out, table.schema) as stream:
            stream.write_table(table)
    else:
        for at, column in enumerate(table.schema):
            texts = table[column.name]
            if pa.types.is_list(column.type):
                texts = pa.chunked_array([pa.array(
                    [None if one is None else " ".join(map(str, one)) for one in texts.to_pylist()],
                    pa.string(),
                )])  # fmt: skip
            if pa.types.is_string(texts.type) or pa.types.is_large_string(texts.type):
                table = table.set_column(at, column.name, harmless(texts))
        pyarrow.csv.write_csv(table, out)
    return out.getvalue()


def _record(row: Row, parts: Sequence[Part]) -> dict[str, Any]:
    entry = parse_entry(row.raw)
    context, by = entry.context, entry.context.by
    event = next((part.body for part in parts if part.name == EVENT_PART), None)
    return {
        "position": row.position,
        "leaf": row.leaf.hex(),
        "at": datetime.fromisoformat(entry.seq.at),
        "type": context.type,
        "version": context.version,
        "assurance": context.assurance,
        "principal": by.principal,
        "credential": by.credential,
        "how": by.how,
        "streams": list(context.streams),
        "tags": list(context.tags),
        "event": None if event is None else event.decode("utf-8", "replace"),
    }
