"""Tiled logs in folders: every tile that the checkpoint implies is made again and compared."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from pipeledger.verifier.evidence import Policy, Verdict, check_path
from pipeledger.verifier.tiles import HashTiles, partial_tiles, tile_path, tops
from pipeledger.verifier.tree import levels
from pipeledger.verifier.trust import trusted_log
from pipeledger.verifier.wire import Checkpoint, UncheckedError, UnsoundError
from tests.client.writer import Writer, leaf, ledger_of, root, write_hash_tiles

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeledger.verifier.lines import Settings

SIZE = 300


@pytest.fixture(scope="module")
def writer() -> Writer:
    """A ledger of a full tile and a part of the next."""
    return ledger_of(SIZE)


@pytest.fixture
def folder(writer: Writer, tmp_path: Path) -> Path:
    """It as a tiled log."""
    return writer.tiles(tmp_path / "log")


def judge(folder: Path, writer: Writer, settings: Settings, seen: int = 0) -> Verdict:
    """The verdict on a folder, where the first entries were seen before."""
    known = Checkpoint(writer.origin, seen, root(writer.leaves[:seen])) if seen else None
    log = trusted_log(writer.vkeys, seen=known)
    (verdict,) = check_path(folder, Policy([log], settings))
    return verdict


def test_a_sound_log_is_sound_with_all_its_tiles(
    writer: Writer, folder: Path, asked: Callable[..., Settings]
) -> None:
    """Two of the leaves, one above them."""
    verdict = judge(folder, writer, asked())
    assert verdict.size == SIZE
    assert "3 hash tiles made again and equal" in verdict.lines
    assert verdict.follows


def test_a_log_without_hash_tiles_is_said_to_have_none(
    writer: Writer, folder: Path, asked: Callable[..., Settings]
) -> None:
    """Its entries and root are proved all the same."""
    for level in ("0", "1"):
        shutil.rmtree(folder / "tile" / level)
    assert "no hash tiles" in judge(folder, writer, asked()).lines


def test_a_log_without_its_entries_is_not_taken_for_a_checkpoint(
    writer: Writer, folder: Path, asked: Callable[..., Settings]
) -> None:
    """Whoever takes all bundles away leaves a checkpoint that is sound by itself."""
    shutil.rmtree(folder / "tile" / "entries")
    for file in folder.iterdir():
        if file.is_file() and file.name != "checkpoint":
            file.unlink()
    with pytest.raises(UnsoundError, match=r"^position 1: the entry bundle .* is missing"):
        judge(folder, writer, asked())


@pytest.mark.parametrize(
    ("name", "at", "said"),
    [
        ("0/000", 99 * 32 + 7, "position 100: the hash tile 0/000 is not of the entries: hash 99"),
        ("0/000", 0, "position 1: the hash tile 0/000"),
        ("0/001.p/44", 43 * 32 + 31, "position 300: the hash tile 0/001.p/44"),
        ("1/000.p/1", 5, "position 1: the hash tile 1/000.p/1 .*of positions 1 to 256"),
    ],
)
def test_a_bit_of_a_hash_tile_is_found_at_the_entries_it_stands_for(
    writer: Writer, folder: Path, name: str, at: int, said: str, asked: Callable[..., Settings]
) -> None:
    """At each level, in full tiles and in partial ones."""
    file = folder / "tile" / name
    raw = bytearray(file.read_bytes())
    raw[at] ^= 1
    file.write_bytes(raw)
    with pytest.raises(UnsoundError, match=said):
        judge(folder, writer, asked())


@pytest.mark.parametrize("name", ["0/000", "0/001.p/44", "1/000.p/1"])
@pytest.mark.parametrize("change", ["missing", "cut", "longer"])
def test_a_tile_that_is_missing_or_of_another_length_is_named(
    writer: Writer, folder: Path, name: str, change: str, asked: Callable[..., Settings]
) -> None:
    """Whatever its level."""
    file = folder / "tile" / name
    raw = file.read_bytes()
    file.unlink()
    if change != "missing":
        file.write_bytes(raw[:-1] if change == "cut" else raw + bytes(32))
    with pytest.raises(UnsoundError, match="the hash tile"):
        judge(folder, writer, asked())


def test_an_altered_entry_is_named_before_its_tile(
    writer: Writer, folder: Path, asked: Callable[..., Settings]
) -> None:
    """Both differ; the entry is what was altered."""
    file = folder / "tile" / "entries" / "000"
    raw = file.read_bytes()
    file.write_bytes(raw.replace(b"T00:01:40", b"T00:01:41", 1))
    with pytest.raises(UnsoundError, match="position 100: not the entry that position 101"):
        judge(folder, writer, asked())


def test_partial_tiles_of_other_sizes_are_beginnings_of_theirs(
    writer: Writer, folder: Path, asked: Callable[..., Settings]
) -> None:
    """As a log leaves them that published more often; and full tiles serve for partial ones."""
    hashes, entries = folder / "tile" / "0", folder / "tile" / "entries"
    (hashes / "000.p").mkdir()
    (entries / "000.p").mkdir()
    short = b"".join(len(one.raw).to_bytes(2, "big") + one.raw for one in writer.entries[:9])
    (entries / "000.p" / "9").write_bytes(short)
    (hashes / "000.p" / "9").write_bytes(b"".join(writer.leaves[:9]))
    (hashes / "000.p" / "x").write_bytes(b"not a tile of this log")
    # What is beyond the checkpoint is nobody's yet.
    (hashes / "002").write_bytes(b"written, not signed")
    judge(folder, writer, asked())
    shutil.move(hashes / "001.p" / "44", hashes / "001")
    (hashes / "001").write_bytes((hashes / "001").read_bytes() + bytes(212 * 32))
    judge(folder, writer, asked())
    (hashes / "000.p" / "9").write_bytes(b"".join(writer.leaves[1:10]))
    with pytest.raises(UnsoundError, match=r"position 1: the hash tile 0/000\.p/9"):
        judge(folder, writer, asked())
    (hashes / "000.p" / "9").write_bytes(b"".join(writer.leaves[:9]))
    (entries / "000.p" / "9").write_bytes(short.replace(b"T00:00:05", b"T00:00:06"))
    with pytest.raises(UnsoundError, match=r"position 5: the entry bundle 000\.p/9"):
        judge(folder, writer, asked())


def test_an_older_copy_is_refused_unless_it_is_wanted(
    writer: Writer, tmp_path: Path, asked: Callable[..., Settings]
) -> None:
    """A prefix with its own checkpoint is sound, and less than was seen."""
    short = ledger_of(256).tiles(tmp_path / "old")
    seen = Checkpoint(writer.origin, SIZE, root(writer.leaves))
    log = trusted_log(writer.vkeys, seen=seen)
    with pytest.raises(UnsoundError, match="position 257: missing: 300 entries were seen"):
        check_path(short, Policy([log], asked()))
    (verdict,) = check_path(short, Policy([log], asked(), older=True))
    assert not verdict.follows
    assert "older than what was seen before: 300 entries" in verdict.lines
    assert any(line.startswith("not checked: whether the 300") for line in verdict.lines)


def test_a_key_that_lies_in_the_folder_is_not_believed(
    writer: Writer, folder: Path, asked: Callable[..., Settings]
) -> None:
    """Whoever made the folder chose it."""
    (folder / "key.vkey").write_text(writer.log.vkey + "\n")
    with pytest.raises(UncheckedError, match="no key is trusted"):
        check_path(folder, Policy([], asked()))


def test_the_path_of_a_tile_is_in_groups_of_three() -> None:
    """As the format has it."""
    for number, path in ((0, "000"), (273, "273"), (999, "999"), (1000, "x001/000"),
                         (1234067, "x001/x234/067"), (999999, "x999/999")):  # fmt: skip
        assert tile_path(Path(), number).as_posix() == path


def test_the_partial_tiles_beside_a_tile_are_given_in_the_order_of_their_widths(
    tmp_path: Path,
) -> None:
    """Up to one that is asked for; a full tile is none, and other files are not looked at."""
    full = tmp_path / "x001" / "002"
    assert [*partial_tiles(full, 300)] == []
    beside = tmp_path / "x001" / "002.p"
    beside.mkdir(parents=True)
    for name in ("1", "2", "10", "99", "255", "256", "1000", "0", "01", "x", "-1", "9x"):
        (beside / name).touch()
    for width, found in ((300, [1, 2, 10, 99, 255]), (256, [1, 2, 10, 99, 255]),
                         (255, [1, 2, 10, 99, 255]), (254, [1, 2, 10, 99]), (10, [1, 2, 10]),
                         (9, [1, 2]), (0, [])):  # fmt: skip
        assert [*partial_tiles(full, width)] == [(one, beside / str(one)) for one in found]


FOUR: Final = 4
LEAVES: Final = [leaf(bytes([number])) for number in range(75)]


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Tiles of four hashes, so that 75 leaves have four levels of them."""
    monkeypatch.setattr("pipeledger.verifier.tiles.WIDTH", FOUR)
    write_hash_tiles(tmp_path, LEAVES, FOUR)
    return tmp_path


