"""Rebuilding history from the log, beside a fold in Python over the library's subscription.

`python -m bench.projections`: loads a ledger of BENCH_N events (default 1,000,000) that 300
services made in nine months, unless BENCH_DATA (a folder) holds one of that size already; then
rebuilds every segment and all facts from PostgreSQL with the chain verified, folds the same events
one by one as the peer does, checks the sealed segments, asks for a quarter's DORA when nothing is
kept of it and again, catches up with 1,000 new events, asks once more, and last in a new process
with the files dropped from the page cache, the tables of history as well. Rates, times (and beside
them processor time of the process, for other work may use the machine) and the peak of memory are
printed.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from api.host import Host, Settings
from domain.draft import Draft
from domain.event import read_event
from domain.events.streams import streams_of, tags_of
from domain.log.context import By
from domain.log.part import EVENT_PART, Part
from projections import segment
from projections.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Iterator

    from api.host import Served

BY = By("wkl_" + "a" * 32, "crd_" + "b" * 32, "token")
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
SERVICES = 300
BATCH = 2_000
FOLDED = 100_000
QUARTER = {
    "window_from": datetime(2026, 4, 1, tzinfo=UTC), "window_to": datetime(2026, 7, 1, tzinfo=UTC),
}  # fmt: skip
_MIX = (
    "commit.pushed", "commit.pushed", "commit.pushed", "change.merged", "build.finished",
    "tests.finished", "tests.finished", "scan.finished", "deployment.finished",
    "deployment.finished",
)  # fmt: skip


def _events(count: int) -> Iterator[dict[str, Any]]:
    """Commits in a line for each service, and what a pipeline makes of them."""
    chance = Random(7)  # noqa: S311 - made-up events
    heads = ["0" * 40] * SERVICES
    step = timedelta(days=270) / count
    for number in range(count):
        service = chance.randrange(SERVICES)
        kind = _MIX[chance.randrange(len(_MIX))]
        at = (FIRST + number * step).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        repository = f"https://code.example/acme/service-{service}"
        data: dict[str, Any] = {
            "service": f"service-{service}", "repository": repository, "run": str(number),
        }  # fmt: skip
        if kind == "commit.pushed":
            parent, heads[service] = heads[service], f"{chance.getrandbits(160):040x}"
            data |= {"commit": heads[service], "parents": [parent], "authored_at": at}
        elif kind == "change.merged":
            data |= {"number": number, "merge_commit": heads[service], "merged_at": at}
        else:
            data |= {"commit": heads[service], "outcome": "success"}
        if kind == "deployment.finished":
            data |= {
                "deployment": f"d-{number}",
                "environment": chance.choice(("staging", "production")),
                "artifact": {"digest": f"sha256:{heads[service]:0>64}"},
                "outcome": "failure" if number % 20 == 0 else "success", "impact": number % 40 == 0,
            }  # fmt: skip
        yield {
            "specversion": "1.0", "id": f"e-{number}", "source": "https://ci.example/acme",
            "type": f"pipeledger.{kind}.v1", "time": at, "data": data,
        }  # fmt: skip


def _draft(value: dict[str, Any]) -> Draft:
    event = read_event(value)
    part = Part(EVENT_PART, "application/json", event.encode(), os.urandom(32))
    return Draft(
        type=event.type, version=event.version, assurance="asserted", by=BY,
        streams=streams_of(event), tags=tags_of(event), event=part, time=event.occurred,
    )  # fmt: skip


def _append(here: Served, events: Iterator[dict[str, Any]]) -> None:
    waiting = []
    batch: list[Draft] = []
    for value in events:
        batch.append(_draft(value))
        if len(batch) == BATCH:
            waiting.append(here.ledger.submit(batch, atomic=False))
            batch = []
            if len(waiting) > 2:
                waiting.pop(0).result()
    if batch:
        waiting.append(here.ledger.submit(batch, atomic=False))
    for one in waiting:
        one.result()


def _fold(here: Served, count: int) -> float:
    """Events a second of a fold over the library's own reading: deployments by line."""
    lines: Counter[str] = Counter()
    started = time.perf_counter()
    for sequenced in here.ledger.read(limit=count):
        if sequenced.event.type == "pipeledger.deployment.finished":
            data = json.loads(sequenced.event.data)["data"]
            lines[f"{data['service']}@{data['environment']}"] += 1
    return count / (time.perf_counter() - started)


