"""The spool: events wait on disk, in order, until the ledger has them.

    <spool>/queue/<order>-<name>    what waits; the order only grows, the name is made of the id
    <spool>/refused/<same name>     what the ledger refused for good, and <name>.problem
    <spool>/partial/                files that are being written
    <spool>/*.lock                  locks between processes

A file is whole or not there. It leaves the queue only after the ledger has answered; sent twice
because of a kill in between, the ledger recognises it by its bytes. A file begins with one line of
JSON (where it goes and what it is); the body follows as it will be sent. Events are read whole,
reports piece by piece.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from dataclasses import dataclass, field
from hashlib import sha256
from typing import IO, TYPE_CHECKING, Any

from pipeledger.bodies import MAX_REPORT, FileBody, opener
from pipeledger.durable import make_folder, move, replace, sync_folder, written
from pipeledger.errors import SpoolError
from pipeledger.event import CONTENT_TYPE
from pipeledger.lock import locked
from pipeledger.names import is_text
from pipeledger.signing import ENVELOPE_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from pipeledger.bodies import Body, Opener

MAX_HEADER = 65_536
MAX_ITEM = MAX_REPORT + MAX_HEADER
"""Largest file of the spool, in bytes."""
MAX_EVENT = 64 * 1024 * 1024
"""Largest event in it, in bytes; a ledger takes less."""
STALE_S = 86_400.0
"""After so many seconds nobody is still writing a partial file: its writer was killed."""
NAMING_WAIT_S = 10.0
EVENT, REPORT = "event", "report"
REPORT_TYPE = "application/octet-stream"
_TYPES = {EVENT: (CONTENT_TYPE, ENVELOPE_TYPE), REPORT: (REPORT_TYPE,)}
_VERSION = 1


@dataclass(frozen=True)
class Item:
    """Something to send.

    Attributes:
        kind: `event` or `report`.
        url: the ledger's address, or nothing: any.
        ledger: its name.
        id: of the event, or a random one.
        label: what people call it.
        content_type: media type of the body.
        body: what is sent; of an event the bytes themselves.
        query: query of the request.
        sign: the event is still to be signed.
        mark: tells whether two items were sent with one token (`Settings.mark`), or nothing.
    """

    kind: str
    url: str
    ledger: str
    id: str
    label: str
    content_type: str
    body: bytes | Body = field(repr=False)
    query: dict[str, str] = field(default_factory=dict)
    sign: bool = False
    mark: str = ""

    def pieces(self) -> Iterator[bytes]:
        """The bytes of its file, in order.

        Raises:
            UnreadableError: the body cannot be read.
        """
        head = {"v": _VERSION, **{name: getattr(self, name) for name in _FIELDS}}
        yield json.dumps(head, separators=(",", ":")).encode() + b"\n"
        if isinstance(self.body, bytes):
            yield self.body
        else:
            yield from self.body.pieces()

    @classmethod
    def load(cls, source: Opener) -> Item:
        """The item of a file; opened once more whenever a report is read.

        Raises:
            SpoolError: the file is none of ours, or damaged.
            OSError: it cannot be read.
        """
        with source() as stream:
            head = stream.readline(MAX_HEADER + 1)
            fields = cls._head(head)
            if fields["kind"] == REPORT:
                length = _length(stream)
                known = None if length is None else length - len(head)
                return cls(body=FileBody(source, len(head), known), **fields)
            body = stream.read(MAX_EVENT + 1)
        if len(body) > MAX_EVENT:
            raise SpoolError(f"an event larger than {MAX_EVENT // 1_000_000} MB")
        return cls(body=body, **fields)

    @staticmethod
    def _head(line: bytes) -> dict[str, Any]:
        try:
            fields: Any = json.loads(line) if line.endswith(b"\n") else None
        except (ValueError, RecursionError):
            fields = None
        if not isinstance(fields, dict) or fields.pop("v", None) != _VERSION:
            raise SpoolError("not a file of the spool")
        query = fields.get("query")
        if (
            set(fields) != set(_FIELDS)
            or any(type(fields[name]) is not kind for name, kind in _FIELDS.items())
            or fields["content_type"] not in _TYPES.get(fields["kind"], ())
            or not isinstance(query, dict)
            or any(type(value) is not str for value in query.values())
        ):
            raise SpoolError("not a file of the spool")
        if not all(is_text(value) for value in query.values()):
            raise SpoolError("a word of its query is no text, and cannot be sent")
        return fields


_FIELDS: dict[str, type] = {
    "kind": str, "url": str, "ledger": str, "id": str, "label": str, "content_type": str,
    "query": dict, "sign": bool, "mark": str,
}  # fmt: skip


class Spool:
    """The spool of one folder, which any number of processes share."""

    def __init__(
        self, folder: Path, limit: int, *, clock_ns: Callable[[], int] = time.time_ns
    ) -> None:
        """Name the folder; it is made when something has to wait.

        Args:
            folder: where.
            limit: largest size of what waits, in bytes.
            clock_ns: tells nanoseconds since 1970; it may step back, the order does not.
        """
        self.folder = folder
        self.queue = folder / "queue"
        self.refused = folder / "refused"
        self._partial = folder / "partial"
        self._limit = limit
        self._clock_ns = clock_ns

    def add(self, item: Item) -> str:
        """Keep an item at the end of the queue; its name there.

        Raises:
            SpoolError: the spool is full, or another process keeps it locked.
            UnreadableError: the body cannot be read.
            OSError: the disk cannot keep it; then nothing of it is there.
        """
        return next(self.add_all([item]))

    def add_all(self, items: Iterable[Item]) -> Iterator[str]:
        """Keep items at the end of the queue, each before the next is asked for; their names there.

        What waits is looked through once, however many come; see `add` for what is raised.
        """
        self._sweep()
        size, last = self.size(), -1
        for item in items:
            pieces = self._within(self._limit - size, item.pieces())
            # Written before the lock is taken: a long report holds nobody up.
            with (
                written(self._partial, item.kind, pieces) as partial,
                locked(self.folder / "naming.lock", NAMING_WAIT_S),
            ):
                if last < 0:  # another process may have come in between
                    size, names = self.size(), self.waiting()
                    last = int(names[-1].split("-", 1)[0]) if names else 0
                size += partial.stat().st_size
                if size > self._limit:
                    raise self._full()
                last = max(self._clock_ns(), last + 1)
                name = f"{last:020d}-{_file_name(item.id)}"
                move(partial, self.queue / name)
            yield name

    def _within(self, room: int, pieces: Iterator[bytes]) -> Iterator[bytes]:
        left = MAX_ITEM
        for piece in pieces:
            left -= len(piece)
            if left < 0:
                raise SpoolError(f"larger than {MAX_ITEM // 1_000_000} MB")
            if MAX_ITEM - left > room:
                raise self._full()
            yield piece

    def _full(self) -> SpoolError:
        return SpoolError(f"the spool has reached {self._limit // 1_000_000} MB")

    def _sweep(self) -> None:
        """Remove what killed writers left."""
        with contextlib.suppress(OSError):
            for left in self._partial.iterdir():
                if time.time() - left.stat().st_mtime > STALE_S:
                    left.unlink(missing_ok=True)

    def waiting(self) -> list[str]:
        """Names of what waits, in order."""
        return _names(self.queue)

    def refusals(self) -> list[str]:
        """Names of what the ledger refused, in order."""
        return [name for name in _names(self.refused) if not name.endswith(".problem")]

    def size(self) -> int:
        """Bytes of all that waits."""
        total = 0
        for name in self.waiting():
            with contextlib.suppress(OSError):  # gone in between
                total += (self.queue / name).stat().st_size
        return total

    def read(self, name: str, *, refused: bool = False) -> Item | None:
        """The item of this name; None if it is gone.

        Raises:
            SpoolError: the file is damaged.
            OSError: it cannot be read.
        """
        file = (self.refused if refused else self.queue) / name
        try:
            return Item.load(opener(file))
        except FileNotFoundError:
            return None

    def done(self, name: str) -> None:
        """The ledger has it: take it out of the queue."""
        (self.queue / name).unlink(missing_ok=True)

    def refuse(self, name: str, problem: str) -> None:
        """The ledger will never take it: set it aside with the reason."""
        make_folder(self.refused)
        with contextlib.suppress(OSError):  # the event matters more than the reason
            replace(self.refused / f"{name}.problem", f"{problem}\n".encode())
        with contextlib.suppress(FileNotFoundError):
            (self.queue / name).replace(self.refused / name)
            sync_folder(self.refused)

    def forget_refusal(self, name: str) -> None:
        """Drop something refused, of which the sender has the original at hand."""
        (self.refused / name).unlink(missing_ok=True)
        (self.refused / f"{name}.problem").unlink(missing_ok=True)

    def problem(self, name: str) -> str:
        """Why something was refused."""
        try:
            return (self.refused / f"{name}.problem").read_text("utf-8", "replace").strip()
        except OSError:
            return ""

    def draining(self, wait_s: float) -> AbstractContextManager[None]:
        """Be the one process that sends.

        Raises:
            SpoolError: another one is, and was for `wait_s` seconds.
        """
        return locked(self.folder / "sending.lock", wait_s)


def _file_name(identity: str) -> str:
    """A name for the item of this id, and of no other, whatever letters the id is of."""
    return sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _length(stream: IO[bytes]) -> int | None:
    """How long a file is; None where it lies packed in an archive."""
    try:
        return os.fstat(stream.fileno()).st_size
    except OSError:
        return None


def _names(folder: Path) -> list[str]:
    try:
        found = sorted(one.name for one in folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [name for name in found if name.split("-", 1)[0].isdigit()]
