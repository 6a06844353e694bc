"""Events that wait for the ledger: on disk before anything else, sent in order, once each.

Each event is a file named by a number that only grows. An event is removed after the ledger
acknowledged it; if the client dies in between, it is sent again and the ledger, which knows its
source and id, answers with the first receipt. What the ledger refuses for good goes to
`refused/` with the reason and does not hold up the others.
"""

from __future__ import annotations

import contextlib
import json
import os
from typing import TYPE_CHECKING

from pipeledger.errors import AwayError, ConfigurationError, RefusedError
from pipeledger.files import make_folder, write_whole
from pipeledger.http import request

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeledger.settings import Settings

MAX_BYTES = 256 * 1024 * 1024
_DIGITS = 12
_ENDING = ".json"


class Spool:
    """A folder of waiting events. Safe for several processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.refused = folder / "refused"

    def add(self, event: bytes) -> Path:
        """Keep an event; durable on return.

        Raises:
            ConfigurationError: the disk is full, or the spool is.
        """
        try:
            make_folder(self.folder)
            with self._lock():
                waiting = self.waiting()
                if sum(path.stat().st_size for path in waiting) + len(event) > MAX_BYTES:
                    raise ConfigurationError(f"the spool {self.folder} holds {MAX_BYTES} bytes")
                last = int(waiting[-1].stem) if waiting else self._last()
                path = self.folder / f"{last + 1:0{_DIGITS}d}{_ENDING}"
                write_whole(path, event)
                write_whole(self.folder / "last", str(last + 1).encode())
                return path
        except OSError as error:
            raise ConfigurationError(
                f"the event cannot be kept in {self.folder}: {error.strerror}"
            ) from None

    def waiting(self) -> list[Path]:
        """Files of waiting events, oldest first."""
        if not self.folder.is_dir():
            return []
        return sorted(
            path for path in self.folder.glob(f"*{_ENDING}") if path.stem.isascii()
            and path.stem.isdigit()
        )  # fmt: skip

    def flush(self, settings: Settings) -> tuple[int, int]:
        """Send what waits, oldest first.

        Returns:
            How many were sent and how many the ledger refused for good.

        Raises:
            AwayError: the ledger does not answer; the rest still waits.
        """
        sent = refused = 0
        if not self.waiting():
            return sent, refused
        with self._lock():
            for path in self.waiting():
                try:
                    deliver(path.read_bytes(), settings)
                    sent += 1
                except RefusedError as error:
                    self._refuse(path, str(error))
                    refused += 1
                path.unlink(missing_ok=True)
        return sent, refused

    def take(self, folder: Path) -> int:
        """Take over the events of another spool, in their order.

        Raises:
            ConfigurationError: there is no such folder.
        """
        if not folder.is_dir():
            raise ConfigurationError(f"{folder} is no folder")
        taken = 0
        for path in Spool(folder).waiting():
            self.add(path.read_bytes())
            path.unlink()
            taken += 1
        return taken

    def _refuse(self, path: Path, reason: str) -> None:
        make_folder(self.refused)
        event = path.read_bytes()
        kept = {"reason": reason, "event": event.decode("utf-8", "replace")}
        write_whole(self.refused / path.name, json.dumps(kept).encode())

    def _last(self) -> int:
        try:
            return int((self.folder / "last").read_text(encoding="ascii"))
        except (OSError, ValueError):
            return 0

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        handle = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _acquire(handle)
            yield
        finally:
            os.close(handle)


def deliver(event: bytes, settings: Settings) -> dict[str, object]:
    """Send one event and give its receipt.

    Raises:
        AwayError: not now.
        RefusedError: never.
        ConfigurationError: server or token is not named.
    """
    if settings.token is None:
        raise ConfigurationError("PIPELEDGER_TOKEN is not set")
    answer = request(
        "POST",
        f"{settings.base}/events",
        token=settings.token,
        body=event,
        headers={"Content-Type": "application/cloudevents+json"},
    )
    receipt = answer.json()
    if not isinstance(receipt, dict) or not isinstance(receipt.get("position"), int):
        raise AwayError("the answer is no receipt")
    return receipt


def _acquire(handle: int) -> None:
    if os.name == "posix":
        import fcntl  # noqa: PLC0415 - not on every platform

        fcntl.flock(handle, fcntl.LOCK_EX)
    else:
        import msvcrt  # noqa: PLC0415 - not on every platform

        msvcrt.locking(handle, msvcrt.LK_LOCK, 1)  # type: ignore[attr-defined]  # Windows only
