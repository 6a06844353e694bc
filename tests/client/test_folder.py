"""Logs in folders: exports, and entry bundles of which none is missing, cut, or another's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from pipeledger.verifier.folder import (
    MAX_LINE,
    check_folder,
    file_lines,
    is_log_folder,
    is_trailer,
    read_bounded,
)
from pipeledger.verifier.lines import Absent, Run, Settings
from pipeledger.verifier.trust import trusted_log
from pipeledger.verifier.wire import Checkpoint, UncheckedError, UnsoundError
from tests.client.writer import ORIGIN, Key, Writer, ledger_of, root

if TYPE_CHECKING:
    from collections.abc import Callable

FOUR: Final = 4
SIZE: Final = 10
WRITER: Final = ledger_of(SIZE)
LOG: Final = trusted_log(WRITER.vkeys)
LARGEST: Final = 256 * 65_537


def bundle(first: int, last: int, writer: Writer = WRITER) -> bytes:
    """A bundle of some entries."""
    entries = [one.raw for one in writer.entries[first - 1 : last]]
    return b"".join(len(raw).to_bytes(2, "big") + raw for raw in entries)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiled log of ten entries in bundles of four: two of them full."""
    narrow(monkeypatch)
    return WRITER.tiles(tmp_path / "log", FOUR)


