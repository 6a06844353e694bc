"""Segments that several processes seal are those that one seals, and so is what is refused."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from domain.errors import DamageError
from projections import segment
from projections.sealing import workers
from projections.segments import Segments
from tests.projections.test_live import SIZE, altered
from tests.store.ledger.conftest import ORIGIN, draft

if TYPE_CHECKING:
    from collections.abc import Iterator

    from projections.segment import Seal
    from store.ledger.columns import ColumnReader
    from store.ledger.ledger import Ledger
    from tests.store.ledger.conftest import Home

COUNT = 5
REHASHED = (
    "UPDATE {entries} SET (entry, leaf) = (SELECT e, sha256('\\x00'::bytea || e) FROM"
    " (SELECT convert_to(replace(convert_from(entry, 'UTF8'), 'asserted', 'observed'),"
    " 'UTF8')) AS new (e)) WHERE pos = 128"
)


@pytest.fixture
def reader(ledger: Ledger) -> Iterator[ColumnReader]:
    """Of a ledger with entries for five segments, and some more."""
    ledger.submit([draft(number) for number in range(COUNT * SIZE + 9)]).result(60)
    one = ledger.columns()
    yield one
    one.close()


def beside(folder: Path, count: int = 2) -> Segments:
    """Sealed by several processes."""
    one = Segments(folder, ORIGIN, SIZE, workers=count, alone=0)
    one.open()
    return one


def by_one(reader: ColumnReader, folder: Path) -> list[Seal]:
    """What one process makes of the ledger."""
    one = Segments(folder, ORIGIN, SIZE)
    one.open()
    one.seal(reader, COUNT * SIZE + 9)
    return one.seals


def test_several_processes_seal_what_one_seals(reader: ColumnReader, tmp_path: Path) -> None:
    """In order, with what was redacted, every file sound, and nothing left beside them."""
    several, told = beside(tmp_path / "several"), list[int]()
    several.seal(reader, COUNT * SIZE + 9, {3: 7}.get, told.append)  # type: ignore[arg-type]
    assert told == [SIZE * number for number in range(1, COUNT + 1)]
    alone = by_one(reader, tmp_path / "alone")
    assert [one.digest for one in several.seals] == [one.digest for one in alone]
    assert [segment.check(path, ORIGIN) for path in several.paths] == several.seals
    assert [one.redaction for one in several.seals] == [None, None, None, 7, None]
    assert sorted(path.name for path in several.folder.iterdir()) == [
        ".lock", *(path.name for path in several.paths), "checked.json",
    ]  # fmt: skip


def test_few_entries_are_sealed_without_another_process(
    reader: ColumnReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Starting one takes longer."""
    monkeypatch.setattr("projections.segments.Workers", None)
    one = Segments(tmp_path, ORIGIN, SIZE, workers=2, alone=COUNT * SIZE)
    one.open()
    one.seal(reader, COUNT * SIZE + 9)
    assert len(one.seals) == COUNT


@pytest.mark.parametrize(
    ("statement", "position"),
    [
        ("UPDATE {parts} SET body = '{{}}' WHERE pos = 150", 150),
        (REHASHED, 129),
        ("UPDATE {entries} SET leaf = sha256('x') WHERE pos = 128", 128),
        ("DELETE FROM {entries} WHERE pos = 129", 129),
        ("DELETE FROM {entries} WHERE pos = 192", 192),
    ],
)
def test_what_was_altered_is_told_as_by_one_process(
    home: Home, reader: ColumnReader, tmp_path: Path, statement: str, position: int
) -> None:
    """Within a segment, and at the seams where each believes what the ledger says of the other."""
    altered(home, statement)
    several = beside(tmp_path / "several")
    with pytest.raises(DamageError) as told:
        several.seal(reader, COUNT * SIZE + 9)
    with pytest.raises(DamageError) as alone:
        by_one(reader, tmp_path / "alone")
    assert (str(told.value), told.value.position) == (str(alone.value), position)
    # What comes before is sound and stays; nothing that comes after was kept.
    assert len(several.seals) == (position - 1) // SIZE
    found = {path.name for path in several.folder.glob("0*")}
    assert found == {path.name for path in several.paths}


def test_a_process_that_is_killed_is_done_without(reader: ColumnReader, tmp_path: Path) -> None:
    """All of them, after the first segment."""
    several = beside(tmp_path / "several")

    def kill(_: int) -> None:
        # The database of the tests is a child of this process as well.
        for task in Path("/proc/self/task").glob("*/children"):
            for pid in task.read_text().split():
                if workers._MODULE in Path(f"/proc/{pid}/cmdline").read_text():
                    os.kill(int(pid), signal.SIGKILL)

    several.seal(reader, COUNT * SIZE + 9, progress=kill)
    assert several.seals == by_one(reader, tmp_path / "alone")
    assert not list(several.folder.glob("*.new"))


def test_processes_that_reach_no_database_are_done_without(
    reader: ColumnReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of it is sealed here."""
    nowhere = (f"host={tmp_path}", *reader.place[1:])
    monkeypatch.setattr(type(reader), "place", nowhere)
    several = beside(tmp_path / "several")
    several.seal(reader, COUNT * SIZE + 9)
    assert several.seals == by_one(reader, tmp_path / "alone")


def test_what_somebody_left_who_was_killed_goes_with_the_next_sealing(
    reader: ColumnReader, tmp_path: Path
) -> None:
    """Bytes in it would outlast their redaction."""
    one = beside(tmp_path / "several")
    left = one.folder / "00000002.4711.new"
    left.write_bytes(b"half a segment")
    one.seal(reader, SIZE)
    assert not left.exists()
