"""One entry from a ledger with its proof, in one file that can be verified."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeledger.answers import fetch
from pipeledger.errors import AwayError, ClientError
from pipeledger.looking import listed, text
from pipeledger.trusting import TrustStore
from pipeledger.verifier.entry import parse_entry
from pipeledger.verifier.part import check_parts
from pipeledger.verifier.proof import check_proof, parse_proof
from pipeledger.verifier.wire import UncheckedError, UnsoundError, read_base64

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeledger.settings import Settings
    from pipeledger.verifier.entry import Entry

PROOF_JSON = "application/vnd.pipeledger.proof+json"


@dataclass(frozen=True)
class Shown:
    """An entry and what is shown of it.

    Attributes:
        entry: read from its own bytes.
        parts: bytes of the parts that are at hand, by name; each is what the entry commits to.
        absent: names of parts that were redacted or withheld.
        lines: what was checked and what was not, for people.
    """

    entry: Entry
    parts: Mapping[str, bytes]
    absent: tuple[str, ...]
    lines: tuple[str, ...]


def fetch_proved(settings: Settings, position: int) -> bytes:
    """The file that `pipeledger verify` takes, as the ledger gave it; nothing of it is checked.

    Raises:
        UsageError: no address is set.
        AwayError: the ledger does not answer, or not like a ledger.
        ClientError: it refuses.
    """
    raw = fetch(settings, f"entries/{position}/proof", {}, PROOF_JSON).body
    _read(raw)
    return raw


def check_shown(raw: bytes, position: int, settings: Settings) -> Shown:
    """Read an entry, and check it as far as the ledger's keys are pinned.

    Args:
        raw: what the ledger gave.
        position: what it was asked for.
        settings: where the pinned keys are.

    Raises:
        AwayError: the bytes hold no entry.
        ClientError: it does not hold, or is another one.
    """
    fields = _read(raw)
    try:
        return _shown(fields, position, settings)
    except UnsoundError as error:
        raise ClientError(f"do not believe this answer: {error}") from error


def _shown(fields: dict[str, Any], position: int, settings: Settings) -> Shown:
    own = read_base64(fields.get("entry"), "entry")
    entry = parse_entry(own)
    if entry.position != position:
        raise UnsoundError(entry.position, f"position {position} was asked for")
    told = listed(fields, "parts") or []
    absent = check_parts(entry, told)
    parts = {
        text(part, "name"): read_base64(part["bytes"], "bytes")
        for part in told if text(part, "name") not in absent
    }  # fmt: skip
    return Shown(entry, parts, tuple(absent), tuple(_proof_lines(own, fields, settings)))


def _proof_lines(entry: bytes, fields: dict[str, Any], settings: Settings) -> list[str]:
    try:
        log = TrustStore(settings.config).of_address(settings.url, settings.ledger)
    except UncheckedError as error:
        return [f"not checked: {error.reason}"]
    if log is None:
        return ["not checked: no key is trusted for this ledger (pipeledger trust add)"]
    proof = parse_proof(read_base64(fields.get("proof"), "proof"))
    checkpoint = check_proof(entry, proof, log).checkpoint
    return [
        f"signed by {log.origin}, and included in its {checkpoint.size} entries",
        f"root {checkpoint.root.hex()}",
        "entry, proof and checkpoint were checked by this program with the keys that are pinned",
    ]


def _read(raw: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise AwayError("what answered is no ledger: no JSON") from error
    if not isinstance(fields, dict) or not {"entry", "proof"} <= fields.keys():
        raise AwayError("what answered is no ledger: no entry with its proof")
    return fields
