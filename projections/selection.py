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
        during: column of the instant that lies in the window of the parameters, or None.
        order: columns that the rows are put in order by; together they tell rows apart.
        offset: rows passed over.
        limit: rows at most; None: all.
    """

    table: str
    equals: dict[str, str] = field(default_factory=dict)
    during: str | None = None
    order: tuple[str, ...] = ()
    offset: int = 0
    limit: int | None = None

    def statement(self) -> tuple[str, list[Any]]:
        """The SQL that gives these rows, and the values of its placeholders.

        Names of tables and columns come from our own code; only values come from outside.
        """
        clauses = [f"{column} = ?" for column in self.equals]
        if self.during is not None:
            clauses.append(
                f"{self.during} >= (SELECT window_from FROM parameters)"  # noqa: S608 - as said
                f" AND {self.during} < (SELECT window_to FROM parameters)"
            )
        where = f" WHERE {' AND '.join(clauses)}" if clauses else ""
        order = f" ORDER BY {', '.join(self.order)}" if self.order else ""
        limit = "" if self.limit is None else f" LIMIT {self.limit:d}"
        statement = f"SELECT * FROM {self.table}{where}{order}{limit} OFFSET {self.offset:d}"  # noqa: S608
        return statement, list(self.equals.values())

    def told(self) -> dict[str, Any]:
        """As an answer states it."""
        return {
            "table": self.table,
            "equals": self.equals,
            "during": self.during,
            "order": list(self.order),
            "offset": self.offset,
            "limit": self.limit,
        }
