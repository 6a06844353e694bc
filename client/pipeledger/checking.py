"""Verifies a Pipeledger log: entries, links, signatures, stream numbers, tree, checkpoints, parts.

Written from the description of the formats and on purpose not shared with the server: two
implementations that must agree are worth more than one. Everything here takes bytes and keys and
does no I/O.

    entry = seq LF ctx                        leaf = SHA-256(0x00 || entry)
    seq   = {"v":1,"prev":"<hex>","pos":N,"at":"…Z","sn":[…],"sig":[{"k":…,"s":…}]}
    node  = SHA-256(0x01 || left || right)    (RFC 6962 section 2.1)
    part  = SHA-256("pipeledger/part/v1" 00 || salt || bytes)
    sig   = Ed25519 over DSSE PAE("application/vnd.pipeledger.ctx.v1+json", ctx)
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from pipeledger.errors import ConfigurationError, UnsoundError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

CONTEXT_TYPE = b"application/vnd.pipeledger.ctx.v1+json"
MAX_ENTRY = 65_535
MAX_NUMBER = 2**63 - 1
SALT_BYTES = 32
HASH_BYTES = 32
SEQ_FIELDS = ["v", "prev", "pos", "at", "sn", "sig"]
CTX_FIELDS = ["o", "type", "tv", "as", "by", "streams", "tags", "event", "parts"]
_ED25519 = 1
_VKEY_FIELDS = 3
_CHECKPOINT_LINES = 3
_PROOF_HEADER = "c2sp.org/tlog-proof@v1"
_DECIMAL = re.compile("0|[1-9][0-9]{0,18}")
_AT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
_ASCII = re.compile(r"[\x20!#-\[\]-~]*")
_HEX = re.compile("(?:[0-9a-f]{2})*")
_ORDER_8 = frozenset(
    bytes.fromhex(point)
    for point in (
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    )
)
"""Public keys of small order (RFC 7748 section 6, RFC 8032): anybody can sign for them."""


def unbase64(text: str) -> bytes:
    """The bytes of canonical base64.

    Raises:
        ValueError: another spelling.
    """
    raw = base64.b64decode(text, validate=True)
    if base64.b64encode(raw).decode() != text:
        raise ValueError("not canonical base64")
    return raw


def decimal(text: str) -> int:
    """A number without sign and leading zero.

    Raises:
        ValueError: another spelling, or over 2^63-1.
    """
    if _DECIMAL.fullmatch(text) is None or int(text) > MAX_NUMBER:
        raise ValueError("not a decimal number")
    return int(text)


@dataclass(frozen=True)
class Key:
    """A named Ed25519 public key (C2SP signed-note).

    Attributes:
        name: name in signature lines.
        public: 32 bytes.
        hash: 4 bytes.
    """

    name: str
    public: bytes
    hash: bytes

    @property
    def id(self) -> str:
        """Name and hash as entries name the key."""
        return f"{self.name}+{self.hash.hex()}"

    @classmethod
    def parse(cls, vkey: str) -> Key:
        """The key of a vkey line.

        Raises:
            ConfigurationError: no Ed25519 vkey, or one that anybody can sign for.
        """
        fields = vkey.split("+", 2)
        try:
            raw = unbase64(fields[2]) if len(fields) == _VKEY_FIELDS else b""
        except ValueError:
            raw = b""
        if len(raw) != 1 + HASH_BYTES or raw[0] != _ED25519:
            raise ConfigurationError("a key is no Ed25519 vkey")
        name, stated = fields[0], fields[1]
        digest = sha256(name.encode() + b"\n" + raw).digest()[:4]
        y = int.from_bytes(raw[1:], "little") & ((1 << 255) - 1)
        if stated != digest.hex() or raw[1:] in _ORDER_8 or y >= 2**255 - 19:
            raise ConfigurationError("a key's hash is wrong, or anybody could sign for it")
        return cls(name, raw[1:], digest)

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Whether the signature is this key's."""
        try:
            from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - slow to import
            from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415
                Ed25519PublicKey,
            )
        except ImportError as error:
            raise ConfigurationError("verifying needs the Python package cryptography") from error
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True)
class Trust:
    """Keys pinned by whoever verifies.

    Attributes:
        origin: the log's name.
        keys: all its keys: those of the origin's name sign checkpoints, those of
            `<origin>/intake` sign entries.
    """

    origin: str
    keys: tuple[Key, ...]

    @property
    def log(self) -> list[Key]:
        """Keys that sign checkpoints."""
        return [key for key in self.keys if key.name == self.origin]

    @property
    def intake(self) -> dict[str, Key]:
        """Keys that sign entries, by id."""
        return {key.id: key for key in self.keys if key.name == f"{self.origin}/intake"}


