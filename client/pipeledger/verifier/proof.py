"""Proofs of single entries.

A proof file (C2SP tlog-proof):

    c2sp.org/tlog-proof@v1
    extra <base64>                        optional, not authenticated
    index <position - 1>
    <base64 hash>                         none or more, the leaf's sibling first
                                          (blank line)
    <checkpoint, verbatim>

and an entry with its proof and parts (`*.pipeledger.json`):

    {"entry": base64, "proof": base64 of the proof file, "parts": [{"name","salt","bytes"}]}

Nothing that stands beside the entry is believed: the leaf hash is made from the entry's own bytes,
and its position must be the proof's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeledger.verifier.chain import CREATED, check_signatures, keys_by_id
from pipeledger.verifier.entry import genesis_link, parse_entry
from pipeledger.verifier.note import note_origin, open_checkpoint
from pipeledger.verifier.part import check_parts
from pipeledger.verifier.tree import is_included, leaf_hash
from pipeledger.verifier.trust import find_trust
from pipeledger.verifier.wire import (
    Checkpoint,
    UnsoundError,
    read_base64,
    read_hash,
    read_number,
    read_text,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeledger.verifier.entry import Entry
    from pipeledger.verifier.trust import TrustedLog

HEADER = "c2sp.org/tlog-proof@v1"
MAX_PATH = 63


@dataclass(frozen=True)
class Proof:
    """A proof file, read; nothing of it is checked yet."""

    index: int
    path: tuple[bytes, ...]
    note: bytes


@dataclass(frozen=True)
class ProvedEntry:
    """An entry that is in a log.

    Attributes:
        entry: the entry.
        checkpoint: the log's checkpoint that covers it.
        absent: names of parts that were redacted or withheld.
        held: of a receipt, the checkpoint in it, which the log must contain as well.
    """

    entry: Entry
    checkpoint: Checkpoint
    absent: tuple[str, ...]
    held: Checkpoint | None = None


def parse_proof(raw: bytes) -> Proof:
    """The proof of these bytes.

    Raises:
        UnsoundError: not a proof file.
    """
    head, blank, note = read_text(raw, "proof").partition("\n\n")
    lines = head.split("\n")
    if not blank or lines.pop(0) != HEADER:
        raise UnsoundError(None, "proof: not a tlog-proof file")
    if lines and lines[0].startswith("extra "):
        read_base64(lines.pop(0).removeprefix("extra "), "proof extra")
    if not lines or not lines[0].startswith("index "):
        raise UnsoundError(None, "proof: no index")
    index = read_number(lines.pop(0).removeprefix("index "), "proof index")
    if len(lines) > MAX_PATH:
        raise UnsoundError(None, "proof: too many hashes")
    return Proof(index, tuple(read_hash(line, "proof hash") for line in lines), note.encode())


def check_proof(raw_entry: bytes, proof: Proof, log: TrustedLog) -> ProvedEntry:
    """Check that an entry is genuine and stands in the log where the proof says.

    Raises:
        UnsoundError: it does not.
    """
    checkpoint = open_checkpoint(proof.note, log.log_keys, log.origin)
    entry = check_entry(raw_entry, log)
    if entry.position != proof.index + 1:
        raise UnsoundError(
            entry.position, f"the entry says so, the proof speaks of position {proof.index + 1}"
        )
    if not is_included(
        leaf_hash(raw_entry), proof.index, checkpoint.size, proof.path, checkpoint.root
    ):
        raise UnsoundError(entry.position, "the proof does not lead from this entry to the root")
    return ProvedEntry(entry, checkpoint, ())


def check_entry(raw: bytes, log: TrustedLog) -> Entry:
    """An entry of this log, signed by its intake key; its position is not proved by that.

    Raises:
        UnsoundError: not well formed, another log's, or not signed.
    """
    entry = parse_entry(raw)
    try:
        _check_own(entry, log)
    except UnsoundError as error:
        raise UnsoundError(entry.position, error.cause) from error
    return entry


def _check_own(entry: Entry, log: TrustedLog) -> None:
    if entry.context["o"] != log.origin:
        raise UnsoundError(None, "an entry of another ledger")
    check_signatures(entry, keys_by_id(log))
    begins = entry.context["type"] == CREATED
    linked = entry.seq["prev"] == genesis_link(log.origin).hex()
    if entry.position == 1 and not (begins and linked):
        raise UnsoundError(None, "not what a ledger begins with")


def check_proved_entry(fields: dict[str, Any], logs: Sequence[TrustedLog]) -> ProvedEntry:
    """Check the object of a `*.pipeledger.json` file.

    Raises:
        UnsoundError: it does not hold.
        UncheckedError: no key is trusted for its ledger.
    """
    if set(fields) - {"entry", "proof", "parts"} or not isinstance(fields.get("parts", []), list):
        raise UnsoundError(None, "expected entry, proof and parts")
    proof = parse_proof(read_base64(fields.get("proof"), "proof"))
    log = find_trust(logs, note_origin(proof.note))
    proved = check_proof(read_base64(fields.get("entry"), "entry"), proof, log)
    absent = check_parts(proved.entry, fields.get("parts", []))
    return ProvedEntry(proved.entry, proved.checkpoint, tuple(absent))
