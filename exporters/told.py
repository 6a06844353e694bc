"""An event as it leaves for other systems: what is sealed or redacted is not in it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    import pyarrow as pa

_PREFIX: Final = "pipeledger."
_LONGEST: Final = 1_000
"""Longest text that is handed on, in characters; receivers cut off longer ones anywhere."""
_MOST: Final = 100
"""Most items of a list that are handed on."""

Plain = str | bool | int | float | list[str]


@dataclass(frozen=True, slots=True)
class Told:
    """One event of a ledger.

    Attributes:
        origin: of the ledger.
        position: in it.
        recorded_at: when the ledger took it in.
        occurred_at: when it happened, as its sender claims; where none is claimed, `recorded_at`.
        type: stored type (`pipeledger.deployment.finished`).
        version: of the type.
        assurance: how sure it is.
        source: who said so.
        id: of the event within its source.
        data: of the event; empty where it was redacted.
        traceparent: the sender's own trace (W3C Trace Context), or None.
    """

    origin: str
    position: int
    recorded_at: datetime
    occurred_at: datetime
    type: str
    version: int
    assurance: str
    source: str
    id: str
    data: dict[str, Any] = field(repr=False)
    traceparent: str | None = None

    @property
    def what(self) -> str:
        """Family and fact, without our prefix: `deployment.finished`."""
        return self.type.removeprefix(_PREFIX)

    def text(self, *path: str) -> str | None:
        """A text of the data, by the names on the way to it; None: there is none."""
        found: Any = self.data
        for name in path:
            found = found.get(name) if isinstance(found, dict) else None
        return found[:_LONGEST] if isinstance(found, str) and found else None

    def plain(self) -> Iterator[tuple[str, Plain]]:
        """Fields of the data that hold one value or a list of texts, and those within them.

        The name of a field within another one follows after a dot.
        """
        yield from _plain("", self.data)


def told_of(events: pa.Table, origin: str) -> Iterator[Told]:
    """The events of rows as the contract of `events` says.

    Args:
        events: verified rows.
        origin: of their ledger.
    """
    wanted = events.select(
        ["position", "recorded_at", "occurred_at", "type", "version", "assurance", "source",
         "event_id", "event"]
    )  # fmt: skip
    for row in wanted.to_pylist():
        body = _body(row["event"])
        data, parent = body.get("data"), body.get("traceparent")
        yield Told(
            origin=origin,
            position=row["position"],
            recorded_at=row["recorded_at"],
            occurred_at=row["occurred_at"] or row["recorded_at"],
            type=row["type"],
            version=row["version"],
            assurance=row["assurance"],
            source=row["source"] or f"//{origin}",
            # A plain event of the recorder has none; its place is its name then.
            id=row["event_id"] or str(row["position"]),
            data=data if isinstance(data, dict) else {},
            traceparent=parent if isinstance(parent, str) else None,
        )


def _body(text: str | None) -> dict[str, Any]:
    if text is None:
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        # A plain event of the recorder may be any bytes.
        return {}
    return found if isinstance(found, dict) else {}


def _plain(before: str, value: dict[str, Any]) -> Iterator[tuple[str, Plain]]:
    for name, one in value.items():
        if isinstance(one, str):
            yield before + name, one[:_LONGEST]
        elif isinstance(one, bool | int | float):
            yield before + name, one
        elif isinstance(one, list):
            texts = [text[:_LONGEST] for text in one if isinstance(text, str)]
            if texts and len(texts) == len(one):
                yield before + name, texts[:_MOST]
        elif isinstance(one, dict) and not before:
            yield from _plain(f"{name}.", one)
