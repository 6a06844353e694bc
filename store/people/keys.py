"""Keys of persons: random, wrapped by a key-encryption key, never derived (design section 2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import GCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from domain.errors import DamageError, SettingError
from store.files import make_folder, write_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from domain.log.key import Entropy

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
_FILES: Final = ("wrapping.key", "register.key", "sealing.key")


@dataclass(frozen=True, slots=True, repr=False)
class RegisterKeys:
    """Secrets of one ledger's register.

    Attributes:
        wrapping: wraps the keys of persons.
        register: makes the digests by which accounts are found.
        sealing: seals what concerns nobody in particular.
    """

    wrapping: bytes
    register: bytes
    sealing: bytes

    @property
    def session(self) -> bytes:
        """Signs the sessions of people who look at the console."""
        info = b"pipeledger/session/v1"
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=info).derive(self.sealing)

    @classmethod
    def create(cls, folder: Path, entropy: Entropy) -> RegisterKeys:
        """Make those that are missing; existing ones stay."""
        make_folder(folder)
        for name in _FILES:
            if not (folder / name).exists():
                write_file(folder / name, entropy(KEY_BYTES))
        return cls.load(folder)

    @classmethod
    def load(cls, folder: Path) -> RegisterKeys:
        """The secrets that lie in a folder.

        Raises:
            SettingError: one is missing or no key.
        """
        found = []
        for name in _FILES:
            try:
                key = (folder / name).read_bytes()
            except OSError as error:
                raise SettingError(f"{folder / name} cannot be read: {error.strerror}") from error
            if len(key) != KEY_BYTES:
                raise SettingError(f"{folder / name} has {len(key)} bytes, not {KEY_BYTES}")
            found.append(key)
        return cls(*found)


def encrypt(key: bytes, body: bytes, aad: bytes, entropy: Entropy) -> bytes:
    """AES-256-GCM: nonce and ciphertext."""
    nonce = entropy(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, body, aad)


def encrypt_pieces(
    key: bytes, pieces: Iterable[bytes], aad: bytes, entropy: Entropy
) -> Iterator[bytes]:
    """The same bytes as `encrypt` gives, piece by piece."""
    nonce = entropy(NONCE_BYTES)
    cipher = Cipher(AES(key), GCM(nonce)).encryptor()
    cipher.authenticate_additional_data(aad)
    yield nonce
    for piece in pieces:
        yield cipher.update(piece)
    yield cipher.finalize()
    yield cipher.tag


def decrypt(key: bytes, sealed: bytes, aad: bytes) -> bytes:
    """The body.

    Raises:
        DamageError: another key, other bytes, or bound to something else.
    """
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], aad)
    except (InvalidTag, ValueError) as error:
        raise DamageError(None, "sealed bytes do not open: altered, or of another key") from error


def joint_key(keys: Sequence[bytes]) -> bytes:
    """One key that needs all of these random keys: destroying any destroys it."""
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"pipeledger/seal/v1").derive(b"".join(keys))
