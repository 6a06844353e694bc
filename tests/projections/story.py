"""Histories told as events, as projections read them: real entries, chained, without a database."""

from __future__ import annotations

import functools
import json
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from domain.draft import Draft, SealedPart
from domain.event import read_event
from domain.events.streams import streams_of, tags_of
from domain.log.by import By
from domain.log.part import Part
from projections.engine import Engine
from projections.parameters import Parameters
from projections.unsigned import UnsignedLog

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    from projections.engine import View
    from projections.live import Snapshot

ORIGIN: Final = "ledger.example/story"
SENDER: Final = By("wkl_" + "a" * 32, "crd_" + "b" * 32, "token")
SOURCE: Final = "https://ci.example/acme"
FIRST: Final = datetime(2026, 3, 20, tzinfo=UTC)


class Story(UnsignedLog):
    """A ledger that is told event by event."""

    def __init__(self) -> None:
        super().__init__(ORIGIN)
        self._at = FIRST
        self._last: Snapshot | None = None

    def tell(
        self,
        kind: str,
        time: str,
        /,
        *,
        source: str = SOURCE,
        assurance: str = "asserted",
        by: By = SENDER,
        at: datetime | None = None,
        found: Sequence[Mapping[str, object]] | None = None,
        extensions: Mapping[str, str] | None = None,
        **data: Any,  # noqa: ANN401 - JSON
    ) -> int:
        """Append an event; gives its position.

        Args:
            kind: type without prefix and version (`deployment.finished`).
            time: when it happened, RFC 3339.
            source: who says so.
            assurance: how sure it is.
            by: who was authenticated.
            at: when the ledger took it in; None: a second after the one before.
            found: rows of its findings document, or None.
            extensions: further attributes of the event, or None.
            data: of the event; fields that are None are left out.
        """
        position = self._link.position + 1
        event = read_event({
            "specversion": "1.0", "id": f"e-{position}", "source": source,
            "type": f"pipeledger.{kind}.v1", "time": time,
            "data": {name: value for name, value in data.items() if value is not None},
            **(extensions or {}),
        })  # fmt: skip
        streams = streams_of(event)
        head = (event.type, event.version, assurance, by, streams, tags_of(event))
        lines = None if found is None else "".join(json.dumps(row) + "\n" for row in found)
        return self._append(event.encode(), head, at, lines)

    def keep(self, body: bytes) -> int:
        """Append bytes that came through no door, as a plain recorder takes them."""
        return self._append(body, ("plain", 1, "asserted", SENDER, (), ()), None)

    def put(self, kind: str, body: bytes, *, assurance: str = "asserted") -> int:
        """Append bytes as an event of a type although they came through no door."""
        head = (f"pipeledger.{kind}", 1, assurance, SENDER, (), ())
        return self._append(body, head, None)

    def _append(
        self,
        body: bytes,
        head: tuple[str, int, str, By, tuple[str, ...], tuple[str, ...]],
        at: datetime | None,
        lines: str | None = None,
    ) -> int:
        salt = sha256(b"%d" % (self._link.position + 1)).digest()
        parts = (
            () if lines is None
            else (SealedPart(Part("findings", "application/x-ndjson", lines.encode(), salt)),)
        )  # fmt: skip
        self._at = at or self._at + timedelta(seconds=1)
        event = Part("event", "application/json", body, salt)
        return self.append(Draft(*head, event, parts), self._at)

    def redact(self, position: int, part: str = "event") -> None:
        """Take the bytes of an event, or of its findings, away, and say so."""
        if part == "event":
            number, leaf, entry, _, _ = self._rows[position - 1]
            self._rows[position - 1] = (number, leaf, entry, None, None)
        else:
            del self._parts[position, part]
        time = self._at.isoformat().replace("+00:00", "Z")
        self.tell("part.redacted", time, assurance="decided", position=position, parts=[part])

    def snapshot(self) -> Snapshot:
        """All of it; the same one until more is told."""
        if self._last is None or self._last.size != len(self._rows):
            self._last = super().snapshot()
        return self._last

    def told(self) -> list[dict[str, Any]]:
        """The events that were told, in order, each with its position and how sure it is."""
        return [
            json.loads(body or b"{}")
            | {"position": position, "as": json.loads(entry.partition(b"\n")[2])["as"]}
            for position, _, entry, _, body in self._rows
        ]


@functools.lru_cache(maxsize=1)
def _engine(folder: Path) -> Engine:
    """One for all questions of a test: each finds what those before it made, as at a server."""
    return Engine(folder, threads=1)


@contextmanager
def viewing(story: Story, folder: Path, **chosen: Any) -> Iterator[View]:  # noqa: ANN401 - of several types
    """The tables of a story; `known_at` is its end unless chosen."""
    snapshot = story.snapshot()
    parameters = Parameters(**({"known_at": snapshot.size} | chosen))
    with _engine(folder).view(snapshot, parameters) as view:
        yield view


def records(table: pa.Table) -> list[dict[str, Any]]:
    """The rows of a table as JSON values."""
    found: list[dict[str, Any]] = json.loads(json.dumps(table.to_pylist(), default=str))
    return found
