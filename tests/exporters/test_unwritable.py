"""What cannot be written is told in words with its path, not by the system's number."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pytest

from domain.errors import SettingError, UnavailableError
from exporters.cdevents.sink import FileSink
from exporters.folder import making
from store.archive.keyring import KeyRing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PLACES: Final[dict[str, tuple[Callable[[Path], Path], str]]] = {
    "a file for a folder": (lambda folder: folder / "file" / "out", "Not a directory"),
    "a name too long": (lambda folder: folder / ("x" * 300), "File name too long"),
}
"""What stops root as well; what an account may not do is told by the same code."""


def _folder(path: Path) -> None:
    with making(path):
        pytest.fail("it was made")


def _keys(path: Path) -> None:
    KeyRing("ledger.example/own", {"keys/log.key": bytes(32)}).write(path)


def _lines(path: Path) -> None:
    FileSink(path).send([])


@pytest.mark.parametrize("write", [_folder, _keys, _lines])
@pytest.mark.parametrize("place", PLACES)
def test_an_export_says_where_it_cannot_write_and_why(
    write: Callable[[Path], None], place: str, tmp_path: Path
) -> None:
    """Folders, keys and files alike; nothing is left behind."""
    (tmp_path / "file").write_text("")
    at, why = PLACES[place]
    path = at(tmp_path)
    with pytest.raises((SettingError, UnavailableError)) as caught:
        write(path)
    assert re.fullmatch(f"{re.escape(str(path))} cannot be written: {why}", str(caught.value))
    assert [*tmp_path.iterdir()] == [tmp_path / "file"]
