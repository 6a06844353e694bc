"""What an auditor looks at behind an item: the entries that decided, and their documents."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from domain.errors import UnavailableError
from domain.log.entry import parse_entry
from projections.answer import rows_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from projections.live import Snapshot

MOST: Final = 50
"""Entries of one sheet; an item of more names all of them in its `positions`."""
_COLUMNS: Final = ["position", "type", "occurred_at", "recorded_at", "source", "event", "entry"]


def sheets_of(snapshot: Snapshot, positions: Iterable[int]) -> dict[int, dict[str, Any]]:
    """What a sheet says of entries, by their positions.

    Args:
        snapshot: state of the ledger.
        positions: of entries in it.

    Raises:
        UnavailableError: the disk.
    """
    wanted = sorted(set(positions))
    sealed = snapshot.size - snapshot.tail.num_rows
    each = sealed // len(snapshot.segments) if snapshot.segments else 0
    found: dict[int, dict[str, Any]] = {}
    by_file: dict[int, list[int]] = {}
    for position in wanted:
        if position <= sealed:
            by_file.setdefault((position - 1) // each, []).append(position)
    try:
        for at, here in by_file.items():
            table = pq.read_table(
                snapshot.segments[at], columns=_COLUMNS, filters=[("position", "in", here)]
            )
            found |= {row["position"]: _sheet(row) for row in rows_of(table)}
    except (pa.ArrowException, OSError) as error:
        raise UnavailableError(f"a segment cannot be read: {error}") from error
    rest = pa.array([one for one in wanted if one > sealed], pa.int64())
    tail = snapshot.tail.select(_COLUMNS)
    for row in rows_of(tail.filter(pc.is_in(tail["position"], value_set=rest))):
        found[row["position"]] = _sheet(row)
    return found


def _sheet(row: dict[str, Any]) -> dict[str, Any]:
    data = {} if row["event"] is None else _data(row["event"])
    told = {str(one.get("name")): one.get("digest") for one in _objects(data.get("documents"))}
    url = data.get("url")
    return {
        "position": row["position"],
        "type": row["type"],
        "time": row["occurred_at"],
        "recorded_at": row["recorded_at"],
        "source": row["source"],
        "url": url if isinstance(url, str) else None,
        "documents": [
            {"name": one.name, "media_type": one.media_type, "commitment": one.commitment.hex(),
             "digest": told.get(one.name)}
            for one in parse_entry(row["entry"]).context.parts
        ],
    }  # fmt: skip


def _data(event: str) -> dict[str, Any]:
    try:
        data = json.loads(event)["data"]
    except (ValueError, KeyError, TypeError, RecursionError):
        # A plain recorder takes any bytes.
        return {}
    return data if isinstance(data, dict) else {}


def _objects(value: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - JSON
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
