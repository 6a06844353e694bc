"""Follows an open ledger: its segments in a folder, its tail by a connection of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from domain.log.part import EVENT_PART
from projections.engine import Engine
from projections.history import History
from projections.live import REDACTED, Live, redacted_by
from projections.segment import SIZE
from projections.segments import Segments
from store.ledger.reader import Filter

if TYPE_CHECKING:
    from pathlib import Path

    from store.ledger.ledger import Ledger
    from store.ledger.reader import Reader

_PAGE = 1000


def follow(ledger: Ledger, folder: Path, size: int = SIZE) -> Live:
    """Follow a ledger; nothing is read before the first question.

    Args:
        ledger: an open one.
        folder: where its segments lie, for it alone.
        size: entries in a segment, a power of two.
    """
    return Live(
        Segments(folder, ledger.origin, size),
        ledger.columns(),
        lambda: ledger.published,
        lambda upto: redactions(ledger.reader, upto),
    )


def history_of(ledger: Ledger, folder: Path) -> History:
    """What can be asked of a ledger's past; everything derived lies in the folder."""
    return History(
        follow(ledger, folder / "segments"),
        Engine(folder / "facts"),
        ledger.reader.root,
        ledger.reader.position_at,
    )


def redactions(reader: Reader, size: int) -> dict[int, int]:
    """Positions whose event was redacted, and the position of the event that says so."""
    found: dict[int, int] = {}
    after = 0
    while True:
        rows = reader.entries(size, Filter(types=(REDACTED,)), after=after, limit=_PAGE)
        for row in rows:
            for part in reader.parts(row):
                if part.name == EVENT_PART:
                    found |= redacted_by(msgspec.json.decode(part.body), row.position)
        if len(rows) < _PAGE:
            return found
        after = rows[-1].position
