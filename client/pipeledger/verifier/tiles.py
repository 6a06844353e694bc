"""Hash tiles of a tiled log (C2SP tlog-tiles), made again from the leaves and compared.

    tile/<L>/<N>            256 hashes: element i of tile N at level L is the root of the leaves
                            from (N*256+i)*256^L up to, not including, (N*256+i+1)*256^L
    tile/<L>/<N>.p/<W>      the first W of them, where the log ends there or once ended there

Every tile that the checkpoint implies must be there, full or in its width; whatever partial tiles
stand beside it must be its beginning. What lies beyond the checkpoint is passed over: a log writes
tiles before it signs.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from pipeledger.verifier.tree import levels
from pipeledger.verifier.wire import HASH_BYTES, UnsoundError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

WIDTH = 256
_WIDTH = re.compile("[1-9][0-9]{0,2}")


def tile_path(folder: Path, number: int) -> Path:
    """The path of tile `number` below the folder of its level: 1234067 is `x001/x234/067`."""
    digits = f"{number:03d}"
    digits = digits.zfill((len(digits) + 2) // 3 * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    return folder.joinpath(*(f"x{group}" for group in groups[:-1]), groups[-1])


def partial_tiles(full: Path, width: int) -> Iterator[tuple[int, Path]]:
    """The partial tiles beside a tile, up to a width: width and file, ascending."""
    beside = full.with_name(f"{full.name}.p")
    if not beside.is_dir():
        return
    found = [
        (int(file.name), file)
        for file in beside.iterdir()
        if _WIDTH.fullmatch(file.name) and int(file.name) <= min(width, WIDTH - 1)
    ]
    yield from sorted(found)


def tops(rows: Sequence[Sequence[bytes]]) -> Sequence[bytes]:
    """The roots of full tiles of leaves, from the levels of a complete tree; none of a smaller."""
    height = WIDTH.bit_length() - 1
    return rows[height] if len(rows) > height else ()


class HashTiles:
    """The hash tiles of a folder, compared while leaves come in.

    Attributes:
        present: whether there are any.
        count: how many were compared.
    """

    def __init__(self, folder: Path) -> None:
        """Name the folder that holds `tile`."""
        self._folder = folder / "tile"
        self.present = (self._folder / "0").is_dir()
        self.count = 0
        self._rows: defaultdict[int, list[bytes]] = defaultdict(list)
        self._done: Counter[int] = Counter()
        self._fault: UnsoundError | None = None

    @property
    def wanted(self) -> bool:
        """Whether there are any, and none of them differed yet."""
        return self.present and self._fault is None

    def extend(self, leaves: Sequence[bytes], rows: Sequence[Sequence[bytes]] = ()) -> None:
        """Take more leaves; what differs is told at the end.

        Args:
            leaves: hashes of the entries that come next.
            rows: the levels of their tree, where that is complete and they begin a tile.
        """
        if not self.wanted:
            return
        try:
            if roots := tops(rows):
                self.compare(self._done[0] * WIDTH, leaves)
                self._rise(roots)
            else:
                self._extend(0, leaves)
        except UnsoundError as error:
            self._fault = error

    def adopt(self, roots: Sequence[bytes]) -> None:
        """Take full tiles of leaves that were compared elsewhere, by their roots."""
        if self.wanted:
            self.count += len(roots)
            try:
                self._rise(roots)
            except UnsoundError as error:
                self._fault = error

    def compare(self, before: int, leaves: Sequence[bytes]) -> None:
        """Compare full tiles of leaves, which so many others stand before, and nothing above them.

        Raises:
            UnsoundError: one is missing or differs.
        """
        for at in range(0, len(leaves), WIDTH):
            self._compare(0, (before + at) // WIDTH, leaves[at : at + WIDTH])

    def finish(self) -> None:
        """Compare the unfinished tile of each level.

        Raises:
            UnsoundError: the first tile that is missing or differs, with the position from which.
        """
        if self._fault is not None:
            raise self._fault
        for level, row in sorted(self._rows.items()):
            if row:
                self._compare(level, self._done[level], row)

    def _rise(self, roots: Sequence[bytes]) -> None:
        self._done[0] += len(roots)
        self._extend(1, roots)

    def _extend(self, level: int, hashes: Sequence[bytes]) -> None:
        row = self._rows[level]
        roots = []
        for one in hashes:
            row.append(one)
            if len(row) == WIDTH:
                self._compare(level, self._done[level], row)
                self._done[level] += 1
                roots += levels(row)[-1]
                row.clear()
        if roots:
            self._extend(level + 1, roots)

    def _compare(self, level: int, number: int, row: Sequence[bytes]) -> None:
        """Compare a row with the tile that it fills, or with the beginning of one."""
        wanted = b"".join(row)
        full = tile_path(self._folder / str(level), number)
        files = list(partial_tiles(full, len(row)))
        if full.is_file():
            files.append((WIDTH, full))
        if not any(width >= len(row) for width, _ in files):
            first = number * WIDTH ** (level + 1) + 1
            raise UnsoundError(first, f"the hash tile {level}/{number} is missing")
        for width, file in files:
            with file.open("rb") as stream:
                raw = stream.read(WIDTH * HASH_BYTES + 1)
            if len(raw) != width * HASH_BYTES:
                name = file.relative_to(self._folder).as_posix()
                first = number * WIDTH ** (level + 1) + 1
                raise UnsoundError(first, f"the hash tile {name} has {len(raw)} bytes")
            end = min(len(raw), len(wanted))
            if raw[:end] != wanted[:end]:
                name = file.relative_to(self._folder).as_posix()
                self._tell(level, number, raw, wanted, name)
        self.count += 1

    def _tell(self, level: int, number: int, raw: bytes, wanted: bytes, name: str) -> None:
        at = next(at for at in range(len(raw)) if raw[at] != wanted[at]) // HASH_BYTES
        first = (number * WIDTH + at) * WIDTH**level + 1
        last = first + WIDTH**level - 1
        of = f"position {first}" if first == last else f"positions {first} to {last}"
        raise UnsoundError(first, f"the hash tile {name} is not of the entries: hash {at}, of {of}")
