"""The DuckDB in which one ledger's questions are computed: nothing in it outlives a question.

It remembers each block of memory that it ever used in a list of what could go first, and looks
through that list only when it is long: hundreds of bytes a block, hundreds of blocks a question,
some MiB a ledger before they go, and in between everything else that is kept is torn in pieces. So
it is made anew now and then, while nobody reads.
"""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Any, Final

import duckdb

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

REMEMBERED: Final = 32_768
"""Blocks, of all questions since it was made; about 6 MB."""
_LOOKED_AT: Final = 4
"""Every so many questions it is asked how many they are, which takes a third of a millisecond."""
_BLOCKS: Final = "SELECT sum(approximate_size) FROM duckdb_eviction_queues()"
_SETTINGS: Final = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "preserve_insertion_order": "true",
    # It knows files by their names, and a descriptor's name is used again for another file.
    "enable_external_file_cache": "false",
    # Or its allocator keeps what answers took, most of which is free again when they are made.
    "allocator_background_threads": "true",
}


class Workspace:
    """A database in memory, without tables. Safe for threads."""

    def __init__(self, settings: Mapping[str, Any], remembered: int = REMEMBERED) -> None:
        """Make one.

        Args:
            settings: of DuckDB, beside our own.
            remembered: over so many blocks it is made anew.
        """
        self._settings = _SETTINGS | dict(settings)
        self._remembered = remembered
        self._lock = threading.Lock()
        self._readers = 0
        self._asked = 0
        self._database = self._made()

    @contextlib.contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection with temporary tables of its own, which end with the block."""
        with self._lock:
            if not self._readers:
                self._renew()
            cursor = self._database.cursor()
            self._readers += 1
            self._asked += 1
        try:
            with cursor:
                yield cursor
        finally:
            with self._lock:
                self._readers -= 1

    def close(self) -> None:
        """End the database."""
        self._database.close()

    def _made(self) -> duckdb.DuckDBPyConnection:
        database = duckdb.connect(":memory:", config=self._settings)
        # An extension's setting, known only once it is there.
        database.execute("SET GLOBAL TimeZone = 'UTC'")
        return database

    def _renew(self) -> None:
        if self._asked < _LOOKED_AT:
            return
        self._asked = 0
        ((blocks,),) = self._database.execute(_BLOCKS).fetchall()
        if blocks > self._remembered:
            # Before the next is there: both would spill into the same folder.
            self._database.close()
            self._database = self._made()
