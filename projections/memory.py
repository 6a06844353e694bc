"""How much memory questions to one ledger may take."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Final

LEAST: Final = 1_000_000_000
"""Bytes. A million events need no more. Not all that a query holds can be put off to the disk: ten
million events, of which nothing is kept, need about six times as much."""
_SHARE: Final = 4
_CGROUP: Final = Path("/sys/fs/cgroup/memory.max")


def query_memory(cgroup: Path = _CGROUP) -> int:
    """A quarter of what this process may use, in bytes, and never less than `LEAST`.

    Args:
        cgroup: the file that says what a container may use (cgroup version 2); a number or `max`.
    """
    most = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    # Not there: no container, or none of this kind.
    with contextlib.suppress(OSError, ValueError):
        most = min(most, int(cgroup.read_text(encoding="ascii")))
    return max(LEAST, most // _SHARE)
