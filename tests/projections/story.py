"""Histories told as events, as projections read them: real entries, chained, without a database."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from domain.event import read_event
from domain.events.streams import streams_of, tags_of
from domain.log.context import By, Context, EventRef, PartRef
from domain.log.entry import Seq, Signature, encode_entry, format_at, leaf_hash
from domain.log.part import Part
from domain.log.tree import CompactTree
from projections.documents import documents_of
from projections.engine import Engine
from projections.live import Snapshot
from projections.parameters import Parameters
from projections.rows import Link, beginning, verified
from projections.shelf import Kept
from store.ledger.columns import PARTS, SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from projections.engine import View
    from projections.rows import Rows

ORIGIN: Final = "ledger.example/story"
SENDER: Final = By("wkl_" + "a" * 32, "crd_" + "b" * 32, "token")
SOURCE: Final = "https://ci.example/acme"
FIRST: Final = datetime(2026, 3, 20, tzinfo=UTC)


class Story:
    """A ledger that is told event by event."""

    def __init__(self) -> None:
        self._rows: list[tuple[int, bytes, bytes, bytes | None, bytes | None]] = []
        self._findings: dict[int, Part] = {}
        self._link = beginning(ORIGIN)
        self._numbers: dict[str, int] = {}
        self._at = FIRST

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
            data: of the event; fields that are None are left out.
        """
        position = self._link.position + 1
        event = read_event({
            "specversion": "1.0", "id": f"e-{position}", "source": source,
            "type": f"pipeledger.{kind}.v1", "time": time,
            "data": {name: value for name, value in data.items() if value is not None},
        })  # fmt: skip
        streams = streams_of(event)
        head = (event.type, event.version, assurance, by, streams, tags_of(event))
        lines = None if found is None else "".join(json.dumps(row) + "\n" for row in found)
        return self._append(event.encode(), head, at, lines)

    def keep(self, body: bytes) -> int:
        """Append bytes that came through no door, as a plain recorder takes them."""
        return self._append(body, ("plain", 1, "asserted", SENDER, (), ()), None)

    def _append(
        self,
        body: bytes,
        head: tuple[str, int, str, By, tuple[str, ...], tuple[str, ...]],
        at: datetime | None,
        lines: str | None = None,
    ) -> int:
        position = self._link.position + 1
        salt = sha256(b"%d" % position).digest()
        part = Part("event", "application/json", body, salt)
        named: tuple[PartRef, ...] = ()
        if lines is not None:
            document = Part("findings", "application/x-ndjson", lines.encode(), salt)
            self._findings[position] = document
            named = (PartRef(document.name, document.media_type, len(document.body),
                             document.commitment),)  # fmt: skip
        context = Context(ORIGIN, *head, EventRef(len(part.body), part.commitment), named)
        streams = context.streams
        for name in streams:
            self._numbers[name] = self._numbers.get(name, 0) + 1
        self._at = at or self._at + timedelta(seconds=1)
        seq = Seq(
            self._link.leaf, position, format_at(self._at),
            tuple(self._numbers[name] for name in streams),
            (Signature("ledger.example/story+00000000", b"\0" * 64),),
        )  # fmt: skip
        entry = encode_entry(seq, context.encode())
        self._link = Link(position, leaf_hash(entry))
        self._rows.append((position, self._link.leaf, entry, part.salt, part.body))
        return position

    def redact(self, position: int, part: str = "event") -> None:
        """Take the bytes of an event, or of its findings, away, and say so."""
        if part == "event":
            number, leaf, entry, _, _ = self._rows[position - 1]
            self._rows[position - 1] = (number, leaf, entry, None, None)
        else:
            del self._findings[position]
        time = self._at.isoformat().replace("+00:00", "Z")
        self.tell("part.redacted", time, assurance="decided", position=position, parts=[part])

    def parts(self, names: Iterable[str], after: int, until: int) -> pa.Table:
        """The parts as a reader of the store gives them."""
        rows = [
            (position, one.name, one.salt, one.body)
            for position, one in self._findings.items()
            if one.name in names and after < position <= until
        ]
        columns = zip(*rows, strict=True) if rows else [[] for _ in PARTS]
        return pa.table([list(column) for column in columns], PARTS)

    def told(self) -> list[dict[str, Any]]:
        """The events that were told, in order, each with its position and how sure it is."""
        return [
            json.loads(body or b"{}")
            | {"position": position, "as": json.loads(entry.partition(b"\n")[2])["as"]}
            for position, _, entry, _, body in self._rows
        ]

    def read(self) -> pa.Table:
        """The rows as a reader of the store gives them."""
        if not self._rows:
            return SCHEMA.empty_table()
        return pa.table([list(column) for column in zip(*self._rows, strict=True)], SCHEMA)

    def rows(self) -> Rows:
        """The rows, verified."""
        return verified(self.read(), ORIGIN, beginning(ORIGIN))

    def snapshot(self) -> Snapshot:
        """All of it as one tail."""
        rows = self.rows()
        tree = CompactTree()
        tree.extend(rows.leaves)
        size = rows.last.position
        documents = pa.concat_tables([Kept().tail, *documents_of(rows.events, self)])
        return Snapshot(
            ORIGIN, size, tree.root(), b"", (), rows.events, (size, 0), lambda: Kept((), documents)
        )


@contextmanager
def viewing(story: Story, folder: Path, **chosen: Any) -> Iterator[View]:  # noqa: ANN401 - of several types
    """The tables of a story; `known_at` is its end unless chosen."""
    snapshot = story.snapshot()
    engine = Engine(folder, threads=1)
    try:
        with engine.view(snapshot, Parameters(**({"known_at": snapshot.size} | chosen))) as view:
            yield view
    finally:
        engine.close()


def records(table: pa.Table) -> list[dict[str, Any]]:
    """The rows of a table as JSON values."""
    found: list[dict[str, Any]] = json.loads(json.dumps(table.to_pylist(), default=str))
    return found
