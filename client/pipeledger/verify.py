"""`pipeledger verify`: a ledger by its address, or files that were taken from one."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import TYPE_CHECKING, Any

from pipeledger.checking import (
    Checkpoint,
    Entry,
    Proof,
    Trust,
    Walk,
    check_parts,
    check_proof,
    check_signatures,
    leaf_hash,
    open_checkpoint,
    read_entry,
)
from pipeledger.errors import ConfigurationError, RefusedError, UnsoundError
from pipeledger.http import request
from pipeledger.settings import ledger_address
from pipeledger.trust import fetch_keys

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeledger.settings import Settings
    from pipeledger.trust import TrustStore

PAGE = 1000
MAX_FILE = 256 * 1024 * 1024


def verify_url(url: str, settings: Settings, store: TrustStore) -> str:
    """Verify a whole ledger by its address.

    Returns:
        One line for people.

    Raises:
        UnsoundError: names the first bad position.
        ConfigurationError: the log's keys are not pinned; says the fingerprint and what to run.
    """
    base = ledger_address(url, settings.ledger)
    offered = fetch_keys(base)
    trust = store.find(offered.origin)
    if trust is None:
        raise ConfigurationError(
            f"the keys of {offered.origin} are not trusted yet. Compare the fingerprint "
            f"{offered.fingerprint} with one you got another way, then run: "
            f"pipeledger trust add {url} --fingerprint {offered.fingerprint}"
        )
    note = request("GET", f"{base}/log/checkpoint", token=settings.token).body
    checkpoint = open_checkpoint(note, trust)
    before = store.seen(trust.origin)
    if before is not None and checkpoint.size < before.size:
        raise UnsoundError(
            f"position {checkpoint.size + 1}: the ledger had {before.size} entries when it was "
            f"verified before and has {checkpoint.size} now"
        )
    walk = Walk(trust)
    for raw, parts in _entries(base, settings.token, checkpoint.size):
        walk.step(raw, parts)
        if before is not None and walk.tree.size == before.size:
            _same(walk, before, "the entries that were verified before are not the same any more")
    if walk.tree.size < checkpoint.size:
        raise UnsoundError(f"position {walk.tree.size + 1}: the server does not give this entry")
    _same(walk, checkpoint, "the entries are not those of the signed checkpoint")
    store.remember(trust.origin, checkpoint)
    withheld = f", {walk.withheld} parts redacted or not shown" if walk.withheld else ""
    return f"sound: {checkpoint.size} entries of {trust.origin}{withheld}"


def verify_file(path: Path, store: TrustStore, entry: Path | None) -> str:
    """Verify what was saved of a ledger: bundle, receipt, checkpoint or proof file.

    Raises:
        UnsoundError: it does not hold.
        ConfigurationError: it is nothing that can be verified, or trust is missing.
    """
    raw = _read(path)
    if raw.startswith(b"c2sp.org/tlog-proof@"):
        if entry is None:
            raise ConfigurationError("a proof is for an entry: give its bytes with --entry FILE")
        return _verify_proof(read_entry(_read(entry)), raw, store)
    if raw.lstrip().startswith(b"{"):
        return _verify_json(raw, store)
    trust = _trust_of_note(raw, store)
    checkpoint = open_checkpoint(raw, trust)
    return f"sound: a checkpoint of {checkpoint.size} entries of {trust.origin}"


def _verify_json(raw: bytes, store: TrustStore) -> str:
    try:
        found = json.loads(raw)
        if "entry" in found and "proof" in found:
            entry = read_entry(b64decode(found["entry"], validate=True))
            said = _verify_proof(entry, b64decode(found["proof"], validate=True), store)
            missing = _check_parts(entry, _parts(found.get("parts", [])))
            gone = f"; redacted or not included: {', '.join(missing)}" if missing else ""
            return said + gone
        if "seq" in found and "ctx" in found:
            return _verify_receipt(found, store)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise UnsoundError("the file is damaged") from None
    raise ConfigurationError("this is neither a receipt nor an entry with its proof")


def _check_parts(entry: Entry, parts: list[dict[str, bytes | str]]) -> list[str]:
    try:
        return check_parts(entry, parts)
    except UnsoundError as error:
        raise UnsoundError(f"position {entry.position}: {error}") from None


def _verify_receipt(found: dict[str, Any], store: TrustStore) -> str:
    entry = read_entry(f"{found['seq']}\n{found['ctx']}".encode())
    note = found["checkpoint"].encode()
    trust = _trust_of_note(note, store)
    checkpoint = open_checkpoint(note, trust)
    check_signatures(entry, trust.intake)
    if leaf_hash(entry.raw).hex() != found["leaf"] or entry.position != found["position"]:
        raise UnsoundError(f"position {entry.position}: the receipt contradicts its entry")
    if not entry.position <= checkpoint.size:
        raise UnsoundError(f"position {entry.position}: the checkpoint does not cover it")
    return (
        f"sound: receipt of position {entry.position} of {trust.origin}, promised by a checkpoint "
        f"of {checkpoint.size} entries; that it is in the log, its proof shows"
    )


def _verify_proof(entry: Entry, raw: bytes, store: TrustStore) -> str:
    proof = Proof.parse(raw)
    trust = _trust_of_note(proof.note, store)
    checkpoint = check_proof(entry, proof, trust)
    kind = entry.ctx["type"]
    return (
        f"sound: position {entry.position} ({kind}) is in {trust.origin} "
        f"as of {checkpoint.size} entries"
    )


def _trust_of_note(note: bytes, store: TrustStore) -> Trust:
    origin = note.split(b"\n", 1)[0].decode("utf-8", "replace")
    # The origin only says which pinned keys to take; the signature then has to be theirs.
    trust = store.find(origin)
    if trust is None:
        raise ConfigurationError(
            f"the keys of {origin!r} are not trusted yet; run: "
            "pipeledger trust add URL --fingerprint FINGERPRINT"
        )
    return trust


def _entries(
    base: str, token: str | None, size: int
) -> Iterator[tuple[bytes, list[dict[str, bytes | str]] | None]]:
    after = 0
    while after < size:
        # Never beyond the checkpoint: what came later has no signed root yet.
        limit = min(PAGE, size - after)
        answer = request(
            "GET",
            f"{base}/entries?after={after}&limit={limit}",
            token=token,
            headers={"Accept": "application/x-ndjson"},
        )
        lines = [line for line in answer.body.split(b"\n") if line]
        if not lines:
            return
        for line in lines:
            try:
                found = json.loads(line)
                raw = b64decode(found["entry"], validate=True)
                parts = _parts(found["parts"]) if "parts" in found else None
            except (ValueError, TypeError, KeyError, RecursionError):
                raise RefusedError(f"the server's entry after {after} cannot be read") from None
            yield raw, parts
            after += 1


def _parts(found: list[dict[str, str]]) -> list[dict[str, bytes | str]]:
    return [
        {
            "name": part["name"],
            "salt": b64decode(part["salt"], validate=True),
            "bytes": b64decode(part["bytes"], validate=True),
        }
        for part in found
    ]


def _same(walk: Walk, checkpoint: Checkpoint, cause: str) -> None:
    if walk.tree.root() != checkpoint.root:
        raise UnsoundError(f"position {checkpoint.size}: {cause}")


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_FILE:
            raise ConfigurationError(f"{path} is larger than {MAX_FILE} bytes")
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from None