def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let tiles be of four, and two bundles be checked at once."""
    for name, value in (("folder.BUNDLE", FOUR), ("tiles.WIDTH", FOUR),
                        ("folder._BUNDLES_AT_ONCE", 2)):  # fmt: skip
        monkeypatch.setattr(f"pipeledger.verifier.{name}", value)


def judge(folder: Path, settings: Settings | None = None) -> Run:
    """What the entries of a folder come to."""
    return check_folder(folder, [LOG], settings or Settings())


@pytest.mark.parametrize("size", range(1, 21))
def test_a_tiled_log_of_any_size_is_read_bundle_by_bundle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, asked: Callable[..., Settings]
) -> None:
    """Whoever waits is told after each two of them; parts are never in a bundle."""
    narrow(monkeypatch)
    writer = ledger_of(size)
    done: list[int] = []
    told = judge(writer.tiles(tmp_path / "log", FOUR), asked(progress=done.append))
    assert (told.first, told.last) == (1, size)
    assert told.checkpoint == Checkpoint(ORIGIN, size, root(writer.leaves))
    assert told.keys == LOG.keys
    assert done == [min(8 * two, size) for two in range(1, (size + 7) // 8 + 1)]
    parts = [(at, name) for at in range(1, size + 1)
             for name in (["event"] if at % 2 else ["event", "text"])]  # fmt: skip
    assert told.absent == Absent(len(parts), parts[:5])
    tiles = sum((size // FOUR**level + 3) // FOUR for level in range(3))
    assert told.notes == (f"{tiles} hash tiles made again and equal",)


def test_how_much_is_checked_is_as_it_was_asked_for(
    folder: Path, asked: Callable[..., Settings]
) -> None:
    """Of a tiled log as of an export: without signatures, numbers of streams, what is known."""
    told = judge(folder, asked(streams=("deployment/0.1",)))
    assert told.notes[1:] == ("deployment/0.1: 3 events, which are all among 10 entries",)
    fork = Checkpoint(ORIGIN, 4, bytes(32))
    with pytest.raises(UnsoundError, match="the first 4 entries are not those seen before"):
        judge(folder, asked(known=(fork,)))
    stranger = Writer()
    stranger.intake = [Key(stranger.intake[0].name, b"\x09" * 32)]
    stranger.append()
    other = stranger.tiles(folder.parent / "other", FOUR)
    with pytest.raises(UnsoundError, match="not signed by a trusted intake key"):
        judge(other, asked())
    told = judge(other, asked(signatures=False))
    assert (told.signatures, told.absent) == (False, Absent())


FIRST: Final = "000"
LAST: Final = "002.p/2"
OTHER: Final = WRITER.entries[2].raw.replace(b".000003Z", b".000004Z")


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"001": None}, "position 5: the entry bundle that holds it is missing"),
        ({LAST: None}, "position 9: the entry bundle that holds it is missing"),
        ({LAST: None, "002.p/1": bundle(9, 9)}, "position 9: the entry bundle that holds it"),
        ({"001": bundle(5, 7)}, "position 8: its entry bundle is damaged here"),
        ({"001": b""}, "position 5: its entry bundle is damaged here"),
        ({"001": bundle(5, 8)[:-1]}, "position 8: its entry bundle is damaged here"),
        ({"001": bundle(5, 7) + b"\0"}, "position 8: its entry bundle is damaged here"),
        ({"001": bundle(5, 7) + b"\0\0"}, "position 8: entry: not two lines"),
        ({"001": bundle(5, 8) + b"x"}, "position 9: its entry bundle is damaged here"),
        ({LAST: bundle(9, 9)}, "position 10: its entry bundle is damaged here"),
        ({LAST: bundle(9, 10) + b"xx"}, "position 11: its entry bundle is damaged here"),
        ({LAST: None, "002": bundle(9, 9)}, "position 10: its entry bundle is damaged here"),
        ({"000.p/3": bundle(1, 2) + len(OTHER).to_bytes(2, "big") + OTHER},
         "position 3: the entry bundle 000.p/3 has another one"),
        ({"000.p/3": bundle(2, 4)}, "position 1: the entry bundle 000.p/3 has another one"),
        ({"000.p/3": bundle(1, 2)}, "position 3: the entry bundle 000.p/3 has another one"),
        ({"000.p/1": b""}, "position 1: the entry bundle 000.p/1 has another one"),
        ({"001.p/1": bundle(5, 5), "001.p/2": bundle(5, 5)}, "position 6: the entry bundle 001"),
        ({"002": bundle(9, 9) + bundle(9, 9)}, "position 10: the entry bundle entries/002 has"),
        ({"002": bundle(9, 9)}, "position 10: the entry bundle entries/002 has another one"),
    ],
)  # fmt: skip
def test_a_bundle_that_is_missing_cut_or_another_s_is_told_where(
    folder: Path, files: dict[str, bytes | None], said: str, asked: Callable[..., Settings]
) -> None:
    """At its first entry that is not there as it should be."""
    for name, raw in files.items():
        file = folder / "tile" / "entries" / name
        if raw is None:
            file.unlink()
        else:
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(raw)
    with pytest.raises(UnsoundError) as caught:
        judge(folder, asked())
    assert str(caught.value).startswith(said)


def test_bundles_that_a_log_left_behind_are_right_where_they_begin_alike(
    folder: Path, asked: Callable[..., Settings]
) -> None:
    """Shorter ones, and one that was filled since: what is beyond the checkpoint is nobody's."""
    entries = folder / "tile" / "entries"
    (entries / "000.p").mkdir()
    for width in (1, 2, 3):
        (entries / "000.p" / str(width)).write_bytes(bundle(1, width))
    (entries / "002").write_bytes(bundle(9, 10) + b"written, not signed")
    (entries / "002.p" / "3").write_bytes(b"written, not signed")
    assert judge(folder, asked()).last == SIZE
    (entries / "002.p" / "2").unlink()
    assert judge(folder, asked()).last == SIZE


def test_a_bundle_has_no_more_bytes_than_256_of_the_largest_entries(
    tmp_path: Path, asked: Callable[..., Settings]
) -> None:
    """More are not read."""
    one = ledger_of(1)
    folder = one.tiles(tmp_path / "log")
    entries = folder / "tile" / "entries"
    (entries / "000.p" / "1").rename(entries / "000")
    with (entries / "000").open("r+b") as stream:
        stream.truncate(LARGEST)
    assert judge(folder, asked()).last == 1
    with (entries / "000").open("r+b") as stream:
        stream.truncate(LARGEST + 1)
    with pytest.raises(UnsoundError, match=f"^000: more than {LARGEST} bytes"):
        judge(folder, asked())


