"""A process of ours that tells which allocator Arrow has there, and what the C library keeps."""

from __future__ import annotations

import ctypes
import sys
import threading
from multiprocessing.connection import Connection
from pathlib import Path

import pyarrow as pa

MIB = 1 << 20
_PIECE = 1 << 16


def anonymous() -> int:
    """Bytes of memory that this process holds and no file has."""
    lines = Path("/proc/self/smaps_rollup").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Anonymous:")) * 1024


def work(ended: threading.Barrier) -> None:
    """Take and let go one large piece of memory, then many small ones; stay until all have."""
    library = ctypes.CDLL(None)
    library.malloc.restype = ctypes.c_void_p
    for size, count in ((30 * MIB, 1), (_PIECE, 40 * MIB // _PIECE)):
        # Made before: whatever lies behind them holds them all.
        pieces = (ctypes.c_void_p * count)()
        for number in range(count):
            pieces[number] = piece = library.malloc(ctypes.c_size_t(size))
            ctypes.memset(piece, 1, size)
        for number in reversed(range(count)):
            library.free(ctypes.c_void_p(pieces[number]))
    ended.wait()


if __name__ == "__main__":
    before = anonymous()
    ended = threading.Barrier(5)
    threads = [threading.Thread(target=work, args=(ended,)) for _ in range(4)]
    for one in threads:
        one.start()
    ended.wait()
    kept = (anonymous() - before) // MIB
    said = f"{pa.default_memory_pool().backend_name} {kept}"
    Connection(int(sys.argv[1])).send_bytes(said.encode())
