"""Folders that hold a log: exports, and tiled logs (C2SP tlog-tiles).

    export    checkpoint, entries.ndjson
    tiled     checkpoint, tile/entries/<N>[.p/<W>], tile/<L>/<N>[.p/<W>]

An entry bundle is a row of entries, each after its length in two bytes; 256 make a full one.
A key that lies in the folder proves nothing: whoever made the folder chose it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeledger.verifier.chain import Chain
from pipeledger.verifier.lines import Absent, Run, Settings, check_lines, run_of
from pipeledger.verifier.note import MAX_NOTE, note_origin, open_later
from pipeledger.verifier.tiles import HashTiles, partial_tiles, tile_path
from pipeledger.verifier.trust import find_trust
from pipeledger.verifier.wire import UnsoundError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pipeledger.verifier.trust import TrustedLog

CHECKPOINT = "checkpoint"
ENTRIES = "entries.ndjson"
MAX_LINE = 67_108_864
"""Longest line of an export in bytes: an entry and its parts."""
BUNDLE = 256
_BUNDLES_AT_ONCE = 16
_MAX_BUNDLE = BUNDLE * (2 + 65_535)


def is_log_folder(folder: Path) -> bool:
    """Whether this folder holds a log in one of the two forms."""
    return (folder / CHECKPOINT).is_file() and (
        (folder / ENTRIES).is_file() or (folder / "tile" / "entries").is_dir()
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
    chain = Chain(
        log, signatures=settings.signatures, known=settings.known, workers=settings.workers
    )
    absent, tiles = Absent(), HashTiles(folder)
    batch: list[bytes] = []
    for bundle in range((checkpoint.size + BUNDLE - 1) // BUNDLE):
        batch += _bundle(folder / "tile" / "entries", bundle, checkpoint.size)
        if bundle % _BUNDLES_AT_ONCE == _BUNDLES_AT_ONCE - 1:
            _take(chain, batch, absent, settings)
            tiles.extend(chain.leaves)
            batch = []
    _take(chain, batch, absent, settings)
    tiles.extend(chain.leaves)
    # Where an entry was altered, its tile differs too: the entry is what is told.
    chain.finish(checkpoint)
    tiles.finish()
    told = f"{tiles.count} hash tiles made again and equal" if tiles.present else "no hash tiles"
    notes = (told, *settings.counted(chain))
    return run_of(chain, chain.opened(note), absent, settings, notes)


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
        raw = stream.read(limit + 1)
    if len(raw) > limit:
        raise UnsoundError(None, f"{file.name}: more than {limit} bytes")
    return raw


def _take(chain: Chain, batch: list[bytes], absent: Absent, settings: Settings) -> None:
    for entry in chain.extend(batch):
        absent.add(entry.position, ["event", *(part["name"] for part in entry.context["parts"])])
    if settings.progress is not None:
        settings.progress(chain.count)


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
    at = 0
    while len(entries) < most:
        end = at + 2 + int.from_bytes(raw[at : at + 2], "big")
        if end > len(raw):
            break
        entries.append(raw[at + 2 : end])
        at = end
    return entries, at == len(raw)
