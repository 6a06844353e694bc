"""Cosignatures: what a witness signs, byte by byte, and what is no cosignature."""

from __future__ import annotations

import struct

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from domain.errors import DamageError, RefusedError, TooLargeError
from domain.log.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from domain.log.cosignature import (
    ML_DSA_44_COSIGNATURE,
    WitnessKey,
    WitnessSigner,
    cosignatures_of,
    parse_witness_vkey,
    with_lines,
)
from domain.log.key import SigningKey, key_hash
from domain.log.note import NoteSignature, parse_note
from domain.log.wire import read_base64, write_base64

LOG = SigningKey("log.example/a", bytes([7]) * 32)
WITNESS = WitnessSigner("witness.example/w1", bytes([8]) * 32)
TIME = 1_679_315_147
NOTE = sign_checkpoint(Checkpoint("log.example/a", 5, bytes(range(32))), [LOG])
TEXT = NOTE.decode().partition("\n\n")[0] + "\n"
COSIGNED = with_lines(NOTE, [WITNESS.cosign(TEXT, TIME)])
# The line of the specification's own example: its name and the four bytes that its key has.
EXAMPLE = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "\u2014 example.com/behind-the-sofa "
    "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    "\u2014 witness.example.com/w1 "
    "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIU"
    "BkBIfZ+qnA==\n"
)  # fmt: skip


def lines(note: bytes) -> tuple[NoteSignature, ...]:
    """The signature lines."""
    return parse_note(note)[1]


def test_the_signed_message_is_the_specifications() -> None:
    """Header, time, whole text: another library finds the signature under just these bytes."""
    line = lines(COSIGNED)[1]
    assert (line.name, line.hash) == ("witness.example/w1", WITNESS.verifier.hash)
    assert struct.unpack(">Q", line.value[:8]) == (TIME,)
    message = f"cosignature/v1\ntime {TIME}\n{TEXT}".encode()
    key = Ed25519PrivateKey.from_private_bytes(bytes([8]) * 32)
    assert line.value[8:] == key.sign(message)
    assert line.hash == key_hash("witness.example/w1", 4, key.public_key().public_bytes_raw())


def test_a_cosignature_is_found_with_its_time_and_the_log_still_verifies() -> None:
    """Lines of others are passed over; a line that stands there is not added again."""
    (found,) = cosignatures_of(COSIGNED, [WITNESS.verifier])
    assert (found.witness, found.time) == (WITNESS.verifier, TIME)
    assert open_checkpoint(COSIGNED, [LOG.verifier], "log.example/a").size == 5
    other = WitnessSigner("witness.example/w2", bytes([9]) * 32)
    assert cosignatures_of(COSIGNED, [other.verifier]) == ()
    assert with_lines(COSIGNED, [WITNESS.cosign(TEXT, TIME + 1)]) == COSIGNED


def test_the_specifications_example_is_read() -> None:
    """72 bytes after the key hash: its time is the one in the text around it."""
    line = lines(EXAMPLE.encode())[1]
    assert (line.name, len(line.value)) == ("witness.example.com/w1", 72)
    assert struct.unpack(">Q", line.value[:8]) == (TIME,)


def test_extension_lines_are_signed() -> None:
    """Whoever changes one finds no cosignature under it."""
    made = Checkpoint("log.example/a", 5, bytes(range(32)), ("extension",))
    note = sign_checkpoint(made, [LOG])
    line = WITNESS.cosign(made.encode(), TIME)
    assert len(cosignatures_of(with_lines(note, [line]), [WITNESS.verifier])) == 1
    with pytest.raises(DamageError):
        cosignatures_of(with_lines(NOTE, [line]), [WITNESS.verifier])


def altered(value: bytes) -> bytes:
    """The cosigned note with another payload after the witness's key hash."""
    line = NoteSignature(WITNESS.verifier.name, WITNESS.verifier.hash, value)
    return with_lines(NOTE, [line])


GOOD = WITNESS.cosign(TEXT, TIME).value


