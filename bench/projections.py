"""Rebuilding history from the log, beside a fold in Python over the library's subscription.

`python -m bench.projections`: a ledger of BENCH_N events (default 1,000,000; BENCH_DATA keeps it
for the next run). Every segment and all facts are rebuilt from PostgreSQL with the chain verified;
then some of the same events are folded one by one as the peer does; the segments are checked; a
quarter's DORA is asked when nothing is kept of it, again, and of another window; 1,000 new events
are caught up with; and last, in new processes with the files dropped from the page cache, DORA, the
first pages of the tables of history and a trace are asked, and asked again.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from typing import TYPE_CHECKING, Any, Final

import msgspec

from api.host import Host, Settings
from api.listings import LISTINGS
from bench.events import QUARTER, draft, event
from bench.figures import Figure, Watch, memory, tell
from bench.loading import NAME, loaded, wanted
from bench.peer import plain, recorder
from projections import segment
from projections.sealing.workers import how_many
from projections.selection import Selection
from projections.trace import SELECTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.pool import Pool

    from api.served import Served
    from projections.history import History
    from projections.segment import Seal

    Check = Callable[[Path, str], Seal]

FOLDED: Final = 100_000
BATCH: Final = 500
NEW: Final = 1_000
CAUGHT_UP: Final = 5
OTHER: Final = {name: at.replace(month=at.month - 1) for name, at in QUARTER.items()}
TABLES: Final = (
    "deployments", "lead-times", "changes", "running", "drift", "artifacts", "coverage",
)  # fmt: skip
PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class Row:
    """What a fold keeps of an event; our rows of `events` say a third more."""

    position: int
    at: datetime
    source: str
    service: str
    repository: str
    run: str
    commit: str | None
    environment: str | None
    outcome: str | None


def fold(conninfo: str, count: int, total: int) -> float:
    """Events a second of a fold over the library's subscription: a row an event, by type."""
    decode = msgspec.json.Decoder().decode
    rows: defaultdict[str, list[Row]] = defaultdict(list)
    with recorder(conninfo) as peer:
        for first in range(0, count, BATCH):
            last = min(first + BATCH, count)
            peer.append([plain(draft(event(number, total))) for number in range(first, last)])
        watch = Watch()
        with peer.subscribe() as subscription:
            for sequenced in islice(subscription, count):
                told = decode(sequenced.event.data)
                data = told["data"]
                rows[sequenced.event.type].append(Row(
                    sequenced.position, datetime.fromisoformat(told["time"]), told["source"],
                    data["service"], data["repository"], data["run"], data.get("commit"),
                    data.get("environment"), data.get("outcome"),
                ))  # fmt: skip
            return count / watch.seconds


def measure(data: Path, count: int) -> Iterator[Figure]:
    """Rebuild, fold, check, ask."""
    with Host(Settings(data)) as host:
        here = host.open(NAME)
        yield from _rebuild(here, host.database.conninfo, count)
        yield _dora(here.history, "DORA of a quarter, nothing kept")
        yield _dora(here.history, "DORA of a quarter, the same again", floor=0.1)
        yield _dora(here.history, "DORA of a quarter, another window", floor=0.1, window=OTHER)
        yield from _catch_up(here, count)
        derived = host.place(NAME).derived
        here.close()
        words = [sys.executable, "-m", "bench.projections", str(data)]
        for how in ("asked first", "kept"):
            drop_cache(derived)
            size = f"{count:,} events, {how}"
            told = subprocess.run([*words, size], check=True, stdout=subprocess.PIPE, text=True)
            yield from (msgspec.convert(one, Figure) for one in json.loads(told.stdout))


def _rebuild(here: Served, conninfo: str, count: int) -> Iterator[Figure]:
    size, watch = here.ledger.published.size, Watch()
    found = here.whole.rebuild(lambda _: None)
    rate, used = size / watch.seconds, 1e6 * watch.used / size
    yield Figure("rebuild, chain verified", rate, "events/s", floor=200_000, aim=500_000)
    yield Figure("rebuild, processors", used, "µs/event", floor=10, aim=4, least=True)
    # Of those that sealed the largest is known, so this is more than they held at once.
    each = getrusage(RUSAGE_CHILDREN).ru_maxrss / 1024
    most = memory("self", "VmHWM") + how_many() * each
    yield Figure("rebuild, most memory", most, "MiB", floor=2048, least=True)
    folded = fold(conninfo, min(FOLDED, count), count)
    yield Figure(
        "rebuild, beside a fold over the library's subscription", rate, "events/s", folded, 4, 10
    )  # fmt: skip
    yield from check(found.segments, found.origin)
    kept = sum(path.stat().st_size for path in found.segments)
    yield Figure("sealed segments, an event", kept / len(found.segments) / segment.SIZE, "bytes")


