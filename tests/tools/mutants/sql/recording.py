"""What the tests ask of the definitions: every set of tables that one is made from, and by whom."""

from __future__ import annotations

import functools
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from projections.definitions import VOIDS, definitions, in_order
from projections.engine import View
from projections.facts import Facts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    import pyarrow as pa
    import pytest

    from projections.definitions import Definition
    from projections.live import Snapshot


@dataclass
class Given:
    """What a definition was made from, once or more often.

    Attributes:
        tables: by name.
        span: in which all windows lie.
        items: the tests in which it was.
    """

    tables: dict[str, pa.Table]
    span: tuple[datetime, datetime] | None
    items: list[pytest.Item] = field(default_factory=list)


class Recording:
    """Notes what definitions are made from while tests run.

    Attributes:
        item: the test that runs.
    """

    def __init__(self) -> None:
        """Note nothing yet."""
        self.item: pytest.Item | None = None
        self._given: dict[str, dict[bytes, Given]] = defaultdict(dict)
        self._made: dict[tuple[str, bytes, str], pa.Table] = {}

    def of(self, name: str) -> list[Given]:
        """All that a definition was made from."""
        return list(self._given[name].values())

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Note what is made meanwhile."""
        make, tail = View._make, Facts.of_tail

        def _make(view: View, one: Definition, *, is_passed_on: bool) -> None:  # noqa: ARG001
            # What is passed on would be made anew for whoever reads it, and for the note as well.
            make(view, one, is_passed_on=False)
            self._note(view, one)

        def _of_tail(facts: Facts, one: Definition, snapshot: Snapshot) -> pa.Table:
            if one.base == "events":
                self._put(one.name, {"events": snapshot.tail}, None)
            return tail(facts, one, snapshot)

        with replaced(_make, _of_tail):
            yield

    def recalling(self, name: str) -> None:
        """From now on tables are what they were, but a definition and all that hang on it."""
        make = View._make

        def _make(view: View, one: Definition, *, is_passed_on: bool) -> None:
            if name not in needed(one.name) and self._table(view, one.name) is not None:
                for each in _names(one):
                    view._cursor.register(each, self._table(view, each))
                view._made.add(one.name)
            else:
                make(view, one, is_passed_on=is_passed_on)

        View._make = _make  # type: ignore[method-assign, assignment]

    def _table(self, view: View, name: str) -> pa.Table | None:
        return self._made.get((name, view.snapshot.root, repr(view.parameters)))

    def _note(self, view: View, one: Definition) -> None:
        key = view.snapshot.root, repr(view.parameters)
        for name in _names(one):
            if (name, *key) not in self._made:
                self._made[name, *key] = view._cursor.sql(f"FROM {name}").to_arrow_table()
        if one.layer not in ("tables", "metrics"):
            return
        known = definitions()
        tables = {
            "parameters": view.parameters.row(), "chosen_rules": view.parameters.rules_row()
        }  # fmt: skip
        given = {}
        for name in sorted(set(one.reads)):
            if name in tables:
                given[name] = tables[name]
            elif name in known or name.removeprefix("all_") in known:
                kept = self._made.get((name, *key))
                given[name] = (
                    kept if kept is not None else view._cursor.sql(f"FROM {name}").to_arrow_table()
                )
        self._put(one.name, given, view.parameters.span if "asked_" in one.text else None)

    def _put(
        self, name: str, tables: dict[str, pa.Table], span: tuple[datetime, datetime] | None
    ) -> None:
        digest = sha256(repr(span).encode())
        for one, table in tables.items():
            content = sha256()
            for batch in table.to_batches():
                content.update(batch.serialize())
            digest.update(one.encode() + content.digest())
        given = self._given[name].setdefault(digest.digest(), Given(tables, span))
        if self.item is not None and self.item not in given.items:
            given.items.append(self.item)


@contextmanager
def replaced(make: Any, of_tail: Any) -> Iterator[None]:  # noqa: ANN401 - methods
    """Tables and facts are made by other methods meanwhile."""
    before = View._make, Facts.of_tail
    View._make, Facts.of_tail = make, of_tail  # type: ignore[method-assign]
    try:
        yield
    finally:
        View._make, Facts.of_tail = before  # type: ignore[method-assign]


@functools.cache
def needed(name: str) -> frozenset[str]:
    """A definition and all that it needs; facts hang on what was voided."""
    return frozenset(one.name for one in in_order([name, VOIDS]))


def _names(one: Definition) -> list[str]:
    """What a definition's rows are called: facts are there without what was voided, and whole."""
    whole = one.layer == "facts" and one.name != VOIDS
    return [one.name, f"all_{one.name}"] if whole else [one.name]
