"""The segments of one ledger: sealed in order, checked, and made again where they are not sound.

Everything here can be dropped and made again from the ledger. So a file that does not hold is
never mended or believed: it is refused by its name, and sealed anew.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import json
import logging
import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from domain.errors import DamageError, UnavailableError
from domain.log.tree import CompactTree
from projections import segment
from projections.placing import place, sync
from projections.rows import beginning, verified
from projections.sealing.messages import Begin, Wanted
from projections.sealing.workers import Workers
from projections.segment import SIZE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future
    from pathlib import Path

    import pyarrow as pa

    from projections.rows import Link, Rows
    from projections.segment import Seal
    from store.ledger.columns import ColumnReader

_LOG: Final = logging.getLogger("pipeledger.projections")
_CHECKED: Final = "checked.json"


@dataclass(slots=True)
class Segments:
    """The folder of a ledger's segments. One thread at a time; several processes may share it.

    Attributes:
        folder: where they lie.
        origin: of the ledger.
        size: entries in a segment, a power of two.
        workers: processes that may seal side by side; 1: this one alone.
        alone: entries up to which it is alone all the same, since starting others takes longer.
        seals: of the sound segments, in order, from the first without gaps.
    """

    folder: Path
    origin: str
    size: int = SIZE
    workers: int = 1
    alone: int = 3 * SIZE
    seals: list[Seal] = field(default_factory=list)
    _found: dict[str, list[int]] = field(default_factory=dict)

    @property
    def end(self) -> Link:
        """Where the chain stands after the last of them."""
        return self.seals[-1].after if self.seals else beginning(self.origin)

    @property
    def paths(self) -> list[Path]:
        """Their files, in order."""
        return [self.path(number) for number in range(len(self.seals))]

    def path(self, number: int) -> Path:
        """The file of a segment."""
        return self.folder / f"{number:08d}.parquet"

    def tree(self) -> CompactTree:
        """The tree over all their entries."""
        # A tree over the roots of equally large subtrees has, level by level, the hashes of the
        # tree over their leaves.
        top = CompactTree()
        top.extend(bytes.fromhex(seal.subtree) for seal in self.seals)
        return CompactTree.from_frontier(len(self.seals) * self.size, top.frontier)

    def open(self) -> None:
        """Take the segments that lie there and hold together; the first that does not, ends it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        checked = self._checked()
        self._found = {path.name: _state(path) for path in self.folder.glob("*.parquet")}
        self.seals = []
        while (path := self.path(len(self.seals))).exists():
            try:
                known = checked.get(path.name) == _state(path)
                seal = segment.read_seal(path) if known else segment.check(path, self.origin)
                self._fit(path, seal)
            except DamageError as error:
                _LOG.warning("%s; it is sealed anew", error)
                break
            self.seals.append(seal)
        self._remember()

    def seal(
        self,
        reader: ColumnReader,
        size: int,
        redactions: Callable[[int], int] = lambda _: 0,
        progress: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Seal whatever is complete up to `size` and not sealed yet.

        Args:
            reader: of the ledger.
            size: published; nothing beyond it is read.
            redactions: tells the last redaction that concerns a segment.
            progress: is told the positions sealed so far, after each.

        Raises:
            DamageError: the ledger does not verify; names the position. Nothing of it is sealed.
            UnavailableError: the database or the disk.
        """
        end, written = size // self.size, len(self.seals)
        try:
            with self._alone():
                while written < end:
                    # Another process may have sealed some while this one waited.
                    if self._take(written):
                        written += 1
                        progress(written * self.size)
                        continue
                    for done in self._seal_from(reader, written, end, redactions):
                        written = done
                        progress(written * self.size)
        finally:
            del self.seals[written:]
            self._remember()

    def reseal(self, reader: ColumnReader, number: int, redaction: int) -> None:
        """Seal a segment again, since bytes of it were redacted.

        Raises:
            DamageError: the ledger does not verify, or is not the one that was sealed before.
            UnavailableError: the database or the disk.
        """
        old, later = self.seals[number], self.seals[number + 1 :]
        del self.seals[number:]
        try:
            with self._alone():
                self._seal(reader, number, redaction)
            if self.seals[number].after != old.after:
                raise DamageError(None, f"segment {number} has other entries than it had")
            self.seals += later
        finally:
            self._remember()

    def drop(self) -> None:
        """Forget all segments, so that they are sealed anew."""
        for path in self.folder.glob("*.parquet"):
            path.unlink()
        self.seals = []

    def _seal_from(
        self, reader: ColumnReader, first: int, end: int, redactions: Callable[[int], int]
    ) -> Iterator[int]:
        """Seal the first and those missing after it; gives how many there are, one by one."""
        later = itertools.takewhile(
            lambda number: not self.path(number).exists(), range(first + 1, end)
        )
        wanted = [Wanted(number, redactions(number)) for number in (first, *later)]
        if self.workers > 1 and len(wanted) * self.size > self.alone:
            return self._seal_by_workers(reader, wanted)
        return self._seal_by_threads(reader, wanted)

    def _seal_by_threads(self, reader: ColumnReader, wanted: list[Wanted]) -> Iterator[int]:
        """Seal them in this process.

        While one is verified the next one is read and the one before is written: those two wait
        for the database, or compress without the interpreter's lock. So there are three at once.
        """
        with ThreadPoolExecutor(1) as ahead, ThreadPoolExecutor(1) as behind:
            reads = deque(ahead.submit(self._read, reader, one.number) for one in wanted[:1])
            writes: deque[Future[None]] = deque()
            for one in wanted:
                read = reads.popleft().result()
                if one is not wanted[-1]:
                    reads.append(ahead.submit(self._read, reader, one.number + 1))
                rows = self._append(read, one.redaction)
                if writes:
                    writes.popleft().result()
                    yield one.number
                writes.append(behind.submit(self._write, one.number, rows, self.seals[one.number]))
            for write in writes:
                write.result()
                yield wanted[-1].number + 1

    def _seal_by_workers(self, reader: ColumnReader, wanted: list[Wanted]) -> Iterator[int]:
        """Seal them in several processes; what does not come from there as it should, in this one.

        Each begins where the ledger says that the segment before ended, and this one sees that it
        did. So whatever is wrong is met here, in order, and told as if there were no others.
        """
        database, schema, documents = reader.place
        begin = Begin(database, schema, str(documents), str(self.folder), self.origin, self.size)
        with Workers(begin, min(self.workers, len(wanted))) as workers:
            for one, made in zip(wanted, workers.made(wanted), strict=True):
                if made.seal is not None and made.seal.before == self.end:
                    self._place(self.folder / made.file, self.path(one.number))
                    self.seals.append(made.seal)
                else:
                    self._seal(reader, one.number, one.redaction)
                yield one.number + 1

    def _seal(self, reader: ColumnReader, number: int, redaction: int) -> None:
        rows = self._append(self._read(reader, number), redaction)
        self._write(number, rows, self.seals[number])

    def _read(self, reader: ColumnReader, number: int) -> pa.Table:
        return reader.read(number * self.size, (number + 1) * self.size)

    def _append(self, read: pa.Table, redaction: int) -> Rows:
        """Verify the entries that follow the last segment, and take them for the next one."""
        before = self.end
        rows = verified(read, self.origin, before)
        if len(rows.leaves) != self.size:
            raise DamageError(rows.last.position + 1, "no entry here, below the published size")
        self.seals.append(segment.seal_of(rows, self.origin, before, redaction))
        return rows

    def _write(self, number: int, rows: Rows, seal: Seal) -> None:
        path = self.path(number)
        fresh = path.with_suffix(f".{os.getpid()}.new")
        try:
            segment.write(fresh, rows, seal)
        except OSError as error:
            raise _unwritten(fresh, path, error) from error
        self._place(fresh, path)

    def _place(self, fresh: Path, path: Path) -> None:
        try:
            place(fresh, path)
            sync(self.folder)
        except OSError as error:
            raise _unwritten(fresh, path, error) from error

    def _take(self, number: int) -> bool:
        path = self.path(number)
        if not path.exists():
            return False
        try:
            # One that was not there before was sealed by another process meanwhile, and what it
            # made of the entries is what this one would make of them.
            was_there = self._found.get(path.name) == _state(path)
            check = segment.check if was_there else segment.check_chain
            seal = check(path, self.origin)
            self._fit(path, seal)
        except DamageError:
            return False
        self.seals.append(seal)
        return True

    def _fit(self, path: Path, seal: Seal) -> None:
        if seal.before != self.end or seal.size != self.size:
            raise DamageError(None, f"segment {path.name} does not follow the one before it")

    def _checked(self) -> dict[str, list[int]]:
        try:
            found = json.loads((self.folder / _CHECKED).read_bytes())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _remember(self) -> None:
        """Keep which files were found sound, so that the next start need not read them all."""
        states = {path.name: _state(path) for path in self.paths}
        fresh = self.folder / f"{_CHECKED}.{os.getpid()}.new"
        # Losing it costs a check of every segment, and nothing else.
        with contextlib.suppress(OSError):
            fresh.write_text(json.dumps(states))
            fresh.replace(self.folder / _CHECKED)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        with (self.folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            # Nobody else seals now: whoever was killed while it did left these. Bytes in them would
            # outlast their redaction.
            self._clear()
            try:
                yield
            finally:
                self._clear()

    def _clear(self) -> None:
        for left in self.folder.glob("[0-9]*.new"):
            left.unlink(missing_ok=True)


def _state(path: Path) -> list[int]:
    found = path.stat()
    return [found.st_size, found.st_mtime_ns, found.st_ino]


def _unwritten(fresh: Path, path: Path, error: OSError) -> UnavailableError:
    fresh.unlink(missing_ok=True)
    return UnavailableError(f"segment {path.name} cannot be written: {error}")