@dataclass(frozen=True)
class Checkpoint:
    """A verified statement of size and root."""

    size: int
    root: bytes


def open_checkpoint(note: bytes, trust: Trust) -> Checkpoint:
    """The checkpoint of a signed note.

    Raises:
        UnsoundError: malformed, of another log, or not signed by a pinned key.
    """
    text, blank, below = note.decode("utf-8", "replace").partition("\n\n")
    lines = text.split("\n")
    if not blank or not below.endswith("\n") or len(lines) != _CHECKPOINT_LINES:
        raise UnsoundError("the checkpoint is malformed")
    try:
        size, root = decimal(lines[1]), unbase64(lines[2])
        signatures = [_note_line(line) for line in below[:-1].split("\n")]
    except ValueError:
        raise UnsoundError("the checkpoint is malformed") from None
    if lines[0] != trust.origin:
        raise UnsoundError("the checkpoint is another log's")
    message, good = (text + "\n").encode(), 0
    for name, digest, signature in signatures:
        for key in trust.log:
            if (key.name, key.hash) == (name, digest):
                if not key.verify(message, signature):
                    raise UnsoundError("the checkpoint's signature does not verify")
                good += 1
    if not good or len(root) != HASH_BYTES:
        raise UnsoundError("the checkpoint is not signed by a key you trust")
    return Checkpoint(size, root)


def _note_line(line: str) -> tuple[str, bytes, bytes]:
    dash, name, encoded = line.split(" ")
    raw = unbase64(encoded)
    if dash != "\u2014" or not name or len(raw) <= 4:  # noqa: PLR2004 - the key hash
        raise ValueError("no signature line")
    return name, raw[:4], raw[4:]


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 || entry)."""
    return sha256(b"\0" + entry).digest()


def genesis(origin: str) -> bytes:
    """What the first entry's `prev` is."""
    return sha256(b"pipeledger/genesis/v1\n" + origin.encode() + b"\n").digest()


class Tree:
    """A growing Merkle tree (RFC 6962 section 2.1), remembered by its right edge."""

    def __init__(self) -> None:
        self.size = 0
        self._edge: list[bytes] = []

    def append(self, leaf: bytes) -> None:
        """Add a leaf hash."""
        size = self.size
        self.size += 1
        while size & 1:
            leaf = sha256(b"\x01" + self._edge.pop() + leaf).digest()
            size >>= 1
        self._edge.append(leaf)

    def root(self) -> bytes:
        """The root now."""
        if not self._edge:
            return sha256(b"").digest()
        root = self._edge[-1]
        for left in self._edge[-2::-1]:
            root = sha256(b"\x01" + left + root).digest()
        return root


