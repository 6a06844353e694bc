"""The shelf on which the documents of a ledger's segments lie: one Parquet file a segment.

A file holds the salts, so whoever has it and the segment can put each document together again and
compare it with what its entry commits to. As with segments, a file that does not hold is made anew.

Nothing is read before somebody asks for it: most questions do not.
"""

from __future__ import annotations

import json
import os
import threading
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.parquet as pq

from domain.errors import DamageError, UnavailableError
from projections.contract import table
from projections.documents import check_documents, documents_of
from projections.growing import after, grown, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from projections.segments import Segments
    from store.ledger.columns import ColumnReader

_MARK: Final = b"pipeledger.documents"


def _nothing() -> pa.Table:
    return table("documents").arrow.empty_table()


@dataclass(frozen=True, slots=True)
class Kept:
    """The documents of a snapshot.

    Attributes:
        files: of the sealed segments, in order.
        tail: those of the events after them, as the contract of `documents` says.
    """

    files: tuple[Path, ...] = ()
    tail: pa.Table = field(default_factory=_nothing, repr=False)


@dataclass(frozen=True, slots=True)
class _Seal:
    """What a file says of itself, in its metadata.

    Attributes:
        origin: of the ledger.
        contract: version of the contract of `documents`.
        last: leaf hash of the segment's last entry, hexadecimal.
        redaction: position of the last redaction that concerns it; 0: none.
    """

    origin: str
    contract: int
    last: str
    redaction: int


@dataclass(frozen=True, slots=True)
class _Tail:
    """Documents of the events after the segments.

    Attributes:
        first: position of the first of these events.
        last: position of the last that was looked into.
        rows: as the contract of `documents` says.
    """

    first: int
    last: int
    rows: pa.Table


class Shelf:
    """The documents of one ledger. Safe for threads; several processes may share the folder."""

    def __init__(self, folder: Path, origin: str, reader: ColumnReader) -> None:
        """Keep documents; nothing is read yet.

        Args:
            folder: where the files lie, for them alone.
            origin: of the ledger.
            reader: reads its parts; for this shelf alone.
        """
        self._folder = folder
        self._origin = origin
        self._reader = reader
        self._lock = threading.Lock()
        self._redacted: dict[int, int] = {}
        # Files that were found sound or made, by what they were then.
        self._sound: dict[str, tuple[int, int, int]] = {}
        self._tail: _Tail | None = None

    def reading(self, segments: Segments, tail: pa.Table) -> Callable[[], Kept]:
        """What reads the documents of these events when it is called, once.

        It raises DamageError where a document is not what its entry commits to or is missing, and
        UnavailableError for database and disk.
        """
        sealed = [(segments.path(number), seal.last) for number, seal in enumerate(segments.seals)]
        made: list[Kept] = []

        def read() -> Kept:
            with self._lock:
                if not made:
                    files = [self._file(number, *one) for number, one in enumerate(sealed)]
                    made.append(Kept(tuple(files), self._of_tail(tail)))
                return made[0]

        return read

    def take_out(self, number: int, redaction: int) -> bool:
        """Drop a segment's file if bytes in it were redacted since; tells whether it was there.

        Args:
            number: of the segment.
            redaction: position of the last redaction that concerns its documents; 0: none.
        """
        with self._lock:
            if redaction <= self._redacted.get(number, 0):
                return False
            self._redacted[number] = redaction
            path = self._path(number)
            # What a killed writer left holds the same; who writes it now asks again.
            for left in self._folder.glob(f"{path.stem}.*.new"):
                left.unlink(missing_ok=True)
            seal = _read_seal(path)
            if seal is None or seal.redaction >= redaction:
                return False
            path.unlink(missing_ok=True)
            return True

    def forget_tail(self) -> None:
        """Read the documents of what is not sealed again when they are next asked for."""
        with self._lock:
            self._tail = None

    def drop(self) -> None:
        """Forget everything, so that it is made anew."""
        with self._lock:
            for pattern in ("*.parquet", "*.new"):
                for path in self._folder.glob(pattern):
                    path.unlink(missing_ok=True)
            self._sound = {}
            self._tail = None

    def close(self) -> None:
        """Close the connection to the database."""
        with self._lock:
            self._reader.close()

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:08d}.parquet"

    def _of_tail(self, events: pa.Table) -> pa.Table:
        """The documents of what is not sealed; those that were read before are not read again."""
        if not events.num_rows:
            return _nothing()
        first, last = (events["position"][at].as_py() for at in (0, -1))
        kept = self._tail
        if kept is not None and kept.first == first and kept.last >= last:
            return until(kept.rows, last)
        rows = _nothing()
        if kept is not None and kept.first == first:
            rows, events = kept.rows, after(events, kept.last)
        for more in documents_of(events, self._reader):
            rows = grown(rows, more)
        if kept is None or kept.first <= first:
            self._tail = _Tail(first, last, rows)
        return rows

    def _file(self, number: int, segment: Path, last: str) -> Path:
        """The file of a segment's documents, made if there is no sound one."""
        path = self._path(number)
        contract, redaction = table("documents").version, self._redacted.get(number, 0)
        wanted = _Seal(self._origin, contract, last, redaction)
        if _read_seal(path) == wanted and self._is_sound(path, segment):
            return path
        fresh = path.with_suffix(f".{os.getpid()}.new")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            marks = {_MARK: json.dumps(asdict(wanted)).encode()}
            write_documents(fresh, documents_of(_entries(segment), self._reader), marks)
            fresh.replace(path)
        except OSError as error:
            raise UnavailableError(f"documents {path.name} cannot be written: {error}") from error
        finally:
            fresh.unlink(missing_ok=True)
        self._sound[path.name] = _state(path)
        return path

    def _is_sound(self, path: Path, segment: Path) -> bool:
        if self._sound.get(path.name) == _state(path):
            return True
        try:
            rows = pq.read_table(path, page_checksum_verification=True)
            check_documents(_entries(segment), rows)
        except (DamageError, pa.ArrowException, OSError):
            return False
        self._sound[path.name] = _state(path)
        return True


def write_documents(
    path: Path, pieces: Iterable[pa.Table], metadata: dict[bytes, bytes] | None = None
) -> None:
    """Write rows of documents as a file."""
    schema = table("documents").arrow.with_metadata(metadata)
    with pq.ParquetWriter(
        path, schema, compression="zstd", use_dictionary=["part", "salt"],
        write_page_checksum=True, store_schema=True,
    ) as writer:  # fmt: skip
        for piece in pieces:
            writer.write_table(piece.cast(schema))


def _entries(segment: Path) -> pa.Table:
    try:
        return pq.read_table(segment, columns=["position", "entry"])
    except (pa.ArrowException, OSError) as error:
        raise DamageError(None, f"segment {segment.name} cannot be read: {error}") from None


def _read_seal(path: Path) -> _Seal | None:
    try:
        said = (pq.read_schema(path).metadata or {}).get(_MARK)
        return _Seal(**json.loads(said)) if said is not None else None
    except (pa.ArrowException, OSError, ValueError, TypeError):
        return None


def _state(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns, found.st_ino