@pytest.mark.parametrize(
    "value",
    [
        struct.pack(">Q", TIME + 1) + GOOD[8:],
        GOOD[:-1],
        GOOD + b"\0",
        GOOD[:8],
        LOG.sign(TEXT.encode()),
        GOOD[8:],
        WitnessSigner("witness.example/w1", bytes([8]) * 32).cosign("x\n6\n", TIME).value,
        struct.pack(">Q", 2**63) + GOOD[8:],
    ],
    ids=[
        "time changed", "71 bytes", "73 bytes", "a time alone", "a plain signature of the log",
        "no time", "of another checkpoint", "a time past 2^63",
    ],
)  # fmt: skip
def test_a_line_of_a_known_witness_that_does_not_verify_is_damage(value: bytes) -> None:
    """It is not passed over: somebody forged it."""
    with pytest.raises(DamageError, match="cosignature of witness"):
        cosignatures_of(altered(value), [WITNESS.verifier])


def test_another_header_is_another_message() -> None:
    """The first line keeps cosignatures apart from whatever else the key might sign."""
    key = Ed25519PrivateKey.from_private_bytes(bytes([8]) * 32)
    signature = key.sign(f"cosignature/v2\ntime {TIME}\n{TEXT}".encode())
    with pytest.raises(DamageError):
        cosignatures_of(altered(struct.pack(">Q", TIME) + signature), [WITNESS.verifier])


def test_a_cosignature_of_one_size_is_none_of_the_next() -> None:
    """Moved to the checkpoint that came after, it does not verify."""
    later = sign_checkpoint(Checkpoint("log.example/a", 6, bytes(range(32))), [LOG])
    with pytest.raises(DamageError):
        cosignatures_of(with_lines(later, lines(COSIGNED)[1:]), [WITNESS.verifier])


def test_one_key_as_log_and_as_witness_has_two_hashes() -> None:
    """So a plain signature is never taken for a cosignature, nor the reverse."""
    twin = WitnessSigner("log.example/a", bytes([7]) * 32)
    assert twin.verifier.public == LOG.verifier.public
    assert twin.verifier.hash != LOG.verifier.hash
    assert cosignatures_of(NOTE, [twin.verifier]) == ()
    only = with_lines(NOTE, [twin.cosign(TEXT, TIME)])
    assert open_checkpoint(only, [LOG.verifier], "log.example/a").size == 5


def test_times_are_told_in_63_bits() -> None:
    """The last of them counts, the one after it does not, rightly signed as it may be."""
    key = Ed25519PrivateKey.from_private_bytes(bytes([8]) * 32)
    last = WITNESS.cosign(TEXT, 2**63 - 1)
    assert cosignatures_of(altered(last.value), [WITNESS.verifier])[0].time == 2**63 - 1
    signature = key.sign(f"cosignature/v1\ntime {2**63}\n{TEXT}".encode())
    with pytest.raises(DamageError):
        cosignatures_of(altered(struct.pack(">Q", 2**63) + signature), [WITNESS.verifier])
    assert not WITNESS.verifier.verify(TEXT.encode(), b"short")


def test_a_note_takes_no_more_lines_than_it_may_have() -> None:
    """They could not be read."""
    more = [WitnessSigner("w", number.to_bytes(32)).cosign(TEXT, 1) for number in range(1, 101)]
    assert len(lines(with_lines(NOTE, more[:99]))) == 100
    with pytest.raises(TooLargeError):
        with_lines(NOTE, more)


