"""What a ledger was told at all up to a position: by whom, of which types, and until when.

Read from the events themselves, segment by segment, so memory does not grow with the ledger.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - another process is told so
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from domain.errors import UnavailableError
from projections.contract import table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from projections.live import Snapshot

_COLUMNS: Final = ["position", "source", "type", "recorded_at"]
NOBODY: Final = "(no source)"
"""Stands for the source of what came through no door or was redacted."""


@dataclass(frozen=True, slots=True)
class Heard:
    """How much was told under one name.

    Attributes:
        name: of the source or type.
        events: how many.
        first_at: when the ledger took in the first of them.
        last_at: and the last.
    """

    name: str
    events: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """What a ledger was told up to a position.

    Attributes:
        sources: by name.
        types: stored types, by name.
        first_at: when its first entry was recorded.
        last_at: when the last one that was read was recorded.
    """

    sources: tuple[Heard, ...]
    types: tuple[Heard, ...]
    first_at: datetime
    last_at: datetime


def told(snapshot: Snapshot, position: int) -> Told:
    """What the ledger was told up to a position, at least 1.

    Raises:
        UnavailableError: the disk.
    """
    counted = [_counted(rows) for rows in _rows(snapshot, position)]
    whole = pa.concat_tables(counted)
    return Told(
        _by("source", whole), _by("type", whole),
        pc.min(whole["recorded_at_min"]).as_py(), pc.max(whole["recorded_at_max"]).as_py(),
    )  # fmt: skip


def _rows(snapshot: Snapshot, position: int) -> Iterator[pa.Table]:
    for path in snapshot.segments:
        try:
            rows = pq.read_table(path, columns=_COLUMNS)
        except (pa.ArrowException, OSError) as error:
            raise UnavailableError(f"segment {path.name} cannot be read: {error}") from error
        yield rows.filter(pc.less_equal(rows["position"], position))
        if pc.max(rows["position"]).as_py() >= position:
            return
    tail = snapshot.tail.select(_COLUMNS)
    yield tail.filter(pc.less_equal(tail["position"], position))


def _counted(rows: pa.Table) -> pa.Table:
    schema = table("events").arrow
    rows = rows.cast(pa.schema([schema.field(name) for name in _COLUMNS]))
    named = rows.set_column(1, "source", pc.fill_null(rows["source"], NOBODY))
    return named.group_by(["source", "type"]).aggregate([
        ("position", "count"), ("recorded_at", "min"), ("recorded_at", "max"),
    ])  # fmt: skip


def _by(name: str, counted: pa.Table) -> tuple[Heard, ...]:
    rows = counted.group_by(name).aggregate([
        ("position_count", "sum"), ("recorded_at_min", "min"), ("recorded_at_max", "max"),
    ]).sort_by(name)  # fmt: skip
    return tuple(
        Heard(
            row[name], row["position_count_sum"],
            row["recorded_at_min_min"], row["recorded_at_max_max"],
        )
        for row in rows.to_pylist()
    )  # fmt: skip
