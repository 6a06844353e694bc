"""The tamper table where it takes a tile of the second level, and at the size of a segment."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from pipeledger.verifier.wire import UnsoundError
from tests.store.ledger.tampering import Sound, Tampered, made

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conftest import Server

pytestmark = pytest.mark.long
SEGMENT = 65_536
SIZES = (1, 40_000, SEGMENT, SEGMENT + 10)
SIZE = SIZES[-1]
_ALTER = (
    "UPDATE $tiles SET hashes = overlay(hashes PLACING 'zz' FROM %s) WHERE level = %s AND idx = %s"
)


def _alter_tiles(ledger: Tampered) -> None:
    """One of the leaves, and the one above them."""
    ledger.sql(_ALTER, values=(33, 0, 200))
    ledger.sql(_ALTER, values=(33, 1, 0))


BOTH: dict[str, tuple[Callable[[Tampered], object], list[str], str]] = {
    "tiles of both levels": (
        _alter_tiles,
        ["position 51202: the tile 0/200 is not of the entries: hash 1 (the leaf)",
         "position 257: the tile 1/0 is not of the entries: hash 1 (positions up to 512)"],
        "",
    ),
    "truncated to the size of a segment": (
        partial(Tampered.truncate, size=SEGMENT),
        [f"position {SEGMENT + 1}: missing: the guard covers {SIZE} entries, there are {SEGMENT}"],
        f"position {SEGMENT + 1}: missing: {SIZE} entries were seen here before",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def sound(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sound]:
    """A sound ledger of a segment and a little more."""
    yield from made(postgres, tmp_path_factory.mktemp("sound"), SIZES, documents=False)


@pytest.mark.parametrize("name", BOTH)
def test_each_kind_of_tampering_is_named_with_its_place(
    sound: Sound, tmp_path: Path, name: str
) -> None:
    """By fsck, and by the client where it can see it."""
    act, fsck, client = BOTH[name]
    for ledger in sound.copy(tmp_path / "copy"):
        act(ledger)
        assert ledger.fsck() == fsck
        if client:
            with pytest.raises(UnsoundError) as caught:
                ledger.verify(tmp_path / "export")
            assert str(caught.value).startswith(client)
