"""Everything that is measured, in one run and one table: `python -m bench`.

Each part runs in a process of its own, as it does when it is run alone. BENCH_N: events of the
large ledger (default 1,000,000), which is made once and kept if BENCH_DATA names a folder.
BENCH_SEALED: events of a ledger of which only the segments are made (`bench.sealed`), none by
default. BENCH_OUTPUT: a file for the figures as JSON.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench.figures import OUTPUT, read, scratch, tell
from bench.loading import DATA, wanted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.figures import Figure

PARTS: Final = (("append",), ("http",), ("verify",), ("proofs",))
OF_LEDGER: Final = (("projections",), ("lookups",))
LAST: Final = (("reports",), ("pack",), ("history",), ("dashboards",), ("memory",))


def part(*words: str) -> list[Figure]:
    """The figures of one part, run in a process of its own."""
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        command = [sys.executable, "-m", f"bench.{words[0]}", *words[1:]]
        print(f"\n{' '.join(words)}", flush=True)
        done = subprocess.run(command, env=os.environ | {OUTPUT: file.name}, check=False)
        if done.returncode:
            print(f"bench.{words[0]} failed", flush=True)
            _failed.append(words[0])
            return []
        return read(Path(file.name)).figures


_failed: list[str] = []


def measure() -> Iterator[Figure]:
    """All parts, one after the other."""
    for words in PARTS:
        yield from part(*words)
    with contextlib.ExitStack() as stack:
        if DATA not in os.environ:
            os.environ[DATA] = str(stack.enter_context(scratch()) / "data")
        if not Path(os.environ[DATA], "ledgers").exists():
            yield from part("loading", os.environ[DATA], str(wanted()))
        for words in OF_LEDGER:
            yield from part(*words)
    if sealed := os.environ.get("BENCH_SEALED"):
        yield from part("sealed", sealed)
    for words in LAST:
        yield from part(*words)


def main() -> None:
    """Measure, then print one table."""
    tell(measure(), later=True)
    if _failed:
        raise SystemExit(f"failed: {', '.join(_failed)}")


if __name__ == "__main__":
    main()
