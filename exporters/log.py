"""A ledger's log as files that any web server can serve (C2SP tlog-tiles).

| in the folder | what it is |
|---|---|
| `checkpoint` | the newest signed checkpoint |
| `tile/entries/…` | entries, 256 in a full bundle |
| `tile/<level>/…` | hashes of the tree |
| `key.vkey` | the log's keys; they prove nothing where they came with what they prove |

The next run adds what is new since. Entries come first, then the tiles over them, and the
checkpoint last, when everything it speaks of is durable: whenever a run ends, readers see the
whole tree of the checkpoint that is there. A run that was cut short left its files beyond that
tree; the next one removes them and writes them again.

A partial tile goes when the full one has been there under a checkpoint; until then somebody
may be reading the tree that needs it. Readers ask for the full one then, says the specification.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from domain.errors import DamageError, PipeledgerError, SettingError
from domain.log.checkpoint import Checkpoint
from domain.log.entry import leaf_hash
from domain.log.note import MAX_NOTE
from domain.log.tile import ROOT, WIDTH, Tile, edge_of, encode_bundle
from exporters.durable import DurableFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from store.ledger.ledger import Ledger
    from store.ledger.tiles import Edge

CHECKPOINT: Final = "checkpoint"
KEY: Final = "key.vkey"
_AT_ONCE: Final = 16
"""Bundles whose entries are read with one question."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export came to.

    Attributes:
        origin: the log's name.
        before: how many entries the folder held.
        size: how many it holds.
        files: how many tiles and bundles were written.
    """

    origin: str
    before: int
    size: int
    files: int


def export_log(
    ledger: Ledger,
    target: Path,
    progress: Callable[[int, int], None] = lambda _, __: None,
    note: bytes | None = None,
) -> Exported:
    """Bring a folder to a published state of a ledger; make it if it is not there.

    Args:
        ledger: open.
        target: the folder.
        progress: is told how many entries are written, and of how many.
        note: the published checkpoint of that state, perhaps with cosignatures; None: the newest.

    Raises:
        SettingError: the folder holds something else: another log, another tree of this name,
            more entries than the ledger, or no log; or another process writes there.
        DamageError: the ledger does not verify; names the position.
        UnavailableError: the database or the disk; the next run mends what is unfinished.
    """
    note = note or ledger.published.checkpoint
    wanted = Checkpoint.of(note)
    size = wanted.size
    with DurableFolder(target) as folder:
        held = _held(folder, ledger, size)
        _tidy(folder, held)
        run = _Run(folder, ledger, progress)
        folder.write(KEY, _keys(ledger))
        if run.grow(held, size).tree.root() != wanted.root:
            raise DamageError(
                size, "the entries do not give the root that was signed over this many"
            )
        folder.settle()
        folder.write(CHECKPOINT, note)
        folder.settle()
    return Exported(ledger.origin, held, size, run.files)


def _held(folder: DurableFolder, ledger: Ledger, size: int) -> int:
    """How many entries of this log's tree the folder holds.

    Raises:
        SettingError: what it holds is nothing that this tree could go on.
    """
    where = folder.path
    note, key = folder.read(CHECKPOINT, MAX_NOTE + 1), folder.read(KEY, MAX_NOTE)
    if note is None:
        if key is None and folder.names():
            raise SettingError(f"{where} is not empty and holds no log: name another folder")
        if key is not None and key.partition(b"+")[0].decode("utf-8", "replace") != ledger.origin:
            raise SettingError(f"{where} was begun for another log: name another folder")
        return 0
    try:
        there = Checkpoint.of(note)
    except PipeledgerError as error:
        raise SettingError(f"{where / CHECKPOINT} is no checkpoint: {error}") from error
    if there.origin != ledger.origin:
        raise SettingError(
            f"{where} holds the log {there.origin}, not {ledger.origin}: name another folder"
        )
    if there.size > size:
        raise SettingError(
            f"{where} holds {there.size} entries of {there.origin}, {size} were to be written: "
            "that is older than what was exported, or another history; nothing was written"
        )
    if ledger.reader.root(there.size) != there.root:
        raise SettingError(
            f"{where} holds another tree of {there.size} entries under the name {there.origin}: "
            "two histories exist; keep both and find out which is true; nothing was written"
        )
    return there.size


def _tidy(folder: DurableFolder, held: int) -> None:
    """Remove what a run left unfinished, and partial tiles that have become full."""
    if ROOT not in folder.names():
        return
    for name in folder.files(ROOT):
        try:
            tile = Tile.parse(name)
        except PipeledgerError:
            continue  # somebody else's file
        if not tile.fits(held) or (tile.width < WIDTH and tile.full.fits(held)):
            folder.remove(name)


def _keys(ledger: Ledger) -> bytes:
    """The keys that checkpoints are signed with: those that bear the log's name."""
    ours = [key for key in ledger.vkeys if key.partition("+")[0] == ledger.origin]
    return "".join(f"{key}\n" for key in ours).encode()


class _Run:
    """One writing of what is new.

    Attributes:
        files: how many tiles and bundles were written.
    """

    def __init__(
        self, folder: DurableFolder, ledger: Ledger, progress: Callable[[int, int], None]
    ) -> None:
        self._folder = folder
        self._ledger = ledger
        self._progress = progress
        self.files = 0

    def grow(self, held: int, size: int) -> Edge:
        """Write entries and tiles of the tree of `size` that the one of `held` lacks.

        Raises:
            DamageError: something in the ledger does not verify.
        """
        edge = self._ledger.tiled.edge(held)
        for tile, entries in self._bundles(held, size):
            leaves = [leaf_hash(raw) for raw in entries]
            known = max(0, held - tile.first)
            if leaves[:known] != edge.rows[0][:known]:
                raise DamageError(tile.first + 1, "entries here are not those of the tree")
            self._write(tile, encode_bundle(entries))
            for leaf in leaves[known:]:
                edge.append(leaf)
            for level, index, hashes in edge.take():
                self._write(Tile(level, index), hashes)
            self._progress(tile.end, size)
        for tile in edge_of(size):
            # The partial tile of a level is another one only if the level has grown.
            if tile.level is not None and not tile.fits(held):
                self._write(tile, b"".join(edge.rows[tile.level]))
        return edge

    def _write(self, tile: Tile, content: bytes) -> None:
        self._folder.write(tile.path, content)
        self.files += 1

    def _bundles(self, held: int, size: int) -> Iterator[tuple[Tile, list[bytes]]]:
        """The bundles that hold what is new, with all their entries."""
        if held == size:
            return
        step = WIDTH * _AT_ONCE
        for first in range(held // WIDTH * WIDTH, size, step):
            entries = self._ledger.tiled.entries(first, min(first + step, size))
            for at in range(0, len(entries), WIDTH):
                some = entries[at : at + WIDTH]
                yield Tile(None, (first + at) // WIDTH, len(some)), some