def test_a_checkpoint_is_of_a_trusted_log_and_signed_by_it(
    folder: Path, asked: Callable[..., Settings]
) -> None:
    """By a key that the entries led to; what is too long is none."""
    with pytest.raises(UncheckedError, match="no key is trusted for the ledger"):
        check_folder(folder, [], asked())
    other = Writer()
    other.entries = WRITER.entries
    other.log = Key(ORIGIN, b"\x05" * 32)
    (folder / "checkpoint").write_bytes(other.checkpoint())
    with pytest.raises(UnsoundError, match="not signed by a trusted key of the log"):
        judge(folder, asked())
    (folder / "checkpoint").write_bytes(WRITER.checkpoint() + b"x" * 1_000_000)
    with pytest.raises(UnsoundError, match="checkpoint: more than 1000000 bytes"):
        judge(folder, asked())


def test_an_export_s_last_line_is_no_entry(tmp_path: Path) -> None:
    """It stands there where the file was made by the command."""
    folder = WRITER.export(tmp_path / "export")
    file = folder / "entries.ndjson"
    file.write_bytes(file.read_bytes() + b'{"count":7}\n')
    assert judge(folder).last == SIZE
    assert is_trailer(b'{"count":')
    assert not is_trailer(b'{"position":')


def test_a_folder_holds_a_log_in_one_of_two_forms(tmp_path: Path) -> None:
    """A checkpoint beside entries in lines, or beside tiles; a file is no folder of them."""
    assert not is_log_folder(tmp_path)
    (tmp_path / "checkpoint").touch()
    assert not is_log_folder(tmp_path)
    (tmp_path / "tile").touch()
    assert not is_log_folder(tmp_path)
    (tmp_path / "entries.ndjson").touch()
    assert is_log_folder(tmp_path)
    (tmp_path / "checkpoint").unlink()
    assert not is_log_folder(tmp_path)
    (tmp_path / "other" / "tile").mkdir(parents=True)
    assert not is_log_folder(tmp_path / "other")
    (tmp_path / "other" / "checkpoint").touch()
    assert is_log_folder(tmp_path / "other")


def test_a_line_has_a_limit_and_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """64 MiB, which none that the command wrote comes near."""
    file = tmp_path / "lines"
    file.write_bytes(b"a\r\n\n" + b"b" * 20 + b"\n")
    assert [*file_lines(file)] == [b"a\r\n", b"\n", b"b" * 20 + b"\n"]
    assert MAX_LINE == 64 * 1024**2
    monkeypatch.setattr("pipeledger.verifier.folder.MAX_LINE", 20)
    assert len([*file_lines(file)]) == 3
    for raw in (b"a\n" + b"b" * 21 + b"\n", b"a\nb"):
        file.write_bytes(raw)
        lines = file_lines(file)
        assert next(lines) == b"a\n"
        with pytest.raises(UnsoundError, match="entries: a line is cut off, or longer than any"):
            next(lines)


def test_a_file_is_read_up_to_a_limit_or_not_at_all(tmp_path: Path) -> None:
    """It is named, and however long it is, no more of it is in memory."""
    file = tmp_path / "file"
    file.write_bytes(b"0123456789")
    assert read_bounded(file, 10) == b"0123456789"
    with pytest.raises(UnsoundError, match="file: more than 9 bytes"):
        read_bounded(file, 9)
    with file.open("r+b") as stream:
        stream.truncate(1 << 40)
    with pytest.raises(UnsoundError, match="file: more than 9 bytes"):
        read_bounded(file, 9)
    file.unlink()  # whoever copies what tests left would copy so many bytes


def test_a_file_that_states_no_size_is_read_all_the_same() -> None:
    """As a pipe does; up to the limit."""
    pipe = Path("/proc/self/cmdline")
    assert pipe.stat().st_size == 0
    raw = pipe.read_bytes()
    assert read_bounded(pipe, 1_000_000) == read_bounded(pipe, len(raw)) == raw
    with pytest.raises(UnsoundError, match=f"cmdline: more than {len(raw) - 1} bytes"):
        read_bounded(pipe, len(raw) - 1)