def check_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root that a leaf and its path lead to.

    Raises:
        UnsoundError: the path is not one of this index and size.
    """
    if not 0 <= index < size:
        raise UnsoundError("the proof speaks of an entry outside the tree")
    inner = (index ^ (size - 1)).bit_length()
    if len(path) != inner + (index >> inner).bit_count():
        raise UnsoundError("the proof has another length than its index and size need")
    found = leaf
    for level, sibling in enumerate(path):
        if len(sibling) != HASH_BYTES:
            raise UnsoundError("a hash of the proof has another length")
        pair = found + sibling if level < inner and not index >> level & 1 else sibling + found
        found = sha256(b"\x01" + pair).digest()
    return found


@dataclass
class Entry:
    """An entry whose bytes are in the one spelling there is.

    Attributes:
        raw: its bytes.
        seq: its first line, read.
        ctx: its second line, read.
    """

    raw: bytes
    seq: dict[str, Any]
    ctx: dict[str, Any]
    ctx_line: bytes = field(repr=False)

    @property
    def position(self) -> int:
        """Its position as it says itself."""
        return int(self.seq["pos"])


def read_entry(raw: bytes) -> Entry:
    """The entry of these bytes.

    Raises:
        UnsoundError: not the one spelling of an entry.
    """
    first, feed, second = raw.partition(b"\n")
    if len(raw) > MAX_ENTRY or not feed or b"\n" in second:
        raise UnsoundError("an entry is two lines of 65,535 bytes at most")
    seq, ctx = _line(first, SEQ_FIELDS), _line(second, CTX_FIELDS)
    position, numbers = seq["pos"], seq["sn"]
    sound = (
        seq["v"] == 1
        and isinstance(position, int)
        and 1 <= position <= MAX_NUMBER
        and isinstance(seq["prev"], str)
        and len(seq["prev"]) == 2 * HASH_BYTES
        and _HEX.fullmatch(seq["prev"]) is not None
        and isinstance(seq["at"], str)
        and _AT.fullmatch(seq["at"]) is not None
        and isinstance(numbers, list)
        and isinstance(ctx["streams"], list)
        and len(numbers) == len(ctx["streams"])
        and all(isinstance(number, int) and number >= 1 for number in numbers)
        and isinstance(ctx["tags"], list)
        and all(isinstance(tag, str) for tag in ctx["tags"])
        and sorted(set(ctx["tags"])) == ctx["tags"]
    )
    if not sound:
        raise UnsoundError("a field of the entry holds what it may not hold")
    return Entry(raw, seq, ctx, second)


def _line(line: bytes, fields: list[str]) -> dict[str, Any]:
    try:
        text = line.decode("ascii")
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise UnsoundError("a line of the entry is no JSON in ASCII") from None
    if not isinstance(value, dict) or list(value) != fields:
        raise UnsoundError("a line of the entry has other fields, or in another order")
    if "\\" in text or json.dumps(value, separators=(",", ":")) != text:
        raise UnsoundError("a line of the entry is not the one spelling of its values")
    return value


def check_signatures(entry: Entry, keys: Mapping[str, Key]) -> None:
    """Every signature by a pinned intake key verifies, and there is one.

    Raises:
        UnsoundError: they do not, or there is none.
    """
    body = entry.ctx_line
    message = b"DSSEv1 %d %b %d %b" % (len(CONTEXT_TYPE), CONTEXT_TYPE, len(body), body)
    good = 0
    signatures = entry.seq["sig"]
    for signature in signatures if isinstance(signatures, list) else []:
        try:
            key, value = keys.get(signature["k"]), unbase64(signature["s"])
        except (TypeError, KeyError, ValueError, binascii.Error):
            raise UnsoundError("a signature of the entry is malformed") from None
        if key is None:
            continue
        if not key.verify(message, value):
            raise UnsoundError("the entry's signature does not verify")
        good += 1
    if not good:
        raise UnsoundError("the entry is not signed by a key you trust")


def check_parts(entry: Entry, parts: Iterable[Mapping[str, bytes | str]]) -> list[str]:
    """Compare parts with the commitments of their entry.

    Returns:
        Names of parts that the entry speaks of and that were not given: redacted, or not
        shown to this reader.

    Raises:
        UnsoundError: a part does not agree with its commitment, or the entry has none such.
    """
    stated = {"event": entry.ctx["event"]["c"]}
    stated |= {part["name"]: part["c"] for part in entry.ctx["parts"]}
    if entry.ctx["by"]["claims"] is not None:
        stated["claims"] = entry.ctx["by"]["claims"]
    for part in parts:
        name, salt, body = part["name"], part["salt"], part["bytes"]
        if not isinstance(name, str) or not isinstance(salt, bytes) or not isinstance(body, bytes):
            raise UnsoundError("a part is malformed")
        digest = sha256(b"pipeledger/part/v1\0" + salt + body).hexdigest()
        if stated.pop(name, None) != digest or len(salt) != SALT_BYTES:
            raise UnsoundError(f"the part {name} does not agree with its commitment")
    return sorted(stated)


class Walk:
    """Verifies a log from its first entry on, in order and in bounded memory per stream."""

    def __init__(self, trust: Trust) -> None:
        self._trust = trust
        self._intake = trust.intake
        self._prev = genesis(trust.origin)
        self._at = ""
        self._numbers: dict[str, int] = {}
        self.tree = Tree()
        self.withheld = 0

    def step(self, raw: bytes, parts: Iterable[Mapping[str, bytes | str]] | None) -> Entry:
        """Verify the next entry.

        Args:
            raw: its bytes.
            parts: those that are at hand; None where parts are not looked at.

        Raises:
            UnsoundError: names the position.
        """
        position = self.tree.size + 1
        try:
            entry = read_entry(raw)
            self._check(entry, position)
            check_signatures(entry, self._intake)
            if parts is not None:
                self.withheld += len(check_parts(entry, parts))
        except UnsoundError as error:
            raise UnsoundError(f"position {position}: {error}") from None
        except (KeyError, TypeError):
            raise UnsoundError(f"position {position}: the entry's context is malformed") from None
        self._prev = leaf_hash(raw)
        self._at = entry.seq["at"]
        self.tree.append(self._prev)
        return entry

    def _check(self, entry: Entry, position: int) -> None:
        if entry.position != position:
            raise UnsoundError(f"the entry says it is at {entry.position}")
        if entry.seq["prev"] != self._prev.hex():
            raise UnsoundError("it is not linked to the entry before")
        if entry.seq["at"] < self._at:
            raise UnsoundError("its time is before the entry before")
        if entry.ctx["o"] != self._trust.origin:
            raise UnsoundError("it belongs to another ledger")
        for stream, number in zip(entry.ctx["streams"], entry.seq["sn"], strict=True):
            if number != self._numbers.get(stream, 0) + 1:
                raise UnsoundError(f"its number in {stream} is {number}: one is missing or twice")
            self._numbers[stream] = number


@dataclass(frozen=True)
class Proof:
    """A tlog-proof file (C2SP tlog-proof)."""

    index: int
    path: tuple[bytes, ...]
    note: bytes

    @classmethod
    def parse(cls, raw: bytes) -> Proof:
        """The proof of a file.

        Raises:
            UnsoundError: no proof file.
        """
        head, blank, note = raw.partition(b"\n\n")
        lines = head.decode("ascii", "replace").split("\n")
        try:
            if len(lines) > 1 and lines[1].startswith("extra "):
                unbase64(lines.pop(1)[6:])
            name, _, number = lines[1].partition(" ")
            path = tuple(unbase64(line) for line in lines[2:])
            index = decimal(number)
        except (ValueError, IndexError):
            raise UnsoundError("the proof file is malformed") from None
        if not blank or lines[0] != _PROOF_HEADER or name != "index":
            raise UnsoundError("the proof file is malformed")
        return cls(index, path, note)


def check_proof(entry: Entry, proof: Proof, trust: Trust) -> Checkpoint:
    """Check that an entry is in the log, where it says, as of the proof's checkpoint.

    Raises:
        UnsoundError: it is not.
    """
    checkpoint = open_checkpoint(proof.note, trust)
    place = f"position {entry.position}"
    if proof.index != entry.position - 1:
        raise UnsoundError(f"{place}: the proof is for another position")
    try:
        root = check_inclusion(leaf_hash(entry.raw), proof.index, checkpoint.size, proof.path)
        check_signatures(entry, trust.intake)
    except UnsoundError as error:
        raise UnsoundError(f"{place}: {error}") from None
    if root != checkpoint.root:
        raise UnsoundError(f"{place}: the entry is not the one in the log")
    if entry.ctx["o"] != trust.origin:
        raise UnsoundError(f"{place}: the entry belongs to another ledger")
    return checkpoint
