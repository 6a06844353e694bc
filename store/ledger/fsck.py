"""Re-derives everything that a ledger keeps and names whatever does not agree.

One pass over the entries in order of position, with the tags, parts and deliveries beside them
read in the same order, so that memory stays bounded by the number of streams. After damage the
pass goes on from what is stored, so one damage gives one finding, not one for each later entry.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import msgspec
from psycopg import sql

from domain.errors import DamageError, PipeledgerError, RefusedError
from domain.instant import read_time
from domain.log.checkpoint import open_checkpoint
from domain.log.entry import LEAF_BYTES, Entry, leaf_hash, link_of, parse_at, parse_entry
from domain.log.names import RESERVED_TAG_PREFIX
from domain.log.part import CLAIMS_PART, EVENT_PART
from domain.log.tree import CompactTree
from store.ledger.chain import Head, check_parts
from store.ledger.tiles import Edge

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from domain.log.context import Context
    from store.ledger.equipment import Equipment
    from store.postgres.database import Connection

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FETCH: Final = 500


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not agree.

    Attributes:
        position: where, or None where no position applies.
        cause: what is wrong.
        damage: False for what is only unknown to this version.
    """

    position: int | None
    cause: str
    damage: bool = True

    def __str__(self) -> str:
        return self.cause if self.position is None else f"position {self.position}: {self.cause}"


def fsck(equipment: Equipment, known_types: Container[str] | None = None) -> Iterator[Finding]:
    """Examine a whole ledger; yields nothing for a sound one.

    Entries that are appended meanwhile are not looked at.

    Args:
        equipment: the ledger's.
        known_types: stored types of the vocabulary; None: types are not looked at.
    """
    with equipment.database.connect("writer") as connection, connection.transaction():
        # One snapshot for all tables: a running server goes on appending.
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield from _Pass(equipment, connection, known_types).findings()


