"""Entries: what the log holds, exactly two lines, and how one is chained to the other.

    entry = seq LF ctx                      (at most 65,535 bytes, no line feed inside a line)
    seq   = {"v":1,"prev":"<64 hex>","pos":N,"at":"…Z","sn":[n,…],"sig":[{"k":…,"s":…}]}
    leaf  = SHA-256(0x00 || entry)

`prev` is the leaf hash of the entry before, so the chain's link lies inside the bytes that the
tree hashes: chain and tree speak of the same bytes. It stands at a fixed place, so links can be
checked without parsing (`link_of`). The context line is described in `domain.log.context`.

A context is signed before and beside sequencing; the signatures stand in the seq line because
several can be needed (key rotation) and nothing that is signed may hold its own signature.
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING

from domain.errors import DamageError, RefusedError, TooLargeError
from domain.log.context import Context
from domain.log.dsse import CONTEXT_PAYLOAD_TYPE, pae
from domain.log.wire import DECIMAL, MAX_NUMBER, read_base64

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from domain.log.key import SigningKey, VerifierKey

MAX_ENTRY = 65_535
"""Longest entry in bytes: an entry bundle gives the length in 16 bits (C2SP tlog-tiles)."""
MAX_SIGNATURES = 16
LEAF_BYTES = 32

_KEY_ID = r"[!#-*,-\[\]-~]{1,232}\+[0-9a-f]{8}"
_BASE64 = r"[A-Za-z0-9+/]{2,}={0,2}"
_AT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z"
_SIGNATURE = rf'\{{"k":"{_KEY_ID}","s":"{_BASE64}"\}}'
_NUMBERS = rf"(?:{DECIMAL}(?:,{DECIMAL})*)?"
_LINE = re.compile(
    rf'\{{"v":1,"prev":"([0-9a-f]{{64}})","pos":({DECIMAL}),"at":"({_AT})",'
    rf'"sn":\[({_NUMBERS})\],"sig":\[({_SIGNATURE}(?:,{_SIGNATURE})*)\]\}}'
)
_LINK = re.compile(rb'\{"v":1,"prev":"([0-9a-f]{64})","pos":')
_INSTANT = re.compile(_AT)
_SIGNER = re.compile(_KEY_ID)


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature of a context.

    Attributes:
        key_id: name and hash of the key, joined by `+`.
        value: the signature's bytes.
    """

    key_id: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Seq:
    """What the sequencer adds.

    Attributes:
        prev: leaf hash of the entry before, or `genesis_prev` (32 bytes).
        position: from 1, without gaps.
        at: when it was sequenced, as `format_at` writes it.
        stream_numbers: this event's number in each of the context's streams, from 1.
        signatures: of the context; at least one, one a key.
    """

    prev: bytes
    position: int
    at: str
    stream_numbers: tuple[int, ...]
    signatures: tuple[Signature, ...]

    def encode(self) -> bytes:
        """The line, without line feed.

        Raises:
            RefusedError: a value that the line cannot hold.
        """
        if len(self.prev) != LEAF_BYTES or not 1 <= self.position <= MAX_NUMBER:
            raise RefusedError("seq", "the previous leaf hash or the position is none")
        if _INSTANT.fullmatch(self.at) is None:
            raise RefusedError("field at", "expected UTC with six decimals")
        numbers = self.stream_numbers
        if numbers and not 1 <= min(numbers) <= max(numbers) <= MAX_NUMBER:
            raise RefusedError("field sn", "numbers in streams are counted from 1")
        return (
            f'{{"v":1,"prev":"{self.prev.hex()}","pos":{self.position:d},"at":"{self.at}",'
            f'"sn":[{",".join(map(str, numbers))}],"sig":[{_write(self.signatures)}]}}'
        ).encode("ascii")

    @classmethod
    def parse(cls, line: bytes) -> Seq:
        """The values of a line that `encode` made.

        Raises:
            DamageError: the line is not the one spelling of a seq line.
        """
        try:
            match = _LINE.fullmatch(line.decode("ascii"))
        except UnicodeDecodeError:
            match = None
        if match is None:
            raise DamageError(None, "seq: not a seq line of format 1")
        prev, position, at, numbers, signatures = match.groups()
        parse_at(at)
        seq = cls(
            prev=bytes.fromhex(prev),
            position=int(position),
            at=at,
            stream_numbers=tuple(map(int, numbers.split(","))) if numbers else (),
            signatures=_read(signatures),
        )
        # What the pattern does not say (ranges, one signature a key) `encode` does.
        try:
            again = seq.encode()
        except RefusedError as error:
            raise DamageError(None, f"seq: {error}") from error
        if again != line:
            raise DamageError(None, "seq: not the one spelling of these values")
        return seq


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry, read.

    Attributes:
        seq: what the sequencer added.
        context: what is said of the event.
        context_bytes: the context's line as it stands in the entry.
        raw: the whole entry.
    """

    seq: Seq
    context: Context
    context_bytes: bytes
    raw: bytes

    @property
    def leaf(self) -> bytes:
        """Leaf hash of the entry (32 bytes); computed at every call."""
        return leaf_hash(self.raw)


def encode_entry(seq: Seq, context_bytes: bytes) -> bytes:
    """The entry of a seq line and the line that `Context.encode` gave.

    Raises:
        TooLargeError: over 65,535 bytes.
        RefusedError: the seq line cannot hold its values, or the context is not one line.
    """
    raw = b"%b\n%b" % (seq.encode(), context_bytes)
    if len(raw) > MAX_ENTRY:
        raise TooLargeError(
            "entry", f"{len(raw)} bytes, at most {MAX_ENTRY}: fewer or shorter tags and parts"
        )
    if b"\n" in context_bytes:
        raise RefusedError("entry", "a context has no line feed")
    return raw


def parse_entry(raw: bytes) -> Entry:
    """The entry of these bytes.

    Raises:
        DamageError: not exactly the bytes that `encode_entry` makes. Its position is the one
            the entry states where that much can be read; who knows better says so.
    """
    if len(raw) > MAX_ENTRY:
        raise DamageError(None, f"entry: {len(raw)} bytes, at most {MAX_ENTRY}")
    first, separator, second = raw.partition(b"\n")
    if not separator:
        raise DamageError(None, "entry: expected two lines")
    seq = Seq.parse(first)
    try:
        context = Context.parse(second)
    except DamageError as error:
        raise DamageError(seq.position, error.cause) from error
    if len(seq.stream_numbers) != len(context.streams):
        raise DamageError(
            seq.position,
            f"entry: {len(context.streams)} streams but {len(seq.stream_numbers)} numbers",
        )
    return Entry(seq, context, second, raw)


def leaf_hash(raw: bytes) -> bytes:
    """SHA-256(0x00 || entry): the entry's leaf in the tree and the next entry's `prev`."""
    return sha256(b"\0" + raw).digest()


def link_of(raw: bytes) -> bytes:
    """The `prev` of an entry (32 bytes), read at its fixed place without parsing the rest.

    Raises:
        DamageError: these are not the first bytes of an entry.
    """
    match = _LINK.match(raw)
    if match is None:
        raise DamageError(None, "entry: the first bytes are not those of an entry")
    return binascii.unhexlify(match[1])


def genesis_prev(origin: str) -> bytes:
    """The `prev` of position 1: SHA-256("pipeledger/genesis/v1" LF origin LF)."""
    return sha256(b"pipeledger/genesis/v1\n" + origin.encode() + b"\n").digest()


def format_at(instant: datetime) -> str:
    """`instant` in UTC with six decimals and `Z`.

    Raises:
        ValueError: `instant` has no time zone.
    """
    if instant.utcoffset() is None:
        raise ValueError("an instant without time zone is none")
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat("T", "microseconds") + "Z"


def parse_at(text: str) -> datetime:
    """The instant that `format_at` wrote.

    Raises:
        DamageError: another spelling, or no instant (31 February, a leap second).
    """
    if _INSTANT.fullmatch(text) is not None:
        try:
            return datetime.fromisoformat(text)
        except ValueError as error:
            raise DamageError(None, "seq: at is not in the calendar") from error
    raise DamageError(None, "seq: at is not UTC with six decimals")


def sign_context(context_bytes: bytes, keys: Iterable[SigningKey]) -> tuple[Signature, ...]:
    """Signatures of a context line by each key, over its DSSE pre-authentication encoding."""
    message = pae(CONTEXT_PAYLOAD_TYPE, context_bytes)
    return tuple([Signature(key.id, key.sign(message)) for key in keys])


def verify_context(
    context_bytes: bytes, signatures: Sequence[Signature], keys: Mapping[str, VerifierKey]
) -> None:
    """Check the signatures of a context line.

    Signatures by keys that are not given are passed over; each by a given key must verify,
    and one at least there must be.

    Args:
        context_bytes: the line.
        signatures: as the seq line holds them.
        keys: the intake keys to trust for this entry, by their id.

    Raises:
        DamageError: a signature of a given key does not verify, or none is by a given key.
    """
    message = pae(CONTEXT_PAYLOAD_TYPE, context_bytes)
    known = False
    for signature in signatures:
        key = keys.get(signature.key_id)
        if key is None:
            continue
        if not key.verify(message, signature.value):
            raise DamageError(None, f"ctx: the signature of {key.id} does not verify")
        known = True
    if not known:
        raise DamageError(None, "ctx: no signature by a known intake key")


def _write(signatures: tuple[Signature, ...]) -> str:
    if not signatures or len(signatures) > MAX_SIGNATURES:
        raise RefusedError("field sig", f"expected 1 to {MAX_SIGNATURES} signatures")
    pieces = []
    seen = set()
    for signature in signatures:
        key_id, value = signature.key_id, signature.value
        if key_id in seen or not value:
            raise RefusedError("field sig", "expected one signature of each key, by its id")
        seen.add(key_id)
        encoded = binascii.b2a_base64(value, newline=False).decode("ascii")
        pieces.append(f'{_key_piece(key_id)}{encoded}"}}')
    return ",".join(pieces)


# One or two keys sign all entries of a ledger.
@lru_cache(maxsize=256)
def _key_piece(key_id: str) -> str:
    if _SIGNER.fullmatch(key_id) is None:
        raise RefusedError("field sig", "expected one signature of each key, by its id")
    return f'{{"k":"{key_id}","s":"'


def _read(text: str) -> tuple[Signature, ...]:
    signatures = []
    for piece in text[len('{"k":"') : -len('"}')].split('"},{"k":"'):
        key_id, encoded = piece.split('","s":"')
        try:
            signatures.append(Signature(key_id, read_base64(encoded, "sig")))
        except RefusedError as error:
            raise DamageError(None, f"seq: {error}") from error
    return tuple(signatures)
