"""What readers over HTTP see: entries up to the last published checkpoint, never more."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from psycopg import sql

from domain.errors import DamageError, NotFoundError
from domain.log.entry import parse_entry
from domain.log.names import RESERVED_TAG_PREFIX
from domain.log.tree import consistency_proof, inclusion_proof, root_of
from store.ledger.bodies import committed_by
from store.ledger.query import RarestFirst

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from domain.log.part import Part
    from store.ledger.bodies import Bodies
    from store.ledger.tiles import Tiles
    from store.postgres.database import Database


@dataclass(frozen=True, slots=True)
class Row:
    """An entry as kept.

    Attributes:
        position: its position.
        leaf: its leaf hash.
        raw: its bytes.
    """

    position: int
    leaf: bytes
    raw: bytes


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries are wanted; everything given must hold.

    Attributes:
        stream: name of a stream.
        tags: tags that the entry has.
        types: stored types; one ending in `.*` stands for all that begin so.
        since: earliest claimed time.
        before: first claimed time that is too late.
        recorded_until: latest time of sequencing.
    """

    stream: str | None = None
    tags: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    since: datetime | None = None
    before: datetime | None = None
    recorded_until: datetime | None = None
    indexed: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        stream = () if self.stream is None else (RESERVED_TAG_PREFIX + self.stream,)
        object.__setattr__(self, "indexed", (*stream, *self.tags))