def check(segments: tuple[Path, ...], origin: str) -> Iterator[Figure]:
    """Check sealed segments in a process a core; there is one at least."""
    with get_context("spawn").Pool(os.cpu_count()) as workers:
        workers.map(partial(_checked, segment.check_chain, origin), segments)  # all are awake
        yield _checking(
            workers, segment.check_chain, segments, origin, "leaves, links, subtree", 500_000,
            1_000_000,
        )  # fmt: skip
        yield _checking(workers, segment.check, segments, origin, "and every column derived again")


def _checking(
    workers: Pool, check: Check, segments: tuple[Path, ...], origin: str, what: str,
    floor: float | None = None, aim: float | None = None,
) -> Figure:  # fmt: skip
    watch = Watch()
    workers.map(partial(_checked, check, origin), segments, chunksize=1)
    rate = len(segments) * segment.SIZE / watch.seconds
    return Figure(f"checking sealed segments: {what}", rate, "events/s", floor=floor, aim=aim)


def _checked(check: Check, origin: str, path: Path) -> None:
    check(path, origin)


def _catch_up(here: Served, count: int) -> Iterator[Figure]:
    took = []
    for _ in range(CAUGHT_UP):
        new = f"-{os.urandom(8).hex()}"
        for first in range(0, NEW, BATCH):
            drafts = [draft(event(count - NEW + first + nth, count, new)) for nth in range(BATCH)]
            here.ledger.submit(drafts).result(60)
        watch = Watch()
        here.whole.snapshot()
        took.append(1e3 * watch.seconds)
    yield Figure(
        "catch-up of 1,000 new events", statistics.median(took), "ms", floor=50, least=True
    )  # fmt: skip
    yield _dora(here.history, "DORA of a quarter, after them")


def _dora(
    history: History,
    what: str,
    floor: float | None = None,
    aim: float | None = None,
    window: dict[str, Any] = QUARTER,
) -> Figure:
    watch = Watch()
    history.ask([Selection("dora")], window)
    return Figure(what, watch.seconds, "s", floor=floor, aim=aim, least=True)


def drop_cache(folder: Path) -> None:
    """Have the kernel forget the Parquet files below a folder."""
    for path in folder.rglob("*.parquet"):
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def cold(history: History, size: str) -> Iterator[Figure]:
    """The first questions of a process, over a ledger of a size."""
    yield _dora(history, f"DORA of a quarter, {size}", floor=2, aim=0.5)
    yield _dora(history, f"DORA of another window, {size}", floor=0.1, window=OTHER)
    for name in TABLES:
        page = replace(LISTINGS[name].origin.rows, limit=PAGE)
        yield from _asked(history, f"{name}, {size}", [page])
    last = Selection("deployments", order=("-finished_at",), limit=1)
    commit = history.ask([last], {}).tables["deployments"]["commit"][0].as_py()
    yield from _asked(history, f"trace of a commit, {size}", SELECTIONS, trace=commit)


def _asked(
    history: History, what: str, wanted: Sequence[Selection], **chosen: Any,  # noqa: ANN401
) -> Iterator[Figure]:  # fmt: skip
    watch = Watch()
    history.ask(wanted, chosen)
    yield Figure(what, watch.seconds, "s", floor=1, least=True)
    yield Figure(f"{what}, processors", watch.used, "s")


def _cold(data: Path, size: str) -> None:
    with Host(Settings(data)) as host:
        here = host.open(NAME)
        sys.stdout.buffer.write(msgspec.json.encode(list(cold(here.history, size))))
        here.close()


def main() -> None:
    """Measure, or ask in the new process."""
    if sys.argv[1:]:
        _cold(Path(sys.argv[1]), sys.argv[2])
        return
    with loaded(wanted()) as data:
        tell(measure(data, wanted()))


if __name__ == "__main__":
    main()
