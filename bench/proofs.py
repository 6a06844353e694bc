"""Proofs, tiles and checkpoints of large logs: `python -m bench.proofs`.

A log of 10 thousand, 1 million and 10 million leaves in an embedded PostgreSQL, filled with what
proofs read: drawn leaf hashes, their full tiles at every level, and entries only for the unfinished
tile and a few bundles (BENCH_N: sizes, set apart by commas). Then inclusion and consistency proofs
of drawn positions and sizes, each verified, in a process that has answered nothing before and when
it has; tiles, bundles, and what signing a checkpoint and swapping it into the guard cost.
"""

from __future__ import annotations

import os
import random
import shutil
import statistics
import tempfile
import time
from hashlib import sha256
from itertools import starmap
from pathlib import Path
from typing import TYPE_CHECKING, Final

from domain.log.checkpoint import Checkpoint, sign_checkpoint
from domain.log.entry import leaf_hash
from domain.log.key import SigningKey
from domain.log.proof import TlogProof
from domain.log.tile import Tile, edge_of
from domain.log.tree import (
    CompactTree,
    consistency_proof,
    inclusion_proof,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from store.ledger import copying
from store.ledger.guard import FileGuard
from store.ledger.tiled import TiledLog
from store.ledger.tiles import Edge, Tiles
from store.postgres.database import Connection, Database
from store.postgres.migrate import migrate
from store.postgres.server import EmbeddedPostgres
from tests.store.ledger.filling import copy, entry_rows

if TYPE_CHECKING:
    from collections.abc import Callable

SIZES: Final = (10_000, 1_000_000, 10_000_000)
ENTRY_BYTES: Final = 750
"""About what an entry of a deployment has."""
BUNDLES: Final = 40
ROUNDS: Final = 2000
SCHEMA: Final = "ledger_bench"
ORIGIN: Final = "ledger.example/bench"
_AT_ONCE: Final = 2560


class Filled:
    """A log of drawn leaves.

    Attributes:
        size: how many.
        bundles: numbers of the full bundles that have entries.
    """

    def __init__(self, connection: Connection, size: int) -> None:
        self.size = size
        full = size // 256
        draw = random.Random(1)  # noqa: S311 - the same ones each time
        self.bundles = sorted(draw.sample(range(full), min(BUNDLES, full)))
        kept = {*self.bundles, full}
        edge = Edge(CompactTree(), [[]])
        tiles: list[bytes] = []
        for number in range((size + 255) // 256):
            first = number * 256
            count = min(256, size - first)
            if number in kept:
                entries = [self.entry(index) for index in range(first, first + count)]
                rows = entry_rows(first + 1, [leaf_hash(one) for one in entries], entries)
                copy(connection, SCHEMA, "entries", rows)
            for index in range(first, first + count):
                edge.append(self.leaf(index))
            tiles += starmap(copying.tile_row, edge.take())
            if len(tiles) > _AT_ONCE:
                copy(connection, SCHEMA, "tiles", tiles)
                tiles = []
        copy(connection, SCHEMA, "tiles", tiles)
        self.root = edge.tree.root()

    def entry(self, index: int) -> bytes:
        """The entry at an index, where there is one."""
        return (b"%09d " % index) * (ENTRY_BYTES // 10)

    def leaf(self, index: int) -> bytes:
        """The leaf at an index."""
        return leaf_hash(self.entry(index))


def timed(rounds: int, work: Callable[[], object]) -> str:
    """Median and 99th percentile of a work's time in milliseconds."""
    took = []
    for _ in range(rounds):
        begin = time.perf_counter()
        work()
        took.append(1000 * (time.perf_counter() - begin))
    took.sort()
    return f"{statistics.median(took):8.2f} {took[len(took) * 99 // 100]:8.2f}"


def measure(database: Database, size: int, folder: Path) -> None:
    """Fill a log and print its figures."""
    with database.connect() as connection:
        connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
        migrate(connection, SCHEMA)
        begin = time.perf_counter()
        log = Filled(connection, size)
        print(f"\n{size:,} leaves, filled in {time.perf_counter() - begin:.0f} s")
        connection.execute(f"ANALYZE {SCHEMA}.entries, {SCHEMA}.tiles")
    draw = random.Random(2)  # noqa: S311 - the same ones each time
    included: dict[int, list[bytes]] = {}
    consistent: dict[int, list[bytes]] = {}

    def inclusion(tiles: Tiles) -> None:
        index = draw.randrange(size)
        with database.session("writer") as connection:
            included[index] = inclusion_proof(index, size, tiles.reader(connection, size))

    def consistency(tiles: Tiles) -> None:
        old = draw.randrange(1, size)
        with database.session("writer") as connection:
            consistent[old] = consistency_proof(old, size, tiles.reader(connection, size))

    tiles, tiled = Tiles(SCHEMA), TiledLog(database, SCHEMA, Tiles(SCHEMA))
    print(f"{'ms':40}{'p50':>8} {'p99':>8}")

    def tell(what: str, rounds: int, work: Callable[[], object]) -> None:
        print(f"{what:40}{timed(rounds, work)}")

    tell("inclusion proof, first of a process", 20, lambda: inclusion(Tiles(SCHEMA)))
    tell("inclusion proof", ROUNDS, lambda: inclusion(tiles))
    tell("consistency proof, first of a process", 20, lambda: consistency(Tiles(SCHEMA)))
    tell("consistency proof", ROUNDS, lambda: consistency(tiles))
    full = size // 256
    tell("hash tile, full", ROUNDS, lambda: tiled.read(Tile(0, draw.randrange(full)), size))
    for tile in edge_of(size):
        tell(tile.path, 200, lambda tile=tile: tiled.read(tile, size))  # type: ignore[misc]
    some = log.bundles
    tell("entry bundle, full", 500, lambda: tiled.read(Tile(None, draw.choice(some)), size))
    key = SigningKey(ORIGIN, sha256(b"bench").digest())
    note = sign_checkpoint(Checkpoint(ORIGIN, size, log.root), [key])
    tell("checkpoint signed", ROUNDS, lambda: sign_checkpoint(
        Checkpoint(ORIGIN, size, log.root), [key]
    ))  # fmt: skip
    guard = FileGuard(folder / f"guard-{size}")
    guard.swap(None, note)
    tell("checkpoint swapped into a file guard", 500, lambda: guard.swap(note, note))
    for index, path in included.items():
        verify_inclusion(log.leaf(index), index, size, path, log.root)
    with database.session("writer") as connection:
        for old, path in consistent.items():
            root = root_of(old, tiles.reader(connection, size))
            verify_consistency(old, size, root, log.root, path)
    for what, proofs in (("inclusion", included), ("consistency", consistent)):
        lengths = [len(path) for path in proofs.values()]
        print(
            f"{what}: {len(lengths)} verified, {statistics.mean(lengths):.1f} hashes on average, "
            f"{max(lengths)} at most"
        )
    index = max(included, key=lambda one: len(included[one]))
    file = TlogProof(index, tuple(included[index]), note).encode()
    print(f"the longest proof file has {len(file):,} bytes")


def main() -> None:
    """Measure and print."""
    sizes = [int(one) for one in os.environ.get("BENCH_N", "").split(",") if one] or SIZES
    folder = Path(tempfile.mkdtemp(prefix="pipeledger-bench-"))
    folder.chmod(0o711)
    try:
        with (
            EmbeddedPostgres.start(folder / "postgres") as server,
            Database(server.conninfo) as database,
        ):
            database.prepare()
            for size in sizes:
                measure(database, size, folder)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
