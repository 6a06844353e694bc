"""Folders that hold a log: exports, and tiled logs (C2SP tlog-tiles).

    export    checkpoint, entries.ndjson
    tiled     checkpoint, tile/entries/<N>[.p/<W>], tile/<L>/<N>[.p/<W>]

An entry bundle is a row of entries, each after its length in two bytes; 256 make a full one.
A key that lies in the folder proves nothing: whoever made the folder chose it.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from pipeledger.verifier.apart import Processes, examined
from pipeledger.verifier.chain import Chain
from pipeledger.verifier.lines import Absent, Run, Settings, check_lines, run_of
from pipeledger.verifier.note import MAX_NOTE, note_origin, open_later
from pipeledger.verifier.part import spoken_of
from pipeledger.verifier.tiles import HashTiles, partial_tiles, tile_path
from pipeledger.verifier.trust import find_trust
from pipeledger.verifier.wire import UnsoundError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pipeledger.verifier.stretch import Stretch
    from pipeledger.verifier.trust import TrustedLog

CHECKPOINT = "checkpoint"
ENTRIES = "entries.ndjson"
MAX_LINE = 67_108_864
"""Longest line of an export in bytes: an entry and its parts."""
BUNDLE = 256
_BUNDLES_AT_ONCE = 16
_MAX_BUNDLE = BUNDLE * (2 + 65_535)
_MOST_APART = 33_554_432
"""Bytes of entries that each process holds at a time; a stretch of more is examined by one."""


def is_log_folder(folder: Path) -> bool:
    """Whether this folder holds a log in one of the two forms, or what is left of one."""
    # Also where all its bundles were taken away: the checkpoint alone would be sound.
    return (folder / CHECKPOINT).is_file() and (
        (folder / ENTRIES).is_file() or (folder / "tile").is_dir()
    )


def check_folder(folder: Path, logs: Sequence[TrustedLog], settings: Settings) -> Run:
    """Check all entries of a folder against its checkpoint.

    Raises:
        UnsoundError: something does not hold.
        UncheckedError: no key is trusted for its ledger.
    """
    note = read_bounded(folder / CHECKPOINT, MAX_NOTE)
    log = find_trust(logs, note_origin(note))
    checkpoint = open_later(note, log.log_keys, log.origin)
    if (folder / ENTRIES).is_file():
        lines = (line for line in file_lines(folder / ENTRIES) if not is_trailer(line))
        return check_lines(lines, log, settings, note=note)
    run = _Tiled(folder, log, checkpoint.size, settings)
    run.check()
    chain, tiles = run.chain, run.tiles
    # Where an entry was altered, its tile differs too: the entry is what is told.
    chain.finish(checkpoint)
    tiles.finish()
    told = f"{tiles.count} hash tiles made again and equal" if tiles.present else "no hash tiles"
    notes = (told, *settings.counted(chain))
    return run_of(chain, chain.opened(note), run.absent, settings, notes)


def file_lines(file: Path) -> Iterator[bytes]:
    """The lines of a file, split at LF only, none longer than an entry and its parts can be.

    Raises:
        UnsoundError: a longer line, or a last line without its end.
    """
    with file.open("rb") as stream:
        while line := stream.readline(MAX_LINE + 1):
            if not line.endswith(b"\n"):
                raise UnsoundError(None, "entries: a line is cut off, or longer than any can be")
            yield line


def is_trailer(line: bytes) -> bool:
    """Whether this line ends an export instead of holding an entry."""
    return line.startswith(b'{"count":')


def read_bounded(file: Path, limit: int) -> bytes:
    """The bytes of a file.

    Raises:
        UnsoundError: more than `limit` bytes.
    """
    with file.open("rb") as stream:
        # Room for `limit` bytes costs more than reading few does. A pipe has no size.
        stated = os.fstat(stream.fileno()).st_size
        raw = stream.read(min(stated, limit) + 1)
        if len(raw) > stated:
            raw += stream.read(limit + 1 - len(raw))
    if len(raw) > limit:
        raise UnsoundError(None, f"{file.name}: more than {limit} bytes")
    return raw


class _Tiled:
    """A tiled log, checked a stretch of bundles at a time."""

    def __init__(self, folder: Path, log: TrustedLog, size: int, settings: Settings) -> None:
        self._bundles = folder / "tile" / "entries"
        self._log = log
        self._size = size
        self._settings = settings
        self.chain = Chain(
            log, signatures=settings.signatures, known=settings.known, workers=settings.workers
        )
        self.tiles = HashTiles(folder)
        self.absent = Absent()

    def check(self) -> None:
        """Check all of it but its end: what differs in hash tiles, and links that do not fit."""
        width = BUNDLE * _BUNDLES_AT_ONCE
        ahead = self._ahead(0)
        try:
            for stretch in range((self._size + width - 1) // width):
                found = ahead.next()
                if found is not None and self.chain.adopt(found):
                    self.tiles.adopt(found.tops)
                    self.absent.merge(found.absent, found.named)
                else:
                    believed = self.chain.succession.keys
                    self._examine(stretch)
                    if self.chain.in_doubt or believed != self.chain.succession.keys:
                        ahead.close()
                        ahead = self._ahead(stretch + 1)
                if self._settings.progress is not None:
                    self._settings.progress(self.chain.count)
        finally:
            ahead.close()

    def _ahead(self, first: int) -> Processes:
        """Processes that check the full stretches from one on, by the keys as they are now."""
        full = self._size // (BUNDLE * _BUNDLES_AT_ONCE)
        alone = self.chain.in_doubt or self._size < self._settings.alone
        return Processes(
            self._examine_apart, range(first, full), 0 if alone else self._settings.processes
        )

    def _examine(self, stretch: int) -> None:
        entries = [one for bundle in self._read(stretch) for one in bundle]
        for entry in self.chain.extend(entries):
            self.absent.add(entry.position, spoken_of(entry))
        self.tiles.extend(self.chain.leaves, self.chain.rows)

    def _examine_apart(self, stretch: int) -> Stretch | None:
        entries: list[bytes] = []
        total = 0
        for bundle in self._read(stretch):
            entries += bundle
            total += sum(map(len, bundle))
            if total > _MOST_APART:
                return None
        log = replace(self._log, keys=tuple(self.chain.succession.keys), seen=None)
        first = stretch * BUNDLE * _BUNDLES_AT_ONCE + 1
        chain = Chain(log, first=first, signatures=self._settings.signatures)
        return examined(chain, entries, self.tiles)

    def _read(self, stretch: int) -> Iterator[list[bytes]]:
        """The bundles of a stretch."""
        begin = stretch * _BUNDLES_AT_ONCE
        end = min(begin + _BUNDLES_AT_ONCE, (self._size + BUNDLE - 1) // BUNDLE)
        for number in range(begin, end):
            yield _bundle(self._bundles, number, self._size)


def _bundle(folder: Path, number: int, size: int) -> list[bytes]:
    begin = number * BUNDLE
    width = min(BUNDLE, size - begin)
    full = tile_path(folder, number)
    files = dict(partial_tiles(full, width))
    file = files.pop(width, full)
    if not file.is_file():
        raise UnsoundError(begin + 1, "the entry bundle that holds it is missing")
    entries, ended = _entries_of(file, width)
    if len(entries) < width or ((file != full or width == BUNDLE) and not ended):
        raise UnsoundError(begin + len(entries) + 1, "its entry bundle is damaged here")
    if file != full and full.is_file():
        files[width] = full
    for shorter, other in files.items():
        found, _ = _entries_of(other, shorter)
        if found != entries[:shorter]:
            pairs = enumerate(zip(found, entries, strict=False))
            at = next((at for at, (one, two) in pairs if one != two), len(found))
            raise UnsoundError(
                begin + at + 1, f"the entry bundle {other.parent.name}/{other.name} has another one"
            )
    return entries


def _entries_of(file: Path, most: int) -> tuple[list[bytes], bool]:
    """The first entries of a bundle, and whether it ends behind them."""
    raw = read_bounded(file, _MAX_BUNDLE)
    entries: list[bytes] = []
    at, size = 0, len(raw)
    for _ in range(most):
        if at + 2 > size or (end := at + 2 + (raw[at] << 8 | raw[at + 1])) > size:
            break
        entries.append(raw[at + 2 : end])
        at = end
    return entries, at == size
