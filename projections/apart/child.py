"""Processes that run a module of our own and speak over a socket with the one that started them."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from multiprocessing.connection import Connection
from typing import Final

_PATIENCE_S: Final = 5
_ALLOCATORS: Final = {
    # Arrow's own keeps what one thread allocated and another let go, and here each answer is
    # another thread's: up to a quarter of what the process held was that.
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    # The C library's keeps up to 64 MiB at the end of each of sixteen arenas, once it was asked for
    # pieces that large: segment by segment another one filled. Told how much, it does not guess.
    "MALLOC_MMAP_THRESHOLD_": str(4 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(4 << 20),
}


def start(module: str, *, stays: bool) -> tuple[subprocess.Popen[bytes], Connection]:
    """Start a module with the number of its end of a socket as its argument.

    It is for the module to end as soon as the other end is closed, however that comes about.

    Args:
        module: by its full name.
        stays: for long, so that it is to keep little of the memory that it let go, at the price of
            reading Parquet by a quarter slower.

    Raises:
        OSError: it cannot be started.
    """
    ours, theirs = socket.socketpair()
    with contextlib.ExitStack() as stack, theirs:
        stack.enter_context(ours)
        # -P: modules lie where this process found them, not where it was started.
        process = subprocess.Popen(  # noqa: S603 - our own module, no shell
            [sys.executable, "-P", "-m", module, str(theirs.fileno())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env=_environment() | (_ALLOCATORS if stays else {}),
            pass_fds=(theirs.fileno(),),
            # An interrupt at the terminal is for whoever started it, who ends it in order. It
            # stays in the session: where these share processors equally (sched(7), autogroup),
            # niceness counts within one alone, and it steps back behind the server only.
            process_group=0,
        )
        return process, Connection(ours.detach())


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process that was started so, and wait for it."""
    process.terminate()
    try:
        process.wait(_PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _environment() -> dict[str, str]:
    """What libpq and the interpreter read, and none of the server's own settings and secrets."""
    kept = {name: os.environ[name] for name in ("HOME", "TMPDIR", "LANG") if name in os.environ}
    kept |= {name: value for name, value in os.environ.items() if name.startswith("PG")}
    return kept | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