class _Pass:
    def __init__(
        self, equipment: Equipment, connection: Connection, known_types: Container[str] | None
    ) -> None:
        self._equipment = equipment
        self._connection = connection
        self._known = known_types
        self._head = Head.genesis(equipment.origin, Edge(CompactTree(), [[]]))
        self._log_keys = [equipment.keys.log.verifier]
        self._checkpoints = self._rows("checkpoints", "size, note", "size")
        self._checkpoint = next(self._checkpoints, None)

    def findings(self) -> Iterator[Finding]:
        """Everything that does not agree, in order of position."""
        tags = _Beside(self._rows("tags", "pos, tag, sn", "pos"))
        columns = "pos, name, document, body IS NULL, persons IS NULL"
        parts = _Beside(self._rows("parts", columns, "pos"))
        columns = (
            "pos, type, leaf, entry, floor(extract(epoch FROM at) * 1000000)::bigint,"
            " floor(extract(epoch FROM time) * 1000000)::bigint"
        )
        for pos, kind, leaf, raw, at, time in self._rows("entries", columns, "pos"):
            while self._head.position + 1 < pos:
                yield Finding(self._head.position + 1, "no entry here")
                self._pass_over(bytes(raw))
            row = _Stored(int(pos), str(kind), bytes(leaf), bytes(raw), int(at), time)
            yield from self._entry(row, tags, parts)
            yield from self._passed_checkpoints()
        for what, beside in (("tag", tags), ("part", parts)):
            for position in beside.rest():
                yield Finding(position, f"a {what} is kept but no entry")
        if self._checkpoint is not None:
            yield Finding(int(self._checkpoint[0]), "a checkpoint covers more entries than exist")
        yield from self._deliveries()
        yield from self._guard()

    def _pass_over(self, following: bytes) -> None:
        """Go on over a missing entry; the one after it still says what its leaf was."""
        head = self._head
        try:
            head.leaf = link_of(following)
        except DamageError:
            head.leaf = bytes(LEAF_BYTES)
        head.position += 1
        head.edge.append(head.leaf)

    def _entry(self, row: _Stored, tags: _Beside, parts: _Beside) -> Iterator[Finding]:
        entry: Entry | None = None
        head, position = self._head, row.position
        try:
            entry = self._equipment.examiner.check(head, position, row.kind, row.leaf, row.raw)
        except DamageError as error:
            yield Finding(position, error.cause)
            entry = _parsed(row.raw)
        tag_rows, part_rows = tags.at(position), parts.at(position)
        if entry is not None:
            yield from self._beside(entry, row, tag_rows, part_rows)
            if self._known is not None and entry.context.type not in self._known:
                yield Finding(position, f"unknown type {entry.context.type}", damage=False)
            head.at = max(head.at, entry.seq.at)
        # The tree goes on over the bytes that are there; the next link is compared with them.
        head.position, head.leaf = position, leaf_hash(row.raw)
        head.edge.append(row.leaf)
        yield from self._finished_tiles()

    def _beside(
        self, entry: Entry, row: _Stored, tag_rows: list[Any], part_rows: list[Any]
    ) -> Iterator[Finding]:
        position, context = row.position, entry.context
        if _since_1970(parse_at(entry.seq.at)) != row.at:
            yield Finding(position, "the at column is not the entry's time")
        numbers = self._head.numbers
        wanted: dict[str, int | None] = dict.fromkeys(context.tags)
        for name, number in zip(context.streams, entry.seq.stream_numbers, strict=True):
            expected = numbers.get(name, 0) + 1
            if number != expected:
                yield Finding(position, f"number {number} in stream {name}, expected {expected}")
            numbers[name] = number
            wanted[RESERVED_TAG_PREFIX + name] = number
        found = {str(tag): number for _, tag, number in tag_rows}
        if found != wanted:
            for name in sorted(found.keys() ^ wanted.keys()):
                gone = "is missing beside the entry" if name in wanted else "is not the entry's"
                yield Finding(position, f"the tag {name} {gone}")
            for name in sorted(found.keys() & wanted.keys()):
                if found[name] != wanted[name]:
                    yield Finding(position, f"the number beside {name} is not the entry's")
        yield from _documents(position, context, part_rows)
        if part_rows:
            try:
                bodies = self._equipment.bodies.read(self._connection, position, context)
                check_parts(position, context, bodies)
                yield from _time(row, bodies.get(EVENT_PART))
            except PipeledgerError as error:
                yield Finding(position, getattr(error, "cause", str(error)))

    def _finished_tiles(self) -> Iterator[Finding]:
        table = sql.Identifier(self._equipment.schema, "tiles")
        for level, index, hashes in self._head.edge.take():
            statement = sql.SQL("SELECT hashes FROM {} WHERE level = %s AND idx = %s").format(table)
            row = self._connection.execute(statement, (level, index)).fetchone()
            if row is None:
                yield Finding(self._head.position, f"the tile {level}/{index} is missing")
            elif bytes(row[0]) != hashes:
                yield Finding(self._head.position, f"the tile {level}/{index} is not of the leaves")

    def _passed_checkpoints(self) -> Iterator[Finding]:
        while self._checkpoint is not None and int(self._checkpoint[0]) <= self._head.position:
            size, note = int(self._checkpoint[0]), bytes(self._checkpoint[1])
            yield from self._check_note(note, size, "the checkpoint of this size")
            self._checkpoint = next(self._checkpoints, None)

    def _check_note(self, note: bytes, size: int, what: str) -> Iterator[Finding]:
        try:
            said = open_checkpoint(note, self._log_keys, self._equipment.origin)
        except PipeledgerError as error:
            yield Finding(size, f"{what} does not verify: {error}")
            return
        if said.size != size:
            yield Finding(size, f"{what} speaks of {said.size} entries")
        elif size == self._head.edge.tree.size and said.root != self._head.edge.tree.root():
            yield Finding(size, f"{what} has another root than the entries")

    def _deliveries(self) -> Iterator[Finding]:
        statement = sql.SQL(
            "SELECT d.pos FROM {} AS d LEFT JOIN {} AS e USING (pos) WHERE e.pos IS NULL ORDER BY 1"
        ).format(
            sql.Identifier(self._equipment.schema, "deliveries"),
            sql.Identifier(self._equipment.schema, "entries"),
        )
        for (pos,) in self._connection.execute(statement):
            yield Finding(int(pos), "a delivery is remembered but no entry is there")

    def _guard(self) -> Iterator[Finding]:
        note = self._equipment.guard.read()
        if note is None:
            yield Finding(None, "the guard is empty")
            return
        try:
            said = open_checkpoint(note, self._log_keys, self._equipment.origin)
        except PipeledgerError as error:
            yield Finding(None, f"the guard's checkpoint does not verify: {error}")
            return
        size = self._head.position
        # A running server may have guarded entries that came after this pass began.
        if said.size == size and said.root != self._head.edge.tree.root():
            yield Finding(size, "the guard holds another tree than the entries")
        newest = self._newest()
        if said.size > size and newest <= size:
            yield Finding(size + 1, f"the guard covers {said.size} entries, there are {size}")

    def _newest(self) -> int:
        """The last position now, outside this pass's snapshot."""
        statement = sql.SQL("SELECT coalesce(max(pos), 0) FROM {}").format(
            sql.Identifier(self._equipment.schema, "entries")
        )
        with self._equipment.database.connect("writer") as fresh:
            row = fresh.execute(statement).fetchone()
        return 0 if row is None else int(row[0])

    def _rows(self, table: str, columns: str, order: str) -> Iterator[Any]:
        # The words come from this module only.
        statement = sql.SQL("SELECT {} FROM {} ORDER BY {}").format(
            sql.SQL(columns),
            sql.Identifier(self._equipment.schema, table),
            sql.Identifier(order),
        )
        cursor = self._connection.cursor(name=f"fsck_{table}")
        cursor.itersize = _FETCH
        with cursor:
            cursor.execute(statement)
            yield from cursor


