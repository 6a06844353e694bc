"""Cosignatures (C2SP tlog-cosignature): a witness says which tree it saw, and when.

    key hash(signed-note) || timestamp, 8 bytes, big-endian || signature

    Ed25519, type 0x04:  the signed message is
        cosignature/v1 LF  time <decimal> LF  <the checkpoint's text, extension lines and all>
    ML-DSA-44, type 0x06:  the signed message is
        "subtree/v1" LF 0x00 || len || cosigner || timestamp u64 || len || origin
        || start u64 = 0 || end u64 = size || root

A cosignature states: at that time this was the largest tree of that origin that the witness had
seen, and it was consistent with every earlier one. The Ed25519 form does not name its signer, so
each witness needs a key of its own. We sign the first form; the second is verified.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from struct import Struct
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

from domain.errors import DamageError, RefusedError
from domain.log.checkpoint import Checkpoint
from domain.log.key import (
    SIGNATURE_BYTES,
    SigningKey,
    VerifierKey,
    check_key_name,
    key_hash,
    read_vkey,
)
from domain.log.note import NoteSignature, parse_note
from domain.log.wire import MAX_NUMBER, write_base64

if TYPE_CHECKING:
    from collections.abc import Iterable

ED25519_COSIGNATURE: Final = 0x04
"""Signature type byte of timestamped Ed25519 cosignatures."""
ML_DSA_44_COSIGNATURE: Final = 0x06
"""Signature type byte of timestamped ML-DSA-44 cosignatures."""
ML_DSA_44_PUBLIC_BYTES: Final = 1312
ML_DSA_44_SIGNATURE_BYTES: Final = 2420

_HEADER: Final = "cosignature/v1"
_LABEL: Final = b"subtree/v1\n\x00"
_LONGEST_OPAQUE: Final = 255
_time = Struct("!Q")
_range = Struct("!QQ")


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A cosignature that verified.

    Attributes:
        witness: the key it is of.
        time: when it was made, as the witness says: POSIX seconds.
        line: the signature line.
    """

    witness: WitnessKey
    time: int
    line: NoteSignature


