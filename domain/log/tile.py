"""Tiles and entry bundles of a log, and their names (C2SP tlog-tiles).

    tile/<L>/<N>[.p/<W>]          hashes: element i is the root of the leaves from
                                  (N * 256 + i) * 256^L to before (N * 256 + i + 1) * 256^L
    tile/entries/<N>[.p/<W>]      entries, each after its length in two bytes, big-endian

Full ones hold 256 elements and have no `.p/<W>`; the last one of each kind is partial and holds
the W elements that there are. N stands in groups of three digits, all but the last after an `x`:
1234067 is `x001/x234/067`. What a name stands for never changes, so anybody may keep it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from domain.errors import RefusedError
from domain.log.wire import MAX_NUMBER

if TYPE_CHECKING:
    from collections.abc import Iterable

WIDTH: Final = 256
"""Elements of a full tile."""
HEIGHT: Final = 8
"""Levels of the Merkle tree that one tile spans."""
MAX_LEVEL: Final = 63
MEDIA_TYPE: Final = "application/octet-stream"
ROOT: Final = "tile"
"""The folder of all of them, beside the checkpoint."""
ENTRIES: Final = "entries"

_LENGTH_BYTES: Final = 2
# Six groups hold each number of a tile that there can be.
_PATH: Final = re.compile(
    rf"{ROOT}/({ENTRIES}|0|[1-9][0-9]?)"
    r"/((?:x[0-9]{3}/){0,5}[0-9]{3})"
    r"(?:\.p/([1-9][0-9]{0,2}))?"
)


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile or bundle.

    Attributes:
        level: of a hash tile; None: an entry bundle.
        index: its number, from 0.
        width: how many elements it holds, 1 to 256.
    """

    level: int | None
    index: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """Its name, below the log's address."""
        digits = f"{self.index:d}"
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        kind = ENTRIES if self.level is None else f"{self.level:d}"
        number = "/".join([*[f"x{group}" for group in groups[:-1]], groups[-1]])
        partial = "" if self.width == WIDTH else f".p/{self.width:d}"
        return f"{ROOT}/{kind}/{number}{partial}"

    @property
    def full(self) -> Tile:
        """The full tile whose first elements these are."""
        return Tile(self.level, self.index)

    @property
    def first(self) -> int:
        """The first of its elements, counted on its level from 0."""
        return self.index * WIDTH

    @property
    def end(self) -> int:
        """One more than its last element, counted on its level from 0."""
        return self.first + self.width

    def fits(self, size: int) -> bool:
        """Whether a tree of `size` leaves has all its elements."""
        return self.end <= size >> HEIGHT * (self.level or 0)

    @classmethod
    def parse(cls, path: str) -> Tile:
        """The tile of this name, in the one spelling there is.

        Raises:
            RefusedError: no name of a tile.
        """
        match = _PATH.fullmatch(path)
        if match is not None:
            kind, number, partial = match.groups()
            level = None if kind == ENTRIES else int(kind)
            index = int(number.replace("/", "").replace("x", ""))
            found = cls(level, index, WIDTH if partial is None else int(partial))
            # A zero group too many, or a full tile named as a partial one, is a second spelling.
            exact = found.path == path and found.width <= WIDTH
            if exact and (level is None or level <= MAX_LEVEL) and found.end <= MAX_NUMBER:
                return found
        raise RefusedError(
            "path",
            f"expected {ROOT}/<level 0 to {MAX_LEVEL}, or {ENTRIES}>/<number, in groups such as "
            f"x001/067>, and .p/<1 to {WIDTH - 1}> for a partial one",
        )


def edge_of(size: int) -> list[Tile]:
    """The partial tiles of a tree of `size` leaves: the entry bundle first, then by level."""
    found = []
    level: int | None = None
    count = size
    while count:
        index, width = divmod(count, WIDTH)
        if width:
            found.append(Tile(level, index, width))
        level, count = (0, count) if level is None else (level + 1, index)
    return found


def encode_bundle(entries: Iterable[bytes]) -> bytes:
    """The bytes of a bundle of these entries, none longer than 65,535 bytes."""
    pieces: list[bytes] = []
    for entry in entries:
        pieces += (len(entry).to_bytes(_LENGTH_BYTES, "big"), entry)
    return b"".join(pieces)
