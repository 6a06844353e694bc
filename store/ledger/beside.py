"""What stands beside an entry in other columns and tables, held against the entry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import msgspec
from psycopg import sql

from domain.errors import DamageError, PipeledgerError, RefusedError
from domain.events.registry import TYPE
from domain.instant import read_time
from domain.log.entry import parse_at, parse_entry
from domain.log.names import RESERVED_TAG_PREFIX
from domain.log.part import ERASED, EVENT_PART, REDACTED
from store.ledger.bodies import committed_by
from store.ledger.chain import check_parts
from store.ledger.finding import Finding
from store.ledger.numbering import Numbering

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from domain.log.context import Context
    from domain.log.entry import Entry
    from store.ledger.equipment import Equipment
    from store.postgres.database import Connection

# Stands for the name of any part; no part can be called so.
_SEALED: Final = "*"
TAG_COLUMNS: Final = "pos, tag, sn"
PART_COLUMNS: Final = "pos, name, salt, body, persons, document"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Stored:
    """A row of the entries.

    Attributes:
        position: its key.
        kind: the type column.
        leaf: the leaf column.
        raw: the entry.
        digest: the leaf hash that the entry really has.
        at: the at column, in microseconds since 1970.
        time: the time column likewise, or None.
    """

    position: int
    kind: str
    leaf: bytes
    raw: bytes
    digest: bytes
    at: int
    time: int | None


class Beside:
    """Examines what stands beside entries, in order of position."""

    def __init__(self, equipment: Equipment, connection: Connection) -> None:
        self._equipment = equipment
        self._connection = connection
        self._numbering = Numbering(equipment.schema)
        self._announced = dict(_announced(equipment, connection))

    def findings(
        self, entry: Entry, row: Stored, tags: Sequence[Any], parts: Sequence[Any]
    ) -> Iterator[Finding]:
        """Whatever does not agree with the entry, or is gone.

        Args:
            entry: as it was read.
            row: as it is kept.
            tags: the rows of tags of its position.
            parts: the rows of parts of its position.
        """
        if _since_1970(parse_at(entry.seq.at)) != row.at:
            yield Finding(row.position, "the at column is not the entry's time")
        yield from self._tags(entry, row.position, tags)
        yield from self._parts(entry.context, row, parts)

    def pass_over(self, tags: Sequence[Any]) -> None:
        """Go on over an entry that is missing or not genuine, by the numbers kept beside it."""
        for _, tag, number in tags:
            if number is not None and tag.startswith(RESERVED_TAG_PREFIX):
                name = tag.removeprefix(RESERVED_TAG_PREFIX)
                self._numbering.set(name, number)

    def _tags(self, entry: Entry, position: int, rows: Sequence[Any]) -> Iterator[Finding]:
        wanted: dict[str, int | None] = dict.fromkeys(entry.context.tags)
        for name, number in zip(entry.context.streams, entry.seq.stream_numbers, strict=True):
            expected = self._numbering.last(self._connection, name, position - 1) + 1
            if number != expected:
                yield Finding(position, f"number {number} in stream {name}, expected {expected}")
            self._numbering.set(name, number)
            wanted[RESERVED_TAG_PREFIX + name] = number
        found = {str(tag): number for _, tag, number in rows}
        if found == wanted:
            return
        for name in sorted(found.keys() ^ wanted.keys()):
            gone = "is missing beside the entry" if name in wanted else "is not the entry's"
            yield Finding(position, f"the tag {name} {gone}")
        for name in sorted(found.keys() & wanted.keys()):
            if found[name] != wanted[name]:
                yield Finding(position, f"the number beside {name} is not the entry's")

    def _parts(self, context: Context, row: Stored, rows: Sequence[Any]) -> Iterator[Finding]:
        position, committed = row.position, committed_by(context)
        for _, name, salt, body, persons, document in rows:
            commitment = committed.pop(name, None)
            if commitment is None:
                yield Finding(position, f"part {name} is kept but the entry does not name it")
                continue
            yield from _columns(position, name, body, persons, document, commitment)
            try:
                plain = self._equipment.bodies.open(position, name, commitment, body, persons)
                pair = None if plain is None else (bytes(salt), plain)
                check_parts(position, context, {name: pair})
            except DamageError as error:
                yield Finding(position, error.cause)
            except PipeledgerError as error:
                yield Finding(position, f"part {name}: {error}")
            else:
                if pair is None:
                    said = "its seal cannot be opened: the person was erased, or no keys are here"
                    yield Finding(position, f"part {name}: {said}", damage=False)
                elif name == EVENT_PART and TYPE.fullmatch(context.type):
                    yield from _time(row, pair[1])
        for name in sorted(committed):
            yield self._gone(position, name)

    def _gone(self, position: int, name: str) -> Finding:
        by = self._announced.get((position, name))
        if by is None and name != EVENT_PART:
            by = self._announced.get((position, _SEALED))
        if by is None:
            said = "is missing, and no event says that it was redacted"
            return Finding(position, f"part {name} {said}")
        return Finding(position, f"part {name}: redacted, as position {by} says", damage=False)


class Rows:
    """Rows of another table, in order of position."""

    def __init__(self, rows: Iterator[Any]) -> None:
        self._rows = rows
        self._next: Any = next(rows, None)
        self._stray: set[int] = set()

    def at(self, position: int) -> list[Any]:
        """The rows of one position."""
        found = []
        while self._next is not None and self._next[0] <= position:
            if self._next[0] == position:
                found.append(self._next)
            else:
                self._stray.add(int(self._next[0]))
            self._next = next(self._rows, None)
        return found

    def rest(self) -> Iterator[int]:
        """Positions that have rows but no entry."""
        yield from sorted(self._stray)
        last = None
        while self._next is not None:
            if self._next[0] != last:
                last = int(self._next[0])
                yield last
            self._next = next(self._rows, None)


class _Told(msgspec.Struct):
    position: int
    parts: list[str]


class _Redaction(msgspec.Struct):
    data: _Told


class _Forgotten(msgspec.Struct):
    positions: list[int] = []


class _Erasure(msgspec.Struct):
    data: _Forgotten


class _Timed(msgspec.Struct):
    time: str | None = None


def _announced(
    equipment: Equipment, connection: Connection
) -> Iterator[tuple[tuple[int, str], int]]:
    """Position and name of each part that an event says was redacted, and who says so.

    Where a person was erased, the sealed parts that spoke of them went, whatever their names.
    """
    # These events are looked at like all others when their turn comes: a forged one is found.
    statement = sql.SQL("SELECT pos, type, entry FROM {} WHERE type = ANY(%s) ORDER BY pos").format(
        sql.Identifier(equipment.schema, "entries")
    )
    for pos, kind, raw in connection.execute(statement, ([REDACTED, ERASED],)).fetchall():
        try:
            context = parse_entry(bytes(raw)).context
            event = equipment.bodies.read(connection, pos, context).get(EVENT_PART)
            if event is None:
                continue
            if kind == ERASED:
                gone = msgspec.json.decode(event[1], type=_Erasure).data.positions
                yield from (((position, _SEALED), int(pos)) for position in gone)
            else:
                told = msgspec.json.decode(event[1], type=_Redaction).data
                yield from (((told.position, name), int(pos)) for name in told.parts)
        except (PipeledgerError, msgspec.DecodeError):
            continue


def _columns(
    position: int,
    name: str,
    body: bytes | None,
    persons: list[str] | None,
    document: bytes | None,
    commitment: bytes,
) -> Iterator[Finding]:
    """By which commitment a part is found, against what the entry says of it."""
    if name == EVENT_PART:
        if persons is not None:
            yield Finding(position, "part event is said to be sealed, which no event is")
        # Small events are not looked for by commitment.
        expected = commitment if body is None else None
    else:
        expected = commitment
    if document != expected:
        yield Finding(position, f"the document column of part {name} is not its commitment")


def _time(row: Stored, event: bytes) -> Iterator[Finding]:
    """The claimed time that entries are found by, against an event of the vocabulary.

    Plain recorder events are bytes of any kind, and are found by no time.
    """
    try:
        said = msgspec.json.decode(event, type=_Timed)
        claimed = None if said.time is None else _since_1970(read_time(said.time, "time"))
    except (msgspec.DecodeError, RefusedError):
        return
    if claimed is not None and claimed != row.time:
        yield Finding(row.position, "the time column is not the event's time")


def _since_1970(instant: datetime) -> int:
    return (instant - _EPOCH) // timedelta(microseconds=1)
