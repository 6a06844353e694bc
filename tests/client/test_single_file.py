"""The verifier as one file gives the verdicts that the package gives."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.client.conftest import ROOT
from tests.client.writer import ledger_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The one file, made of the modules as they are."""
    file = tmp_path_factory.mktemp("program") / "pipeledger-verify.py"
    subprocess.run([sys.executable, ROOT / "client" / "single_file.py", file], check=True)
    return file


def test_it_finds_sound_what_is_sound_and_names_what_is_not(program: Path, tmp_path: Path) -> None:
    """A tiled log, with nothing of this project on the path."""
    writer = ledger_of(270)
    folder = writer.tiles(tmp_path / "log")
    keys = [word for key in writer.vkeys for word in ("--key", key)]
    words: list[str | Path] = [sys.executable, "-I", program, folder, *keys]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "positions 1 to 270: every entry checked" in done.stdout
    assert "hash tiles made again and equal" in done.stdout
    tile = folder / "tile" / "0" / "000"
    tile.write_bytes(tile.read_bytes()[:-1] + b"\0")
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, "position 256: the hash tile" in done.stderr) == (1, True), done.stderr
