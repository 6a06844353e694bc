"""Ed25519 keys of the log, named as signed notes name them (C2SP signed-note).

    key hash = SHA-256(name || LF || 0x01 || public key)[:4]
    key id   = <name>+<key hash, 8 hexadecimal digits>
    vkey     = <name>+<key hash, 8 hexadecimal digits>+<base64(0x01 || public key)>

The intake key, the log key and witness keys are different keys: one key for two purposes invites
a signature made for the one to be offered for the other.

Signing and verifying go through libsodium: for messages of our size it measured 59,000 signatures
and 24,000 verifications a second where OpenSSL made 43,000 and 14,000. Both release the
interpreter lock meanwhile. Beside a thread that computes without pause this has a price: after each
call the lock comes back only at the next switch (`sys.getswitchinterval`, 5 ms by default).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Protocol, TypeVar

from nacl import bindings
from nacl.exceptions import BadSignatureError

from domain.errors import RefusedError
from domain.log.wire import read_base64, write_base64

Entropy = Callable[[int], bytes]
"""Gives that many random bytes."""


class Hashed(Protocol):
    """A public key of any type that notes are signed with."""

    @property
    def hash(self) -> bytes:
        """4 bytes, derived from name, type and public key."""
        ...


Named = TypeVar("Named", bound=Hashed)

ED25519 = 0x01
"""Signature type byte of plain Ed25519 in signed notes."""
PUBLIC_KEY_BYTES = 32
SEED_BYTES = 32
SIGNATURE_BYTES = 64
MAX_KEY_NAME = 232

_FIELD_PRIME = 2**255 - 19
_SIGN_BIT = 1 << 255
_KEY_HASH = re.compile("[0-9a-f]{8}")


def check_key_name(name: str) -> None:
    """Refuse a name that no key may carry: empty, with white space or `+`, or unprintable.

    Raises:
        RefusedError: the name cannot stand in a signature line.
    """
    if not name or len(name) > MAX_KEY_NAME or "+" in name or not name.isprintable():
        raise RefusedError("key name", "expected a printable name without + and white space")
    if any(map(str.isspace, name)):
        raise RefusedError("key name", "white space cannot stand in a key's name")


def check_public_key(raw: bytes) -> bytes:
    """`raw` itself, if it is a public key that only its owner can sign for.

    A key of low order accepts fixed signatures for every message, and an encoding with y >= p
    names a key a second time (RFC 8032 section 5.1.3). Common libraries take both.

    Raises:
        RefusedError: wrong length, non-canonical, off the curve, or not of prime order.
    """
    if len(raw) != PUBLIC_KEY_BYTES:
        raise RefusedError("public key", f"expected {PUBLIC_KEY_BYTES} bytes, got {len(raw)}")
    if int.from_bytes(raw, "little") % _SIGN_BIT >= _FIELD_PRIME:
        raise RefusedError("public key", "this encoding is not the canonical one of its key")
    if not bindings.crypto_core_ed25519_is_valid_point(raw):
        raise RefusedError("public key", "this is no point of prime order: anybody could sign")
    return raw


def key_hash(name: str, kind: int, public: bytes) -> bytes:
    """The 4 bytes that stand before each signature (C2SP signed-note, key ID)."""
    return sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A named Ed25519 public key.

    Attributes:
        name: the key's name in signed notes.
        public: 32 bytes.
        hash: 4 bytes, derived from name and key.
        id: name and hash joined by `+`, as entries name the key.
    """

    name: str
    public: bytes
    hash: bytes = field(init=False)
    id: str = field(init=False)

    def __post_init__(self) -> None:
        check_key_name(self.name)
        check_public_key(self.public)
        digest = key_hash(self.name, ED25519, self.public)
        object.__setattr__(self, "hash", digest)
        object.__setattr__(self, "id", f"{self.name}+{digest.hex()}")

    @property
    def key_id(self) -> str:
        """The same as `id`."""
        return self.id

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Whether `signature` is this key's signature of `message`."""
        if len(signature) != SIGNATURE_BYTES:
            return False
        try:
            bindings.crypto_sign_open(signature + message, self.public)
        except BadSignatureError:
            return False
        return True

    def vkey(self) -> str:
        """The key as one line of text."""
        return f"{self.id}+{write_base64(bytes([ED25519]) + self.public)}"

    def __str__(self) -> str:
        return self.vkey()


def parse_vkey(text: str) -> VerifierKey:
    """The Ed25519 key that a vkey names.

    Raises:
        RefusedError: malformed, another algorithm, a hash that is not the key's, or a key
            that `check_public_key` refuses.
    """
    return read_vkey(text, _log_key)


def read_vkey(text: str, make: Callable[[str, int, bytes], Named]) -> Named:
    """The key of any type that a vkey names.

    Args:
        text: the vkey.
        make: the key of a name, a type byte and the public key.

    Raises:
        RefusedError: malformed, or a hash that is not the key's; besides, what `make` raises.
    """
    # The base64 may hold a `+` itself, so only the first two separate.
    name, _, rest = text.partition("+")
    stated, separator, encoded = rest.partition("+")
    if not separator:
        raise RefusedError("vkey", "expected name+hash+key")
    if _KEY_HASH.fullmatch(stated) is None:
        raise RefusedError("vkey", "expected a hash of 8 lower-case hexadecimal digits")
    raw = read_base64(encoded, "vkey")
    if not raw:
        raise RefusedError("vkey", "expected a type byte and a key")
    key = make(name, raw[0], raw[1:])
    if key.hash.hex() != stated:
        raise RefusedError("vkey", "the hash is not the one of this name and key")
    return key


def _log_key(name: str, kind: int, public: bytes) -> VerifierKey:
    if kind != ED25519:
        raise RefusedError("vkey", "expected an Ed25519 key (type byte 1)")
    return VerifierKey(name, public)


class SigningKey:
    """A named Ed25519 private key. Its text forms never show the secret.

    Attributes:
        name: the key's name in signed notes.
        verifier: the public half.
        id: name and hash joined by `+`.
        hash: 4 bytes, derived from name and public key.
    """

    __slots__ = ("_secret", "hash", "id", "name", "verifier")

    def __init__(self, name: str, seed: bytes) -> None:
        """Make a key of its seed.

        Args:
            name: the key's name.
            seed: 32 secret bytes (RFC 8032 section 5.1.5).

        Raises:
            RefusedError: the name or the seed's length is wrong.
        """
        if len(seed) != SEED_BYTES:
            raise RefusedError("seed", f"expected {SEED_BYTES} bytes, got {len(seed)}")
        public, self._secret = bindings.crypto_sign_seed_keypair(seed)
        self.verifier = VerifierKey(name, public)
        self.name = name
        self.id = self.verifier.id
        self.hash = self.verifier.hash

    @classmethod
    def from_seed(cls, name: str, seed: bytes) -> SigningKey:
        """The key of these 32 secret bytes; see the constructor."""
        return cls(name, seed)

    @property
    def key_id(self) -> str:
        """The same as `id`."""
        return self.id

    @property
    def seed(self) -> bytes:
        """The 32 secret bytes, for keeping the key."""
        return self._secret[:SEED_BYTES]

    def sign(self, message: bytes) -> bytes:
        """The 64 bytes of the signature of `message`; safe to call from several threads."""
        return bindings.crypto_sign(message, self._secret)[:SIGNATURE_BYTES]

    def __repr__(self) -> str:
        return f"SigningKey({self.id!r})"
