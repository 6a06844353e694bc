"""Keys of emitters: the two kinds there are, in the forms they come in, and no unsafe one."""

from __future__ import annotations

from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from domain.errors import RefusedError, TooLargeError
from domain.log.emitter import EmitterKey

EDWARDS = Ed25519PrivateKey.from_private_bytes(bytes([1]) * 32)
CURVE = ec.derive_private_key(7, ec.SECP256R1())
Public = ec.EllipticCurvePrivateKey | Ed25519PrivateKey | X25519PrivateKey


def spki(key: Public, encoding: Encoding = Encoding.DER) -> bytes:
    """Its public half."""
    return key.public_key().public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize(
    ("key", "kind"), [(EDWARDS, "ed25519"), (CURVE, "ecdsa-p256")], ids=["ed25519", "ecdsa-p256"]
)
def test_a_key_is_read_in_either_form(key: Public, kind: str) -> None:
    """It has one name, whatever form it came in; white space before PEM is none of it."""
    read = EmitterKey.parse(spki(key))
    assert (read.kind, read.spki) == (kind, spki(key))
    assert read.key_id == f"sha256:{sha256(spki(key)).hexdigest()}"
    pem = spki(key, Encoding.PEM)
    assert EmitterKey.parse(b" \n" + pem) == read
    assert EmitterKey.parse(pem + b"\n" * (8192 - len(pem))) == read
    with pytest.raises(TooLargeError, match="at most 8192 bytes"):
        EmitterKey.parse(pem + b"\n" * (8193 - len(pem)))


def test_a_key_of_32_bytes_is_the_same_key() -> None:
    """As configurations hold it."""
    raw = EDWARDS.public_key().public_bytes_raw()
    assert EmitterKey.ed25519(raw) == EmitterKey.parse(spki(EDWARDS))
    for wrong in (raw[:31], b"\x01" + bytes(31)):
        with pytest.raises(RefusedError, match="public key"):
            EmitterKey.ed25519(wrong)


def test_its_own_signatures_verify() -> None:
    """And no others."""
    edwards, curve = EmitterKey.parse(spki(EDWARDS)), EmitterKey.parse(spki(CURVE))
    signature = CURVE.sign(b"x", ec.ECDSA(SHA256()))
    assert edwards.verify(b"x", EDWARDS.sign(b"x"))
    assert curve.verify(b"x", signature)
    assert not edwards.verify(b"y", EDWARDS.sign(b"x"))
    assert not curve.verify(b"y", signature)
    assert not curve.verify(b"x", EDWARDS.sign(b"x"))


LOW_ORDER = spki(EDWARDS)[:-32] + b"\x01" + bytes(31)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "no public key in PEM or DER"),
        (b"-----BEGIN PUBLIC KEY-----\n", "no public key in PEM or DER"),
        (spki(EDWARDS)[:-1], "no public key in PEM or DER"),
        (spki(ec.derive_private_key(7, ec.SECP384R1())), "expected Ed25519 or ECDSA over P-256"),
        (spki(X25519PrivateKey.from_private_bytes(bytes(32))), "expected Ed25519 or ECDSA"),
        (LOW_ORDER, "no point of prime order"),
    ],
    ids=["nothing", "a heading", "cut off", "P-384", "X25519", "a key of low order"],
)
def test_what_is_no_key_of_an_emitter_is_refused(raw: bytes, reason: str) -> None:
    """When it is enrolled."""
    with pytest.raises(RefusedError, match=reason):
        EmitterKey.parse(raw)
