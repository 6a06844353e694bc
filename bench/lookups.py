"""Single entries, tags and streams: `python -m bench.lookups`.

In the ledger of BENCH_N events (BENCH_DATA keeps it) and, to show how the times grow, in two
smaller ones. What is looked up is drawn anew each time, so little of it is in anybody's memory.
Proofs of large logs are measured by `bench.proofs`.
"""

from __future__ import annotations

import random
import statistics
from typing import TYPE_CHECKING, Final

from api import receipts
from api.host import Host, Settings
from bench.events import SERVICES, commit_of, event
from bench.figures import Figure, p99, taken, tell
from bench.loading import NAME, loaded, wanted
from domain.event import read_event
from domain.events.streams import streams_of
from store.ledger.reader import Filter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from store.ledger.ledger import Ledger

ROUNDS: Final = 1_000
PIPELINE: Final = 10
_SMALLER: Final = (100, 10)


def measure(count: int) -> Iterator[Figure]:
    """Look up in ledgers of several sizes, the small ones first."""
    for part in _SMALLER:
        with loaded(count // part, kept=False) as data:
            yield from looked_up(data, count // part)
    with loaded(count) as data:
        yield from looked_up(data, count)


def looked_up(data: Path, count: int) -> Iterator[Figure]:
    """Look up in one ledger."""
    with Host(Settings(data)) as host:
        here = host.open(NAME)
        for sort, work in _works(here.ledger, count).items():
            took = taken(ROUNDS, work)
            what = f"{sort}, {count:,} events"
            yield Figure(f"{what}, median", statistics.median(took), "ms")
            yield Figure(f"{what}, p99", p99(took), "ms", floor=20, aim=5, least=True)
        here.close()


def _works(ledger: Ledger, count: int) -> dict[str, Callable[[], object]]:
    reader, size = ledger.reader, ledger.published.size
    note = ledger.published.checkpoint
    draw = random.Random(3)  # noqa: S311 - the same ones each time

    def commit() -> str:
        pipelines = max(1, count // SERVICES // PIPELINE)
        return f"commit:{commit_of(draw.randrange(SERVICES), draw.randrange(pipelines), 2)}"

    def entry() -> None:
        reader.parts(reader.entry(draw.randrange(1, size + 1), size))

    def by(*tags: str) -> None:
        reader.entries(size, Filter(tags=tags))

    def latest() -> None:
        service = f"service:service-{draw.randrange(SERVICES)}"
        reader.entries(size, Filter(tags=(service,)), after=draw.randrange(size))

    def stream() -> None:
        while not (names := streams_of(read_event(event(draw.randrange(count), count)))):
            pass
        receipts.stream(ledger, names[0], note, after=0, limit=100)

    return {
        "entry with its event": entry,
        "tag of a few events": lambda: by(commit()),
        "tag of many, a page of 100": latest,
        "two tags": lambda: by("environment:production", commit()),
        "stream, proved": stream,
        "inclusion proof": lambda: reader.inclusion(draw.randrange(1, size + 1), size),
        "consistency proof": lambda: reader.consistency(draw.randrange(1, size), size),
    }


if __name__ == "__main__":
    tell(measure(wanted()))
