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

from pipeledger.verifier.tree import Tree
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

    def extend(self, leaves: Sequence[bytes]) -> None:
        """Take more leaves; what differs is told at the end."""
        if self.present and self._fault is None:
            try:
                self._extend(0, leaves)
            except UnsoundError as error:
                self._fault = error

    def finish(self) -> None:
        """Compare the unfinished tile of each level.

        Raises:
            UnsoundError: the first tile that is missing or differs, with the position from which.
        """
        if self._fault is not None:
            raise self._fault
        for level, row in self._rows.items():
            if row:
                self._compare(level, row)

    def _extend(self, level: int, hashes: Sequence[bytes]) -> None:
        row = self._rows[level]
        tops = []
        for one in hashes:
            row.append(one)
            if len(row) == WIDTH:
                self._compare(level, row)
                self._done[level] += 1
                tree = Tree()
                tree.extend(row)
                tops.append(tree.root())
                row.clear()
        if tops:
            self._extend(level + 1, tops)

    def _compare(self, level: int, row: list[bytes]) -> None:
        """Compare a row with the tile that it fills, or with the beginning of one."""
        number, wanted = self._done[level], b"".join(row)
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
            name = file.relative_to(self._folder).as_posix()
            if len(raw) != width * HASH_BYTES:
                first = number * WIDTH ** (level + 1) + 1
                raise UnsoundError(first, f"the hash tile {name} has {len(raw)} bytes")
            end = min(len(raw), len(wanted))
            if raw[:end] != wanted[:end]:
                self._tell(level, raw, wanted, name)
        self.count += 1

    def _tell(self, level: int, raw: bytes, wanted: bytes, name: str) -> None:
        at = next(at for at in range(len(raw)) if raw[at] != wanted[at]) // HASH_BYTES
        first = (self._done[level] * WIDTH + at) * WIDTH**level + 1
        last = first + WIDTH**level - 1
        of = f"position {first}" if first == last else f"positions {first} to {last}"
        raise UnsoundError(first, f"the hash tile {name} is not of the entries: hash {at}, of {of}")
