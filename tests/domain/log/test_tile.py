"""Names of tiles: one spelling each, and only of what a tree of a size has."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import RefusedError
from domain.log.tile import Tile, edge_of, encode_bundle

NAMES = {
    "tile/0/000": Tile(0, 0),
    "tile/0/273": Tile(0, 273),
    "tile/0/273.p/112": Tile(0, 273, 112),
    "tile/1/001.p/17": Tile(1, 1, 17),
    "tile/63/000.p/1": Tile(63, 0, 1),
    "tile/entries/999": Tile(None, 999),
    "tile/entries/x001/000": Tile(None, 1000),
    "tile/entries/x001/x234/067.p/255": Tile(None, 1_234_067, 255),
    "tile/0/x036/x028/x797/x018/x963/967.p/255": Tile(0, 2**55 - 1, 255),
}

HOSTILE = (
    "", "tile", "tile/", "tile/0", "tile/0/", "tile/0/0", "tile/0/00", "tile/0/0000",
    "tile/0/x0001", "tile/0/x000/001", "tile/0/x001", "tile/0/001/002", "tile/0/x1/002",
    "tile/0/X001/000", "tile/0/x001/x234/067/", "tile/0/-01", "tile/0/+01", "tile/0/1_0",
    "tile/0/\N{ARABIC-INDIC DIGIT ONE}00", "tile/0/000\n", "tile/0/000 ", " tile/0/000",
    "tile/00/000", "tile/01/000", "tile/64/000", "tile/99/000", "tile/100/000", "tile/-1/000",
    "tile/8/0/000", "tile/data/000", "tile/Entries/000", "tile/entries", "tile/entries/../000",
    "tile/../checkpoint", "tile/0/../../checkpoint", "tile/0/..", "tile//000", "/tile/0/000",
    "tile/0/000.p", "tile/0/000.p/", "tile/0/000.p/0", "tile/0/000.p/01", "tile/0/000.p/256",
    "tile/0/000.p/257", "tile/0/000.p/999", "tile/0/000.p/1000", "tile/0/000.p/-1",
    "tile/0/000.p/1/1", "tile/0/000.P/1", "tile/0/000.p/x001", "tile/0/000\0", "tile/0/000%00",
    "tile/0/x036/x028/x797/x018/x963/967", "tile/0/x036/x028/x797/x018/x963/968.p/1",
    "tile/0/x009/x223/x372/x036/x854/x775/807", "tile/0/x999/x999/x999/x999/x999/x999/999",
    "tile/0/" + "x001/" * 7 + "000", "tile/0/" + "x999/" * 5000 + "999",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_name_says_level_number_and_width(name: str) -> None:
    """Both ways."""
    assert Tile.parse(name) == NAMES[name]
    assert NAMES[name].path == name


@given(
    level=st.one_of(st.none(), st.integers(0, 63)),
    index=st.integers(0, 2**54),
    width=st.integers(1, 256),
)
def test_every_tile_has_a_name_that_leads_back_to_it(
    level: int | None, index: int, width: int
) -> None:
    """One spelling for each tile."""
    tile = Tile(level, index, width)
    assert Tile.parse(tile.path) == tile


@pytest.mark.parametrize("name", HOSTILE)
def test_every_other_spelling_is_refused(name: str) -> None:
    """Other digits, missing or superfluous groups, widths of no partial tile, ways out."""
    with pytest.raises(RefusedError, match="path: expected"):
        Tile.parse(name)


@given(st.text(alphabet="tileenrs/.px0123456789", max_size=40))
def test_text_of_its_characters_is_a_name_or_refused(text: str) -> None:
    """No error but our own, and whatever is taken is spelled like that."""
    try:
        tile = Tile.parse("tile/" + text)
    except RefusedError:
        return
    assert tile.path == "tile/" + text


@pytest.mark.parametrize(
    ("size", "partial"),
    [
        (0, []),
        (1, ["tile/entries/000.p/1", "tile/0/000.p/1"]),
        (255, ["tile/entries/000.p/255", "tile/0/000.p/255"]),
        (256, ["tile/1/000.p/1"]),
        (257, ["tile/entries/001.p/1", "tile/0/001.p/1", "tile/1/000.p/1"]),
        (65_536, ["tile/2/000.p/1"]),
        (
            70_000,
            ["tile/entries/273.p/112", "tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"],
        ),
    ],
)
def test_the_edge_of_a_tree_is_the_specifications(size: int, partial: list[str]) -> None:
    """Its worked example, and where tiles become full."""
    assert [tile.path for tile in edge_of(size)] == partial
    for tile in edge_of(size):
        assert tile.fits(size)
        assert not Tile(tile.level, tile.index, tile.width + 1).fits(size)
        assert not tile.full.fits(size)


def test_a_bundle_is_its_entries_each_after_its_length() -> None:
    """An empty one and the longest there is among them."""
    raw = encode_bundle([b"", b"ab", b"\xff" * 65_535])
    assert raw == b"\0\0" + b"\0\2ab" + b"\xff\xff" + b"\xff" * 65_535
