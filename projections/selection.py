"""Which rows of a table an answer has: said in the answer, so that it can be repeated."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

MOST: Final = 10_000
"""Rows of one answer, unless it is a table for analysts."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Rows of one table.

    Attributes:
        table: its name.
        equals: columns and the values that they have.
        contains: columns that are lists, and a value that is in them.
        holding: columns of the first instant of a span and the first one after it, in which `at`
            of the parameters lies, or None.
        during: column of the instant that lies in the window of the parameters, or None.
        order: columns that the rows are put in order by, the last value first where `-` stands
            before a name; together they tell rows apart. What has no value comes last.
        offset: rows passed over.
        limit: rows at most; None: all.
    """

    table: str
    equals: dict[str, str] = field(default_factory=dict)
    contains: dict[str, str] = field(default_factory=dict)
    holding: tuple[str, str] | None = None
    during: str | None = None
    order: tuple[str, ...] = ()
    offset: int = 0
    limit: int | None = None

    def statement(self) -> tuple[str, list[Any]]:
        """The SQL that gives these rows, and the values of its placeholders.

        Names of tables and columns come from our own code; only values come from outside.
        """
        clauses = [f"{column} = ?" for column in self.equals]
        clauses += [f"list_contains({column}, ?)" for column in self.contains]
        if self.holding is not None:
            clauses.append(
                f"(SELECT p.at FROM parameters AS p) >= {self.holding[0]}"  # noqa: S608 - as said
                f" AND (SELECT p.at FROM parameters AS p) < {self.holding[1]}"
            )
        if self.during is not None:
            clauses.append(
                f"{self.during} >= (SELECT window_from FROM parameters)"  # noqa: S608 - as said
                f" AND {self.during} < (SELECT window_to FROM parameters)"
            )
        where = f" WHERE {' AND '.join(clauses)}" if clauses else ""
        columns = [
            f"{name.removeprefix('-')} {'DESC' if name.startswith('-') else 'ASC'} NULLS LAST"
            for name in self.order
        ]
        order = f" ORDER BY {', '.join(columns)}" if columns else ""
        limit = "" if self.limit is None else f" LIMIT {self.limit:d}"
        statement = f"SELECT * FROM {self.table}{where}{order}{limit} OFFSET {self.offset:d}"  # noqa: S608
        return statement, [*self.equals.values(), *self.contains.values()]

    def told(self) -> dict[str, Any]:
        """As an answer states it."""
        return {
            "table": self.table,
            "equals": self.equals,
            "contains": self.contains,
            "holding": None if self.holding is None else list(self.holding),
            "during": self.during,
            "order": list(self.order),
            "offset": self.offset,
            "limit": self.limit,
        }