def test_the_post_quantum_form_is_verified() -> None:
    """Its message names cosigner, time, origin, range and root; another name is another message."""
    key = MLDSA44PrivateKey.from_seed_bytes(bytes([5]) * 32)
    name = "witness.example/pq"
    witness = WitnessKey(name, ML_DSA_44_COSIGNATURE, key.public_key().public_bytes_raw())

    def line(signed_name: str, time: int, root: bytes = bytes(range(32))) -> NoteSignature:
        message = b"subtree/v1\n\0" + bytes([len(signed_name)]) + signed_name.encode()
        message += struct.pack(">Q", time) + b"\x0dlog.example/a" + struct.pack(">QQ", 0, 5) + root
        value = struct.pack(">Q", time) + key.sign(message)
        return NoteSignature(name, witness.hash, value)

    (found,) = cosignatures_of(with_lines(NOTE, [line(name, TIME)]), [witness])
    assert (found.witness, found.time) == (witness, TIME)
    assert parse_witness_vkey(witness.vkey()) == witness
    assert read_base64(witness.vkey().split("+", 2)[2], "key")[0] == 6
    with pytest.raises(RefusedError, match="key name"):
        WitnessKey("a name", ML_DSA_44_COSIGNATURE, witness.public)
    for wrong in (line("witness.example/qp", TIME), line(name, 0), line(name, TIME, bytes(32))):
        with pytest.raises(DamageError):
            cosignatures_of(with_lines(NOTE, [wrong]), [witness])


@pytest.mark.parametrize(("length", "holds"), [(255, True), (256, False)])
def test_the_post_quantum_form_has_room_for_255_bytes_of_a_name(
    length: int, *, holds: bool
) -> None:
    """Of a longer origin there is no message, so nothing signs it."""
    key = MLDSA44PrivateKey.from_seed_bytes(bytes([5]) * 32)
    witness = WitnessKey("w", ML_DSA_44_COSIGNATURE, key.public_key().public_bytes_raw())
    origin = "o" * length
    message = b"subtree/v1\n\0\x01w" + struct.pack(">Q", TIME) + bytes([length % 256])
    message += origin.encode() + struct.pack(">QQ", 0, 5) + bytes(range(32))
    text = Checkpoint(origin, 5, bytes(range(32))).encode()
    value = struct.pack(">Q", TIME) + key.sign(message)
    assert witness.verify(text.encode(), value) is holds
    assert not witness.verify(text.encode(), value + b"\0")


def test_a_vkey_leads_to_its_key_and_back() -> None:
    """Also where the base64 has a plus sign in it."""
    for number in range(40):
        key = WitnessSigner("w", bytes([number]) * 32).verifier
        assert parse_witness_vkey(key.vkey()) == key
        assert str(key) == key.vkey()


VKEY = WITNESS.verifier.vkey()


@pytest.mark.parametrize(
    "text",
    [
        "", "w", "w+aabbccdd", VKEY + "=", VKEY.upper(), VKEY.replace("+", "+0", 1),
        VKEY.replace("w1", "w2"), LOG.verifier.vkey(), VKEY.rpartition("+")[0] + "+",
        "w 1" + VKEY[18:],
        f"w+{key_hash('w', 6, bytes(32)).hex()}+{write_base64(bytes([6]) + bytes(32))}",
        f"w+{key_hash('w', 4, bytes(32)).hex()}+{write_base64(bytes([4]) + bytes(32))}",
    ],
    ids=[
        "nothing", "a name", "no key", "padding", "upper case", "nine digits", "another name",
        "a log's key", "an empty key", "a space", "a short key", "a key of low order",
    ],
)  # fmt: skip
def test_what_is_no_vkey_of_a_witness_is_refused(text: str) -> None:
    """One value has one spelling."""
    with pytest.raises(RefusedError):
        parse_witness_vkey(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("w", r"expected name\+hash\+key"),
        ("w+aabbccdd", r"expected name\+hash\+key"),
        ("w+aabbccd+AAAA", "8 lower-case"),
        ("w+AABBCCDD+AAAA", "8 lower-case"),
        ("w+aabbccdd+", "a type byte and a key"),
        ("w+aabbccdd+AQ==", "type byte 4 or 6"),
    ],
)
def test_a_refused_vkey_of_a_witness_says_why(text: str, reason: str) -> None:
    """The first thing that is wrong."""
    with pytest.raises(RefusedError, match=reason):
        parse_witness_vkey(text)


def test_the_secret_is_never_shown() -> None:
    """Neither whole nor in part."""
    assert repr(WITNESS) == f"WitnessSigner('{WITNESS.verifier.id}')"
    assert read_base64(VKEY.split("+", 2)[2], "key")[0] == 4
    assert WITNESS.seed == bytes([8]) * 32
