"""Runs definitions in a database of their own, where they reach nothing but the rows.

A definition is text that came with what is to be verified. So each must be one SELECT, and runs in
a DuckDB that lies in memory, reads no file, loads no extension and cannot be told to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import duckdb
import pyarrow.compute as pc

from pipeledger.recompute.definitions import VOIDS
from pipeledger.recompute.rows import records
from pipeledger.recompute.steps import STEPS
from pipeledger.verifier.wire import UncheckedError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pyarrow as pa

    from pipeledger.recompute.definitions import Definition
    from pipeledger.recompute.reading import Rows

_SETTINGS: dict[str, Any] = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    # A name that is no table must not find a variable of this program.
    "python_enable_replacements": "false",
    "preserve_insertion_order": "true",
}
_RULES = "attribution_window_s, infer_rollback, commit_time_basis, count_redeploys"
_BESIDE = (
    f"CREATE TEMP VIEW chosen_rules AS SELECT {_RULES} FROM parameters",  # noqa: S608 - names of ours
    "CREATE TEMP MACRO asked_from() AS (SELECT least(window_from, baseline_from) FROM parameters)",
    "CREATE TEMP MACRO asked_until() AS (SELECT greatest(window_to, baseline_to) FROM parameters)",
)
"""What else definitions may read: parameters that are rules, and the ends of all windows."""
_FEW = 10_000
"""Entries: of fewer, finding the best plan of a definition takes longer than running it."""
_VOIDED = f"(SELECT voided FROM {VOIDS} WHERE voided IS NOT NULL)"  # noqa: S608 - a name of ours


class Sandbox:
    """A database that is given rows batch by batch, and then asked. A context manager.

    Attributes:
        wants_documents: some of what is wanted is made from `documents`.
    """

    def __init__(
        self,
        wanted: Sequence[Definition],
        known_at: int,
        parameters: pa.Table,
        *,
        foreign_steps: bool = False,
    ) -> None:
        """Prepare for some definitions.

        Args:
            wanted: in the order in which they are made; the voids among them.
            known_at: rows up to this position count.
            parameters: the one row of the table of that name.
            foreign_steps: run the Python text of steps that we have no implementation of.

        Raises:
            UncheckedError: a definition is no single SELECT, or a step that is not known.
        """
        self._wanted = wanted
        self._known_at = known_at
        self._facts = [one for one in wanted if one.layer == "facts"]
        self.wants_documents = any(one.base == "documents" for one in self._facts)
        self._steps = {
            one.name: _step(one, foreign=foreign_steps) for one in wanted if one.layer == "steps"
        }
        self._made = False
        for one in wanted:
            if one.layer != "steps":
                _check_select(one)
        self._database = duckdb.connect(":memory:", config=_SETTINGS)
        self._database.execute("SET GLOBAL TimeZone = 'UTC'")
        if known_at < _FEW:
            self._database.execute("PRAGMA disable_optimizer")
        self._database.execute("SET GLOBAL lock_configuration = true")
        self._database.register("parameters", parameters)
        for statement in _BESIDE:
            self._database.execute(statement)

    def add(self, rows: Rows) -> None:
        """Take more rows of `events` and `documents`.

        Raises:
            UncheckedError: a definition of facts does not run.
        """
        events, lines = rows.events, rows.documents
        left = self._known_at - events["position"][0].as_py() + 1 if events.num_rows else 0
        if left <= 0 and self._made:
            return
        self._database.register("events", events.slice(0, max(left, 0)))
        known = pc.less_equal(lines["position"], self._known_at)
        self._database.register("documents", lines.filter(known))
        for one in self._facts:
            table = one.name if one.name == VOIDS else f"all_{one.name}"
            begin = f"INSERT INTO {table}" if self._made else f"CREATE TABLE {table} AS"
            self._run(one, f"{begin} {one.text}")
        self._database.unregister("events")
        self._database.unregister("documents")
        self._made = True

    def finish(self) -> None:
        """Make all tables of the rows that were taken.

        Raises:
            UncheckedError: a definition does not run.
        """
        # Looked for once: what is left out is planned again wherever facts are read.
        left = f" WHERE position NOT IN {_VOIDED}" if self._is_voided() else ""
        for one in self._wanted:
            if one.layer == "facts":
                if one.name != VOIDS:
                    standing = f"FROM all_{one.name}{left}"
                    self._run(one, f"CREATE VIEW {one.name} AS {standing}")
            elif one.layer == "steps":
                given = [self._database.table(name).to_arrow_table() for name in one.given]
                self._database.register(one.name, self._steps[one.name](*given))
            else:
                self._run(one, f"CREATE TABLE {one.name} AS {one.text}")

    def rows(self, statement: str, values: Sequence[object] = ()) -> list[dict[str, Any]]:
        """The rows of a statement over the tables.

        Raises:
            UncheckedError: it does not run.
        """
        try:
            found = self._database.sql(statement, params=list(values)).to_arrow_table()
        except duckdb.Error as error:
            raise UncheckedError(f"these rows cannot be chosen: {_line(error)}") from error
        return records(found)

    def differs(self, name: str, stored: pa.Table) -> bool:
        """Whether a table has other rows than these, in whatever order.

        Raises:
            UncheckedError: the two cannot be compared: other columns or types.
        """
        self._database.register("stored", stored)
        try:
            for one, other in ((f'"{name}"', "stored"), ("stored", f'"{name}"')):
                statement = f"SELECT 1 FROM (FROM {one} EXCEPT ALL FROM {other}) LIMIT 1"  # noqa: S608
                if self._database.execute(statement).fetchall():
                    return True
        except duckdb.Error as error:
            raise UncheckedError(f"table {name} has other columns here: {_line(error)}") from error
        finally:
            self._database.unregister("stored")
        return False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def _is_voided(self) -> bool:
        found = [
            self._run(one, f"SELECT 1 WHERE EXISTS {_VOIDED}").fetchall()
            for one in self._wanted if one.name == VOIDS
        ]  # fmt: skip
        return any(found)

    def _run(self, one: Definition, statement: str) -> duckdb.DuckDBPyConnection:
        try:
            return self._database.execute(statement)
        except duckdb.Error as error:
            raise UncheckedError(
                f"the definition of {one.name} does not run here (DuckDB {duckdb.__version__}): "
                + _line(error)
            ) from error


def _check_select(one: Definition) -> None:
    try:
        statements = duckdb.extract_statements(one.text)
    except duckdb.Error as error:
        raise UncheckedError(f"the definition of {one.name} is no SQL: {_line(error)}") from error
    if [each.type for each in statements] != [duckdb.StatementType.SELECT]:
        raise UncheckedError(f"the definition of {one.name} is not one SELECT and is not run")


def _step(one: Definition, *, foreign: bool) -> Callable[..., pa.Table]:
    if one.function in STEPS:
        return STEPS[one.function]
    if not foreign:
        raise UncheckedError(
            f"the step {one.function} has no implementation here",
            "update pipeledger; or, where you believe whoever made the definitions, run their code "
            "on this machine with --definitions-from-pack",
        )
    names: dict[str, Any] = {"__name__": f"pipeledger.recompute.foreign.{one.name}"}
    exec(compile(one.text, f"{one.name}.py", "exec"), names)  # noqa: S102 - asked for by the person
    made: Callable[..., pa.Table] = names[one.function]
    return made


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
