"""A process of ours that tells which allocator Arrow has there."""

from __future__ import annotations

import sys
from multiprocessing.connection import Connection

import pyarrow as pa

if __name__ == "__main__":
    Connection(int(sys.argv[1])).send_bytes(pa.default_memory_pool().backend_name.encode())
