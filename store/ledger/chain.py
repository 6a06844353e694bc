"""The head of a ledger in memory, and the check of whatever was added behind our back.

Nothing is signed over entries that were not verified: the head must be the one this process
made or checked, or every later entry is checked first (design section 3). So a row forged in the
database is not laundered by the next append.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from psycopg import sql

from domain.errors import DamageError
from domain.log.entry import genesis_prev, leaf_hash, parse_at, parse_entry, verify_context
from domain.log.names import RESERVED_TAG_PREFIX
from domain.log.part import CLAIMS_PART, EVENT_PART, standing
from store.ledger.numbering import StreamNumbers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.log.context import Context
    from domain.log.entry import Entry
    from store.ledger.bodies import Bodies
    from store.ledger.succession import ValidKeys
    from store.ledger.tiles import Edge
    from store.postgres.database import Connection

_PAGE: Final = 2_000


@dataclass(slots=True)
class Head:
    """Where the chain stands.

    Attributes:
        position: last position, 0 before the first.
        leaf: leaf hash of the last entry; the genesis value before the first.
        at: its time as text; empty before the first.
        edge: the tree's growing edge.
        numbers: last number of streams used lately.
    """

    position: int
    leaf: bytes
    at: str
    edge: Edge
    numbers: dict[str, int] = field(default_factory=dict)

    def copy(self) -> Head:
        """A head that grows on its own; the remembered numbers are shared and only grow."""
        return Head(self.position, self.leaf, self.at, self.edge.copy(), self.numbers)

    @classmethod
    def genesis(cls, origin: str, edge: Edge) -> Head:
        """Before the first entry."""
        return cls(0, genesis_prev(origin), "", edge)


class Examiner:
    """Verifies entries in the order of the chain."""

    def __init__(self, schema: str, origin: str, ring: ValidKeys, bodies: Bodies) -> None:
        self._origin = origin
        self._ring = ring
        self._bodies = bodies
        self._page = sql.SQL(
            "SELECT pos, type, leaf, entry FROM {} WHERE pos > %s ORDER BY pos LIMIT %s"
        ).format(sql.Identifier(schema, "entries"))
        self._tags = sql.SQL(
            "SELECT count(*) FROM unnest(%s::text[], %s::bigint[]) AS wanted (tag, sn) JOIN {} AS t"
            " ON t.tag = wanted.tag AND t.pos = %s AND t.sn IS NOT DISTINCT FROM wanted.sn"
        ).format(sql.Identifier(schema, "tags"))
        self.numbers = StreamNumbers(schema)

    def extend(self, connection: Connection, head: Head) -> None:
        """Verify every entry after `head` and move the head to the last.

        Raises:
            DamageError: one of them does not verify; the head stands before it.
        """
        while True:
            rows = connection.execute(self._page, (head.position, _PAGE)).fetchall()
            for pos, kind, leaf, raw in rows:
                entry = self.check(head, pos, kind, bytes(leaf), bytes(raw))
                self.numbers.fill(connection, head.position, head.numbers, entry.context.streams)
                self.check_numbers(entry, head.numbers)
                self._check_beside(connection, entry)
                self.advance(head, entry, bytes(leaf))
            if len(rows) < _PAGE:
                return

    def check(self, head: Head, pos: int, kind: str, leaf: bytes, raw: bytes) -> Entry:
        """Bytes, link, order, signature and columns of the entry after `head`.

        Raises:
            DamageError: with the position and what does not verify.
        """
        position = head.position + 1
        if pos != position:
            raise DamageError(position, f"no entry here; the next one is at {pos}")
        try:
            entry = parse_entry(raw)
            self.check_signature(entry)
        except DamageError as error:
            raise DamageError(position, error.cause) from error
        for wrong, cause in (
            (entry.seq.position != position, f"the entry says position {entry.seq.position}"),
            (entry.seq.prev != head.leaf, "prev is not the leaf hash of the entry before"),
            (leaf_hash(raw) != leaf, "the leaf column is not the hash of the entry"),
            (entry.context.origin != self._origin, "the entry names another origin"),
            (entry.context.type != kind, "the type column is not the entry's type"),
            (entry.seq.at < head.at, "at is before the entry before"),
        ):
            if wrong:
                raise DamageError(position, cause)
        parse_at(entry.seq.at)
        return entry

    def check_signature(self, entry: Entry) -> None:
        """The context is signed by an intake key of the ledger that is valid at its position.

        Raises:
            DamageError: it is not.
        """
        verify_context(entry.context_bytes, entry.seq.signatures, self._ring.intake_verifiers)
        ids = [signature.key_id for signature in entry.seq.signatures]
        self._ring.succession.check_signers(ids, entry.seq.position)

    @staticmethod
    def check_numbers(entry: Entry, numbers: dict[str, int]) -> None:
        """Stream numbers follow the last ones.

        Raises:
            DamageError: a number is missing or used twice.
        """
        for name, number in zip(entry.context.streams, entry.seq.stream_numbers, strict=True):
            if number != numbers[name] + 1:
                raise DamageError(
                    entry.seq.position,
                    f"number {number} in stream {name}, expected {numbers[name] + 1}",
                )

    @staticmethod
    def advance(head: Head, entry: Entry, leaf: bytes) -> None:
        """Move the head over a verified entry."""
        head.position, head.leaf, head.at = entry.seq.position, leaf, entry.seq.at
        head.edge.append(leaf)
        head.numbers.update(zip(entry.context.streams, entry.seq.stream_numbers, strict=True))

    def _check_beside(self, connection: Connection, entry: Entry) -> None:
        """Tags and parts beside the entry. Tags too many are found by `fsck`, not here."""
        pos, context = entry.seq.position, entry.context
        names = [*context.tags, *(RESERVED_TAG_PREFIX + name for name in context.streams)]
        numbers = [*([None] * len(context.tags)), *entry.seq.stream_numbers]
        row = connection.execute(self._tags, (names, numbers, pos)).fetchone()
        if row is None or row[0] != len(names):
            raise DamageError(pos, "a tag of the entry is missing beside it")
        check_parts(pos, context, self._bodies.read(connection, pos, context))


def check_parts(pos: int, context: Context, kept: Mapping[str, tuple[bytes, bytes] | None]) -> None:
    """Compare parts as kept with what their entry commits to.

    Args:
        pos: the entry's position.
        context: what it says.
        kept: salt and plain body by name; None for a part whose key was destroyed.

    Raises:
        DamageError: a part was altered, or one is kept that the entry does not name.
    """
    stated: dict[str, tuple[int | None, bytes]] = {
        EVENT_PART: (context.event.length, context.event.commitment)
    }
    stated |= {part.name: (part.length, part.commitment) for part in context.parts}
    if context.by.claims is not None:
        stated[CLAIMS_PART] = (None, context.by.claims)
    for name, pair in kept.items():
        if name not in stated:
            raise DamageError(pos, f"part {name} is kept but the entry does not name it")
        if pair is None:
            continue
        length, committed = stated[name]
        salt, body = pair
        try:
            standing(
                name,
                len(body) if length is None else length,
                committed,
                salt=salt,
                body=body,
            )
        except DamageError as error:
            raise DamageError(pos, error.cause) from error
