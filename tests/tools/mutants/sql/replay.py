"""Definitions made once more from what tests made them from, perhaps with another text."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

import duckdb

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.tools.mutants.sql.recording import Given, Recorded

PATIENCE_S: Final = 30
"""How long a definition may take: mutants may go round in circles."""
_NO_SQL: Final = (duckdb.BinderException, duckdb.ParserException, duckdb.CatalogException)


class Replay:
    """Makes the rows of one definition, written in several ways, from what tests made it from.

    To plan a definition takes ten times as long as to run it over the few rows of a test: so all
    its texts are planned once, over tables whose rows come and go.
    """

    def __init__(self, recorded: Recorded, texts: Mapping[int, str]) -> None:
        """Make nothing yet.

        Args:
            recorded: the tables of the tests.
            texts: by number.
        """
        self._tables = recorded.tables
        self._texts = dict(texts)
        self._form: object = None
        self.wrong: set[int] = set()
        # What is planned must hold for other rows than those that are there.
        self._database = duckdb.connect(config={
            "threads": 1, "memory_limit": "1GB",
            "disabled_optimizers": "statistics_propagation,compressed_materialization",
        })  # fmt: skip
        self._database.execute("SET GLOBAL TimeZone = 'UTC'")

    def give(self, given: Given) -> list[str]:
        """Put the tables of a test in place; gives the rows that there were, in their own order.

        Texts that are no SQL over them are `wrong` from then on.
        """
        tables = {name: self._tables[digest] for name, digest in given.tables.items()}
        form = (given.span, *((name, *table.column_names) for name, table in tables.items()))
        for name, table in tables.items():
            self._database.register("given", table)
            if form != self._form:
                self._database.execute(f"CREATE OR REPLACE TABLE {name} AS FROM given")
            else:
                self._database.execute(f"TRUNCATE {name}")
                self._database.execute(f"INSERT INTO {name} FROM given")
        if form != self._form:
            self._form = form
            self._plan(given)
        self._database.register("given", self._tables[given.rows])
        return sorted(map(repr, self._database.execute("FROM given").fetchall()))

    def _plan(self, given: Given) -> None:
        for name, instant in zip(("asked_from", "asked_until"), given.span or (), strict=False):
            said = f"TIMESTAMPTZ '{instant.isoformat()}'"
            self._database.execute(f"CREATE OR REPLACE TEMP MACRO {name}() AS {said}")
        for number, text in self._texts.items():
            if number not in self.wrong:
                try:
                    self._database.execute(f"PREPARE text{number} AS {text}")
                except _NO_SQL:
                    self.wrong.add(number)
                except duckdb.Error:
                    # What fails as soon as it is planned fails when it runs.
                    pass

    def rows(self, number: int) -> list[str] | None:
        """The rows that a text gives, in an order of their own; None: it fails."""
        timer = threading.Timer(PATIENCE_S, self._database.interrupt)
        timer.start()
        try:
            found = self._database.execute(f"EXECUTE text{number}").fetchall()
        except duckdb.Error:
            return None
        finally:
            timer.cancel()
        return sorted(map(repr, found))
