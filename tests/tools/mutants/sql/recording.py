"""What the tests ask of the definitions: every set of tables that one is made from, and by whom."""

from __future__ import annotations

from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from projections.definitions import VOIDS, definitions
from projections.engine import View
from projections.facts import Facts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    import pyarrow as pa

    from projections.definitions import Definition
    from projections.live import Snapshot

Made = tuple[str, bytes, str]
"""Name of a table, root of the ledger, parameters."""


@dataclass(eq=False)
class Given:
    """What a definition was made from, once or more often.

    Attributes:
        tables: by name, the digest of each.
        span: in which all windows lie.
        rows: digest of what was made of it.
        items: ids of the tests in which it was.
    """

    tables: dict[str, bytes]
    span: tuple[datetime, datetime] | None
    rows: bytes
    items: list[str] = field(default_factory=list)


@dataclass
class Recorded:
    """What some tests made.

    Attributes:
        tables: by digest.
        made: digest of each table of each state.
        given: by definition, all that it was made from.
        seconds: what each test took of the processor.
    """

    tables: dict[bytes, pa.Table] = field(default_factory=dict)
    made: dict[Made, bytes] = field(default_factory=dict)
    given: dict[str, dict[bytes, Given]] = field(default_factory=lambda: defaultdict(dict))
    seconds: dict[str, float] = field(default_factory=dict)

    def add(self, other: Recorded) -> None:
        """Take what others made as well."""
        self.tables |= other.tables
        self.made |= other.made
        self.seconds |= other.seconds
        for name, each in other.given.items():
            for digest, given in each.items():
                mine = self.given[name].setdefault(
                    digest, Given(given.tables, given.span, given.rows)
                )
                mine.items += given.items


class Recording:
    """Notes what definitions are made from while tests run.

    Attributes:
        item: id of the test that runs.
        recorded: all that was noted.
    """

    def __init__(self) -> None:
        """Note nothing yet."""
        self.item = ""
        self.recorded = Recorded()
        self._digests: dict[int, bytes] = {}

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Note what is made meanwhile."""
        make, tail = View._make, Facts.of_tail

        def _make(view: View, one: Definition, *, is_passed_on: bool) -> None:  # noqa: ARG001
            # What is passed on would be made anew for whoever reads it, and for the note as well.
            make(view, one, is_passed_on=False)
            self._note(view, one)

        def _of_tail(facts: Facts, one: Definition, snapshot: Snapshot) -> pa.Table:
            found = tail(facts, one, snapshot)
            if one.base == "events":
                self._put(one.name, {"events": snapshot.tail}, None, found)
            return found

        with replaced(_make, _of_tail):
            yield

    def _note(self, view: View, one: Definition) -> None:
        for name in names_of(one):
            self._rows(view, name)
        if one.layer not in ("tables", "metrics"):
            return
        known = definitions()
        chosen = {
            "parameters": view.parameters.row(), "chosen_rules": view.parameters.rules_row()
        }  # fmt: skip
        given = {
            name: chosen[name] if name in chosen else self._rows(view, name)
            for name in sorted(set(one.reads))
            if name in chosen or name.removeprefix("all_") in known
        }
        span = view.parameters.span if "asked_" in one.text else None
        self._put(one.name, given, span, self._rows(view, one.name))

    def _rows(self, view: View, name: str) -> pa.Table:
        key = (name, view.snapshot.root, repr(view.parameters))
        kept = self.recorded.made.get(key)
        if kept is None:
            kept = self._keep(view._cursor.sql(f"FROM {name}").to_arrow_table())
            self.recorded.made[key] = kept
        return self.recorded.tables[kept]

    def _keep(self, table: pa.Table) -> bytes:
        known = self._digests.get(id(table))
        if known is None:
            content = sha256(table.schema.serialize())
            for batch in table.to_batches():
                content.update(batch.serialize())
            known = content.digest()
            # What is kept stays, and so its id is no other's.
            self._digests[id(self.recorded.tables.setdefault(known, table))] = known
        return known

    def _put(
        self,
        name: str,
        tables: dict[str, pa.Table],
        span: tuple[datetime, datetime] | None,
        rows: pa.Table,
    ) -> None:
        digest = sha256(repr(span).encode())
        kept = {one: self._keep(table) for one, table in tables.items()}
        for one, content in kept.items():
            digest.update(one.encode() + content)
        given = self.recorded.given[name].setdefault(
            digest.digest(), Given(kept, span, self._keep(rows))
        )
        if self.item not in given.items:
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


def names_of(one: Definition) -> list[str]:
    """What a definition's rows are called: facts are there without what was voided, and whole."""
    whole = one.layer == "facts" and one.name != VOIDS
    return [one.name, f"all_{one.name}"] if whole else [one.name]
