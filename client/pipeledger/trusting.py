"""The trust store on this machine: a file of its own, changed by one process at a time."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from pipeledger.durable import make_folder, replace
from pipeledger.lock import locked
from pipeledger.verifier.trust import TrustedLog, read_trust

if TYPE_CHECKING:
    from pathlib import Path

    from pipeledger.verifier.key import TrustedKey
    from pipeledger.verifier.seen import ForkError
    from pipeledger.verifier.wire import Checkpoint

MAX_STORE = 64 * 1024 * 1024
_WAIT_S = 10.0


class TrustStore:
    """Which keys are believed for which ledger."""

    def __init__(self, config: Path) -> None:
        """Name the folder it lies in; the file is made when something is trusted."""
        self.file = config / "trust.json"

    def logs(self) -> list[TrustedLog]:
        """All logs that are trusted.

        Raises:
            UncheckedError: the file is damaged.
            OSError: the file cannot be read.
        """
        try:
            with self.file.open("rb") as stream:
                return read_trust(stream.read(MAX_STORE))
        except FileNotFoundError:
            return []

    def of_address(self, url: str, ledger: str) -> TrustedLog | None:
        """The log that is trusted at this address under this name."""
        for log in self.logs():
            if (log.url, log.ledger) == (url, ledger):
                return log
        return None

    def put(self, log: TrustedLog) -> None:
        """Trust a log; what was known of the address or the origin before is replaced.

        Raises:
            SpoolError: another process keeps the store locked.
            OSError: the store cannot be written.
        """
        with self._locked():
            others = [
                one
                for one in self.logs()
                if (one.url, one.ledger) != (log.url, log.ledger) and one.origin != log.origin
            ]
            self._write([*others, log])

    def saw(
        self, log: TrustedLog, checkpoint: Checkpoint, keys: tuple[TrustedKey, ...] = ()
    ) -> None:
        """Remember the largest checkpoint that was verified of a log.

        Args:
            log: as it was when the checkpoint was held against what had been seen.
            checkpoint: shown to contain that.
            keys: that the log's entries led to, from those that were trusted; empty: the same.

        Raises:
            SpoolError: another process keeps the store locked.
            OSError: the store cannot be written.
        """
        with self._locked():
            logs = [
                TrustedLog(one.origin, keys or one.keys, one.url, one.ledger, checkpoint)
                # Only in place of what it was held against: another process may have seen more.
                if one.origin == log.origin
                and one.seen == log.seen
                and one.keys == log.keys
                and (one.seen is None or one.seen.size < checkpoint.size or keys)
                else one
                for one in self.logs()
            ]
            self._write(logs)

    def _locked(self) -> Any:  # noqa: ANN401 - a context manager of nothing
        return locked(self.file.with_suffix(".lock"), _WAIT_S, "the trust store")

    def _write(self, logs: list[TrustedLog]) -> None:
        store = {"v": 1, "ledgers": [_object(log) for log in logs]}
        replace(self.file, json.dumps(store, indent=1).encode() + b"\n")


def keep_fork(config: Path, error: ForkError) -> Path:
    """Keep two checkpoints that contradict each other; the file, which is the evidence.

    Raises:
        OSError: it cannot be written.
    """
    found = [_seen(one) for one in (error.one, error.other)]
    raw = json.dumps({"origin": error.one.origin, "cause": error.cause, "checkpoints": found})
    make_folder(config / "forks")
    file = config / "forks" / f"{sha256(raw.encode()).hexdigest()[:16]}.json"
    replace(file, raw.encode() + b"\n")
    return file


def _object(log: TrustedLog) -> dict[str, Any]:
    seen = log.seen
    ranges = {
        key.key_id: [key.first, key.last]
        for key in log.keys
        if key.first != 1 or key.last is not None
    }
    return {
        "url": log.url,
        "ledger": log.ledger,
        "origin": log.origin,
        "keys": [key.vkey for key in log.keys],
        **({"ranges": ranges} if ranges else {}),
        "seen": None if seen is None else _seen(seen),
    }


def _seen(seen: Checkpoint) -> dict[str, Any]:
    return {"size": seen.size, "root": seen.root.hex(), "note": seen.note.decode()}
