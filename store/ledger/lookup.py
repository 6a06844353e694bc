"""What a group has to know of the ledger before its events are placed, in one round trip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from psycopg import sql

from domain.errors import DamageError
from domain.log.names import RESERVED_TAG_PREFIX
from store.ledger.copying import BYTEA, INT8, TEXT, array, numbers
from store.ledger.group import Appended
from store.ledger.numbering import numbers_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from psycopg.pq.abc import PGresult

    from store.postgres.talk import Statement, Talk

Known = dict[bytes, tuple[bytes, Appended]]
"""MAC and first outcome by delivery key."""
Claim = tuple[bytes, bytes, int]
"""Key and MAC of a delivery, and the position its event is to have."""


@dataclass(frozen=True, slots=True)
class Found:
    """The state of the ledger under the lock.

    Attributes:
        position: of the last entry; 0 for none.
        leaf: its leaf hash; empty for none.
        numbers: last number of each stream asked for; 0 for a stream that is not there yet.
        known: deliveries asked for that are there.
        claimed: how many of the claims are kept now; the others were delivered before.
    """

    position: int
    leaf: bytes
    numbers: dict[str, int]
    known: Known
    claimed: int = 0


class Lookup:
    """The statements by which the sequencer begins a transaction."""

    def __init__(self, schema: str, mutex: int) -> None:
        self._lock = b"SELECT pg_advisory_xact_lock(%d)" % mutex
        entries = sql.Identifier(schema, "entries")
        self._last = (
            sql.SQL("SELECT pos, leaf FROM {} ORDER BY pos DESC LIMIT 1")
            .format(entries)
            .as_bytes(None)
        )
        self._known = (
            sql.SQL(
                "SELECT d.key, d.mac, d.pos, e.leaf, e.entry FROM unnest($1::bytea[])"
                " AS wanted (key) CROSS JOIN LATERAL (SELECT * FROM {} AS d"
                " WHERE d.key = wanted.key LIMIT 1) AS d JOIN {} AS e ON e.pos = d.pos"
            )
            .format(sql.Identifier(schema, "deliveries"), entries)
            .as_bytes(None)
        )
        # ON CONFLICT would do the same for an eighth more: it guards against other writers, and
        # here is none.
        self._claim = (
            sql.SQL(
                "INSERT INTO {0} (key, mac, pos) SELECT new.* FROM"
                " unnest($1::bytea[], $2::bytea[], $3::bigint[]) AS new (key, mac, pos)"
                " WHERE (SELECT d.pos FROM {0} AS d WHERE d.key = new.key LIMIT 1) IS NULL"
            )
            .format(sql.Identifier(schema, "deliveries"))
            .as_bytes(None)
        )
        self._numbers = numbers_of(schema)

    def begin(
        self,
        talk: Talk,
        streams: Iterable[str],
        keys: Sequence[bytes] = (),
        claims: Sequence[Claim] = (),
    ) -> Found:
        """Begin a transaction, exclude other writers, and look.

        Each statement has a snapshot of its own, younger than the lock before it.

        Args:
            talk: outside of a transaction.
            streams: whose last numbers are wanted.
            keys: deliveries to be looked up.
            claims: in place of `keys`: deliveries to be kept unless they are there.
        """
        names = list(streams)
        statements: list[Statement] = [(b"BEGIN", None), (self._lock, None), (self._last, ())]
        if names:
            wanted = array(TEXT, [(RESERVED_TAG_PREFIX + name).encode() for name in names])
            statements.append((self._numbers, (wanted, _number(2**63 - 1))))
        if keys:
            statements.append((self._known, (array(BYTEA, keys),)))
        if claims:
            new, macs, positions = zip(*claims, strict=True)
            columns = (array(BYTEA, new), array(BYTEA, macs), array(INT8, numbers(positions)))
            statements.append((self._claim, columns))
        answers = talk.ask(statements)
        last = answers[2]
        position, leaf = (_read(last, 0, 0), _bytes(last, 0, 1)) if last.ntuples else (0, b"")
        last_numbers = dict.fromkeys(names, 0)
        if names:
            told = answers[3]
            for row in range(told.ntuples):
                name = _bytes(told, row, 0).decode().removeprefix(RESERVED_TAG_PREFIX)
                last_numbers[name] = _read(told, row, 1)
        return Found(
            position,
            leaf,
            last_numbers,
            _told(answers[-1]) if keys else {},
            answers[-1].command_tuples or 0 if claims else 0,
        )


def _told(answer: PGresult) -> Known:
    known: Known = {}
    for row in range(answer.ntuples):
        key, mac, leaf, raw = (_bytes(answer, row, column) for column in (0, 1, 3, 4))
        known[key] = (mac, Appended(_read(answer, row, 2), leaf, raw))
    return known


def _number(value: int) -> bytes:
    return value.to_bytes(8, "big", signed=True)


def _read(answer: PGresult, row: int, column: int) -> int:
    return int.from_bytes(_bytes(answer, row, column), "big", signed=True)


def _bytes(answer: PGresult, row: int, column: int) -> bytes:
    value = answer.get_value(row, column)
    if value is None:
        raise DamageError(None, "a column of the log is NULL that never is")
    return value
