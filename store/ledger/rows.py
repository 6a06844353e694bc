"""Columns of a group's rows as binary arrays: one INSERT a table, without the driver's adapters.

Appending in bulk spends its time here, so an event's pieces of columns are laid out once and only
joined later. The statements go out one behind the other without waiting for answers; COPY took as
long in the server and two waits a table. Formats: PostgreSQL's array_send, int8send, int2send;
integers are big-endian, instants are microseconds since 2000-01-01 UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from struct import Struct
from typing import TYPE_CHECKING, Final, LiteralString

import psycopg
from psycopg import sql
from psycopg.adapt import Dumper
from psycopg.pq import Format

if TYPE_CHECKING:
    from collections.abc import Sequence

    from store.postgres.database import Connection

NULL: Final = b"\xff\xff\xff\xff"
"""A field that is NULL."""

_TABLES: Final[dict[str, LiteralString]] = {
    "entries": "INSERT INTO {} (pos, at, time, type, leaf, entry)"
    " SELECT * FROM unnest(%b, %b, %b, %b, %b, %b)",
    "tags": "INSERT INTO {} (tag, pos, sn) SELECT * FROM unnest(%b, %b, %b)",
    "tiles": "INSERT INTO {} (level, idx, hashes) SELECT * FROM unnest(%b, %b, %b)",
    # Arrays of arrays cannot be taken apart into arrays; ids of persons hold no comma.
    "parts": "INSERT INTO {} (pos, name, salt, body, persons)"
    " SELECT pos, name, salt, body, string_to_array(persons, ',')"
    " FROM unnest(%b, %b, %b, %b, %b) AS one (pos, name, salt, body, persons)",
    "deliveries": "INSERT INTO {} (key, mac, pos) SELECT * FROM unnest(%b, %b, %b)",
}
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_head = Struct("!iiiii")
_int4 = Struct("!i")
_int8 = Struct("!iq")
_int2 = Struct("!ih")


class Array(bytes):
    """A one-dimensional array, encoded."""

    element: int
    """Type of its elements (pg_type.oid)."""


class Bytes(Array):
    """bytea[]."""

    element = 17


class Longs(Array):
    """bigint[]."""

    element = 20


class Shorts(Array):
    """smallint[]."""

    element = 21


class Texts(Array):
    """text[]."""

    element = 25


class Instants(Array):
    """timestamptz[]."""

    element = 1184


def array(kind: type[Array], count: int, fields: Sequence[bytes]) -> Array:
    """The array of these fields; a piece may hold several fields, `count` counts them all."""
    return kind(_head.pack(1, 1, kind.element, count, 1) + b"".join(fields))


def microseconds(instant: datetime) -> int:
    """Microseconds since 2000-01-01 UTC: PostgreSQL's own count."""
    delta = instant - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def field(value: bytes | None) -> bytes:
    """A field of bytes or text."""
    return NULL if value is None else _int4.pack(len(value)) + value


def long(value: int | None) -> bytes:
    """A field of eight bytes: a number or an instant."""
    return NULL if value is None else _int8.pack(8, value)


def short(value: int) -> bytes:
    """A field of two bytes."""
    return _int2.pack(2, value)


def insert(connection: Connection, schema: str, table: str, columns: Sequence[Array]) -> None:
    """Send rows of one table, in the order of its columns above."""
    connection.execute(_statement(schema, table), columns)


@lru_cache(maxsize=256)
def _statement(schema: str, table: str) -> bytes:
    return sql.SQL(_TABLES[table]).format(sql.Identifier(schema, table)).as_bytes(None)


def _adapt(kind: type[Array], oid: int) -> None:
    class Encoded(Dumper):
        format = Format.BINARY

        def dump(self, obj: Array) -> Array:
            return obj

    Encoded.oid = oid
    psycopg.adapters.register_dumper(kind, Encoded)


for _kind, _oid in ((Bytes, 1001), (Longs, 1016), (Shorts, 1005), (Texts, 1009), (Instants, 1185)):
    _adapt(_kind, _oid)
