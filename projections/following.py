"""Follows an open ledger: its segments in a folder, its tail by a connection of its own."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

import msgspec

from domain.log.part import EVENT_PART, REDACTED
from projections.engine import Engine
from projections.live import Live
from projections.local import LocalHistory
from projections.redactions import Redaction, read_redaction
from projections.sealing.workers import how_many
from projections.segment import SIZE
from projections.segments import Segments
from projections.shelf import Shelf
from store.ledger.reader import Filter

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from store.ledger.columns import ColumnReader
    from store.ledger.publisher import Published
    from store.ledger.reader import Reader

_PAGE = 1000


class Readable(Protocol):
    """A ledger, as far as it is read: an open one, or one beside the process that opened it."""

    @property
    def origin(self) -> str:
        """Its name in the log."""
        ...

    @property
    def published(self) -> Published:
        """The newest state that readers may see."""
        ...

    @property
    def reader(self) -> Reader:
        """Its entries."""
        ...

    def columns(self) -> ColumnReader:
        """A reader of much of the log at once, with a connection of its own."""
        ...


def follow(
    ledger: Readable,
    folder: Path,
    size: int = SIZE,
    forget: Callable[[str], None] = lambda _: None,
) -> Live:
    """Follow a ledger; nothing is read before the first question.

    Args:
        ledger: that is followed.
        folder: where its segments lie, for it alone.
        size: entries in a segment, a power of two.
        forget: see `Live`.
    """
    return Live(
        Segments(folder, ledger.origin, size, how_many()),
        ledger.columns(),
        lambda: ledger.published,
        lambda upto: redactions(ledger.reader, upto),
        Shelf(folder / "documents", ledger.origin, ledger.columns()),
        forget,
    )


def history_of(
    ledger: Readable,
    folder: Path,
    size: int = SIZE,
    monotonic: Callable[[], float] = time.monotonic,
) -> LocalHistory:
    """What can be asked of a ledger's past; everything derived lies in the folder.

    Args:
        ledger: that is followed.
        folder: for it alone.
        size: entries in a segment, a power of two.
        monotonic: see `History`.
    """
    engine = Engine(folder / "facts")
    return LocalHistory(
        follow(ledger, folder / "segments", size, engine.drop),
        engine,
        ledger.reader.root,
        ledger.reader.position_at,
        monotonic,
    )


def redactions(reader: Reader, size: int) -> list[Redaction]:
    """What was redacted, as said up to a size."""
    found: list[Redaction] = []
    after = 0
    while True:
        rows = reader.entries(size, Filter(types=(REDACTED,)), after=after, limit=_PAGE)
        for row in rows:
            found += [
                read_redaction(msgspec.json.decode(part.body), row.position)
                for part in reader.parts(row) if part.name == EVENT_PART
            ]  # fmt: skip
        if len(rows) < _PAGE:
            return found
        after = rows[-1].position
