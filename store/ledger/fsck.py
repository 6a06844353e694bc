"""Re-derives everything that a ledger keeps and names whatever does not agree.

One pass over the entries in order of position, with the tags and parts beside them read in the
same order, so that memory stays bounded however many there are. After damage the pass goes on, and
one damage gives one finding, not one for each later entry: where a link does not fit, the entries
around it say which of the two was altered, and the tree goes on with the leaf that was signed.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Final

from psycopg import sql

from domain.errors import DamageError
from domain.log.entry import LEAF_BYTES, Entry, leaf_hash, link_of, parse_entry
from domain.log.tile import WIDTH
from domain.log.tree import CompactTree
from store.ledger.beside import PART_COLUMNS, TAG_COLUMNS, Beside, Rows, Stored
from store.ledger.chain import Head
from store.ledger.compromised import affected, read_reports
from store.ledger.finding import Finding
from store.ledger.last import last_position
from store.ledger.signed import Signed
from store.ledger.strays import strays
from store.ledger.tiles import Edge

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator

    from store.ledger.equipment import Equipment
    from store.postgres.database import Connection

_FETCH: Final = 500
_ENTRY_COLUMNS: Final = (
    "pos, type, leaf, entry, floor(extract(epoch FROM at) * 1000000)::bigint,"
    " floor(extract(epoch FROM time) * 1000000)::bigint"
)


def fsck(
    equipment: Equipment,
    known_types: Container[str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[Finding]:
    """Examine a whole ledger; a sound one that nothing was redacted of yields nothing.

    Entries that are appended meanwhile are not looked at. Documents that belong to no entry are
    told when they are older than a day.

    Args:
        equipment: the ledger's.
        known_types: stored types of the vocabulary; None: types are not looked at.
        progress: told how many entries of how many are done.

    Raises:
        UnavailableError: the database or the guard does not answer.
    """
    guarded = equipment.guard.read()
    with equipment.database.connect("writer") as connection, connection.transaction():
        # One snapshot for all tables: a running server goes on appending.
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        equipment.ring.load(connection)
        yield from _Pass(equipment, connection, guarded, known_types, progress).findings()


class _Pass:
    def __init__(
        self,
        equipment: Equipment,
        connection: Connection,
        guarded: bytes | None,
        known_types: Container[str] | None,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self._equipment = equipment
        self._connection = connection
        self._known = known_types
        self._progress = progress
        self._head = Head.genesis(equipment.origin, Edge(CompactTree(), [[]]))
        self._whole = True
        self._seen = equipment.clock()
        notes = self._rows("checkpoints", "size, note", "size")
        self._signed = Signed(
            equipment, guarded, ((int(size), bytes(note)) for size, note in notes)
        )
        self._beside = Beside(equipment, connection)

    def findings(self) -> Iterator[Finding]:
        """Everything that does not agree, in order of position."""
        tags = Rows(self._rows("tags", TAG_COLUMNS, "pos"))
        parts = Rows(self._rows("parts", PART_COLUMNS, "pos"))
        total = last_position(self._connection, self._equipment.schema)
        for row, after, later in _neighbours(self._entries()):
            yield from self._gap(row, tags, parts)
            yield from self._entry(row, after, later, tags.at(row.position), parts.at(row.position))
            yield from self._tiles()
            yield from self._signed.passed(self._head.edge.tree, whole=self._whole)
            if self._progress is not None and (row.position % _FETCH == 0 or after is None):
                self._progress(row.position, total)
        for what, beside in (("tag", tags), ("part", parts)):
            for position in beside.rest():
                yield Finding(position, f"a {what} is kept but no entry")
        yield from self._too_many_tiles()
        yield from self._deliveries()
        yield from self._compromised()
        yield from self._signed.rest(self._head.position)
        for document in strays(self._equipment, self._connection, self._seen):
            yield Finding(None, f"document {document} belongs to no entry", damage=False)

    def _entries(self) -> Iterator[Stored]:
        for pos, kind, leaf, entry, at, time in self._rows("entries", _ENTRY_COLUMNS, "pos"):
            raw = bytes(entry)
            yield Stored(int(pos), str(kind), bytes(leaf), raw, leaf_hash(raw), int(at), time)

    def _gap(self, row: Stored, tags: Rows, parts: Rows) -> Iterator[Finding]:
        """Go on over missing entries; the one after them still says what the last leaf was."""
        head = self._head
        missing = row.position - 1 - head.position
        if not missing:
            return
        said = "no entry here" if missing == 1 else f"no entries here up to {row.position - 1}"
        yield Finding(head.position + 1, said)
        # Of one missing entry the leaf is known: the tree goes on as if it were there.
        self._whole = self._whole and missing == 1
        leaf = _link(row) or bytes(LEAF_BYTES)
        for position in range(head.position + 1, row.position):
            self._beside.pass_over(tags.at(position))
            parts.at(position)
            head.edge.append(leaf)
        head.position, head.leaf = row.position - 1, leaf

    def _entry(
        self,
        row: Stored,
        after: Stored | None,
        later: Stored | None,
        tags: list[Any],
        parts: list[Any],
    ) -> Iterator[Finding]:
        entry: Entry | None = None
        head, position = self._head, row.position
        leaf = self._leaf(row, after, later)
        try:
            entry = self._equipment.examiner.check(head, position, row.kind, row.leaf, row.raw)
            if row.digest != leaf:
                yield Finding(position, f"not the entry that position {position + 1} links to")
        except DamageError as error:
            yield Finding(position, error.cause)
            entry = self._genuine(row)
        if entry is None or row.digest != leaf:
            # Nothing can be held against an entry that is not the one which was signed.
            self._beside.pass_over(tags)
        else:
            yield from self._beside.findings(entry, row, tags, parts)
            if self._known is not None and entry.context.type not in self._known:
                yield Finding(position, f"unknown type {entry.context.type}", damage=False)
            if (cause := self._equipment.ring.problems.get(position)) is not None:
                yield Finding(position, cause)
            head.at = max(head.at, entry.seq.at)
        head.position, head.leaf = position, leaf
        head.edge.append(leaf)

    def _genuine(self, row: Stored) -> Entry | None:
        """An entry that is signed and stands where it belongs, though something else is wrong."""
        try:
            entry = parse_entry(row.raw)
            self._equipment.examiner.check_signature(entry)
        except DamageError:
            return None
        return entry if entry.seq.position == row.position else None

    def _leaf(self, row: Stored, after: Stored | None, later: Stored | None) -> bytes:
        """The leaf hash that was signed of this position, as far as its neighbours tell."""
        linked = None if after is None or after.position != row.position + 1 else _link(after)
        if linked is None or after is None:
            return self._last_leaf(row)
        if linked in (row.digest, row.leaf):
            return linked
        if later is not None and later.position == after.position + 1:
            # Whoever altered the later one broke its own confirmation by the one after it.
            confirmed = _link(later) == after.digest
        else:
            tree = self._head.edge.tree.copy()
            tree.extend([linked, after.digest])
            confirmed = tree.root() == self._signed.root_of(after.position)
        return linked if confirmed else row.digest

    def _last_leaf(self, row: Stored) -> bytes:
        """Of an entry that none links to: its own, unless a signed root speaks for the column."""
        if row.digest != row.leaf:
            tree = self._head.edge.tree.copy()
            tree.append(row.leaf)
            if tree.root() == self._signed.root_of(row.position):
                return row.leaf
        return row.digest

    def _tiles(self) -> Iterator[Finding]:
        """The tiles that the last entry filled."""
        table = sql.Identifier(self._equipment.schema, "tiles")
        for level, index, hashes in self._head.edge.take():
            statement = sql.SQL("SELECT hashes FROM {} WHERE level = %s AND idx = %s").format(table)
            row = self._connection.execute(statement, (level, index)).fetchone()
            if row is None:
                yield Finding(self._head.position, f"the tile {level}/{index} is missing")
            elif self._whole and (nth := _differs(bytes(row[0]), hashes)) is not None:
                first = (index * WIDTH + nth) * WIDTH**level + 1
                stands = "the leaf" if level == 0 else f"positions up to {first + WIDTH**level - 1}"
                yield Finding(
                    first, f"the tile {level}/{index} is not of the entries: hash {nth} ({stands})"
                )

    def _compromised(self) -> Iterator[Finding]:
        """What was signed by keys in doubt: a warning, for the entries themselves verify."""
        schema, succession = self._equipment.schema, self._equipment.ring.succession
        for report in read_reports(self._connection, schema):
            for first, last in affected(self._connection, schema, succession, report):
                said = f"signed by a key reported compromised since {report.since}: {report.key}"
                more = "" if first == last else f", up to position {last}"
                yield Finding(first, said + more, damage=False)

    def _too_many_tiles(self) -> Iterator[Finding]:
        statement = sql.SQL(
            "SELECT level, idx FROM {} WHERE (idx + 1)::numeric * 256::numeric ^ (level + 1) > %s"
            " ORDER BY 1, 2"
        ).format(sql.Identifier(self._equipment.schema, "tiles"))
        for level, index in self._connection.execute(statement, (self._head.position,)):
            yield Finding(None, f"the tile {level}/{index} is kept but no entries fill it")

    def _deliveries(self) -> Iterator[Finding]:
        statement = sql.SQL(
            "SELECT d.pos FROM {} AS d LEFT JOIN {} AS e USING (pos) WHERE e.pos IS NULL ORDER BY 1"
        ).format(
            sql.Identifier(self._equipment.schema, "deliveries"),
            sql.Identifier(self._equipment.schema, "entries"),
        )
        for (pos,) in self._connection.execute(statement):
            yield Finding(int(pos), "a delivery is remembered but no entry is there")

    def _rows(self, table: str, columns: str, order: str) -> Iterator[Any]:
        # The words come from this room only.
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


def _neighbours(rows: Iterator[Stored]) -> Iterator[tuple[Stored, Stored | None, Stored | None]]:
    """Each row with the two after it."""
    held: deque[Stored] = deque()
    for row in rows:
        held.append(row)
        if len(held) == 3:  # noqa: PLR2004 - a row and two after it
            yield held[0], held[1], held[2]
            held.popleft()
    while held:
        yield held[0], held[1] if len(held) > 1 else None, None
        held.popleft()


def _differs(stored: bytes, derived: bytes) -> int | None:
    """The first hash of a tile that is not the derived one, from 0."""
    if stored == derived:
        return None
    for at in range(0, len(derived), LEAF_BYTES):
        if stored[at : at + LEAF_BYTES] != derived[at : at + LEAF_BYTES]:
            return at // LEAF_BYTES
    return len(derived) // LEAF_BYTES


def _link(row: Stored) -> bytes | None:
    try:
        return link_of(row.raw)
    except DamageError:
        return None
