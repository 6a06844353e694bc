"""The spool: events wait on disk, in order, until the ledger has them.

    <spool>/queue/<order>-<id>      what waits; the order only ever grows
    <spool>/refused/<same name>     what the ledger refused for good, and <name>.problem
    <spool>/partial/                files that are being written
    <spool>/*.lock                  locks between processes

A file is whole or not there. It leaves the queue only after the ledger has answered; sent twice
because of a kill in between, the ledger recognises it by its bytes. A file begins with one line of
JSON (where it goes and what it is); the body follows as it will be sent.
"""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipeledger.durable import make_folder, replace, sync_folder
from pipeledger.errors import SpoolError
from pipeledger.lock import locked

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

MAX_ITEM = 64 * 1024 * 1024
"""Largest file of the spool, in bytes."""
MAX_HEADER = 65_536
NAMING_WAIT_S = 10.0
EVENT, REPORT = "event", "report"
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
        body: what is sent.
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
    body: bytes = field(repr=False)
    query: dict[str, str] = field(default_factory=dict)
    sign: bool = False
    mark: str = ""

    def encode(self) -> bytes:
        """The bytes of its file."""
        head = {"v": _VERSION, **{name: getattr(self, name) for name in _FIELDS}}
        return json.dumps(head, separators=(",", ":")).encode() + b"\n" + self.body

    @classmethod
    def decode(cls, raw: bytes) -> Item:
        """The item of a file's bytes.

        Raises:
            SpoolError: the file is none of ours, or damaged.
        """
        head, _, body = raw.partition(b"\n")
        try:
            fields: Any = json.loads(head) if len(head) <= MAX_HEADER else None
        except (ValueError, RecursionError):
            fields = None
        if not isinstance(fields, dict) or fields.pop("v", None) != _VERSION:
            raise SpoolError("not a file of the spool")
        query = fields.get("query")
        if (
            set(fields) != set(_FIELDS)
            or any(type(fields[name]) is not kind for name, kind in _FIELDS.items())
            or fields["kind"] not in (EVENT, REPORT)
            or not isinstance(query, dict)
            or any(type(value) is not str for value in query.values())
        ):
            raise SpoolError("not a file of the spool")
        return cls(body=body, **fields)


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
            OSError: the disk cannot keep it; then nothing of it is there.
        """
        raw = item.encode()
        if len(raw) > MAX_ITEM:
            raise SpoolError(f"larger than {MAX_ITEM // 1_000_000} MB")
        with locked(self.folder / "naming.lock", NAMING_WAIT_S):
            if self.size() + len(raw) > self._limit:
                raise SpoolError(f"the spool has reached {self._limit // 1_000_000} MB")
            names = self.waiting()
            last = int(names[-1].split("-", 1)[0]) if names else 0
            name = f"{max(self._clock_ns(), last + 1):020d}-{item.id[:32]}"
            replace(self.queue / name, raw, beside=self._partial)
        return name

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
        """
        try:
            with ((self.refused if refused else self.queue) / name).open("rb") as stream:
                return Item.decode(stream.read(MAX_ITEM + MAX_HEADER))
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


def _names(folder: Path) -> list[str]:
    try:
        found = sorted(one.name for one in folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [name for name in found if name.split("-", 1)[0].isdigit()]
