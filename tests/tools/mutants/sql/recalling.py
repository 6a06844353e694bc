"""What tests made before, taken for what they make now, but for what a mutant changes."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import pyarrow.compute as pc

from projections.definitions import VOIDS, definitions
from projections.engine import View
from tests.tools.mutants.sql.recording import names_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pyarrow as pa

    from projections.definitions import Definition
    from tests.tools.mutants.sql.recording import Recorded


class Recalling:
    """Gives tables as they were, but a definition and what is made of other rows than it was."""

    def __init__(self, recorded: Recorded, name: str) -> None:
        """Recall nothing yet.

        Args:
            recorded: what tests made.
            name: of the definition that is made anew.
        """
        self._recorded = recorded
        self._name = name
        self._make_table, self._make_asked = View._make, View.make
        self._same: WeakKeyDictionary[View, dict[str, bool]] = WeakKeyDictionary()
        self._waiting: WeakKeyDictionary[View, dict[str, pa.Table]] = WeakKeyDictionary()

    def begin(self) -> None:
        """From now on, in this process."""

        def _make(view: View, one: Definition, *, is_passed_on: bool) -> None:  # noqa: ARG001
            self._make(view, one)

        def make(view: View, names: Iterable[str]) -> None:
            asked = list(names)
            self._make_asked(view, asked)
            self._register(view, asked)

        def _keep(view: View, name: str) -> None:
            """It is recalled again."""

        View._make = _make  # type: ignore[method-assign, assignment]
        View.make = make  # type: ignore[method-assign, assignment]
        View._keep = _keep  # type: ignore[method-assign, assignment]

    def _make(self, view: View, one: Definition) -> None:
        names, read = names_of(one), _read(one)
        tables = [self._before(view, each) for each in names]
        if (
            one.name == self._name
            or any(each is None for each in tables)
            or not all(self._is_same(view, each) for each in read)
        ):
            self._register(view, read)
            self._make_table(view, one, is_passed_on=False)
            return
        for each, table in zip(names, tables, strict=True):
            self._waiting.setdefault(view, {})[each] = table
            self._same.setdefault(view, {})[each] = True
        if one.name == VOIDS and tables[0] is not None:
            view._voided = bool(pc.any(pc.is_valid(tables[0]["voided"])).as_py())
        view._made.add(one.name)

    def _before(self, view: View, table: str) -> pa.Table | None:
        digest = self._recorded.made.get((table, view.snapshot.root, repr(view.parameters)))
        return None if digest is None else self._recorded.tables[digest]

    def _is_same(self, view: View, table: str) -> bool:
        known = self._same.setdefault(view, {})
        if table not in known:
            before = self._before(view, table)
            known[table] = before is not None and before.equals(
                view._cursor.sql(f"FROM {table}").to_arrow_table()
            )
        return known[table]

    def _register(self, view: View, names: Iterable[str]) -> None:
        """Most tables are only there for others that are recalled as well: they need no name."""
        waiting = self._waiting.get(view, {})
        for name in names:
            if name in waiting:
                view._cursor.register(name, waiting.pop(name))


def _read(one: Definition) -> set[str]:
    """The tables that hang on definitions and that one reads; facts hang on what was voided."""
    if one.layer == "facts":
        return {VOIDS} - {one.name}
    known = definitions()
    return {name for name in one.reads if name.removeprefix("all_") in known}
