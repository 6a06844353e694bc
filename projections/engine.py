"""Runs the definitions over a ledger's events with DuckDB, in this process.

    segment ──▶ facts (once a segment, kept beside it) ─┐
                                                        ├─▶ tables ──▶ metrics
    tail ─────▶ facts (once an event, in memory) ───────┘

Tables that hang on no choice are kept once a snapshot (`projections.settled`); of these only the
last ones are, which choices or the one who asks read themselves.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import duckdb

from domain.errors import UnavailableError
from projections import contract
from projections.asked_controls import JUDGED, not_asked
from projections.calendar import tellable
from projections.definitions import (
    VOIDS,
    Definition,
    definitions,
    in_order,
    is_settled,
    read_by_choices,
)
from projections.facts import Facts, reading
from projections.memory import query_memory
from projections.selection import Selection
from projections.settled import Settled
from projections.statements import parsed, plan_plainly, put
from projections.steps import STEPS
from projections.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa

    from projections.live import Snapshot
    from projections.parameters import Parameters

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_VOIDED: Final = f"FROM {VOIDS} WHERE voided IS NOT NULL"


class Engine:
    """One ledger's facts and the database they are queried in. Safe for threads.

    Attributes:
        settled: the tables that are kept for the next who asks.
        making: is held by whoever makes tables that are kept.
    """

    def __init__(self, folder: Path, threads: int | None = None, memory: int | None = None) -> None:
        """Make an engine.

        Args:
            folder: where facts of segments are kept; it may be dropped at any time.
            threads: at most so many; None: one a processor.
            memory: at most so many bytes for queries; None: `query_memory`.
        """
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        spill = folder / "spill"
        self._threads = threads or os.cpu_count() or 1
        self._workspace = Workspace({
            "memory_limit": f"{memory or query_memory()}B",
            "temp_directory": str(spill),
            "threads": self._threads,
        })  # fmt: skip
        self._lock = threading.Lock()
        self.settled = Settled(folder / "settled")
        self.making = threading.Lock()
        self._facts = Facts(folder, self._workspace, self.settled.heard)

    def close(self) -> None:
        """End the database."""
        self._workspace.close()

    @contextlib.contextmanager
    def view(self, snapshot: Snapshot, parameters: Parameters) -> Iterator[View]:
        """The tables as of one snapshot and one set of parameters.

        What is asked within raises UnavailableError where it takes more memory than there is.
        """
        with self._workspace.cursor() as cursor, contextlib.ExitStack() as opened:
            try:
                yield View(self, cursor, snapshot, parameters, opened)
            except duckdb.OutOfMemoryException as error:
                raise UnavailableError(
                    "the answer takes more memory than it may; ask for less, or again later"
                ) from error

    def prepare(self, snapshot: Snapshot) -> None:
        """Derive the facts of segments that have none yet.

        Raises:
            UnavailableError: the disk.
        """
        facts = [one for one in definitions().values() if one.layer == "facts"]
        with self._lock, ThreadPoolExecutor(self._threads) as pool:
            for made in [pool.submit(self._facts.of_segments, one, snapshot) for one in facts]:
                made.result()

    def forget(self) -> None:
        """Drop the facts and tables that are kept beside the segments."""
        with self._lock:
            self._facts.forget()
            self.settled.drop()

    def drop(self, stem: str) -> None:
        """Drop what was made of one segment, since bytes of it were redacted.

        Args:
            stem: of the segment's file.
        """
        with self._lock:
            self._facts.drop(stem)
            self.settled.drop()

    def facts(self, one: Definition, snapshot: Snapshot) -> tuple[list[Path], pa.Table]:
        """The facts of one definition: files of the sealed segments, and those of the tail."""
        with self._lock:
            return self._facts.of_segments(one, snapshot), self._facts.of_tail(one, snapshot)


class View:
    """Tables of one snapshot with one set of parameters, made when they are asked for.

    Attributes:
        snapshot: what is read.
        parameters: with which parameters.
    """

    def __init__(
        self,
        engine: Engine,
        cursor: duckdb.DuckDBPyConnection,
        snapshot: Snapshot,
        parameters: Parameters,
        opened: contextlib.ExitStack,
    ) -> None:
        """Make nothing yet.

        Args:
            engine: whose facts are read.
            cursor: of its database, for this view alone.
            snapshot: what is read.
            parameters: with which parameters.
            opened: is closed after the last use.
        """
        self.snapshot = snapshot
        self.parameters = parameters
        self._engine = engine
        self._cursor = cursor
        self._opened = opened
        self._made: set[str] = set()
        self._voided = False
        if not snapshot.state:
            plan_plainly(cursor)
        cursor.register("parameters", parameters.row())
        cursor.register("chosen_rules", parameters.rules_row())
        for name, instant in zip(("asked_from", "asked_until"), parameters.span, strict=True):
            microseconds = (instant - _EPOCH) // timedelta(microseconds=1)
            cursor.execute(f"CREATE TEMP MACRO {name}() AS make_timestamptz({microseconds:d})")
        self._left_empty = not_asked(parameters.controls)

    @contextlib.contextmanager
    def chosen(self, **changed: Any) -> Iterator[View]:  # noqa: ANN401 - of several types
        """The same state of the ledger with other parameters.

        Raises:
            RefusedError: a parameter is wrong.
        """
        with self._engine.view(self.snapshot, replace(self.parameters, **changed)) as view:
            yield view

    def table(self, name: str) -> pa.Table:
        """A table, whole.

        Raises:
            KeyError: no definition has this name.
        """
        return self.select(Selection(name))

    def select(self, wanted: Selection) -> pa.Table:
        """Rows of a table.

        Raises:
            KeyError: no definition has its name.
        """
        name = wanted.table
        self.make([name])
        found = tellable(self.query(*wanted.statement()))
        # The engine has names of its own for the time zone and the items of lists.
        return found.cast(contract.table(name).arrow) if name in contract.names() else found

    def answer(self, selections: Sequence[Selection]) -> dict[str, pa.Table]:
        """Rows of several tables, by the name of their table; raises what `select` raises."""
        pages = [one.table for one in selections if one.limit is not None]
        self.make([one.table for one in selections], pages)
        return {one.table: self.select(one) for one in selections}

    def write(self, name: str, path: Path) -> None:
        """Write a table, whole, as a Parquet file; equal tables are equal files.

        Raises:
            KeyError: no definition has this name.
            UnavailableError: the disk.
        """
        self.make([name])
        # DuckDB declares columns required where it happens to know that no row lacks them, which
        # hangs on how the table was made. Of rows from outside it knows nothing: all are optional.
        self._cursor.register("no_rows", self.query(f"FROM {name} LIMIT 0"))
        rows = self._cursor.sql(f"FROM {name} UNION ALL FROM no_rows ORDER BY ALL")
        try:
            rows.write_parquet(str(path), compression="zstd")
        except duckdb.IOException as error:
            raise UnavailableError(f"{path.name} cannot be written: {error}") from error

    def query(self, statement: str, values: Iterable[object] = ()) -> pa.Table:
        """The rows of a statement over tables that `make` made."""
        return self._cursor.sql(statement, params=list(values)).to_arrow_table()

    def make(self, names: Iterable[str], pages: Collection[str] = ()) -> None:
        """Make tables and all that they need.

        Tables that are asked for at once are best named at once: what is kept of them is kept of
        all.

        Args:
            names: of the tables.
            pages: those of them of which only a page will be read, once.
        """
        asked = set(names)
        missing = self._missing(asked)
        kept = [one for one, is_last in missing.items() if is_last and self._is_kept(one)]
        once = asked & set(pages)
        # Another view may be making what will be kept: that takes all processors already.
        with self._engine.making if kept else contextlib.nullcontext():
            self._make_missing(asked, once, self._missing(asked) if kept else missing)

    def _missing(self, asked: Iterable[str]) -> dict[str, bool]:
        """What has to be made; whether it is one of the last settled tables, or asked for."""
        missing: dict[str, bool] = {}
        for name in asked:
            self._find(name, missing, is_last=True)
        return missing

    def _is_kept(self, name: str) -> bool:
        return self._engine.settled.keeps(name, self.snapshot, self.parameters)

    def _make_missing(self, asked: set[str], once: set[str], missing: dict[str, bool]) -> None:
        order = in_order([VOIDS, *missing], self._left_empty)
        wanted = [one for one in order if one.name in missing]
        times = Counter(read for one in wanted for read in one.reads) + Counter(once)
        # What is made while it is read is planned with all that reads it, which of a small ledger
        # costs more than its rows.
        is_small = not self.snapshot.state
        for one in wanted:
            name = one.name
            is_last = missing[name] and is_settled(name)
            is_whole = is_last or (name in asked and name not in once)
            self._make(one, is_passed_on=times[name] == 1 and not is_whole and not is_small)
            if is_last:
                self._keep(name)

    def _find(self, name: str, missing: dict[str, bool], *, is_last: bool) -> None:
        """Open what is kept, and find what has to be made; the last settled tables are marked."""
        if name in self._made:
            return
        if name in missing:
            missing[name] |= is_last
            return
        if self._is_opened(name):
            self._made.add(name)
            return
        one = definitions()[name]
        missing[name] = is_last or self._engine.settled.is_unheard(
            name, self.snapshot, self.parameters
        )
        # What another question will read is kept with it; of a small ledger it is made as quickly.
        others = read_by_choices() if self.snapshot.state else frozenset[str]()
        for need in one.needs if one.layer != "facts" else [VOIDS]:
            if need != name:
                self._find(need, missing, is_last=not is_settled(name) or need in others)

    def _is_opened(self, name: str) -> bool:
        recent = (
            JUDGED.empty_table()
            if name in self._left_empty
            else self._engine.settled.recall(name, self.snapshot, self.parameters)
        )
        if recent is not None:
            put(self._cursor, name, recent)
            return True
        path = self._engine.settled.path(name, self.snapshot, self.parameters)
        file = self._engine.settled.open(path) if path is not None else None
        if file is None:
            return False
        self._opened.enter_context(file)
        # By its descriptor it is the same file to the end, whoever removes it meanwhile.
        rows = reading([f"/dev/fd/{file.fileno()}"])
        try:
            self._cursor.execute(f"CREATE TEMP VIEW {name} AS {rows}")
        except duckdb.Error:
            # What is no table is made again.
            return False
        return True

    def _keep(self, name: str) -> None:
        rows = self._cursor.sql(f"FROM {name}")
        path = self._engine.settled.path(name, self.snapshot, self.parameters)
        if path is not None:
            self._engine.settled.keep(path, rows)
        self._engine.settled.remember(name, self.snapshot, self.parameters, rows)

    def _make(self, one: Definition, *, is_passed_on: bool) -> None:
        """Make a table; what is read once is made while it is read."""
        if one.layer == "facts":
            self._make_facts(one)
        elif one.layer == "steps":
            given = [self._cursor.sql(f"FROM {need}").to_arrow_table() for need in one.needs]
            self._cursor.register(one.name, STEPS[one.name].run(*given))
        else:
            kind = "VIEW" if is_passed_on else "TABLE"
            self._cursor.execute(parsed(f"CREATE TEMP {kind} {one.name} AS {one.text}"))
        self._made.add(one.name)

    def _make_facts(self, one: Definition) -> None:
        """Facts up to the position asked for, without what was voided; that stands beside."""
        files, tail = self._engine.facts(one, self.snapshot)
        if not files and not tail.num_rows:
            put(self._cursor, one.name, tail)
            put(self._cursor, f"all_{one.name}", tail)
            return
        told = [reading(files)] if files else []
        if tail.num_rows or not files:
            self._cursor.register(f"{one.name}_tail", tail)
            told.append(f"FROM {one.name}_tail")
        known = " UNION ALL BY NAME ".join(told)
        if self.parameters.known_at < self.snapshot.size:
            known = f"SELECT * FROM ({known}) WHERE position <= {self.parameters.known_at:d}"  # noqa: S608 - names of our own files
        if one.name == VOIDS:
            self._cursor.execute(f"CREATE TEMP TABLE {one.name} AS {known}")
            self._voided = bool(self._cursor.execute(f"SELECT 1 {_VOIDED} LIMIT 1").fetchall())
            return
        # A view is bound anew wherever it is read, and most facts are read more than once: where
        # nothing is sealed, that costs more than the few rows.
        kind = "VIEW" if files else "TABLE"
        self._cursor.execute(f"CREATE TEMP {kind} all_{one.name} AS {known}")
        left = f" WHERE position NOT IN (SELECT voided {_VOIDED})" if self._voided else ""
        # What is looked into through one view more is planned longer, wherever it is read.
        standing = known if files and not left else f"FROM all_{one.name}{left}"
        self._cursor.execute(f"CREATE TEMP {kind} {one.name} AS {standing}")