class _Watch:
    """Seconds since it was made, and seconds of processor time of this process."""

    def __init__(self) -> None:
        self._at, self._used = time.perf_counter(), time.process_time()

    @property
    def seconds(self) -> float:
        """By the clock."""
        return time.perf_counter() - self._at

    @property
    def used(self) -> float:
        """On processors."""
        return time.process_time() - self._used

    def told(self) -> str:
        """Both, for people."""
        return f"{self.seconds:12.3f} s ({self.used:.3f} s of processors)"


def _dora(here: Served) -> str:
    watch = _Watch()
    here.history.ask([Selection("dora")], QUARTER)
    return watch.told()


def _ask_tables(here: Served) -> None:
    for name in ("changes", "running", "drift", "artifacts", "coverage"):
        watch = _Watch()
        here.history.ask([Selection(name, limit=100)], {})
        print(f"{name:12}{watch.told()}")
    made = here.history.ask([Selection("deployments", order=("-finished_at",), limit=1)], {})
    commit = made.tables["deployments"]["commit"][0].as_py()
    watch = _Watch()
    here.history.ask([Selection("trace_items")], {"trace": commit})
    print(f"trace       {watch.told()}")


def _drop_cache(folder: Path) -> None:
    for path in folder.rglob("*.parquet"):
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _measure(data: Path, wanted: int) -> None:
    with Host(Settings(data)) as host:
        if not host.names():
            host.create("default", "ledger.example/bench")
        here = host.open("default")
        if here.ledger.published.size < wanted:
            started = time.perf_counter()
            _append(here, _events(wanted))
            print(f"loaded      {wanted / (time.perf_counter() - started):12,.0f} events/s")
        size = here.ledger.published.size
        watch = _Watch()
        found = here.history.rebuild(lambda _: None)
        rebuilt = size / watch.seconds
        print(
            f"rebuild     {rebuilt:12,.0f} events/s; {1e6 * watch.used / size:.1f} µs of processors"
        )
        watch, folded = _Watch(), min(FOLDED, size)
        rate = _fold(here, folded)
        used = 1e6 * watch.used / folded
        print(f"fold        {rate:12,.0f} events/s; {used:.1f} µs; rebuild {rebuilt / rate:.1f}x")
        watch = _Watch()
        for path in found.segments:
            segment.check(path, found.origin)
        checked = len(found.segments) * segment.SIZE
        used = 1e6 * watch.used / checked
        print(f"check       {checked / watch.seconds:12,.0f} events/s; {used:.1f} µs")
        print(f"DORA first  {_dora(here)}\nDORA again  {_dora(here)}")
        new = os.urandom(8).hex()
        _append(here, ({**one, "id": f"{new}-{at}"} for at, one in enumerate(_events(1000))))
        watch = _Watch()
        here.history.snapshot()
        print(f"catch up    {watch.told()} for 1,000 events\nDORA then   {_dora(here)}")
        _ask_tables(here)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"memory      {peak:12,.0f} MiB at most")
        derived = host.place("default").derived
        here.close()
        _drop_cache(derived)
        subprocess.run([sys.executable, "-m", "bench.projections", "cold", str(data)], check=True)


def _cold(data: Path) -> None:
    started = time.perf_counter()
    with Host(Settings(data)) as host:
        here = host.open("default")
        opened = time.perf_counter() - started
        print(f"DORA cold   {_dora(here)} in a new process (opened in {opened:.1f} s)")
        _ask_tables(here)
        here.close()


def main() -> None:
    """Print the figures."""
    if sys.argv[1:2] == ["cold"]:
        _cold(Path(sys.argv[2]))
        return
    wanted = int(os.environ.get("BENCH_N", "1000000"))
    kept = os.environ.get("BENCH_DATA")
    if kept is not None:
        _measure(Path(kept), wanted)
        return
    with tempfile.TemporaryDirectory() as folder:
        _measure(Path(folder) / "data", wanted)


if __name__ == "__main__":
    main()
