"""Several processes that seal, seen by the one that wants the segments.

Verifying an entry and making its row is work for the interpreter, which does one thing at a time; a
process a core does as many.
"""

from __future__ import annotations

import contextlib
import os
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import TYPE_CHECKING, Final, Self

import msgspec

from projections.apart.child import end, start
from projections.memory import query_memory
from projections.sealing.messages import Begin, Made, Wanted

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterable, Iterator
    from multiprocessing.connection import Connection

_MODULE: Final = "projections.sealing.program"
_MEMORY: Final = 700_000_000
"""Bytes that one of them takes at most, with segments as large as they are."""


def how_many() -> int:
    """A process a core, and as many as a quarter of the memory holds."""
    return min(os.cpu_count() or 1, query_memory() // _MEMORY)


class Workers:
    """Processes that seal, from `with` to its end. One thread at a time."""

    def __init__(self, begin: Begin, count: int) -> None:
        """Start nothing yet.

        Args:
            begin: what each is told first.
            count: how many.
        """
        self._begin = begin
        self._count = count
        self._all: list[tuple[subprocess.Popen[bytes], Connection]] = []
        self._free: SimpleQueue[Connection] = SimpleQueue()

    def __enter__(self) -> Self:
        """Start as many as can be started."""
        for _ in range(self._count):
            with contextlib.suppress(OSError):
                process, connection = start(_MODULE, stays=False)
                self._all.append((process, connection))
                self._free.put(connection)
                connection.send_bytes(msgspec.msgpack.encode(self._begin))
        return self

    def __exit__(self, *exc: object) -> None:
        """End all of them, whatever they are at."""
        for process, _ in self._all:
            end(process)
        for _, connection in self._all:
            connection.close()

    def made(self, wanted: Iterable[Wanted]) -> Iterator[Made]:
        """What comes of each, in this order; of one whose process died, nothing comes."""
        if not self._all:
            yield from (Made() for _ in wanted)
            return
        with ThreadPoolExecutor(len(self._all)) as pool:
            try:
                yield from pool.map(self._one, wanted)
            finally:
                # Those that wait in it end with the processes that they wait for.
                pool.shutdown(wait=False, cancel_futures=True)
                for process, _ in self._all:
                    process.terminate()

    def _one(self, wanted: Wanted) -> Made:
        connection = self._free.get()
        try:
            connection.send_bytes(msgspec.msgpack.encode(wanted))
            return msgspec.msgpack.decode(connection.recv_bytes(), type=Made)
        except (EOFError, OSError, msgspec.DecodeError):
            return Made()
        finally:
            # One that died is not taken out: whoever asks it is told so at once.
            self._free.put(connection)
