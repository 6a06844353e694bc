"""Trusted public keys: Ed25519, written as C2SP verifier keys.

vkey = <name> + <8 hex of the key hash> + <base64 of 0x01 || public key>
key hash = SHA-256(name LF 0x01 || public key)[:4]
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

from pipeledger.verifier.wire import UnsoundError, VerifierError, read_base64

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ED25519 = 0x01
_KEY_NAME = re.compile(r"[!-*,-~]{1,232}")
_FIELD = 2**255 - 19
# The y coordinates of the eight points of small order: whoever offers one of them as a key has
# one signature that fits every message.
_ORDER_EIGHT = 2707385501144840649318225287225658788936804267575313519463743609750303021
_SMALL_ORDER = frozenset({0, 1, _FIELD - 1, _ORDER_EIGHT, _FIELD - _ORDER_EIGHT})


class MissingLibraryError(VerifierError):
    """The library `cryptography` is not installed."""


@dataclass(frozen=True)
class TrustedKey:
    """A public key that is believed.

    Attributes:
        name: name of the key: the origin for a log's key, `<origin>/intake` for its intake key.
        key_hash: the 4 bytes that tell keys of one name apart.
        public: the 32 bytes of the key.
        first: position from which on it is valid; for a log's key a size of its checkpoints.
        last: up to which, or None while it has no end.
    """

    name: str
    key_hash: bytes
    public: bytes
    _key: Ed25519PublicKey = field(repr=False, compare=False)
    first: int = 1
    last: int | None = None

    @classmethod
    def parse(cls, vkey: str) -> TrustedKey:
        """The key of this text.

        Raises:
            UnsoundError: not a verifier key, or a key that anybody could sign for.
            MissingLibraryError: no cryptography to check signatures with.
        """
        name, _, rest = vkey.partition("+")
        digits, _, encoded = rest.partition("+")
        if _KEY_NAME.fullmatch(name) is None:
            raise UnsoundError(None, "key: expected name+hash+base64")
        raw = read_base64(encoded, f"key {name}")
        if len(raw) != 33 or raw[0] != ED25519:  # noqa: PLR2004 - the type byte and 32 bytes
            raise UnsoundError(None, f"key {name}: not an Ed25519 key")
        key = cls.of(name, raw)
        if digits != key.key_hash.hex():
            raise UnsoundError(None, f"key {name}: the hash in it is not the key's")
        return key

    @classmethod
    def of(cls, name: str, raw: bytes) -> TrustedKey:
        """The key of this name, from type byte and public key.

        Raises:
            UnsoundError: a key that anybody could sign for.
            MissingLibraryError: no cryptography to check signatures with.
        """
        if len(raw) != 33:  # noqa: PLR2004 - the type byte and 32 bytes
            raise UnsoundError(None, f"key {name}: not an Ed25519 key")
        digest = sha256(name.encode() + b"\n" + raw).digest()[:4]
        coordinate = int.from_bytes(raw[1:], "little") & (2**255 - 1)
        if coordinate >= _FIELD or coordinate in _SMALL_ORDER:
            raise UnsoundError(None, f"key {name}: a key that anybody could sign for")
        return cls(name, digest, raw[1:], _load(raw[1:]))

    def valid(self, at: int) -> bool:
        """Whether it may sign at this position or size."""
        return self.first <= at and (self.last is None or at <= self.last)

    def check(self, at: int) -> None:
        """Refuse what it signed where it is not valid.

        Raises:
            UnsoundError: it is not valid there.
        """
        if not self.valid(at):
            end = "now" if self.last is None else self.last
            raise UnsoundError(
                at, f"the key {self.key_id} signs outside its range, {self.first} to {end}"
            )

    @property
    def key_id(self) -> str:
        """Name and hash joined by `+`, as entries name the keys that signed them."""
        return f"{self.name}+{self.key_hash.hex()}"

    @property
    def vkey(self) -> str:
        """The key as the text that `parse` reads."""
        encoded = base64.b64encode(bytes([ED25519]) + self.public).decode()
        return f"{self.key_id}+{encoded}"

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Whether `signature` is this key's signature of `message`."""
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - slow to import

        try:
            self._key.verify(signature, message)
        except InvalidSignature:
            return False
        return True


def fingerprint_of(vkeys: Iterable[str]) -> str:
    """What people compare: `sha256:` and SHA-256 of the vkeys, sorted and joined by LF."""
    return "sha256:" + sha256("\n".join(sorted(vkeys)).encode()).hexdigest()


def _load(public: bytes) -> Ed25519PublicKey:
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 - slow
            Ed25519PublicKey,
        )
    except ImportError as error:
        raise MissingLibraryError(
            "signatures need the Python package cryptography, which is not installed here"
        ) from error
    return Ed25519PublicKey.from_public_bytes(public)
