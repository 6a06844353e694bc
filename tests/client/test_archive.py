"""A pack is unpacked into a folder of our own, whatever names and sizes its archive claims."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import pytest

from pipeledger.recompute.archive import unpacked
from pipeledger.verifier.wire import UncheckedError, UnsoundError

if TYPE_CHECKING:
    from pathlib import Path


def packed(path: Path, *files: tuple[str, bytes]) -> Path:
    """A ZIP file with these files."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in files:
            archive.writestr(zipfile.ZipInfo(name), raw, zipfile.ZIP_DEFLATED)
    return path


HOSTILE = ("../out.txt", "/etc/out.txt", "a/../../out.txt", "a\\out.txt", "C:out.txt", "folder/",
           "a//b", "./a", "n\x07")  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_that_leads_elsewhere_is_refused(name: str, tmp_path: Path) -> None:
    """Nothing is written outside."""
    path = packed(tmp_path / "x.zip", (name, b"x"))
    with pytest.raises(UnsoundError, match="no name that a pack gives"), unpacked(path):
        pass
    assert not (tmp_path.parent / "out.txt").exists()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_archives_that_are_damaged_doubled_or_grow_beyond_measure_are_refused(
    tmp_path: Path,
) -> None:
    """Each in one line."""
    twice = packed(tmp_path / "twice.zip", ("a", b"x"), ("a", b"y"))
    with pytest.raises(UnsoundError, match="no name that a pack gives"), unpacked(twice):
        pass
    bomb = packed(tmp_path / "bomb.zip", ("a", b"\0" * (64 << 20)))
    with pytest.raises(UncheckedError, match="grows beyond measure"), unpacked(bomb):
        pass
    cut = packed(tmp_path / "cut.zip", ("a", bytes(range(256)) * 64))
    raw = bytearray(cut.read_bytes())
    raw[60] ^= 0xFF
    cut.write_bytes(raw)
    with pytest.raises(UnsoundError, match="the archive is damaged"), unpacked(cut):
        pass
