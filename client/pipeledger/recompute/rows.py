"""Entries and their events as rows: what the definitions read.

Every value comes from the entry's two lines or the event's bytes, both verified; a column that
somebody else wrote beside them is not read.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeledger.recompute.documents import Kept
    from pipeledger.verifier.entry import Entry

INSTANT = pa.timestamp("us", "UTC")
_FIRST = pa.scalar(datetime(1, 1, 1, tzinfo=UTC), INSTANT)
_LAST = pa.scalar(datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), INSTANT)
_TEXTS = pa.list_(pa.string())
FIELDS = (
    "service", "environment", "repository", "commit", "release", "run", "actor", "ticket",
    "outcome", "time_basis",
)  # fmt: skip
"""Fields of `data` that are columns of their own, where they are texts."""
COLUMNS = pa.schema([
    *(pa.field(name, pa.int64()) for name in ("position", "version")),
    *(pa.field(name, INSTANT) for name in ("recorded_at", "occurred_at")),
    *(pa.field(name, pa.string()) for name in (
        "type", "assurance", "principal", "credential", "how", "source", "event_id", "artifact",
        *FIELDS, "event",
    )),
    pa.field("streams", _TEXTS), pa.field("stream_numbers", pa.list_(pa.int64())),
    pa.field("tags", _TEXTS),
    *(pa.field(name, pa.binary()) for name in ("salt", "entry", "leaf")),
])  # fmt: skip
_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?"
    r"(?:[Zz]|([+-][0-9]{2}:[0-5][0-9]))"
)


@dataclass(frozen=True)
class Batch:
    """Entries that follow each other.

    Attributes:
        entries: their bytes.
        salts: of their events; None where the event is not at hand.
        bodies: the events' bytes; None likewise.
        documents: documents of these entries that are at hand, where they are wanted.
    """

    entries: list[bytes]
    salts: list[bytes | None]
    bodies: list[bytes | None]
    documents: Kept = field(default_factory=dict)


def event_rows(parsed: Sequence[Entry], leaves: Sequence[bytes], batch: Batch) -> pa.Table:
    """The rows of entries whose lines, links and commitments hold."""
    events = [_event(body) for body in batch.bodies]
    datas = [_object(event.get("data")) for event in events]
    contexts = [entry.context for entry in parsed]
    columns: dict[str, list[Any]] = {
        "position": [entry.position for entry in parsed],
        "version": [context["tv"] for context in contexts],
        "recorded_at": [_instant(entry.seq["at"]) for entry in parsed],
        "occurred_at": [_instant(event.get("time")) for event in events],
        "type": [context["type"] for context in contexts],
        "assurance": [context["as"] for context in contexts],
        "principal": [context["by"]["p"] for context in contexts],
        "credential": [context["by"]["cred"] for context in contexts],
        "how": [context["by"]["how"] for context in contexts],
        "source": [_text(event.get("source")) for event in events],
        "event_id": [_text(event.get("id")) for event in events],
        "artifact": [_text(_object(data.get("artifact")).get("digest")) for data in datas],
        "event": [None if body is None else _decoded(body) for body in batch.bodies],
        "streams": [context["streams"] for context in contexts],
        "stream_numbers": [entry.seq["sn"] for entry in parsed],
        "tags": [context["tags"] for context in contexts],
        "salt": batch.salts,
        "entry": batch.entries,
        "leaf": list(leaves),
    }
    columns |= {name: [_text(data.get(name)) for data in datas] for name in FIELDS}
    return pa.table([pa.array(columns[one.name], one.type) for one in COLUMNS], COLUMNS)


def records(table: pa.Table) -> list[dict[str, Any]]:
    """The rows of a table; there is no instant outside the years 1 to 9999, as in answers."""
    for at, column in enumerate(table.schema):
        if pa.types.is_timestamp(column.type):
            instants = table[column.name].cast(INSTANT)
            told = pc.and_(pc.greater_equal(instants, _FIRST), pc.less_equal(instants, _LAST))
            table = table.set_column(
                at, column.name, pc.if_else(told, instants, pa.scalar(None, INSTANT))
            )
    found: list[dict[str, Any]] = table.to_pylist()
    return found


def _event(body: bytes | None) -> dict[str, Any]:
    """The object in an event's bytes; an event that is none has no fields."""
    if body is None:
        return {}
    try:
        # A lone surrogate is no text; encoding finds it wherever it stands.
        value = json.loads(body, parse_constant=_refuse)
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return {}
    return _object(value)


def _object(value: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:  # noqa: ANN401 - JSON
    return value if isinstance(value, str) else None


def _decoded(body: bytes) -> str | None:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None


def _instant(text: Any) -> datetime | None:  # noqa: ANN401 - JSON
    """RFC 3339 with offset, digits beyond microseconds cut off; None for anything else."""
    match = _TIME.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return None
    day, clock, fraction, offset = match.groups()
    digits = ((fraction or "") + "000000")[:6]
    try:
        found = datetime.fromisoformat(f"{day}T{clock}.{digits}{offset or '+00:00'}")
        return found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _refuse(name: str) -> Any:  # noqa: ANN401 - the type of the hook
    raise ValueError(name)
