"""Keys: their names and lines, and keys that anybody could sign for."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from nacl import bindings

from domain.errors import RefusedError
from domain.log.key import SigningKey, VerifierKey, check_key_name, check_public_key, parse_vkey
from domain.log.wire import write_base64

NOTE_VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
KEY = SigningKey("ledger.example/a", bytes(range(32)))
ORDER = 2**252 + 27742317777372353535851937790883648493
PRIME = 2**255 - 19
ORDER_8 = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"

LOW_ORDER = [
    "01" + "00" * 31,                # 1: accepts one fixed signature for every message
    "01" + "00" * 30 + "80",         # the same with the sign bit
    "00" * 32,                       # order 4
    "00" * 31 + "80",
    "ec" + "ff" * 30 + "7f",         # order 2
    "ec" + "ff" * 31,
    ORDER_8,
    ORDER_8[:-2] + "85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
]  # fmt: skip
NOT_CANONICAL = [
    (PRIME + offset + sign).to_bytes(32, "little").hex()
    for offset in range(19)
    for sign in (0, 2**255)
]


@pytest.mark.parametrize("raw", LOW_ORDER)
def test_a_key_of_low_order_is_refused(raw: str) -> None:
    """Whoever enrols such a key lets anybody sign."""
    with pytest.raises(RefusedError, match="public key"):
        VerifierKey("a", bytes.fromhex(raw))


@pytest.mark.parametrize("raw", NOT_CANONICAL)
def test_a_second_spelling_of_a_key_is_refused(raw: str) -> None:
    """All y of p and more are refused, whatever point they would name."""
    with pytest.raises(RefusedError, match="canonical"):
        check_public_key(bytes.fromhex(raw))


def test_a_key_with_a_part_of_low_order_is_refused() -> None:
    """A key plus a point of order 8 verifies here and not there, so it is refused."""
    mixed = bindings.crypto_core_ed25519_add(KEY.verifier.public, bytes.fromhex(ORDER_8))
    with pytest.raises(RefusedError, match="prime order"):
        check_public_key(mixed)


@pytest.mark.parametrize("raw", ["", "02" + "00" * 31, "aa" * 31, "aa" * 33])
def test_what_is_no_point_is_no_key(raw: str) -> None:
    """Other lengths and points off the curve are refused."""
    with pytest.raises(RefusedError, match="public key"):
        check_public_key(bytes.fromhex(raw))


@given(st.binary(min_size=32, max_size=32))
def test_any_32_bytes_are_a_key_or_refused(raw: bytes) -> None:
    """No other error comes out."""
    try:
        check_public_key(raw)
    except RefusedError as error:
        assert error.place == "public key"  # noqa: PT017 - both outcomes are right


def test_the_known_signature_verifies() -> None:
    """The example of the signed note's specification."""
    key = parse_vkey(NOTE_VKEY)
    assert key.name == "example.com/foo"
    assert key.hash.hex() == "530d903a"
    assert str(key) == NOTE_VKEY


def test_another_library_verifies_our_signatures() -> None:
    """Signatures are those of RFC 8032, byte for byte."""
    theirs = Ed25519PrivateKey.from_private_bytes(KEY.seed)
    for length in (0, 1, 700, 70_000):
        message = bytes(length)
        assert KEY.sign(message) == theirs.sign(message)
        assert KEY.verifier.verify(message, theirs.sign(message))


def test_a_signature_has_one_encoding() -> None:
    """S plus the order of the group is refused, and so are other lengths."""
    signature = KEY.sign(b"x")
    assert KEY.verifier.verify(b"x", signature)
    second = int.from_bytes(signature[32:], "little") + ORDER
    assert not KEY.verifier.verify(b"x", signature[:32] + second.to_bytes(32, "little"))
    for other in (b"", signature[:63], signature + b"\0", b"\0" + signature[:63]):
        assert not KEY.verifier.verify(b"x", other)


@given(st.binary(max_size=100), st.integers(0, 511))
def test_a_changed_signature_or_message_does_not_verify(message: bytes, bit: int) -> None:
    """Each bit of the signature counts, and each byte of the message."""
    signature = KEY.sign(message)
    changed = (int.from_bytes(signature) ^ (1 << bit)).to_bytes(64)
    assert KEY.verifier.verify(message, signature)
    assert not KEY.verifier.verify(message, changed)
    assert not KEY.verifier.verify(message + b"\0", signature)