def compare(folder: Path, batch: int, leaves: list[bytes] = LEAVES) -> int:
    """How many tiles were compared while leaves came in, so many at a time."""
    tiles = HashTiles(folder)
    for start in range(0, len(leaves), batch):
        tiles.extend(leaves[start : start + batch])
    tiles.finish()
    return tiles.count


BATCHES: Final = (1, 3, 4, 16, 100)


@pytest.mark.parametrize("batch", BATCHES)
def test_every_tile_of_every_level_is_compared(small: Path, batch: int) -> None:
    """19 of the leaves, 5 above them, 1, and 1; fewer for fewer leaves, whose tiles are there."""
    assert compare(small, batch) == 26
    assert compare(small, batch, LEAVES[:64]) == 22
    assert compare(small, batch, LEAVES[:3]) == 1
    assert compare(small / "nowhere", batch) == 0


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize(
    ("name", "first", "number", "position", "of"),
    [
        ("0/000", 1, 2, 3, "position 3"), ("0/017", 69, 0, 69, "position 69"),
        ("0/018.p/3", 73, 2, 75, "position 75"), ("1/001", 17, 2, 25, "positions 25 to 28"),
        ("1/004.p/2", 65, 1, 69, "positions 69 to 72"), ("2/000", 1, 2, 33, "positions 33 to 48"),
        ("3/000.p/1", 1, 0, 1, "positions 1 to 64"),
    ],
)  # fmt: skip
def test_a_tile_is_told_with_the_positions_it_stands_for(
    small: Path, name: str, first: int, number: int, position: int, of: str, batch: int
) -> None:
    """Those of its first hash that differs; from its first where it is missing or cut."""
    file = small / "tile" / name
    raw = file.read_bytes()
    begin = raw[: number * 32 + 5]
    differs = begin + bytes([raw[len(begin)] ^ 1]) + bytes(len(raw) - len(begin) - 1)
    told = f"the hash tile {name} is not of the entries: hash {number}, of {of}"
    for other, said in (
        (differs, f"position {position}: {told}"),
        (raw[:-1], f"position {first}: the hash tile {name} has {len(raw) - 1} bytes"),
        (raw + b"x", f"position {first}: the hash tile {name} has {len(raw) + 1} bytes"),
        (None, f"position {first}: the hash tile {name[:2]}{int(name[2:5])} is missing"),
    ):  # fmt: skip
        file.unlink() if other is None else file.write_bytes(other)
        with pytest.raises(UnsoundError) as caught:
            compare(small, batch)
        assert str(caught.value) == said