@dataclass(frozen=True, slots=True)
class WitnessKey:
    """The public key of a witness, of either form.

    Attributes:
        name: its name in signed notes.
        kind: ED25519_COSIGNATURE or ML_DSA_44_COSIGNATURE.
        public: 32 or 1,312 bytes.
        hash: 4 bytes, derived from name, kind and key.
        id: name and hash joined by `+`.
    """

    name: str
    kind: int
    public: bytes
    hash: bytes = field(init=False)
    id: str = field(init=False)

    def __post_init__(self) -> None:
        check_key_name(self.name)
        if self.kind == ED25519_COSIGNATURE:
            # The rules of a log's key hold for a witness's: no low order, one spelling.
            VerifierKey(self.name, self.public)
        elif self.kind != ML_DSA_44_COSIGNATURE:
            raise RefusedError("vkey", "expected a witness's key (type byte 4 or 6)")
        elif len(self.public) != ML_DSA_44_PUBLIC_BYTES:
            raise RefusedError("public key", f"expected {ML_DSA_44_PUBLIC_BYTES} bytes")
        digest = key_hash(self.name, self.kind, self.public)
        object.__setattr__(self, "hash", digest)
        object.__setattr__(self, "id", f"{self.name}+{digest.hex()}")

    def vkey(self) -> str:
        """The key as one line of text."""
        return f"{self.id}+{write_base64(bytes([self.kind]) + self.public)}"

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Whether `signature`, after the key hash, is this witness's for a checkpoint's text."""
        timed = self.kind == ED25519_COSIGNATURE
        length = SIGNATURE_BYTES if timed else ML_DSA_44_SIGNATURE_BYTES
        if len(signature) != _time.size + length:
            return False
        (time,) = _time.unpack_from(signature)
        raw = signature[_time.size :]
        if time > MAX_NUMBER:
            return False
        if timed:
            return VerifierKey(self.name, self.public).verify(_timed(message, time), raw)
        return time != 0 and self._post(message, time, raw)

    def _post(self, message: bytes, time: int, raw: bytes) -> bool:
        try:
            checkpoint = Checkpoint.parse(message.decode())
            signed = _subtree(self.name, time, checkpoint)
            MLDSA44PublicKey.from_public_bytes(self.public).verify(raw, signed)
        except (RefusedError, InvalidSignature):
            return False
        return True

    def __str__(self) -> str:
        return self.vkey()


class WitnessSigner:
    """The private key of a witness: Ed25519. Its text forms never show the secret.

    Attributes:
        verifier: the public half.
    """

    __slots__ = ("_key", "verifier")

    def __init__(self, name: str, seed: bytes) -> None:
        """Make a key of its seed.

        Args:
            name: the witness's name.
            seed: 32 secret bytes, used for nothing else.

        Raises:
            RefusedError: the name or the seed's length is wrong.
        """
        self._key = SigningKey(name, seed)
        self.verifier = WitnessKey(name, ED25519_COSIGNATURE, self._key.verifier.public)

    def cosign(self, text: str, time: int) -> NoteSignature:
        """The line of a cosignature.

        Args:
            text: the checkpoint's text, without signature lines.
            time: POSIX seconds.
        """
        signature = self._key.sign(_timed(text.encode(), time))
        return NoteSignature(
            self.verifier.name, self.verifier.hash, _time.pack(time) + signature
        )  # fmt: skip

    @property
    def seed(self) -> bytes:
        """The 32 secret bytes, for keeping the key."""
        return self._key.seed

    def __repr__(self) -> str:
        return f"WitnessSigner({self.verifier.id!r})"


def parse_witness_vkey(text: str) -> WitnessKey:
    """The witness's key that a vkey names: type 4 (Ed25519) or 6 (ML-DSA-44).

    Raises:
        RefusedError: malformed, another algorithm, a hash that is not the key's, or a key that
            anybody could sign for.
    """
    return read_vkey(text, WitnessKey)


def cosignatures_of(note: bytes, witnesses: Iterable[WitnessKey]) -> tuple[Cosignature, ...]:
    """The cosignatures of these witnesses under a checkpoint, one a key, in the note's order.

    Lines of other keys are passed over. The log's own signature is not looked at.

    Raises:
        RefusedError: not a note.
        DamageError: a line of one of these witnesses does not verify.
    """
    known = {(key.name, key.hash): key for key in witnesses}
    text, lines = parse_note(note)
    message = text.encode()
    found: dict[tuple[str, bytes], Cosignature] = {}
    for line in lines:
        key = known.get((line.name, line.hash))
        if key is None:
            continue
        if not key.verify(message, line.value):
            raise DamageError(None, f"note: the cosignature of {line.name} does not verify")
        (time,) = _time.unpack_from(line.value)
        found.setdefault((line.name, line.hash), Cosignature(key, time, line))
    return tuple(found.values())


def with_lines(note: bytes, lines: Iterable[NoteSignature]) -> bytes:
    """The note with further signature lines; those that stand there already are left out.

    Raises:
        RefusedError: not a note.
        TooLargeError: more lines than a note may have.
    """
    _, there = parse_note(note)
    names = {(line.name, line.hash) for line in there}
    more = {}
    for line in lines:
        if (line.name, line.hash) not in names:
            more[line.name, line.hash] = line
    merged = note + "".join(line.line() for line in more.values()).encode()
    parse_note(merged)
    return merged


def _timed(text: bytes, time: int) -> bytes:
    return b"%b\ntime %d\n%b" % (_HEADER.encode(), time, text)


def _subtree(name: str, time: int, checkpoint: Checkpoint) -> bytes:
    return b"".join((
        _LABEL, _opaque(name), _time.pack(time), _opaque(checkpoint.origin),
        _range.pack(0, checkpoint.size), checkpoint.root,
    ))  # fmt: skip


def _opaque(text: str) -> bytes:
    raw = text.encode()
    if len(raw) > _LONGEST_OPAQUE:
        raise RefusedError("cosignature", f"a name has at most {_LONGEST_OPAQUE} bytes")
    return bytes([len(raw)]) + raw
