"""Tiles and bundles of published trees of every critical size, against the definition."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from domain.errors import DamageError, NotFoundError
from domain.log.tile import Tile, edge_of
from store.ledger.tiled import TiledLog
from store.ledger.tiles import Tiles
from store.postgres.database import Database
from tests.domain.log.leaves import tree_hash
from tests.store.ledger.filling import drawn, fill

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Server

SCHEMA = "ledger_test"
MOST = 70_000
SIZES = (0, 1, 2, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, MOST)


@pytest.fixture(scope="module")
def entries() -> list[bytes]:
    """As many as the largest tree has."""
    return list(drawn(MOST))


@pytest.fixture(scope="module")
def levels(entries: list[bytes]) -> list[list[bytes]]:
    """The hashes of each level of tiles, by the recursive definition."""
    rows = [[sha256(b"\0" + raw).digest() for raw in entries]]
    while len(rows[-1]) >= 256:
        below = rows[-1]
        whole = len(below) // 256
        rows.append([tree_hash(below[at * 256 : at * 256 + 256]) for at in range(whole)])
    return rows


@pytest.fixture(scope="module")
def home(postgres: Server, entries: list[bytes]) -> Iterator[Database]:
    """A log of all entries; trees of any smaller size are parts of it."""
    for conninfo in postgres.fresh(postgres.template):
        with Database(conninfo) as database:
            fill(database, SCHEMA, entries)
            yield database


@pytest.fixture
def tiled(home: Database) -> TiledLog:
    """A reader that remembers nothing yet."""
    return TiledLog(home, SCHEMA, Tiles(SCHEMA))


def expected(tile: Tile, levels: list[list[bytes]], entries: list[bytes]) -> bytes:
    """The bytes of a tile by the specification."""
    if tile.level is None:
        some = entries[tile.first : tile.end]
        return b"".join(len(raw).to_bytes(2, "big") + raw for raw in some)
    return b"".join(levels[tile.level][tile.first : tile.end])


@pytest.mark.parametrize("size", SIZES)
def test_a_tree_of_each_size_has_its_tiles_and_no_more(
    tiled: TiledLog, levels: list[list[bytes]], entries: list[bytes], size: int
) -> None:
    """Partial ones at the edge, full ones before it, nothing of what was committed since."""
    edge = edge_of(size)
    for tile in edge:
        assert tiled.read(tile, size) == expected(tile, levels, entries)
        for beyond in (Tile(tile.level, tile.index, tile.width + 1), Tile(tile.level, tile.index)):
            with pytest.raises(NotFoundError):
                tiled.read(beyond, size)
    for level in (None, 0, 1, 2, 3, 63):
        count = size >> 8 * (level or 0)
        whole = count // 256
        for index in {0, whole // 2, whole - 1} & set(range(whole)):
            for width in (1, 255, 256):
                tile = Tile(level, index, width)
                assert tiled.read(tile, size) == expected(tile, levels, entries)
        for index, width in ((whole, count % 256 + 1), (whole + 1, 1), (2**54, 256)):
            with pytest.raises(NotFoundError, match="has no tile"):
                tiled.read(Tile(level, index, width), size)


def test_partial_tiles_of_sizes_passed_are_there_beside_the_full_one(
    tiled: TiledLog, levels: list[list[bytes]], entries: list[bytes]
) -> None:
    """Every size was published once, perhaps; so every width is served."""
    for level in (None, 0, 1):
        for width in range(1, 257):
            tile = Tile(level, 0, width)
            assert tiled.read(tile, MOST) == expected(tile, levels, entries)


def test_a_tile_takes_two_questions_however_large_the_log_is(
    tiled: TiledLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Full and partial, at every level, in a process that just began; 256 rows at most."""
    asked: list[int] = []
    execute: Any = psycopg.Connection.execute

    def counted(self: object, *words: object, **more: object) -> object:
        cursor = execute(self, *words, **more)
        asked.append(cursor.rowcount)
        return cursor

    tiled.read(Tile(0, 0), MOST)  # borrows its connection
    monkeypatch.setattr(psycopg.Connection, "execute", counted)
    for tile in [*edge_of(MOST), *[Tile(level, 0) for level in (None, 0, 1)]]:
        asked.clear()
        tiled.read(tile, MOST)
        assert 1 <= len(asked) <= 2
        assert max(asked) <= 256


def test_a_bundle_with_an_altered_entry_is_given_to_nobody(home: Database) -> None:
    """Under its name it would be kept for ever; the position is named."""
    tiled = TiledLog(home, SCHEMA, Tiles(SCHEMA))
    with home.connect() as connection:
        connection.execute("ALTER TABLE ledger_test.entries DISABLE TRIGGER append_only")
        try:
            change = "UPDATE ledger_test.entries SET entry = %s WHERE pos = 300"
            connection.execute(change, (b"forged",))
            with pytest.raises(DamageError) as caught:
                tiled.read(Tile(None, 1), MOST)
            assert caught.value.position == 300
            assert tiled.read(Tile(None, 0), MOST)
            assert tiled.read(Tile(None, 1, 43), MOST)
        finally:
            connection.execute(change, (b"entry 299",))
            connection.execute("ALTER TABLE ledger_test.entries ENABLE ALWAYS TRIGGER append_only")
    assert tiled.read(Tile(None, 1), MOST)