def test_bytes_do_not_move_between_signature_and_message() -> None:
    """A longer signature is not the beginning of the message."""
    signature = KEY.sign(b"xyz")
    assert not KEY.verifier.verify(b"yz", signature + b"x")


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\tb", "a\n", "a\u00a0b", "a\u2028b", "a\0",
                                  "a\u3000", "a\x85", "a" * 233, "\ud800"])  # fmt: skip
def test_a_name_that_cannot_stand_in_a_note_is_refused(name: str) -> None:
    """Plus signs, all white space and unprintable characters are refused."""
    with pytest.raises(RefusedError, match="key name"):
        check_key_name(name)


def test_a_name_may_have_232_characters_and_is_looked_at_in_every_key() -> None:
    """As the largest that an entry can hold."""
    for made in (SigningKey("a" * 232, bytes(32)), VerifierKey("a" * 232, KEY.verifier.public)):
        assert made.name == "a" * 232
    for make in (lambda: SigningKey("a b", bytes(32)),
                 lambda: VerifierKey("a b", KEY.verifier.public)):  # fmt: skip
        with pytest.raises(RefusedError, match="key name"):
            make()


def test_a_key_is_refused_for_what_is_wrong_with_it() -> None:
    """The greatest encoding is one of a key, though of none that is safe; a hash has 8 digits."""
    with pytest.raises(RefusedError, match="no point of prime order"):
        check_public_key((PRIME - 1).to_bytes(32, "little"))
    assert check_public_key(KEY.verifier.public) == KEY.verifier.public
    with pytest.raises(RefusedError, match="8 lower-case hexadecimal digits"):
        parse_vkey(f"a+{KEY.hash.hex().upper()}+{write_base64(KEY.verifier.public)}")


GOOD = write_base64(b"\x01" + KEY.verifier.public)
HASH = KEY.hash.hex()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ledger.example/a",
        f"ledger.example/a+{HASH}",
        f"+{HASH}+{GOOD}",
        f"ledger.example/b+{HASH}+{GOOD}",
        f"ledger.example/a+{HASH[:7]}+{GOOD}",
        f"ledger.example/a+{HASH.upper()}+{GOOD}",
        f"ledger.example/a+00000000+{GOOD}",
        f"ledger.example/a+{HASH}+{GOOD}\n",
        f"ledger.example/a+{HASH}+{GOOD[:-1]}",
        f"ledger.example/a+{HASH}+",
        f"ledger.example/a+{HASH}+AQ==",
        f"ledger.example/a+{HASH}+{write_base64(bytes([4]) + KEY.verifier.public)}",
        f"ledger.example/a+{HASH}+{write_base64(bytes([1]) + KEY.verifier.public + bytes(1))}",
        f"ledger.example/a+{HASH}+{write_base64(bytes([1, 1]) + bytes(31))}",
        f"ledger example/a+{HASH}+{GOOD}",
    ],
)
def test_a_malformed_vkey_is_refused(text: str) -> None:
    """Name, hash and key must each be right and belong together."""
    with pytest.raises(RefusedError):
        parse_vkey(text)


@given(st.binary(min_size=32, max_size=32))
def test_every_key_is_read_as_it_is_written(seed: bytes) -> None:
    """Vkeys whose base64 holds a plus sign come back as well."""
    key = SigningKey("ledger.example/a", seed)
    assert parse_vkey(key.verifier.vkey()) == key.verifier
    assert key.seed == seed


@given(st.text(max_size=80))
def test_any_text_is_a_vkey_or_refused(text: str) -> None:
    """No other error comes out."""
    for candidate in (text, f"a+{HASH}+{text}", f"{text}+{HASH}+{GOOD}"):
        try:
            key = parse_vkey(candidate)
        except RefusedError:
            continue
        assert key.vkey() == candidate


def test_one_key_has_another_id_under_another_name() -> None:
    """The key hash binds the name, so a log's key cannot pass as its intake's."""
    assert SigningKey("b", KEY.seed).hash != KEY.hash
    assert KEY.id == KEY.key_id == KEY.verifier.key_id == f"ledger.example/a+{HASH}"


def test_a_key_comes_back_of_its_seed() -> None:
    """The same key, whoever kept it."""
    assert SigningKey.from_seed("ledger.example/a", KEY.seed).id == KEY.id


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_seed_of_another_length_is_refused(length: int) -> None:
    """A seed has 32 bytes."""
    with pytest.raises(RefusedError, match="seed"):
        SigningKey("a", bytes(length))


def test_a_key_does_not_show_its_secret() -> None:
    """Text forms, as logs and tracebacks hold them, name the key only."""
    for text in (repr(KEY), str(KEY), f"{KEY}"):
        assert text == f"SigningKey('ledger.example/a+{HASH}')"