@pytest.mark.parametrize("batch", BATCHES)
def test_of_several_tiles_that_differ_the_first_is_told(small: Path, batch: int) -> None:
    """Of those that the entries fill; the unfinished ones come last."""
    files = [small / "tile" / name
             for name in ("0/002", "0/009", "1/003", "0/018.p/3", "1/004.p/2")]  # fmt: skip
    sound = [file.read_bytes() for file in files]
    for file, raw in zip(files, sound, strict=True):
        file.write_bytes(bytes(len(raw)))
    for file, raw, position in zip(files, sound, (9, 37, 49, 73, 65), strict=True):
        with pytest.raises(UnsoundError) as caught:
            compare(small, batch)
        assert caught.value.position == position
        file.write_bytes(raw)
    assert compare(small, batch) == 26


@pytest.mark.usefixtures("small")
def test_the_roots_of_full_tiles_are_of_the_tree_that_the_leaves_are() -> None:
    """Of fewer leaves than a tile has there are none."""
    for count in (1, 2):
        assert [*tops(levels(LEAVES[:count]))] == []
    for count in (4, 8, 16):
        quarters = [LEAVES[at : at + FOUR] for at in range(0, count, FOUR)]
        assert [*tops(levels(LEAVES[:count]))] == [root(some) for some in quarters]


