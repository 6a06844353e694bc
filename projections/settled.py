"""Settled tables: those that hang on the events and the rules alone, not on what one asks.

Whoever asks first about a state of a ledger pays for them; they are kept beside the segments for
whoever asks next, in this process or another. A file counts for exactly one state (every entry, and
what of them is redacted), one text of every definition behind it and the rules as they are by
default; another state has files of its own, and those of the one before are removed.

While nothing is sealed a ledger is small and changes often: then tables are kept in memory, for
this process alone.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
from hashlib import sha256
from typing import TYPE_CHECKING, Final

import duckdb

from projections.definitions import digest_of, is_settled, rules_of
from projections.parameters import Parameters

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

    import pyarrow as pa

    from projections.live import Snapshot

_SIGNIFICANT: Final = 24


class Settled:
    """The folder in which the settled tables of one ledger lie. Safe for threads and processes."""

    def __init__(self, folder: Path) -> None:
        """Keep tables.

        Args:
            folder: for them alone; it may be dropped at any time.
        """
        self._folder = folder
        self._now: str | None = None
        self._lock = threading.Lock()
        self._recent: tuple[object, dict[str, pa.Table]] = (None, {})

    def path(self, name: str, snapshot: Snapshot, parameters: Parameters) -> Path | None:
        """Where a table lies or would lie; None: it is none that is kept, with these parameters."""
        if snapshot.state is None or not _is_kept(name, snapshot, parameters):
            return None
        made_by = f"{digest_of([name])} {_BY_DEFAULT} {duckdb.__version__}"
        digest = sha256(made_by.encode()).hexdigest()[:_SIGNIFICANT]
        return self._folder / snapshot.state[:_SIGNIFICANT] / f"{name}-{digest}.parquet"

    def recall(self, name: str, snapshot: Snapshot, parameters: Parameters) -> pa.Table | None:
        """A table that is kept in memory."""
        if snapshot.state is not None or not _is_kept(name, snapshot, parameters):
            return None
        with self._lock:
            return self._of(snapshot).get(name)

    def remember(
        self, name: str, snapshot: Snapshot, parameters: Parameters, made: duckdb.DuckDBPyRelation
    ) -> None:
        """Keep a table in memory, if it is one that is kept there."""
        if snapshot.state is None and _is_kept(name, snapshot, parameters):
            rows = made.to_arrow_table()
            with self._lock:
                self._of(snapshot)[name] = rows

    def _of(self, snapshot: Snapshot) -> dict[str, pa.Table]:
        key = (snapshot.origin, snapshot.root, snapshot.version)
        if self._recent[0] != key:
            self._recent = (key, {})
        return self._recent[1]

    def open(self, path: Path) -> BinaryIO | None:
        """A kept table, which stays readable until it is closed, also when it is removed."""
        try:
            return path.open("rb")
        except OSError:
            return None

    def keep(self, path: Path, made: duckdb.DuckDBPyRelation) -> None:
        """Keep a table of the state now; where that fails, the next one to ask makes it again."""
        if path.parent.name != self._now:
            return
        fresh = path.with_suffix(f".{os.getpid()}.new")
        with contextlib.suppress(OSError, duckdb.IOException):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                made.write_parquet(str(fresh), compression="zstd")
                with fresh.open("rb") as file:
                    os.fsync(file.fileno())
                fresh.replace(path)
            finally:
                fresh.unlink(missing_ok=True)

    def turn_to(self, snapshot: Snapshot) -> None:
        """Take a state for the one that is now, and remove the tables of others."""
        now = (snapshot.state or "")[:_SIGNIFICANT]
        if self._now != now:
            self._now = now
            for old in self._folder.glob("*"):
                if old.name != now:
                    shutil.rmtree(old, ignore_errors=True)

    def drop(self) -> None:
        """Remove all of them."""
        with self._lock:
            self._recent = (None, {})
        shutil.rmtree(self._folder, ignore_errors=True)


def _is_kept(name: str, snapshot: Snapshot, parameters: Parameters) -> bool:
    """Whether a table is one that is kept, of this state and with these parameters."""
    return (
        parameters.known_at == snapshot.size
        and is_settled(name)
        and all(getattr(parameters, rule) == _BY_DEFAULT[rule] for rule in rules_of(name))
    )


_BY_DEFAULT: Final = Parameters(known_at=0).rules()
