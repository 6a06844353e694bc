"""The witnesses of one ledger: asked for cosignatures, and what they answered.

    <ledger>/witnesses/policy         who they are and how many are enough (C2SP tlog-policy)
    <ledger>/witnesses/standings.json how each one stands
    <ledger>/witnesses/newest         the newest checkpoint that any of them cosigned
    <ledger>/witnesses/quorum         the newest checkpoint that enough of them cosigned
    <ledger>/witnesses/evidence/      two signed checkpoints of this log that contradict each other

A witness that is ahead of the database, or refuses our tree, has seen another history: its latest
checkpoint is fetched, and if our own key signed it, both notes are kept.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from api.witness.calling import ForkSeenError, WitnessAddress, WitnessClient
from api.witness.standing import Standing, read_standings, write_standings
from domain.errors import PipeledgerError, SettingError, UnavailableError
from domain.log.checkpoint import Checkpoint, open_checkpoint
from domain.log.cosignature import with_lines
from domain.log.policy import MAX_POLICY, Policy
from domain.log.witness import StaleError, Submission
from store.files import make_folder, write_file
from store.witness import Evidence, EvidenceStore

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from api.witness.tree import LedgerTree
    from domain.log.cosignature import Cosignature
    from domain.log.key import VerifierKey

POLICY: Final = "policy"
_STANDINGS: Final = "standings.json"
_NEWEST: Final = "newest"
_QUORUM: Final = "quorum"
_EVIDENCE: Final = "evidence"
_AT_ONCE: Final = 16
_PATIENCE_S: Final = 5.0
_LOG: Final = logging.getLogger("pipeledger.witness")


class Cosigners:
    """The witnesses of one ledger. Safe for threads.

    Attributes:
        closed: no receipt is given without a quorum.
        evidence: of other histories of this log.
    """

    def __init__(
        self,
        folder: Path,
        origin: str,
        tree: LedgerTree,
        keys: Callable[[], Sequence[VerifierKey]],
        clock: Callable[[], int],
        *,
        closed: bool = False,
    ) -> None:
        """Read who they are; nothing is asked yet.

        Args:
            folder: for what is kept of them.
            origin: of the ledger.
            tree: its tree.
            keys: gives its own keys, to know its own signature by.
            clock: POSIX seconds.
            closed: no receipt is given without a quorum.

        Raises:
            SettingError: the policy is wrong, or asks for a witness of no address.
        """
        self._folder = folder
        self._origin = origin
        self._tree = tree
        self._keys = keys
        self._clock = clock
        self.closed = closed
        self.evidence = EvidenceStore(folder / _EVIDENCE)
        self._lock = threading.Lock()
        self._collecting = threading.Lock()
        self._standings = read_standings(folder / _STANDINGS)
        self._newest = _read(folder / _NEWEST)
        self._quorum = _read(folder / _QUORUM)
        self._covered = 0 if self._quorum is None else Checkpoint.of(self._quorum).size
        self._next: dict[str, int] = {}
        self._read_at = 0
        self._policy = Policy((), {}, {}, None)
        self._clients: dict[str, WitnessClient] = {}
        try:
            self._read_policy()
        except PipeledgerError as error:
            raise SettingError(f"{folder / POLICY}: {error}") from error

    @property
    def policy(self) -> Policy:
        """Who they are; while the file is wrong, what it said before."""
        try:
            self._read_policy()
        except (OSError, PipeledgerError) as error:
            _LOG.warning("the policy of witnesses is not read again: %s", error)
        return self._policy

    def standings(self) -> dict[str, Standing]:
        """How each one stands, by the id of its key."""
        ids = [one.key.id for one in self.policy.witnesses.values()]
        with self._lock:
            return {name: self._standings.get(name, Standing()) for name in ids}

    def record(self, witness: str, size: int) -> None:
        """Remember what `checkpoint.witnessed` says of a witness."""
        with self._lock:
            one = self._standings.setdefault(witness, Standing())
            one.recorded, one.recorded_at = size, self._clock()
            write_standings(self._folder / _STANDINGS, self._standings)

    def shown(self, note: bytes) -> bytes:
        """A published checkpoint, with the cosignatures that came for it so far."""
        newest = self._newest
        if newest is not None and _text(newest) == _text(note):
            return newest
        return note

    @property
    def witnessed(self) -> bytes | None:
        """The newest checkpoint that enough witnesses cosigned, or None."""
        return self._quorum

    @property
    def covered(self) -> int | None:
        """How many entries enough witnesses saw; None: the ledger has no witnesses."""
        return self._covered if self._policy.witnesses else None

    @property
    def witnessed_size(self) -> int:
        """How many entries it covers; 0: there is none."""
        return self._covered

    def cosigned(self, note: bytes) -> bytes:
        """See `store.ledger.witnessing.Witnessing`."""
        if not self.policy.witnesses:
            raise UnavailableError(
                "recorded, but no receipt is given without witnesses, and none is registered"
            )
        made = self.collect(note, everybody=True)
        if not self._is_enough(made):
            raise UnavailableError(
                "recorded, but not enough witnesses cosigned it; send again for the receipt"
            )
        return made

    def collect(self, note: bytes, *, everybody: bool = False) -> bytes:
        """Ask each witness that has not cosigned this checkpoint; the note with what came.

        Args:
            note: a checkpoint of this ledger, published or guarded.
            everybody: also those that did not answer just now.
        """
        with self._collecting:
            policy = self.policy
            made = self.shown(note)
            there = {one.witness.id for one in policy.cosignatures(made)}
            asked = [
                one for one in policy.witnesses.values()
                if one.key.id not in there and (everybody or self._is_due(one.key.id))
            ]  # fmt: skip
            if asked:
                with ThreadPoolExecutor(_AT_ONCE) as workers:
                    found = list(workers.map(lambda one: self._ask(one.key.id, note), asked))
                made = with_lines(made, [one.line for one in found if one is not None])
                self._keep(made)
            return made

    def close(self) -> None:
        """Release the connections."""
        for client in self._clients.values():
            client.close()

    def _is_due(self, witness: str) -> bool:
        with self._lock:
            one = self._standings.get(witness, Standing())
            if not one.failures:
                return True
            return self._clock() >= self._next.get(witness, 0)

    def _ask(self, witness: str, note: bytes) -> Cosignature | None:
        client = self._clients[witness]
        size = Checkpoint.of(note).size
        with self._lock:
            old = min(self._standings.setdefault(witness, Standing()).size, size)
        try:
            try:
                found = client.add(self._submission(old, size, note))
            except StaleError as error:
                if error.size > size:
                    raise ForkSeenError(
                        409, f"it cosigned a tree of {error.size} entries"
                    ) from error
                found = client.add(self._submission(error.size, size, note))
        except ForkSeenError as error:
            self._failed(witness, str(error), forked=self._accuse(client, note, error))
        except (PipeledgerError, OSError) as error:
            self._failed(witness, str(error))
        else:
            with self._lock:
                one = self._standings[witness]
                one.size, one.at, one.failures, one.trouble = size, found.time, 0, ""
            return found
        return None

    def _submission(self, old: int, new: int, note: bytes) -> Submission:
        return Submission(old, tuple(self._tree.prove(old, new)), note)

    def _accuse(self, client: WitnessClient, note: bytes, error: ForkSeenError) -> bool:
        """Whether it has a checkpoint that our key signed and our database does not hold."""
        try:
            seen = client.latest(self._origin)
            if seen is None:
                return False
            there = open_checkpoint(seen, self._keys(), self._origin)
            # Another process of this ledger may only have been quicker.
            if self._tree.root(there.size) == there.root:
                return False
        except PipeledgerError:
            return False
        now = self._clock()
        if self.evidence.keep(
            Evidence(
                self._origin, f"{client.name}: {error}", fork=True, at=now, cosigned=seen.decode(),
                offered=note.decode(),
            )
        ):  # fmt: skip
            _LOG.error("another history of %s was signed: %s", self._origin, error)
        return True

    def _failed(self, witness: str, why: str, *, forked: bool = False) -> None:
        with self._lock:
            one = self._standings[witness]
            one.failures += 1
            one.trouble = why
            one.forks += forked
            self._next[witness] = self._clock() + min(300, 2 ** min(one.failures, 9))
        _LOG.warning("a witness did not cosign: %s", why)

    def _keep(self, note: bytes) -> None:
        size = Checkpoint.of(note).size
        make_folder(self._folder)
        if self._newest is None or size >= Checkpoint.of(self._newest).size:
            write_file(self._folder / _NEWEST, note)
            self._newest = note
        if self._is_enough(note) and size >= self.witnessed_size:
            write_file(self._folder / _QUORUM, note)
            self._quorum, self._covered = note, size
        with self._lock:
            write_standings(self._folder / _STANDINGS, self._standings)

    def _is_enough(self, note: bytes) -> bool:
        policy = self._policy
        seen = [one.witness for one in policy.cosignatures(note)]
        return bool(seen) and policy.has_quorum(seen)

    def _read_policy(self) -> None:
        path = self._folder / POLICY
        try:
            at = path.stat().st_mtime_ns
        except FileNotFoundError:
            return
        if at == self._read_at:
            return
        with path.open("rb") as file:
            policy = Policy.parse(file.read(MAX_POLICY + 1))
        clients = {}
        for one in policy.witnesses.values():
            address = WitnessAddress.of(one.key, one.url)
            there = self._clients.get(one.key.id)
            same = there is not None and there.address == address
            clients[one.key.id] = (
                there if there is not None and same else WitnessClient(address, _PATIENCE_S)
            )
        self._read_at, self._policy, self._clients = at, policy, clients


def _text(note: bytes) -> bytes:
    return note.partition(b"\n\n")[0]


def _read(path: Path) -> bytes | None:
    with contextlib.suppress(OSError):
        raw = path.read_bytes()
        with contextlib.suppress(PipeledgerError):
            Checkpoint.of(raw)
            return raw
    return None
