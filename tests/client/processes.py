"""Processes that tests start, and whom they leave."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def children() -> set[str]:
    """The processes that this one started and has not waited for; other tests start some too."""
    tasks = Path("/proc/self/task").glob("*/children")
    return {pid for one in tasks for pid in one.read_text().split()}


@contextmanager
def forked(work: Callable[[], int]) -> Iterator[tuple[int, BinaryIO]]:
    """A process that does this, and ends with the status it gives: its number, and what it tells.

    It leads a group of its own, which is ended afterwards.
    """
    reading, writing = os.pipe()
    if not (pid := os.fork()):
        status = 99
        try:
            os.setsid()
            os.close(reading)
            os.dup2(writing, 1)
            os.dup2(writing, 2)
            os.close(writing)
            sys.stdout = sys.stderr = os.fdopen(1, "w", closefd=False)
            # Whoever runs the tests may have it ignored.
            signal.signal(signal.SIGINT, signal.default_int_handler)
            status = work()
        except BaseException:  # noqa: BLE001 - the test's own process is to see none of them
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(status)
    os.close(writing)
    try:
        with os.fdopen(reading, "rb") as told:
            yield pid, told
    finally:
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
