"""Public keys of emitters: what an event's own envelope is verified with.

Ed25519 (RFC 8032) and ECDSA over P-256 with SHA-256, its signature in DER as envelopes carry it.
Keys that anybody could sign for are refused when they are enrolled, not when they are used.

OpenSSL reads the forms these keys come in, so it verifies as well. On signatures made to divide
verifiers (S plus the group's order, a commitment with a torsion part) it measured the same answers
as the library behind `domain.log.key`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
    load_pem_public_key,
)

from domain.errors import RefusedError, TooLargeError
from domain.log.key import check_public_key

MAX_KEY_FILE = 8192
_HASH = ECDSA(SHA256())


@dataclass(frozen=True, slots=True)
class EmitterKey:
    """An emitter's public key.

    Attributes:
        spki: SubjectPublicKeyInfo in DER, as the key is kept.
        kind: `ed25519` or `ecdsa-p256`.
        key_id: `sha256:` and the hexadecimal SHA-256 of `spki`.
    """

    spki: bytes
    kind: str
    key_id: str
    _key: Ed25519PublicKey | EllipticCurvePublicKey = field(repr=False, compare=False)

    @classmethod
    def parse(cls, raw: bytes) -> EmitterKey:
        """The key in these bytes: PEM or DER of a SubjectPublicKeyInfo.

        Raises:
            RefusedError: no public key, another kind, or one that anybody could sign for.
            TooLargeError: over 8 KiB.
        """
        if len(raw) > MAX_KEY_FILE:
            raise TooLargeError("public key", f"at most {MAX_KEY_FILE} bytes")
        load = load_pem_public_key if raw.lstrip().startswith(b"-----") else load_der_public_key
        try:
            return cls._of(load(raw))
        except (ValueError, UnsupportedAlgorithm) as error:
            raise RefusedError("public key", "no public key in PEM or DER") from error

    @classmethod
    def ed25519(cls, public: bytes) -> EmitterKey:
        """The Ed25519 key of these 32 bytes.

        Raises:
            RefusedError: one that anybody could sign for, or not 32 bytes.
        """
        return cls._of(Ed25519PublicKey.from_public_bytes(check_public_key(public)))

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Whether `signature` is this key's signature of `message`."""
        try:
            if isinstance(self._key, Ed25519PublicKey):
                self._key.verify(signature, message)
            else:
                self._key.verify(signature, message, _HASH)
        except InvalidSignature:
            return False
        return True

    @classmethod
    def _of(cls, key: object) -> EmitterKey:
        if isinstance(key, Ed25519PublicKey):
            check_public_key(key.public_bytes_raw())
            kind = "ed25519"
        elif isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
            kind = "ecdsa-p256"
        else:
            raise RefusedError("public key", "expected Ed25519 or ECDSA over P-256")
        spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return cls(spki, kind, f"sha256:{sha256(spki).hexdigest()}", key)
