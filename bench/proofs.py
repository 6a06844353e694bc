"""Proofs, tiles and checkpoints of large logs: `python -m bench.proofs`.

A log of 10 thousand, 1 million and 10 million leaves in an embedded PostgreSQL, filled with what
proofs read: drawn leaf hashes, their full tiles at every level, and entries only for the unfinished
tile and a few bundles (`python -m bench.proofs SIZE …`: other sizes). Then inclusion and
consistency proofs of drawn positions and sizes, each verified, in a process that has answered
nothing before and when it has; tiles, bundles, and what signing a checkpoint and swapping it into
the guard cost.
"""

from __future__ import annotations

import random
import statistics
import sys
from hashlib import sha256
from itertools import starmap
from typing import TYPE_CHECKING, Final

from bench.figures import Figure, p99, scratch, taken, tell
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
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

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


def measured(database: Database, size: int, folder: Path) -> Iterator[Figure]:
    """Fill a log and tell its figures."""
    with database.connect() as connection:
        connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
        migrate(connection, SCHEMA)
        log = Filled(connection, size)
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

    def told(
        what: str, rounds: int, work: Callable[[], object], *, asked: bool = True
    ) -> Iterator[Figure]:
        took = taken(rounds, work)
        what = f"{what} of {size:,}"
        floor, aim = (20, 5) if asked else (None, None)
        yield Figure(f"{what}, median", statistics.median(took), "ms")
        yield Figure(f"{what}, p99", p99(took), "ms", floor=floor, aim=aim, least=True)

    yield from told(
        "inclusion proof, first of a process", 20, lambda: inclusion(Tiles(SCHEMA)), asked=False
    )
    yield from told("inclusion proof", ROUNDS, lambda: inclusion(tiles))
    yield from told(
        "consistency proof, first of a process", 20, lambda: consistency(Tiles(SCHEMA)), asked=False
    )
    yield from told("consistency proof", ROUNDS, lambda: consistency(tiles))
    full = size // 256
    yield from told("hash tile", ROUNDS, lambda: tiled.read(Tile(0, draw.randrange(full)), size))
    yield from told("hash tile at the edge", 200, lambda: tiled.read(edge_of(size)[0], size))
    some = log.bundles
    yield from told("entry bundle", 500, lambda: tiled.read(Tile(None, draw.choice(some)), size))
    key = SigningKey(ORIGIN, sha256(b"bench").digest())
    note = sign_checkpoint(Checkpoint(ORIGIN, size, log.root), [key])
    yield from told("checkpoint signed", ROUNDS, lambda: sign_checkpoint(
        Checkpoint(ORIGIN, size, log.root), [key]
    ), asked=False)  # fmt: skip
    guard = FileGuard(folder / f"guard-{size}")
    guard.swap(None, note)
    yield from told(
        "checkpoint into a file guard", 500, lambda: guard.swap(note, note), asked=False
    )
    for index, path in included.items():
        verify_inclusion(log.leaf(index), index, size, path, log.root)
    with database.session("writer") as connection:
        for old, path in consistent.items():
            root = root_of(old, tiles.reader(connection, size))
            verify_consistency(old, size, root, log.root, path)
    for what, proofs in (("inclusion", included), ("consistency", consistent)):
        longest = max(len(path) for path in proofs.values())
        yield Figure(f"hashes of a proof of {what} of {size:,}, at most", longest, "hashes")
    index = max(included, key=lambda one: len(included[one]))
    file = TlogProof(index, tuple(included[index]), note).encode()
    yield Figure(f"longest proof file of {size:,}", len(file), "bytes")


def measure(sizes: Sequence[int]) -> Iterator[Figure]:
    """Fill logs of these sizes, one after the other."""
    with (
        scratch() as folder,
        EmbeddedPostgres.start(folder / "postgres") as server,
        Database(server.conninfo) as database,
    ):
        database.prepare()
        for size in sizes:
            yield from measured(database, size, folder)


if __name__ == "__main__":
    tell(measure([int(word) for word in sys.argv[1:]] or SIZES))
