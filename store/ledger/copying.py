"""Rows as PostgreSQL's binary COPY wants them, built without the driver's adapters.

Appending in bulk spends its time here, so each row is one `struct` call and a join of bytes.
Format: PostgreSQL documentation, COPY, section Binary Format; integers are big-endian.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from struct import Struct
from typing import TYPE_CHECKING, Final, LiteralString

from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from domain.log.part import LongPart, Part

HEADER: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER: Final = b"\xff\xff"
NULL: Final = b"\xff\xff\xff\xff"

COLUMNS: Final[dict[str, LiteralString]] = {
    "entries": "pos, at, time, type, leaf, entry",
    "tags": "tag, pos, sn",
    "tiles": "level, idx, hashes",
    "parts": "pos, name, salt, body, persons, document",
    "deliveries": "key, mac, pos",
}

_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
TEXT: Final = 25
BYTEA: Final = 17
INT8: Final = 20
"""OIDs of types."""
_int4 = Struct("!i")
_int8 = Struct("!iq")
_row_of_3 = Struct("!hi")
_entry_head = Struct("!hiqiq")
_tag_tail = Struct("!iqiq")
_tag_tail_null = Struct("!iqi")
_part_head = Struct("!hiq")
_tile_head = Struct("!hihiqi")
_array_head = Struct("!iiiii")
_empty_array = Struct("!iii")
_number = Struct("!q")


def microseconds(instant: datetime) -> int:
    """Microseconds since 2000-01-01 UTC: PostgreSQL's own count."""
    delta = instant - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


@lru_cache(maxsize=1024)
def type_field(kind: str) -> bytes:
    """The field of a stored type."""
    return field(kind.encode())


def field(value: bytes | None) -> bytes:
    """One field of bytes or text."""
    return NULL if value is None else _int4.pack(len(value)) + value


def entry_row(pos: int, at: int, time: int | None, kind: bytes, leaf: bytes, raw: bytes) -> bytes:
    """A row of `entries`; `kind` is the type as `field` gives it, instants in microseconds."""
    return b"".join(
        (
            _entry_head.pack(6, 8, pos, 8, at),
            NULL if time is None else _int8.pack(8, time),
            kind,
            b"\0\0\0 ",
            leaf,
            _int4.pack(len(raw)),
            raw,
        )
    )


def tag_heads(tags: Iterable[str]) -> tuple[bytes, ...]:
    """Rows of `tags` up to their positions."""
    return tuple([_row_of_3.pack(3, len(raw)) + raw for raw in map(str.encode, tags)])


def tag_rows(heads: tuple[bytes, ...], pos: int) -> bytes:
    """Rows of `tags` for an event's plain tags; heads as `tag_heads` gives them, not empty."""
    tail = _tag_tail_null.pack(8, pos, -1)
    return tail.join(heads) + tail


def stream_row(head: bytes, pos: int, number: int) -> bytes:
    """A row of `tags` for one of an event's streams."""
    return head + _tag_tail.pack(8, pos, 8, number)


def tile_row(level: int, index: int, hashes: bytes) -> bytes:
    """A row of `tiles`."""
    return _tile_head.pack(3, 2, level, 8, index, len(hashes)) + hashes


def part_row(pos: int, rest: bytes) -> bytes:
    """A row of `parts`; `rest` as `part_fields` gives it."""
    return _part_head.pack(6, 8, pos) + rest


def part_fields(
    part: Part | LongPart, body: bytes | None, persons: Sequence[str] | None, document: bytes | None
) -> bytes:
    """All fields of a row of `parts` but its position."""
    return b"".join(
        (
            _name_field(part.name),
            _int4.pack(len(part.salt)),
            part.salt,
            field(body),
            NULL if persons is None else _text_array(persons),
            field(document),
        )
    )


def delivery_row(key: bytes, mac: bytes, pos: int) -> bytes:
    """A row of `deliveries`."""
    return b"".join((_row_of_3.pack(3, len(key)), key, field(mac), _int8.pack(8, pos)))


def binary(rows: Sequence[bytes]) -> bytes:
    """What one COPY reads."""
    return b"".join((HEADER, *rows, TRAILER))


@lru_cache(maxsize=256)
def statement(schema: str, table: str) -> bytes:
    """The COPY of one table."""
    words = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(
        sql.Identifier(schema, table), sql.SQL(COLUMNS[table])
    )
    return words.as_bytes(None)


def array(kind: int, values: Sequence[bytes]) -> bytes:
    """An array without NULL as a value of its own; `kind` is the OID of its elements."""
    if not values:
        return _empty_array.pack(0, 0, kind)
    items = b"".join([_int4.pack(len(value)) + value for value in values])
    return _array_head.pack(1, 0, kind, len(values), 1) + items


def numbers(values: Iterable[int]) -> list[bytes]:
    """Numbers of 64 bits as `array` takes them."""
    return list(map(_number.pack, values))


def _text_array(values: Sequence[str]) -> bytes:
    return field(array(TEXT, [value.encode() for value in values]))


@lru_cache(maxsize=256)
def _name_field(name: str) -> bytes:
    return field(name.encode())
