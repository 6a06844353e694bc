"""DORA over many events of which only what is derived is kept: `python -m bench.sealed [EVENTS]`.

Ten million events do not fit onto every disk that the bench is to run on; their segments do. So
the events are made, signed and chained as by the loader, given to the product's own sealing in
place of what it reads from PostgreSQL, and forgotten: no row of them is kept anywhere. Then a new
process asks, with the files dropped from the page cache. EVENTS (default 10,000,000) are rounded up
to whole segments; BENCH_DATA keeps the folder, whose `sealed` is used again.
"""

from __future__ import annotations

import contextlib
import json
import marshal
import os
import subprocess
import sys
from collections import defaultdict
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
import pyarrow as pa

from api.host import now
from bench.events import draft, event
from bench.figures import Figure, Watch, memory, scratch, tell
from bench.loading import DATA, GROUP, ORIGIN, ahead
from bench.projections import cold, drop_cache
from domain.log.checkpoint import Checkpoint, sign_checkpoint
from domain.log.context import line_of
from domain.log.entry import Seq, Signature, encode_entry, format_at, leaf_hash, sign_context
from domain.log.key import SigningKey
from projections.engine import Engine
from projections.live import Live
from projections.local import LocalHistory
from projections.rows import Link, beginning
from projections.segment import SIZE
from projections.segments import Segments
from projections.shelf import Shelf
from store.ledger.columns import PARTS, SCHEMA
from store.ledger.publisher import Published

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

EVENTS: Final = 10_000_000
KEY: Final = SigningKey(ORIGIN, bytes(32))
_PUBLISHED: Final = "published"


class Source:
    """Reads what is made at that moment, once and in order, as `store.ledger.columns` reads."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._link: Link = beginning(ORIGIN)
        self._numbers: defaultdict[str, int] = defaultdict(int)

    def read(self, after: int, until: int) -> pa.Table:
        """The entries over `after` and up to `until`."""
        rows: list[tuple[int, bytes, bytes, bytes, bytes]] = []
        if after < until:
            assert after == self._link.position
            at = format_at(now())
            while self._link.position < until:
                made = marshal.loads(next(self._pieces))  # noqa: S302 - of our own process
                rows += [self._chained(at, *one) for one in made]
        columns = zip(*rows, strict=True) if rows else [[] for _ in SCHEMA]
        return pa.table([list(column) for column in columns], SCHEMA)

    def parts(self, names: Iterable[str], after: int, until: int) -> pa.Table:
        """None: these events have no documents."""
        del names, after, until
        return PARTS.empty_table()

    def close(self) -> None:
        """Nothing is open."""

    def _chained(
        self, at: str, context: bytes, signatures: list[tuple[str, bytes]],
        streams: tuple[str, ...], salt: bytes, body: bytes,
    ) -> tuple[int, bytes, bytes, bytes, bytes]:  # fmt: skip
        for name in streams:
            self._numbers[name] += 1
        numbers = tuple([self._numbers[name] for name in streams])
        signed = tuple([Signature(*one) for one in signatures])
        position = self._link.position + 1
        raw = encode_entry(Seq(self._link.leaf, position, at, numbers, signed), context)
        self._link = Link(position, leaf_hash(raw))
        return position, self._link.leaf, raw, salt, body


def make(count: int, first: int) -> bytes:
    """Events from a number on, laid out and signed."""
    found = []
    for number in range(first, first + GROUP):
        one = draft(event(number, count))
        context = line_of(one, ORIGIN)
        signed = [(of.key_id, of.value) for of in sign_context(context, [KEY])]
        found.append((context, signed, one.streams, one.event.salt, one.event.body))
    return marshal.dumps(found)


def history_of(folder: Path, source: Source, published: Published) -> LocalHistory:
    """What can be asked of what was sealed here."""
    segments = Segments(folder / "segments", ORIGIN)
    shelf = Shelf(folder / "documents", ORIGIN, source)  # type: ignore[arg-type]
    live = Live(segments, source, lambda: published, lambda _: [], shelf)  # type: ignore[arg-type]
    return LocalHistory(
        live, Engine(folder / "facts"), lambda _: published.root, lambda _, size: size
    )


def seal(folder: Path, count: int) -> Iterator[Figure]:
    """Make and seal so many events, whole segments; keep what they were published by."""
    segments = Segments(folder / "segments", ORIGIN)
    segments.open()
    assert not segments.seals, "something else was sealed here"
    watch = Watch()
    with get_context("spawn").Pool(os.cpu_count()) as workers:
        pieces = ahead(workers, partial(make, count), range(0, count, GROUP))
        segments.seal(Source(pieces), count)  # type: ignore[arg-type]
    root = segments.tree().root()
    note = sign_checkpoint(Checkpoint(ORIGIN, count, root), [KEY])
    (folder / _PUBLISHED).write_bytes(note)
    yield Figure(f"{count:,} events made and sealed", count / watch.seconds, "events/s")
    yield Figure(
        "making and sealing them, most memory",
        memory("self", "VmHWM"),
        "MiB",
        floor=2048,
        least=True,
    )


def measure(folder: Path, count: int) -> Iterator[Figure]:
    """Seal, then ask in new processes: when nothing is kept, and again."""
    if not (folder / _PUBLISHED).exists():
        yield from seal(folder, count)
    paths = sorted((folder / "segments").glob("*.parquet"))
    words = [sys.executable, "-m", "bench.sealed", "--ask", str(folder)]
    for told in ("nothing kept", "cold"):
        drop_cache(folder)
        done = subprocess.run([*words, told], check=True, stdout=subprocess.PIPE, text=True)
        yield from (msgspec.convert(one, Figure) for one in json.loads(done.stdout))
    kept = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    yield Figure("all that is derived of a sealed event", kept / len(paths) / SIZE, "bytes")


def _ask(folder: Path, told: str) -> None:
    note = (folder / _PUBLISHED).read_bytes()
    said = Checkpoint.of(note)
    history = history_of(folder, Source(iter(())), Published(said.size, said.root, note))
    watch = Watch()
    history.snapshot()
    opened = Figure(f"segments of {said.size:,} opened, {told}", watch.seconds, "s")
    figures = [opened, *cold(history, f"{said.size:,} sealed, {told}")]
    figures.append(
        Figure(f"asking of {said.size:,}, {told}, most memory", memory("self", "VmHWM"), "MiB")
    )
    sys.stdout.buffer.write(msgspec.json.encode(figures))
    history.close()


def main() -> None:
    """Measure, or ask in the new process."""
    if sys.argv[1:2] == ["--ask"]:
        _ask(Path(sys.argv[2]), sys.argv[3])
        return
    wanted = int(sys.argv[1]) if sys.argv[1:] else EVENTS
    count = -(-wanted // SIZE) * SIZE
    with contextlib.ExitStack() as stack:
        kept = os.environ.get(DATA)
        folder = Path(kept) if kept else stack.enter_context(scratch())
        tell(measure(folder / "sealed", count))


if __name__ == "__main__":
    main()
