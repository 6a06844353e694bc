"""One process that seals: makes the files of the segments that it is asked for, one by one.

It believes what the ledger says of the entry before a segment; whether that is the last entry of
the segment before is for the process that asked to see. And it explains nothing: where something is
not as it should be, that process looks for itself.
"""

from __future__ import annotations

import os
import sys
import threading
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

import msgspec

from domain.errors import PipeledgerError
from projections import segment
from projections.rows import Link, beginning, verified
from projections.sealing.messages import Begin, Made, Wanted
from store.documents import DocumentStore
from store.ledger.columns import ColumnReader
from store.postgres.database import Database

if TYPE_CHECKING:
    import pyarrow as pa

_NAME = "pipeledger sealing"


class Program:
    """Makes segments of one ledger."""

    def __init__(self, begin: Begin) -> None:
        self._begin = begin
        self._reader = ColumnReader(
            Database(begin.database, application=_NAME, pool_size=1),
            begin.schema,
            DocumentStore(Path(begin.documents)),
        )

    def made(self, wanted: Wanted) -> Made:
        """A segment's file, or nothing.

        Raises:
            PipeledgerError: what kept it from being made.
            OSError: likewise, of the disk.
        """
        begin, start = self._begin, wanted.number * self._begin.size
        read, before = self._read(start)
        rows = verified(read, begin.origin, before)
        if len(rows.leaves) != begin.size:
            return Made()
        seal = segment.seal_of(rows, begin.origin, before, wanted.redaction)
        file = f"{wanted.number:08d}.{os.getpid()}.new"
        segment.write(Path(begin.folder) / file, rows, seal)
        return Made(file, seal)

    def _read(self, start: int) -> tuple[pa.Table, Link]:
        """The entries of a segment, and where the chain is said to stand before them."""
        if start == 0:
            return self._reader.read(0, self._begin.size), beginning(self._begin.origin)
        read = self._reader.read(start - 1, start + self._begin.size)
        return read.slice(1), Link(start, read["leaf"][0].as_py())


def main(descriptor: int) -> None:
    """Make what is asked for by a socket, until it is closed."""
    connection = Connection(descriptor)
    asked: SimpleQueue[bytes] = SimpleQueue()
    try:
        begin = msgspec.msgpack.decode(connection.recv_bytes(), type=Begin)
        threading.Thread(target=_listen, args=(connection, asked), daemon=True).start()
        program = Program(begin)
        while True:
            wanted = msgspec.msgpack.decode(asked.get(), type=Wanted)
            try:
                made = program.made(wanted)
            except (PipeledgerError, OSError, LookupError):
                made = Made()
            connection.send_bytes(msgspec.msgpack.encode(made))
    except (EOFError, OSError):
        os._exit(0)


def _listen(connection: Connection, asked: SimpleQueue[bytes]) -> None:
    """Read while a segment is made, so that it is not finished for somebody who is gone."""
    try:
        while True:
            asked.put(connection.recv_bytes())
    except (EOFError, OSError):
        os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
