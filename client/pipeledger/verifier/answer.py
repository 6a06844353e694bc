"""What an answer states of its ledger: position, root and checkpoint.

    {"proof":{"format":"pipeledger/answer/v1","origin":..,"position":n,"root":"<hex>",
              "checkpoint":note,"parameters":{..},"definitions":{"names":[..],"digest":".."}},
     "selections":[..],"tables":{name:[row,..]}}

The checkpoint is of the answer's position or a larger one. Where it is of the position itself, it
says whether the root is the log's. The rows are not proved by it: they have to be made again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeledger.verifier.note import note_origin, open_checkpoint
from pipeledger.verifier.trust import find_trust
from pipeledger.verifier.wire import HASH_BYTES, MAX_NUMBER, Checkpoint, UnsoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeledger.verifier.trust import TrustedLog

ANSWER = "pipeledger/answer/v1"


@dataclass(frozen=True)
class Stated:
    """What an answer says that it was given on.

    Attributes:
        log: whose it is.
        at: origin, position and root that it states; proved only with `settled`.
        checkpoint: signed by the log, of this size or a larger one.
    """

    log: TrustedLog
    at: Checkpoint
    checkpoint: Checkpoint

    @property
    def settled(self) -> bool:
        """The checkpoint is of the position itself, and gives its root."""
        return self.at.size == self.checkpoint.size


def check_stated(proof: Any, logs: Sequence[TrustedLog]) -> Stated:  # noqa: ANN401 - as read
    """Check what an answer says that it was given on.

    Args:
        proof: the object of that name in the answer.
        logs: the trusted logs.

    Raises:
        UnsoundError: the checkpoint is not signed by its log, or is not of the answer's state.
        UncheckedError: no key is trusted for its ledger.
    """
    if not isinstance(proof, dict) or proof.get("format") != ANSWER:
        raise UnsoundError(None, "answer: not of a version that this verifier knows")
    note, position, root = (proof.get(name) for name in ("checkpoint", "position", "root"))
    if not isinstance(note, str):
        raise UnsoundError(None, "answer: without a checkpoint")
    if type(position) is not int or not 0 < position <= MAX_NUMBER:
        raise UnsoundError(None, "answer: without a position")
    try:
        digest = bytes.fromhex(root) if isinstance(root, str) else b""
    except ValueError:
        digest = b""
    if len(digest) != HASH_BYTES:
        raise UnsoundError(None, "answer: without a root hash")
    raw = note.encode("utf-8", "surrogatepass")
    log = find_trust(logs, note_origin(raw))
    checkpoint = open_checkpoint(raw, log.log_keys, log.origin)
    if proof.get("origin") != log.origin:
        raise UnsoundError(None, "answer: its checkpoint is of another ledger")
    if checkpoint.size < position:
        raise UnsoundError(None, f"answer: position {position} lies beyond its own checkpoint")
    if checkpoint.size == position and checkpoint.root != digest:
        raise UnsoundError(None, "answer: its root is not that of its checkpoint")
    return Stated(log, Checkpoint(log.origin, position, digest), checkpoint)
