"""Events that leave one after the other, each run from where the last one stopped.

    DIR/<name>.json    {"origin": …, "position": N, "leaf": "<hex>"}

Everything up to `position` was accepted by the receiver; `leaf` is that entry's leaf hash, and the
next entry has to follow it. Only what is published leaves, and only what verifies.

The mark moves when the receiver has accepted a batch, never before: nothing is lost, and a batch
that was accepted by the receiver, but not marked before a crash, goes out once more. Whatever is
sent carries identities made of the event's place in the ledger, so receivers know it again.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from domain.errors import DamageError, SettingError, UnavailableError
from exporters.told import told_of
from projections.rows import Link, beginning, verified
from store.files import make_folder, write_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa

    from exporters.told import Told

_NAME: Final = re.compile(r"[a-z][a-z0-9._-]{0,63}")
_LEAF: Final = re.compile(r"[0-9a-f]{64}")
BATCH: Final = 500
"""Events that are sent at once."""


class Entries(Protocol):
    """Reads entries in columns, as `store.ledger.columns.ColumnReader` does."""

    def read(self, after: int, until: int) -> pa.Table:
        """The entries over `after` and up to `until`."""
        ...


@dataclass(frozen=True, slots=True)
class Sent:
    """What a run came to.

    Attributes:
        before: position up to which events had left.
        position: up to which they have now.
    """

    before: int
    position: int


class Outgoing:
    """What one receiver gets of one ledger. Several processes may share it; one sends at a time."""

    def __init__(self, reader: Entries, origin: str, folder: Path, name: str) -> None:
        """Prepare it; nothing is read.

        Args:
            reader: of the ledger; for this one alone.
            origin: of the ledger.
            folder: where marks lie.
            name: of the receiver.

        Raises:
            SettingError: the name cannot be a file's.
        """
        if _NAME.fullmatch(name) is None:
            raise SettingError(f"{name!r} is no name of a receiver: expected {_NAME.pattern}")
        self._reader = reader
        self._origin = origin
        self._path = folder / f"{name}.json"

    def reached(self) -> int:
        """Position up to which events have left."""
        return self._read().position

    def run(
        self,
        until: int,
        send: Callable[[Sequence[Told]], None],
        *,
        since: int | None = None,
        progress: Callable[[int], None] = lambda _: None,
    ) -> Sent:
        """Send what has not left yet.

        Args:
            until: the last position, published.
            send: takes a batch; returns when the receiver accepted it, raises where it did not.
            since: where nothing has left yet, begin after this position.
            progress: is told the position reached, after each batch.

        Raises:
            DamageError: the ledger does not verify, or is not the one that left before.
            SettingError: another process is sending, or `since` lies behind what has left.
            UnavailableError: the database, the disk, or whatever `send` raises.
        """
        with self._alone():
            link = self._begin(since)
            before = link.position
            while link.position < until:
                end = min(until, link.position + BATCH)
                rows = verified(self._reader.read(link.position, end), self._origin, link)
                if rows.last.position != end:
                    raise DamageError(rows.last.position + 1, "no entry here, below the published")
                send([*told_of(rows.events, self._origin)])
                link = rows.last
                self._write(link)
                progress(link.position)
            return Sent(before, link.position)

    def _begin(self, since: int | None) -> Link:
        link = self._read()
        if since is None:
            return link
        if link.position:
            raise SettingError(f"events up to {link.position} have left; it goes on from there")
        if since == 0:
            return link
        rows = self._reader.read(since - 1, since)
        if rows.num_rows != 1:
            raise SettingError(f"there is no entry at position {since}")
        return Link(since, rows["leaf"][0].as_py())

    def _read(self) -> Link:
        try:
            told: Any = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return beginning(self._origin)
        except (OSError, ValueError) as error:
            raise SettingError(f"{self._path} cannot be read: {error}") from error
        if not isinstance(told, dict) or told.get("origin") != self._origin:
            raise SettingError(f"{self._path} is of another ledger")
        position, leaf = told.get("position"), told.get("leaf")
        if not isinstance(position, int) or position < 1 or not isinstance(leaf, str):
            raise SettingError(f"{self._path} is no mark of what has left")
        if _LEAF.fullmatch(leaf) is None:
            raise SettingError(f"{self._path} is no mark of what has left")
        return Link(position, bytes.fromhex(leaf))

    def _write(self, link: Link) -> None:
        mark = {"origin": self._origin, "position": link.position, "leaf": link.leaf.hex()}
        write_file(self._path, json.dumps(mark).encode() + b"\n")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        try:
            make_folder(self._path.parent)
            handle = os.open(self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
            with os.fdopen(handle, "wb"):
                self._lock(handle)
                yield
        except OSError as error:
            raise UnavailableError(
                f"{self._path} cannot be written: {error.strerror or error}"
            ) from error

    def _lock(self, handle: int) -> None:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise SettingError(f"another process sends to {self._path.stem} now") from error
