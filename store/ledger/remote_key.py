"""A log key that lies elsewhere: named by a URI, used through securesystemslib.

    file2:/path/key.pem      Ed25519, PKCS 8, not encrypted
    hv:NAME/VERSION          Ed25519 in the transit engine of HashiCorp Vault or OpenBao

A checkpoint has to bear an Ed25519 signature (C2SP tlog-tiles), and of the others that library
signs with ECDSA, RSA or ML-DSA only: they are refused by name rather than tried. Only the log key
can be such a key: it signs once a group of events, the intake key each event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from domain.errors import RefusedError, SettingError, UnavailableError
from domain.log.key import SigningKey, VerifierKey, parse_vkey

if TYPE_CHECKING:
    from collections.abc import Callable

    from securesystemslib.signer import Key, Signer, SSlibKey

T = TypeVar("T")
_SCHEMES: Final = ("file2", "hv")
_EXTRAS: Final = {"hv": "securesystemslib[vault]"}
_OTHER: Final = ("awskms", "gcpkms", "azurekms", "hsm", "gnupg", "tkey")


class RemoteKey(SigningKey):
    """The key behind a URI. Its public half is kept beside the URI, so that opening asks nobody.

    Attributes:
        uri: where it lies.
    """

    __slots__ = ("_signer", "uri")

    def __init__(self, uri: str, vkey: str) -> None:
        """Name a key; nothing is asked of whoever holds it.

        Raises:
            SettingError: no such kind of key.
            RefusedError: the public half is none.
        """
        check_uri(uri)
        self.uri = uri
        self._signer: Signer | None = None
        self.verifier = parse_vkey(vkey)
        self.name, self.id, self.hash = self.verifier.name, self.verifier.id, self.verifier.hash

    @classmethod
    def of(cls, uri: str, name: str) -> RemoteKey:
        """The key behind a URI, whose public half is asked for now.

        Args:
            uri: of the key.
            name: that it bears in signed notes.

        Raises:
            SettingError: no such kind of key, not installed, or no Ed25519 key.
            UnavailableError: whoever holds it does not answer.
        """
        check_uri(uri)
        public = bytes.fromhex(str(_asked(uri, lambda: _public(uri)).keyval["public"]))
        return cls(uri, VerifierKey(name, public).vkey())

    @property
    def seed(self) -> bytes:
        """Nobody has the secret bytes of such a key.

        Raises:
            SettingError: always.
        """
        raise SettingError(f"the key {self.id} lies in {self.uri}, not here")

    def sign(self, message: bytes) -> bytes:
        """The 64 bytes of the signature of `message`.

        Raises:
            UnavailableError: whoever holds the key does not sign, or with another key.
        """
        value = _asked(self.uri, lambda: self._sign(message))
        if not self.verifier.verify(message, value):
            raise UnavailableError(f"{self.uri} signed with another key than {self.id}")
        return value

    def _sign(self, message: bytes) -> bytes:
        from securesystemslib.signer import Signer  # noqa: PLC0415 - slow, and seldom needed

        if self._signer is None:
            key = _key(self.verifier.public)
            self._signer = Signer.from_priv_key_uri(self.uri, key)
        return bytes.fromhex(self._signer.sign(message).signature)


def check_uri(uri: str) -> None:
    """Refuse the URI of a key that cannot sign checkpoints.

    Raises:
        SettingError: it cannot.
    """
    scheme = uri.partition(":")[0]
    if scheme in _OTHER:
        raise SettingError(
            f"{scheme}: keys cannot sign checkpoints: these need Ed25519, which is not to be had "
            f"there; expected {': or '.join(_SCHEMES)}:"
        )
    if scheme not in _SCHEMES or uri == f"{scheme}:":
        raise SettingError(f"no URI of a key: expected {':... or '.join(_SCHEMES)}:...")


def _asked(uri: str, ask: Callable[[], T]) -> T:
    from securesystemslib.exceptions import UnsupportedLibraryError  # noqa: PLC0415 - as above

    try:
        return ask()
    except UnsupportedLibraryError as error:
        wanted = _EXTRAS.get(uri.partition(":")[0], "securesystemslib[crypto]")
        raise SettingError(f"the key {uri} needs: pip install '{wanted}'") from error
    except (SettingError, RefusedError):
        raise
    except Exception as error:
        # Each signer has errors of its own library: network, authentication, files.
        line = " ".join(str(error).split())[:200]
        raise UnavailableError(
            f"the signer {uri} does not answer ({type(error).__name__}: {line}); what was sent "
            "stands and is signed when it does"
        ) from error


def _public(uri: str) -> SSlibKey:
    from securesystemslib.signer import CryptoSigner, VaultSigner  # noqa: PLC0415 - as above

    scheme, _, rest = uri.partition(":")
    if scheme == "hv":
        name = rest.partition("/")[0]
        found, key = VaultSigner.import_(name)
        if found != uri:
            raise SettingError(f"expected hv:NAME/VERSION, the newest version being {found}")
    else:
        with open(rest, "rb") as file:  # noqa: PTH123 - a name from a URI
            private = load_pem_private_key(file.read(), None)
        if not isinstance(private, Ed25519PrivateKey):
            raise SettingError(f"{uri} holds no Ed25519 key")
        key = CryptoSigner(private).public_key
    if key.keytype != "ed25519":
        raise SettingError(f"{uri} is a key of kind {key.keytype}; checkpoints need Ed25519")
    return key


def _key(public: bytes) -> Key:
    from securesystemslib.signer import SSlibKey  # noqa: PLC0415 - as above

    return SSlibKey.from_crypto(Ed25519PublicKey.from_public_bytes(public))
