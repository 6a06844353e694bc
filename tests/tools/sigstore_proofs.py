"""Checks proof files with sigstore's own code: `sigstore_proofs.py VKEY FOLDER`.

Runs in the environment of `sigstore.txt`. The folder holds `<number>.tlog-proof` and, for each,
`<number>.entry`. Of sigstore it uses how Rekor's checkpoints and inclusion proofs are verified;
what is ours is taking the lines of a proof file apart. An error and exit status 1: refused.
"""

from __future__ import annotations

import base64
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sigstore._internal.merkle import verify_merkle_inclusion
from sigstore._internal.rekor.checkpoint import SignedCheckpoint
from sigstore._internal.trust import Keyring, RekorKeyring
from sigstore._utils import KeyID
from sigstore_models.common.v1 import PublicKey, PublicKeyDetails

if TYPE_CHECKING:
    from collections.abc import Sequence


def check(vkey: str, proof: str, entry: bytes) -> None:
    """Check one proof of one entry; whatever is raised refuses it."""
    name, key_hash, encoded = vkey.split("+", 2)
    raw = base64.b64decode(encoded, validate=True)
    if raw[0] != 1:
        raise ValueError("not an Ed25519 key")
    public = Ed25519PublicKey.from_public_bytes(raw[1:])
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    key = PublicKey(
        raw_bytes=base64.b64encode(der), key_details=PublicKeyDetails.PKIX_ED25519
    )  # fmt: skip
    head, _, note = proof.partition("\n\n")
    signed = SignedCheckpoint.from_text(note)
    signed.signed_note.verify(RekorKeyring(Keyring([key])), KeyID(bytes.fromhex(key_hash)))
    if signed.checkpoint.origin != name:
        raise ValueError("a checkpoint of another log")
    first, index, *hashes = head.split("\n")
    if first != "c2sp.org/tlog-proof@v1":
        raise ValueError("not a proof file")
    inclusion = SimpleNamespace(
        log_index=int(index.removeprefix("index ")),
        tree_size=signed.checkpoint.log_size,
        root_hash=bytes.fromhex(signed.checkpoint.log_hash),
        hashes=[base64.b64decode(line, validate=True) for line in hashes],
    )
    inner: Any = SimpleNamespace(canonicalized_body=entry, inclusion_proof=inclusion)
    verify_merkle_inclusion(SimpleNamespace(_inner=inner))


def main(words: Sequence[str]) -> int:
    """Check every proof of a folder; the exit status."""
    vkey, folder = words
    files = sorted(Path(folder).glob("*.tlog-proof"))
    for file in files:
        check(vkey, file.read_text(), file.with_suffix(".entry").read_bytes())
    sys.stdout.write(f"accepted: {len(files)} proofs\n")
    return 0 if files else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
