"""What was redacted: bytes that may lie in no file that was made of them before."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc

from domain.log.part import REDACTED

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Redaction:
    """Parts of one entry that were redacted.

    Attributes:
        position: of the entry.
        parts: their names.
        said: position of the event that says so.
    """

    position: int
    parts: frozenset[str]
    said: int


def read_redaction(event: Any, said: int) -> Redaction:  # noqa: ANN401 - JSON
    """What an event of type `REDACTED` says; it was made by a command of the ledger."""
    data = event.get("data", {})
    return Redaction(int(data["position"]), frozenset(data.get("parts", ())), said)


def redactions_in(events: pa.Table) -> list[Redaction]:
    """What rows of `events` say of it."""
    rows = events.filter(pc.equal(events["type"], REDACTED))
    return [
        read_redaction(json.loads(text), said)
        for said, text in zip(rows["position"].to_pylist(), rows["event"].to_pylist(), strict=True)
        if text is not None
    ]


def last_by_segment(
    redactions: Iterable[Redaction], names: Iterable[str], size: int
) -> dict[int, int]:
    """The last event that says of parts of these names that they were redacted, by segment.

    Args:
        redactions: all of them.
        names: of parts.
        size: entries in a segment.
    """
    wanted = frozenset(names)
    found: dict[int, int] = {}
    for one in redactions:
        if one.parts & wanted:
            number = (one.position - 1) // size
            found[number] = max(one.said, found.get(number, 0))
    return found
