"""Processes that check a tiled log together say what one process says."""

from __future__ import annotations

import copy
import os
import random
import resource
import shutil
import signal
from typing import TYPE_CHECKING, Final

import pytest

from pipeledger.verifier.apart import Processes
from pipeledger.verifier.folder import _MOST_APART, _Tiled, check_folder
from pipeledger.verifier.lines import Settings
from pipeledger.verifier.stretch import Stretch
from pipeledger.verifier.trust import trusted_log
from pipeledger.verifier.wire import Checkpoint, UnsoundError
from tests.client.processes import children, forked
from tests.client.test_succession import FIRST, SECOND, begun, key_id, say
from tests.client.test_tampering import bit_places
from tests.client.writer import Key, Writer, Written, ledger_of, root

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FOUR: Final = 4
SIZE: Final = 27
"""Three stretches of two bundles, and an end."""
WRITER: Final = ledger_of(SIZE)
ALONE: Final = Settings()
APART: Final = Settings(processes=2, alone=0)


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Tiles are of four, two bundles a stretch; gives those that this process examines."""
    for name, value in (("folder.BUNDLE", FOUR), ("tiles.WIDTH", FOUR),
                        ("folder._BUNDLES_AT_ONCE", 2)):  # fmt: skip
        monkeypatch.setattr(f"pipeledger.verifier.{name}", value)
    examine = _Tiled._examine
    seen: list[int] = []

    def noted(run: _Tiled, stretch: int) -> None:
        seen.append(stretch)
        examine(run, stretch)

    monkeypatch.setattr(_Tiled, "_examine", noted)
    return seen


def outcome(folder: Path, settings: Settings, seen: Checkpoint | None = None) -> str:
    """What comes of it: all that is told, or the refusal."""
    try:
        return repr(check_folder(folder, [trusted_log(WRITER.vkeys, seen=seen)], settings))
    except UnsoundError as error:
        return f"{type(error).__name__}: {error}"


def same(folder: Path, seen: Checkpoint | None = None) -> str:
    """What comes of it, which is the same either way, with signatures and without."""
    for settings in (Settings(signatures=False), ALONE):
        together = Settings(signatures=settings.signatures, processes=2, alone=0)
        told = outcome(folder, settings, seen)
        assert outcome(folder, together, seen) == told
    return told


def altered(folder: Path, entries: list[bytes], writer: Writer = WRITER) -> Path:
    """A tiled log of these entries, tiles and all, beside the true checkpoint."""
    other = copy.copy(writer)
    other.entries = [Written(raw, []) for raw in entries]
    other.tiles(folder, FOUR)
    (folder / "checkpoint").write_bytes(writer.checkpoint())
    return folder


GOOD: Final = Stretch(1, b"", b"", [], [], "", "", {}, {}, 0, [])
RAW: Final = tuple(one.raw for one in WRITER.entries)


@pytest.mark.parametrize("size", [1, 7, 8, 9, 15, 16, 17, 24, 64, 65])
def test_a_sound_log_is_told_alike_and_only_its_end_is_examined_here(
    tmp_path: Path, here: list[int], size: int
) -> None:
    """Every full stretch is another process's; parts, numbers and tiles are all told."""
    folder = ledger_of(size).tiles(tmp_path / "log", FOUR)
    told = outcome(folder, ALONE)
    here.clear()
    assert outcome(folder, APART) == told
    assert told.startswith("Run(")
    assert here == ([size // 8] if size % 8 else [])


@pytest.mark.parametrize("position", [1, 8, 9, 27])
def test_a_bit_flipped_in_any_field_is_refused_alike(tmp_path: Path, position: int) -> None:
    """In the first and the last entry of a stretch, inside of one, and in the end."""
    folder = WRITER.tiles(tmp_path / "log", FOUR)
    bundle = folder / "tile" / "entries" / (
        f"{(position - 1) // FOUR:03d}" + (".p/3" if position > 24 else "")
    )  # fmt: skip
    sound, raw = bundle.read_bytes(), RAW[position - 1]
    for name, at in bit_places(raw):
        bundle.write_bytes(sound.replace(raw, raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]))
        told = outcome(folder, ALONE)
        assert told.startswith(f"UnsoundError: position {position}:"), name
        assert outcome(folder, APART) == told, name


def relinked(entries: list[bytes], position: int) -> list[bytes]:
    """A link to an entry that is not there."""
    raw = entries[position - 1]
    return [*entries[: position - 1], raw[:15] + b"0f" * 32 + raw[79:], *entries[position:]]


@pytest.mark.parametrize("at", [1, 8, 9, 17, 26])
@pytest.mark.parametrize(
    "tamper",
    [
        lambda entries, at: [*entries[: at - 1], *entries[at:]],
        lambda entries, at: [*entries[: at - 1], entries[at], entries[at - 1], *entries[at + 1 :]],
        lambda entries, at: [*entries[:at], *entries[at - 1 :]],
        lambda entries, at: [*entries[: at - 1], *entries[at - 2 : at - 1], *entries[at:]],
        lambda entries, at: [raw.replace(b".%06dZ" % at, b".900000Z") for raw in entries],
        relinked,
        lambda entries, at: relinked(relinked(entries, at), 12),
        lambda entries, at: [*entries[: at - 1], b"", *entries[at:]],
        lambda entries, at: [*entries[: at - 1], entries[at - 1][:90], *entries[at:]],
        lambda entries, at: [*entries[: at - 1], b"x" * 65_535, *entries[at:]],
    ],
)
def test_entries_removed_moved_doubled_and_relinked_are_refused_alike(
    tmp_path: Path, tamper: Callable[[list[bytes], int], list[bytes]], at: int
) -> None:
    """Across the borders of stretches, with other changes, or in a time that nobody signs."""
    told = same(altered(tmp_path / "log", tamper([*RAW], at)))
    assert told.startswith("UnsoundError: ")


@pytest.mark.parametrize("before", [3, 8, 15])
@pytest.mark.parametrize(
    "forge",
    [
        {"seq": {"at": "2025-12-31T00:00:00.000000Z"}},
        {"seq": {"at": "2026-01-02T00:00:00.000000Z"}},
        {"seq": {"sn": [40, 1]}},
        {"seq": {"v": 2}},
        {"seq": {"pos": 3}},
        {"ctx": {"o": "pipeledger.example/other"}},
        {"ctx": {"tags": ["b:1", "a:1"]}},
        {"streams": ("line/checkout@production",)},
        {"key": Key(WRITER.intake[0].name, b"\x09" * 32)},
        {},
    ],
)
def test_a_ledger_that_signs_what_it_must_not_is_refused_alike(
    tmp_path: Path, forge: dict[str, object], before: int
) -> None:
    """Links, root, tiles and checkpoint all fit; some of these are sound."""
    writer = ledger_of(before)
    fields = {"streams": ("line/checkout@production", f"deployment/0.{before % 3}")} | forge
    mine = writer.intake
    if "key" in fields:
        writer.intake = [fields.pop("key")]  # type: ignore[list-item]
    writer.append(**fields)  # type: ignore[arg-type]
    writer.intake = mine
    for _ in range(SIZE - before - 1):
        writer.append()
    told = same(writer.tiles(tmp_path / "log", FOUR))
    assert told.startswith("Run(" if not forge or "streams" in forge else "UnsoundError: ")


@pytest.mark.parametrize("by", [-1, 1])
def test_a_stretch_begins_with_the_number_after_the_last_of_a_stream(
    tmp_path: Path, by: int
) -> None:
    """Each of them, though each stretch by itself skips and repeats none."""
    writer = ledger_of(8)
    writer.numbers["line/checkout@production"] += by
    for _ in range(SIZE - 8):
        writer.append(streams=("deployment/0.1", "line/checkout@production"))
    assert "position 9: number" in same(writer.tiles(tmp_path / "log", FOUR))


def test_a_stretch_may_begin_at_the_instant_at_which_the_one_before_ends(
    tmp_path: Path, here: list[int]
) -> None:
    """It is taken as another process found it."""
    writer = ledger_of(8)
    writer.append(seq={"at": "2026-01-01T00:00:08.000008Z"})
    for _ in range(SIZE - 9):
        writer.append()
    assert outcome(writer.tiles(tmp_path / "log", FOUR), APART).startswith("Run(")
    assert here == [3]


@pytest.mark.parametrize("seed", range(30))
def test_any_byte_of_any_file_that_differs_is_told_alike(tmp_path: Path, seed: int) -> None:
    """Bundles, and tiles of each level: altered, cut, longer, gone."""
    draw = random.Random(seed)  # noqa: S311 - no secret
    folder = WRITER.tiles(tmp_path / "log", FOUR)
    files = sorted(file for file in (folder / "tile").rglob("*") if file.is_file())
    for file in draw.sample(files, draw.choice([1, 1, 2])):
        raw = bytearray(file.read_bytes())
        at = draw.randrange(len(raw))
        match draw.randrange(5):
            case 0:
                file.unlink()
            case 1:
                file.write_bytes(raw[:at])
            case 2:
                file.write_bytes(raw + b"x")
            case _:
                raw[at] ^= 1 << draw.randrange(8)
                file.write_bytes(raw)
    assert not same(folder).startswith("Run(")


@pytest.mark.parametrize(
    ("names", "position"),
    [
        (["0/001"], 5), (["1/000"], 1), (["0/001", "1/000"], 5), (["0/002", "1/000"], 9),
        (["1/000", "0/004"], 1), (["1/001.p/2", "2/000.p/1"], 17), (["0/006.p/3", "2/000.p/1"], 25),
    ],
)  # fmt: skip
def test_of_tiles_that_differ_the_same_one_is_told(
    tmp_path: Path, names: list[str], position: int
) -> None:
    """The first that the entries fill, though others were compared in other processes."""
    folder = WRITER.tiles(tmp_path / "log", FOUR)
    for name in names:
        file = folder / "tile" / name
        file.write_bytes(bytes(len(file.read_bytes())))
    assert same(folder).startswith(f"UnsoundError: position {position}: the hash tile {names[0]}")


def test_without_tiles_no_process_compares_any(tmp_path: Path, here: list[int]) -> None:
    """As a log that publishes its entries alone."""
    folder = WRITER.tiles(tmp_path / "log", FOUR)
    for level in range(3):
        shutil.rmtree(folder / "tile" / str(level))
    assert "no hash tiles" in same(folder)
    assert here == [0, 1, 2, 3, 3] * 2


@pytest.mark.parametrize("size", [1, 7, 8, 9, 12, 16, 24, 26, 27])
def test_what_was_seen_before_must_be_contained_either_way(tmp_path: Path, size: int) -> None:
    """A checkpoint at any place in a stretch, or between two."""
    folder = WRITER.tiles(tmp_path / "log", FOUR)
    true = Checkpoint(WRITER.origin, size, root(WRITER.leaves[:size]))
    assert same(folder, true).startswith("Run(")
    told = same(folder, Checkpoint(WRITER.origin, size, bytes(32)))
    assert told.startswith(f"ForkError: the first {size} entries are not those seen before")


def test_after_a_key_was_replaced_the_new_one_is_believed_apart_as_well(
    tmp_path: Path, here: list[int]
) -> None:
    """Only the stretches about keys are examined here."""
    writer = begun(SECOND, FIRST, SECOND)
    for _ in range(9):
        say(writer, [FIRST], kind="pipeledger.deployment.finished")
    say(writer, [SECOND], f"key.ended:{key_id(FIRST)}")
    for _ in range(18):
        say(writer, [SECOND], kind="pipeledger.deployment.finished")
    folder = writer.tiles(tmp_path / "log", FOUR)
    told = outcome(folder, ALONE)
    assert told.startswith("Run(")
    here.clear()
    assert outcome(folder, APART) == told
    assert here == [0, 1]
    say(writer, [FIRST], kind="pipeledger.deployment.finished")
    told = same(writer.tiles(tmp_path / "late", FOUR))
    assert told.startswith("UnsoundError: position 33: the key")


def test_a_key_that_signs_before_its_range_is_told_by_the_first_entry_that_it_signed(
    tmp_path: Path, here: list[int]
) -> None:
    """Though that, and another later, were read in other processes."""
    writer = ledger_of(2)
    for position in range(3, 24):
        both = [FIRST, SECOND] if position in (5, 10) else [FIRST]
        say(writer, both, kind="pipeledger.deployment.finished")
    say(writer, [FIRST, SECOND], f"key.next:{SECOND.vkey}")
    told = outcome(writer.tiles(tmp_path / "log", FOUR), APART)
    assert told.startswith(f"UnsoundError: position 5: the key {key_id(SECOND)} signs before")
    assert here == [2]


def test_once_a_link_does_not_fit_no_process_is_left(tmp_path: Path) -> None:
    """What comes after it is looked at for its links alone, here."""
    before = children()
    left: list[int] = []
    settings = Settings(
        processes=2, alone=0, progress=lambda _: left.append(len(children() - before))
    )
    told = outcome(altered(tmp_path / "log", relinked([*RAW], 10)), settings)
    assert told.startswith("UnsoundError: position 10: its link is not the leaf hash")
    assert left == [2, 0, 0, 0]


def test_few_entries_start_no_process(tmp_path: Path, here: list[int]) -> None:
    """Nor does a command that may use one processor only."""
    folder = WRITER.tiles(tmp_path / "log", FOUR)
    for settings in (Settings(processes=2), Settings(processes=2, alone=SIZE + 1),
                     Settings(processes=1, alone=0)):  # fmt: skip
        here.clear()
        outcome(folder, settings)
        assert here == [0, 1, 2, 3]
    here.clear()
    outcome(folder, Settings(processes=2, alone=SIZE))
    assert here == [3]
    assert Settings().alone == 20_000


def test_a_stretch_of_very_many_bytes_is_examined_by_one(
    tmp_path: Path, here: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that no more of a hostile log is in memory than one process holds of it."""
    folder = WRITER.tiles(tmp_path / "log", FOUR)
    assert _MOST_APART == 32 * 1024**2
    sizes = [sum(map(len, RAW[at : at + 8])) for at in (0, 8, 16)]
    for most in (sorted(sizes)[1], max(sizes) - 1):
        monkeypatch.setattr("pipeledger.verifier.folder._MOST_APART", most)
        here.clear()
        assert outcome(folder, APART).startswith("Run(")
        assert here == [sizes.index(max(sizes)), 3]


def test_the_processes_remain_while_they_believe_what_this_one_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever this one examines meanwhile."""
    before = children()
    left: list[set[str]] = []
    settings = Settings(processes=2, alone=0, progress=lambda _: left.append(children() - before))
    monkeypatch.setattr(_Tiled, "_examine_apart", lambda _run, _stretch: None)
    assert outcome(WRITER.tiles(tmp_path / "log", FOUR), settings).startswith("Run(")
    assert left == [left[0]] * 4
    assert len(left[0]) == 2


def test_what_a_killed_process_leaves_is_examined_here(
    tmp_path: Path, here: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the kernel does where memory is short; the verdict is the same, and nobody is left."""
    folder = WRITER.tiles(tmp_path / "log", FOUR)
    told = outcome(folder, ALONE)
    here.clear()
    apart, before = _Tiled._examine_apart, children()

    def killed(run: _Tiled, stretch: int) -> Stretch | None:
        if stretch == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return apart(run, stretch)

    monkeypatch.setattr(_Tiled, "_examine_apart", killed)
    assert outcome(folder, APART) == told
    assert here == [1, 3]
    assert children() == before


def is_open(number: int) -> bool:
    """Whether this process has a file of this number."""
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def test_where_no_process_can_be_started_this_one_checks_all(tmp_path: Path) -> None:
    """Where no pipe can be had, or not one for each; nobody is left waiting."""
    folder = WRITER.tiles(tmp_path / "log", FOUR)
    sound = outcome(folder, ALONE)

    def few() -> int:
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        free = [number for number in range(1000) if not is_open(number)]
        for more in range(1, 6):
            resource.setrlimit(resource.RLIMIT_NOFILE, (free[more], limits[1]))
            told = outcome(folder, APART)
            ahead = Processes(lambda _: GOOD, range(3), 2)
            first = ahead.next()
            ahead.close()
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
            assert told == sound
            assert (first == GOOD) == (more == 5)
            assert children() == set()
        return 0

    with forked(few) as (pid, told):
        assert told.read() == b""
        assert os.waitpid(pid, 0)[1] == 0
