"""DCB queries as SQL, the rarest tag first (design section 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from eventsourcing.dcb.api import DCBQuery, DCBQueryItem

    from store.postgres.database import Connection

_PROBE: Final = 1000
"""A tag with this many events is common; how much more common does not matter."""
_LAST: Final = 2**63 - 1


class RarestFirst:
    """Puts tags in the order in which they are best looked for, in one ledger."""

    def __init__(self, schema: str) -> None:
        self._count = sql.SQL(
            "SELECT count(*) FROM (SELECT 1 FROM {} WHERE tag = %s AND pos > %s LIMIT %s) AS probe"
        ).format(sql.Identifier(schema, "tags"))

    def order(self, connection: Connection, tags: Iterable[str], after: int) -> list[str]:
        """These tags, each once, those of the fewest events over `after` first."""
        unique = sorted(set(tags))
        if len(unique) < 2:  # noqa: PLR2004 - one tag needs no order
            return unique
        counts = {}
        for tag in unique:
            row = connection.execute(self._count, (tag, after, _PROBE)).fetchone()
            counts[tag] = 0 if row is None else int(row[0])
        return sorted(unique, key=lambda tag: counts[tag])


class Matcher:
    """Finds the positions that match a query in one ledger."""

    def __init__(self, schema: str) -> None:
        self._entries = sql.Identifier(schema, "entries")
        self._tags = sql.Identifier(schema, "tags")
        self._rarest = RarestFirst(schema)

    def positions(
        self,
        connection: Connection,
        query: DCBQuery | None,
        *,
        after: int,
        until: int = _LAST,
        limit: int | None = None,
    ) -> list[int]:
        """Positions over `after` and up to `until` that match, ascending, `limit` at most."""
        items = query.items if query is not None else []
        selects: list[sql.Composable] = []
        values: list[Any] = []
        for types, tags in _merged(items):
            several = len(tags) > 1
            select, wanted = (
                self._any(types, [tag for (tag,) in tags], after, until) if several
                else self._select(connection, types, tags[0], after, until)
            )  # fmt: skip
            selects.append(select)
            values += wanted
            if limit is not None:
                selects[-1] = sql.SQL("({} ORDER BY pos LIMIT %s)").format(select)
                values.append(limit)
        statement = sql.SQL("SELECT pos FROM ({}) AS found ORDER BY pos LIMIT %s").format(
            sql.SQL(" UNION ").join(selects)
        )
        rows = connection.execute(statement, [*values, limit]).fetchall()
        return [pos for (pos,) in rows]

    def _any(
        self, types: Sequence[str], wanted: Sequence[str], after: int, until: int
    ) -> tuple[sql.Composable, list[Any]]:
        """Events of these types that have one of many tags."""
        join: sql.Composable = sql.SQL("")
        kinds: sql.Composable = sql.SQL("")
        if types:
            join = sql.SQL(" JOIN {} AS e USING (pos)").format(self._entries)
            kinds = sql.SQL(" AND e.type = ANY(%s)")
        statement = sql.SQL(
            "SELECT DISTINCT t.pos FROM {} AS t{} WHERE t.tag = ANY(%s){}"
            " AND t.pos > %s AND t.pos <= %s"
        ).format(self._tags, join, kinds)
        return statement, [list(wanted), *([list(types)] if types else []), after, until]

    def _select(
        self,
        connection: Connection,
        types: Sequence[str],
        wanted: Sequence[str],
        after: int,
        until: int,
    ) -> tuple[sql.Composable, list[Any]]:
        """Events of these types that have all of these tags."""
        tags = self._rarest.order(connection, wanted, after)
        values: list[Any] = []
        if not tags:
            statement: sql.Composable = sql.SQL("SELECT pos FROM {} AS e WHERE ").format(
                self._entries
            )
        else:
            statement = sql.SQL("SELECT t.pos FROM {} AS t ").format(self._tags)
            if types:
                statement += sql.SQL("JOIN {} AS e USING (pos) ").format(self._entries)
            statement += sql.SQL("WHERE t.tag = %s AND ")
            values.append(tags[0])
            for tag in tags[1:]:
                statement += sql.SQL(
                    "EXISTS (SELECT FROM {} AS o WHERE o.tag = %s AND o.pos = t.pos) AND "
                ).format(self._tags)
                values.append(tag)
        if types:
            statement += sql.SQL("e.type IN ({}) AND ").format(
                sql.SQL(", ").join(sql.Placeholder() * len(types))
            )
            values += types
        statement += sql.SQL("{}.pos > %s AND {}.pos <= %s").format(
            *[sql.Identifier("t" if tags else "e")] * 2
        )
        return statement, [*values, after, until]


def _merged(
    items: Sequence[DCBQueryItem],
) -> Iterator[tuple[tuple[str, ...], list[tuple[str, ...]]]]:
    """Types and tags of what is wanted; items of one tag each and the same types are one.

    A condition may name some hundred commits: planning a statement of as many parts takes longer
    than running it. Without items everything is wanted.
    """
    single: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    for item in items:
        types, tags = tuple(sorted(item.types)), tuple(sorted(set(item.tags)))
        if len(tags) == 1:
            single.setdefault(types, []).append(tags)
        else:
            yield types, [tags]
    yield from single.items()
    if not items:
        yield (), [()]


def matches(query: DCBQuery, kind: str, tags: frozenset[str]) -> bool:
    """Whether an event of this type and these tags matches a query."""
    return not query.items or any(
        (not item.types or kind in item.types) and tags.issuperset(item.tags)
        for item in query.items
    )
