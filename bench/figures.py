"""What a measurement is told as: beside its peer, its floor and its aim, as text and as JSON.

Each part of the bench yields figures and prints each as it comes. With BENCH_OUTPUT=FILE they are
kept as JSON as well, with what the machine was doing meanwhile; `python -m bench.compare` sets two
such files side by side.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

OUTPUT: Final = "BENCH_OUTPUT"
_HEAD: Final = ("what", "measured", "peer", "ratio", "floor", "aim", "reached")
_WIDTHS: Final = (76, 18, 9, 7, 10, 11, 8)


class Figure(msgspec.Struct, frozen=True, omit_defaults=True):
    """One measurement.

    Attributes:
        what: was measured.
        measured: how much.
        unit: of it, and of floor and aim where there is no peer.
        peer: the same of the peer in the same run, or None.
        floor: what it must reach, of the ratio if there is a peer; None: nothing is asked.
        aim: what it shall reach, likewise.
        least: the smaller, the better.
    """

    what: str
    measured: float
    unit: str
    peer: float | None = None
    floor: float | None = None
    aim: float | None = None
    least: bool = False

    @property
    def ratio(self) -> float | None:
        """Measured by peer."""
        return self.measured / self.peer if self.peer else None

    @property
    def reached(self) -> str:
        """The best of aim and floor that was reached; `no`, or nothing where nothing is asked."""
        found = self.measured if self.ratio is None else self.ratio
        for name, wanted in (("aim", self.aim), ("floor", self.floor)):
            if wanted is not None and (found <= wanted if self.least else found >= wanted):
                return name
        return "" if self.floor is None and self.aim is None else "no"

    def line(self) -> str:
        """As it stands in the table."""
        return _line(
            self.what, f"{_number(self.measured)} {self.unit}", _number(self.peer),
            _number(self.ratio), _number(self.floor), _number(self.aim), self.reached,
        )  # fmt: skip


class Run(msgspec.Struct, frozen=True):
    """What was measured in one run.

    Attributes:
        began: instant of its beginning.
        seconds: that it took.
        commit: of the working copy.
        cores: that it could use.
        load: of the machine, over the last minute, before and after.
        figures: in order.
    """

    began: str
    seconds: float
    commit: str
    cores: int
    load: tuple[float, float]
    figures: list[Figure]


def tell(figures: Iterable[Figure], *, later: bool = False) -> None:
    """Print figures as they come, or all of them later; keep them where BENCH_OUTPUT says."""
    # Ended from outside, whoever measures still clears away what it made.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    began, start, load = datetime.now(UTC), time.perf_counter(), os.getloadavg()[0]
    kept = list(figures) if later else []
    print(_line(*_HEAD), flush=True)
    for one in kept if later else figures:
        if not later:
            kept.append(one)
        print(one.line(), flush=True)
    if file := os.environ.get(OUTPUT):
        told = ["git", "-C", str(Path(__file__).parent), "rev-parse", "--short", "HEAD"]
        commit = subprocess.run(told, capture_output=True, text=True, check=False).stdout.strip()
        run = Run(
            began.isoformat(timespec="seconds"), round(time.perf_counter() - start, 1), commit,
            len(os.sched_getaffinity(0)), (load, os.getloadavg()[0]), kept,
        )  # fmt: skip
        Path(file).write_bytes(msgspec.json.format(msgspec.json.encode(run), indent=1) + b"\n")


def read(file: Path) -> Run:
    """A run that was kept."""
    return msgspec.json.decode(file.read_bytes(), type=Run)


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A folder for the length of the block, which the database's account may pass through."""
    folder = Path(tempfile.mkdtemp(prefix="pipeledger-bench-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


class Watch:
    """Seconds since it was made, and of processors: of this process and of those it saw end."""

    def __init__(self) -> None:
        self._at, self._used = time.perf_counter(), _used()

    @property
    def seconds(self) -> float:
        """By the clock."""
        return time.perf_counter() - self._at

    @property
    def used(self) -> float:
        """On processors."""
        return _used() - self._used


def _used() -> float:
    return sum(os.times()[:4])


def taken(rounds: int, work: Callable[[], object]) -> list[float]:
    """Milliseconds that each round of a work took."""
    found = []
    for _ in range(rounds):
        watch = Watch()
        work()
        found.append(1e3 * watch.seconds)
    return found


def p99(values: Sequence[float]) -> float:
    """The 99th percentile."""
    return statistics.quantiles(values, n=100)[98]


def memory(process: int | str, name: str = "VmRSS") -> float:
    """MiB that a process holds; `VmHWM`: the most it held."""
    # Not by getrusage: that remembers the process which started this one.
    lines = Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines()
    told = next(line for line in lines if line.startswith(f"{name}:"))
    return int(told.split()[1]) / 1024


def _line(*cells: str) -> str:
    first, *others = zip(cells, _WIDTHS, strict=True)
    return "".join((first[0].ljust(first[1]), *[cell.rjust(width) for cell, width in others]))


def _number(value: Any) -> str:  # noqa: ANN401 - a number or None
    if value is None:
        return ""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3g}"
