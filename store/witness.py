"""What a witness keeps: its key, the latest checkpoint it cosigned of each log, proof of forks.

Files, and nothing else:

    witness.key                  32 secret bytes, mode 0600
    witness.name                 the key's name
    <SHA-256 of origin>.note     the latest checkpoint, with our cosignature
    evidence/<SHA-256 of origin>-<fork or unproved>-<digest>.json

The decision and the write of the latest checkpoint are one step under a lock that holds across
processes; the file is durable before anybody is answered. If the process dies in between, nobody
was told, and the sender learns at its next attempt which size stands.
"""

from __future__ import annotations

import fcntl
import os
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final

import msgspec

from domain.errors import DamageError, RefusedError, SettingError
from domain.log.checkpoint import Checkpoint
from domain.log.cosignature import WitnessSigner, with_lines
from domain.log.key import SEED_BYTES
from domain.log.note import open_note, parse_note
from domain.log.witness import InconsistentError, Submission, judge, origin_digest
from store.files import make_folder, write_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from domain.log.key import Entropy, VerifierKey
    from domain.log.note import NoteSignature

_KEY: Final = "witness.key"
_NAME: Final = "witness.name"
_LOCK: Final = ".lock"
_EVIDENCE: Final = "evidence"
KEPT: Final = 100
"""Forks kept of one log, and as many that are not proved; both fill no disk without end.

Apart: anybody can send a public checkpoint without its proof, and shall not take a fork's place.
"""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Two checkpoints of one log that do not agree, both signed by it.

    Attributes:
        origin: the log.
        cause: what is wrong.
        fork: two roots for one size: nothing but a fork makes these. Else the sender only failed
            to show that one tree is the beginning of the other.
        at: when the second one came, POSIX seconds.
        cosigned: the one that was there.
        offered: the one that was refused.
    """

    origin: str
    cause: str
    fork: bool
    at: int
    cosigned: str
    offered: str


class EvidenceStore:
    """A folder of evidence. Safe for several processes: a file is whole or not there."""

    def __init__(self, folder: Path) -> None:
        """Keep evidence.

        Args:
            folder: for it alone; made when there is any.
        """
        self._folder = folder

    def keep(self, found: Evidence) -> bool:
        """Keep it, durable on return, unless it is there or there is enough of its log.

        Returns:
            Whether it was kept now.
        """
        # What was signed tells evidence apart: anybody can put further lines below it.
        both = "\n\n".join(note.partition("\n\n")[0] for note in (found.cosigned, found.offered))
        kind = f"{origin_digest(found.origin)}-{'fork' if found.fork else 'unproved'}"
        name = f"{kind}-{sha256(both.encode()).hexdigest()[:16]}.json"
        there = sum(1 for _ in self._folder.glob(f"{kind}-*.json"))
        if (self._folder / name).exists() or there >= KEPT:
            return False
        make_folder(self._folder)
        text = msgspec.json.format(msgspec.json.encode(found), indent=2)
        write_file(self._folder / name, text + b"\n")
        return True

    def of(self, origin: str) -> list[Evidence]:
        """The evidence of one log, oldest first."""
        found = self._folder.glob(f"{origin_digest(origin)}-*.json")
        read = [msgspec.json.decode(path.read_bytes(), type=Evidence) for path in found]
        return sorted(read, key=lambda one: (one.at, one.offered))


class WitnessState:
    """The state of a witness in one folder. Safe for threads and for several processes.

    Attributes:
        signer: its private key.
        evidence: of logs that contradicted themselves.
    """

    def __init__(
        self, folder: Path, name: str | None, entropy: Entropy, clock: Callable[[], int]
    ) -> None:
        """Open the state; a key is made where none is.

        Args:
            folder: for this alone.
            name: the key's name; None: the one it has.
            entropy: random bytes.
            clock: POSIX seconds.

        Raises:
            SettingError: the key has another name, or none is told for a new one.
            RefusedError: the name cannot be a key's.
        """
        make_folder(folder)
        self._folder = folder
        self._clock = clock
        self._lock = threading.Lock()
        self.evidence = EvidenceStore(folder / _EVIDENCE)
        with self._locked():
            self.signer = _load(folder, name, entropy)

    def latest(self, origin: str) -> bytes | None:
        """The latest checkpoint of a log, signed by it and by us; None: there is none."""
        return self.latest_by_digest(origin_digest(origin))

    def latest_by_digest(self, digest: str) -> bytes | None:
        """As `latest`, by the SHA-256 of the origin (64 hexadecimal digits)."""
        try:
            return (self._folder / f"{digest}.note").read_bytes()
        except FileNotFoundError:
            return None

    def add(self, submission: Submission, keys: Sequence[VerifierKey]) -> NoteSignature:
        """Decide on a checkpoint and keep it; the cosignature's line.

        Args:
            submission: what was sent.
            keys: those that are trusted for its origin.

        Raises:
            PipeledgerError: as `domain.log.witness.judge`.
            DamageError: what is kept of this log cannot be read.
        """
        origin = submission.origin
        with self._locked():
            last = self.latest(origin)
            try:
                judge(submission, keys, None if last is None else _checkpoint(last))
            except InconsistentError as error:
                if last is not None:
                    self._accuse(origin, error, last, _verified(submission.note, keys))
                raise
            kept = _verified(submission.note, keys)
            cosigned = self.signer.cosign(parse_note(kept)[0], self._clock())
            note = with_lines(kept, [cosigned])
            write_file(self._folder / f"{origin_digest(origin)}.note", note)
        return cosigned

    def _accuse(self, origin: str, error: InconsistentError, last: bytes, note: bytes) -> None:
        self.evidence.keep(
            Evidence(origin, str(error), error.fork, self._clock(), last.decode(), note.decode())
        )

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self._lock:
            handle = os.open(self._folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)
                yield
            finally:
                os.close(handle)


def _verified(note: bytes, keys: Sequence[VerifierKey]) -> bytes:
    """A checkpoint with the log's own lines: what others signed under it is theirs to show."""
    said = open_note(note, keys)
    return f"{said.text}\n{''.join(line.line() for line in said.signatures)}".encode()


def _checkpoint(note: bytes) -> Checkpoint:
    try:
        return Checkpoint.of(note)
    except RefusedError as error:
        raise DamageError(None, f"the latest checkpoint that was kept: {error}") from error


def _load(folder: Path, name: str | None, entropy: Entropy) -> WitnessSigner:
    key, named = folder / _KEY, folder / _NAME
    if not key.exists():
        if name is None:
            raise SettingError("a witness's first start needs a name: --name HOST/NAME")
        signer = WitnessSigner(name, entropy(SEED_BYTES))
        write_file(named, name.encode())
        write_file(key, signer.seed)
        return signer
    try:
        seed, there = key.read_bytes(), named.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"the key in {folder} cannot be read: {error}") from error
    if name is not None and name != there:
        raise SettingError(f"the witness in {folder} is named {there}, not {name}")
    try:
        return WitnessSigner(there, seed)
    except RefusedError as error:
        raise SettingError(f"the key in {folder} is none: {error}") from error