class Reader:
    """Reads one ledger. Safe for threads."""

    def __init__(self, database: Database, schema: str, bodies: Bodies, tiles: Tiles) -> None:
        self._database = database
        self._bodies = bodies
        self._tiles = tiles
        self._entries = sql.Identifier(schema, "entries")
        self._tags = sql.Identifier(schema, "tags")
        self._rarest = RarestFirst(schema)
        self._one = sql.SQL("SELECT pos, leaf, entry FROM {} WHERE pos = %s").format(self._entries)
        self._at = sql.SQL("SELECT at FROM {} WHERE pos = %s").format(self._entries)
        self._document = sql.SQL(
            "SELECT e.pos, e.leaf, e.entry FROM {} AS p JOIN {} AS e USING (pos)"
            " WHERE p.document = %s AND p.pos <= %s ORDER BY p.pos LIMIT 1"
        ).format(sql.Identifier(schema, "parts"), self._entries)
        self._checkpoint = sql.SQL(
            "SELECT note FROM {} WHERE size >= %s ORDER BY size LIMIT 1"
        ).format(sql.Identifier(schema, "checkpoints"))
        self._head = sql.SQL("SELECT pos, at FROM {} ORDER BY pos DESC LIMIT 1").format(
            self._entries
        )
        self._newest = sql.SQL("SELECT size, note FROM {} ORDER BY size DESC LIMIT 1").format(
            sql.Identifier(schema, "checkpoints")
        )

    def entry(self, position: int, size: int) -> Row:
        """One entry.

        Raises:
            NotFoundError: no entry up to `size` has this position.
        """
        if 1 <= position <= size:
            with self._database.session("writer") as connection:
                row = connection.execute(self._one, (position,)).fetchone()
            if row is not None:
                return Row(int(row[0]), bytes(row[1]), bytes(row[2]))
        raise NotFoundError(f"no entry at position {position}")

    def entries(self, size: int, wanted: Filter, *, after: int = 0, limit: int = 100) -> list[Row]:
        """Entries over `after` and up to `size` that match, ascending, `limit` at most."""
        clauses: list[sql.Composable] = []
        values: list[Any] = []
        kinds: list[sql.Composable] = []
        for kind in wanted.types:
            if kind.endswith(".*"):
                # All names that begin with the prefix and its dot: `/` follows `.` in ASCII.
                kinds.append(sql.SQL("(e.type >= %s AND e.type < %s)"))
                values += [kind[:-1], kind[:-2] + "/"]
            else:
                kinds.append(sql.SQL("e.type = %s"))
                values.append(kind)
        if kinds:
            clauses.append(sql.SQL("({})").format(sql.SQL(" OR ").join(kinds)))
        for clause, value in (
            ("e.time >= %s", wanted.since),
            ("e.time < %s", wanted.before),
            ("e.at <= %s", wanted.recorded_until),
        ):
            if value is not None:
                clauses.append(sql.SQL(clause))
                values.append(value)
        with self._database.session("writer") as connection:
            tags = self._rarest.order(connection, wanted.indexed, after)
            statement = self._among(tags, clauses)
            rows = connection.execute(statement, [*tags, after, size, *values, limit]).fetchall()
        return [Row(int(pos), bytes(leaf), bytes(raw)) for pos, leaf, raw in rows]

    def _among(self, tags: Sequence[str], clauses: Sequence[sql.Composable]) -> sql.Composed:
        """The statement for entries that have these tags, over a position and up to another."""
        # From the rarest tag to its entries: left to itself, the planner may go through all entries
        # in order of position until enough of them turn out to have the tags.
        source = sql.SQL("{} AS e").format(self._entries)
        if tags:
            source = sql.SQL("{} AS t JOIN {} AS e ON e.pos = t.pos").format(
                self._tags, self._entries
            )
        found: list[sql.Composable] = [sql.SQL("t.tag = %s") for _ in tags[:1]]
        found += [
            sql.SQL("EXISTS (SELECT FROM {} AS o WHERE o.tag = %s AND o.pos = t.pos)").format(
                self._tags
            )
            for _ in tags[1:]
        ]
        at = sql.SQL("t.pos" if tags else "e.pos")
        found += [sql.SQL("{0} > %s AND {0} <= %s").format(at), *clauses]
        return sql.SQL(
            "SELECT e.pos, e.leaf, e.entry FROM {} WHERE {} ORDER BY {} LIMIT %s"
        ).format(source, sql.SQL(" AND ").join(found), at)

    def position_at(self, instant: datetime, size: int) -> int:
        """The last position up to `size` that was recorded at or before an instant; 0 for none.

        Entries are recorded in the order of their positions, so it is found by halving.
        """
        least, most = 0, size
        with self._database.session("writer") as connection:
            while least < most:
                middle = (least + most + 1) // 2
                row = connection.execute(self._at, (middle,)).fetchone()
                if row is not None and row[0] <= instant:
                    least = middle
                else:
                    most = middle - 1
        return least

    def parts(self, row: Row, names: Iterable[str] | None = None) -> list[Part]:
        """The parts of an entry that can still be read, the event first.

        Args:
            row: the entry.
            names: of the parts that are wanted, which may be few of many bytes; None: all.

        Raises:
            DamageError: a part was altered or its document is missing.
        """
        context = parse_entry(row.raw).context
        with self._database.session("writer") as connection:
            return self._bodies.parts(connection, row.position, context, names)

    def names(self, row: Row) -> list[str]:
        """The names of an entry's parts that can still be read, sorted; no body is read."""
        with self._database.session("writer") as connection:
            return self._bodies.names(connection, row.position)

    def document(self, commitment: bytes, size: int) -> tuple[Row, Part | None]:
        """The part of this commitment and its entry; None for a part whose key was destroyed.

        Raises:
            NotFoundError: no entry up to `size` names it, or it was redacted.
            DamageError: it was altered or is missing from the document store.
        """
        with self._database.session("writer") as connection:
            found = connection.execute(self._document, (commitment, size)).fetchone()
            if found is None:
                raise NotFoundError("no document of this commitment, or it was redacted")
            row = Row(int(found[0]), bytes(found[1]), bytes(found[2]))
            context = parse_entry(row.raw).context
            names = [name for name, one in committed_by(context).items() if one == commitment]
            for part in self._bodies.parts(connection, row.position, context, names):
                if part.commitment == commitment:
                    return row, part
        if names:
            return row, None
        raise DamageError(row.position, "the entry does not name the document kept beside it")

    def checkpoint(self, size: int) -> bytes:
        """The smallest published checkpoint of at least this size.

        Raises:
            NotFoundError: none is that large.
        """
        with self._database.session("writer") as connection:
            row = connection.execute(self._checkpoint, (size,)).fetchone()
        if row is None:
            raise NotFoundError(f"no checkpoint covers position {size}")
        return bytes(row[0])

    def newest(self) -> tuple[int, bytes] | None:
        """Size and note of the newest checkpoint in the database."""
        with self._database.session("writer") as connection:
            row = connection.execute(self._newest).fetchone()
        return None if row is None else (int(row[0]), bytes(row[1]))

    def head(self) -> tuple[int, datetime] | None:
        """Position of the last committed entry, published or not, and when it was recorded."""
        with self._database.session("writer") as connection:
            row = connection.execute(self._head).fetchone()
        return None if row is None else (int(row[0]), row[1])

    def inclusion(self, position: int, size: int) -> list[bytes]:
        """Inclusion path of a position in the tree of `size`."""
        with self._database.session("writer") as connection:
            return inclusion_proof(position - 1, size, self._tiles.reader(connection, size))

    def inclusions(self, positions: Sequence[int], size: int) -> list[list[bytes]]:
        """Inclusion paths of several positions in the tree of `size`; each tile is read once."""
        with self._database.session("writer") as connection:
            reader = self._tiles.reader(connection, size)
            return [inclusion_proof(position - 1, size, reader) for position in positions]

    def consistency(self, old: int, new: int) -> list[bytes]:
        """Consistency path between two sizes."""
        with self._database.session("writer") as connection:
            return consistency_proof(old, new, self._tiles.reader(connection, new))

    def root(self, size: int) -> bytes:
        """Root hash of the tree of `size`."""
        with self._database.session("writer") as connection:
            return root_of(size, self._tiles.reader(connection, size))