def test_nodes_that_are_given_are_not_made_again(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tiles are compared alike, and those that come after them."""
    rows = [levels(LEAVES[at : at + 8]) for at in (0, 8)]
    with monkeypatch.context() as made:
        made.setattr("pipeledger.verifier.tiles.levels", None)
        tiles = HashTiles(small)
        tiles.extend(LEAVES[:8], rows[0])
    tiles.extend(LEAVES[8:16], rows[1])
    tiles.extend(LEAVES[16:])
    tiles.finish()
    assert tiles.count == 26
    for name, position in (("0/003", 13), ("1/000", 1)):
        (small / "tile" / name).write_bytes(bytes(FOUR * 32))
        other = HashTiles(small)
        for at, some in ((0, rows[0]), (8, rows[1])):
            other.extend(LEAVES[at : at + 8], some)
        with pytest.raises(UnsoundError, match=f"position {position}: the hash tile {name} is"):
            other.finish()
        write_hash_tiles(small, LEAVES, FOUR)


@pytest.mark.parametrize("batch", [1, 4, 16])
def test_what_differs_later_is_not_told_instead(small: Path, batch: int) -> None:
    """A tile above the leaves is filled by the 32nd, one of the leaves by the 40th."""
    for name in ("1/001", "0/009"):
        (small / "tile" / name).write_bytes(bytes(FOUR * 32))
    with pytest.raises(UnsoundError, match="position 17: the hash tile 1/001"):
        compare(small, batch)


@pytest.mark.long
@pytest.mark.parametrize("size", [65_535, 65_536, 65_537, 70_000])
def test_tiles_of_three_levels_are_compared(
    tmp_path: Path, size: int, asked: Callable[..., Settings]
) -> None:
    """Around the size where the third level begins; a bit at each level is found."""
    writer = Writer()
    for _ in range(size):
        writer.append()
    folder = writer.tiles(tmp_path / "log")
    judge(folder, writer, asked())
    found = sorted(one for one in (folder / "tile").iterdir() if one.name != "entries")
    assert len(found) == (2 if size < 65_536 else 3)
    for level in found:
        file = next(one for one in sorted(level.rglob("*")) if one.is_file())
        raw = file.read_bytes()
        file.write_bytes(bytes([raw[0] ^ 1]) + raw[1:])
        with pytest.raises(UnsoundError, match=f"the hash tile {level.name}/"):
            judge(folder, writer, asked())
        file.write_bytes(raw)