class _Timed(msgspec.Struct):
    time: str | None = None


@dataclass(frozen=True, slots=True)
class _Stored:
    position: int
    kind: str
    leaf: bytes
    raw: bytes
    at: int
    time: int | None


class _Beside:
    """Rows of another table, in order of position."""

    def __init__(self, rows: Iterator[Any]) -> None:
        self._rows = rows
        self._next: Any = next(rows, None)
        self._stray: list[int] = []

    def at(self, position: int) -> list[Any]:
        """The rows of one position."""
        found = []
        while self._next is not None and self._next[0] <= position:
            if self._next[0] == position:
                found.append(self._next)
            else:
                self._stray.append(int(self._next[0]))
            self._next = next(self._rows, None)
        return found

    def rest(self) -> Iterator[int]:
        """Positions that have rows but no entry."""
        yield from sorted(set(self._stray))
        last = None
        while self._next is not None:
            if self._next[0] != last:
                last = int(self._next[0])
                yield last
            self._next = next(self._rows, None)


def _documents(position: int, context: Context, part_rows: list[Any]) -> Iterator[Finding]:
    """By which commitment parts are found, against what the entry says of them."""
    stated: dict[str, bytes | None] = {part.name: part.commitment for part in context.parts}
    stated[CLAIMS_PART] = context.by.claims
    for _, name, document, elsewhere, unsealed in part_rows:
        if name == EVENT_PART:
            # Small events are not looked for by commitment; no event is sealed.
            wrong = document != (context.event.commitment if elsewhere else None)
            if not unsealed:
                yield Finding(position, "part event is said to be sealed, which no event is")
        else:
            wrong = document != stated.get(name)
        if wrong:
            yield Finding(position, f"the document column of part {name} is not its commitment")


def _time(row: _Stored, event: tuple[bytes, bytes] | None) -> Iterator[Finding]:
    """The claimed time that entries are found by, against the event, where that can be read."""
    if event is None:
        return
    try:
        said = msgspec.json.decode(event[1], type=_Timed)
        claimed = None if said.time is None else _since_1970(read_time(said.time, "time"))
    except (msgspec.DecodeError, RefusedError):
        # Plain recorder events are bytes of any kind.
        return
    if claimed is not None and claimed != row.time:
        yield Finding(row.position, "the time column is not the event's time")


def _since_1970(instant: datetime) -> int:
    return (instant - _EPOCH) // timedelta(microseconds=1)


def _parsed(raw: bytes) -> Entry | None:
    try:
        return parse_entry(raw)
    except DamageError:
        return None
