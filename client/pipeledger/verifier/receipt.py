"""Receipts: what the ledger answers when it has taken an event.

    {"position":n,"leaf":hex,"seq":line,"ctx":line,"checkpoint":note}
    {"receipts":[{"status":n,"receipt":{..}} or {"status":n,"problem":{..}}],"checkpoint":note}

A receipt holds the entry whole and a checkpoint that covers it, but no path between the two. It
shows that the ledger signed this content; that it stands at this position is only shown by a
proof, which the ledger gives on request.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pipeledger.verifier.note import note_origin, open_checkpoint
from pipeledger.verifier.proof import ProvedEntry, check_entry, check_proof
from pipeledger.verifier.tree import is_included, leaf_hash
from pipeledger.verifier.trust import find_trust
from pipeledger.verifier.wire import UncheckedError, UnsoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pipeledger.verifier.proof import Proof
    from pipeledger.verifier.trust import TrustedLog

PROOF_STEP = "keep the entry with its proof: GET entries/POSITION/proof"


def check_receipts(
    fields: dict[str, Any],
    logs: Sequence[TrustedLog],
    prove: Callable[[TrustedLog, int], Proof] | None,
) -> list[ProvedEntry]:
    """Check a receipt, or an answer that holds several.

    What a receipt and its proof say of the log is still to be held against each other (`held`).

    Args:
        fields: the object.
        logs: the trusted logs.
        prove: gives the proof of an entry; None: no proof can be had.

    Raises:
        UnsoundError: it does not hold.
        UncheckedError: no key is trusted, or inclusion cannot be shown.
    """
    receipts = fields.get("receipts", [fields])
    if not isinstance(receipts, list):
        raise UnsoundError(None, "receipts: not a list")
    outer = fields.get("checkpoint")
    proved = []
    for one in receipts:
        receipt = one.get("receipt", one) if isinstance(one, dict) else one
        if not isinstance(receipt, dict):
            raise UnsoundError(None, "receipts: not an object")
        if "ctx" in receipt:
            proved.append(_check({"checkpoint": outer, **receipt}, logs, prove))
    if not proved:
        raise UncheckedError("there is no receipt in it")
    return proved


def _check(
    receipt: dict[str, Any],
    logs: Sequence[TrustedLog],
    prove: Callable[[TrustedLog, int], Proof] | None,
) -> ProvedEntry:
    texts = [receipt.get(name) for name in ("seq", "ctx", "checkpoint", "leaf")]
    if not all(isinstance(text, str) for text in texts):
        raise UnsoundError(None, "receipt: expected seq, ctx, checkpoint and leaf as texts")
    try:
        seq, ctx, note, leaf = (str(text).encode() for text in texts)
    except UnicodeEncodeError as error:
        raise UnsoundError(None, "receipt: not UTF-8") from error
    log = find_trust(logs, note_origin(note))
    checkpoint = open_checkpoint(note, log.log_keys, log.origin)
    raw = seq + b"\n" + ctx
    entry = check_entry(raw, log)
    position = entry.position
    if receipt.get("position") != position:
        raise UnsoundError(position, "the receipt names another position than its entry")
    digest = leaf_hash(raw)
    if leaf != digest.hex().encode():
        raise UnsoundError(position, "the leaf hash is not that of the entry")
    if position > checkpoint.size:
        raise UnsoundError(position, "the receipt's checkpoint does not cover it")
    if checkpoint.size == 1 and is_included(digest, 0, 1, (), checkpoint.root):
        return ProvedEntry(entry, checkpoint, ())
    if prove is None:
        raise UncheckedError(
            f"signed by the ledger, but a receipt cannot show that position {position} holds it",
            PROOF_STEP,
        )
    proof = prove(log, position)
    proved = check_proof(raw, proof, log)
    if proved.checkpoint.size < checkpoint.size:
        raise UnsoundError(None, "the ledger answers with less than it had signed in the receipt")
    return replace(proved, held=checkpoint)
