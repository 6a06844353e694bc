"""Witnesses: who else saw a checkpoint, and how many of them are asked for.

A cosignature (C2SP tlog-cosignature) is a signature line of a note,

    U+2014 SP <name> SP base64(key hash[4] || time[8] || signature[64])

over `cosignature/v1 LF time <decimal> LF` and the text of the checkpoint. A policy (C2SP
tlog-policy) says which logs and witnesses are believed:

    log <vkey> [<url>]
    witness <name> <vkey> [<url>]
    group <name> all|any|<k> <member>...
    quorum <name>|none

Keys of witnesses have the type 0x04. Those of the type 0x06 (ML-DSA-44) are kept in mind as
members of groups, but this program does not verify them, and says so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from pipeledger.verifier.key import ED25519, TrustedKey
from pipeledger.verifier.note import note_lines, open_checkpoint
from pipeledger.verifier.wire import MAX_NUMBER, UncheckedError, UnsoundError, read_base64

if TYPE_CHECKING:
    from pipeledger.verifier.wire import Checkpoint

COSIGNATURE = 0x04
POST_QUANTUM = 0x06
MAX_POLICY = 1_000_000
_NOT_OF_POLICIES = re.compile(rb"[^\t\n\x20-\x7e\x80-\xff]")
_GROUP_SIZE = re.compile(rb"[1-9][0-9]{0,3}")


@dataclass(frozen=True)
class Witness:
    """A witness that is believed.

    Attributes:
        name: of its key.
        key_hash: of its key.
        raw: type byte and public key.
        key: verifies; None: of a type that this program does not know how to.
    """

    name: str
    key_hash: bytes
    raw: bytes
    key: TrustedKey | None

    @classmethod
    def parse(cls, vkey: str) -> Witness:
        """The witness of a verifier key.

        Raises:
            UnsoundError: not the key of a witness.
        """
        name, _, rest = vkey.partition("+")
        stated, _, encoded = rest.partition("+")
        raw = read_base64(encoded, "witness key")
        if not name or raw[:1] not in (bytes([COSIGNATURE]), bytes([POST_QUANTUM])):
            raise UnsoundError(None, "not a witness's key (type 4 or 6)")
        digest = sha256(name.encode() + b"\n" + raw).digest()[:4]
        if stated != digest.hex():
            raise UnsoundError(None, "the hash in a witness's key is not the key's")
        if raw[0] == POST_QUANTUM:
            return cls(name, digest, raw, None)
        return cls(name, digest, raw, TrustedKey.of(name, bytes([ED25519]) + raw[1:]))

    def signed(self, text: bytes, value: bytes) -> bool:
        """Whether `value`, all after the key hash, is its cosignature of a checkpoint's text."""
        time = int.from_bytes(value[:8], "big")
        if self.key is None or time > MAX_NUMBER:
            return False
        return self.key.verify(b"cosignature/v1\ntime %d\n%b" % (time, text), value[8:])


class WitnessPolicy:
    """Which logs and witnesses are believed, and how many cosignatures are asked for."""

    def __init__(self, raw: bytes) -> None:
        """Read a policy file.

        Raises:
            UncheckedError: it is none; names the line.
        """
        self._logs: list[TrustedKey] = []
        self._witnesses: dict[bytes, Witness] = {}
        self._groups: dict[bytes, tuple[int, list[bytes]]] = {}
        self._quorum: bytes | None = None
        used: set[bytes] = set()
        if len(raw) > MAX_POLICY or (raw and not raw.endswith(b"\n")):
            raise UncheckedError("policy: too long, or its last line is cut off")
        for number, line in enumerate(raw.split(b"\n"), 1):
            items = [item for item in re.split(rb"[ \t]+", line) if item]
            try:
                if _NOT_OF_POLICIES.search(line):
                    raise UnsoundError(None, "a control character")  # noqa: TRY301 - names the line
                if items and not items[0].startswith(b"#"):
                    self._read(items[0], items[1:], used)
            except UnsoundError as error:
                raise UncheckedError(f"policy line {number}: {error.cause}") from error
        if self._quorum is None:
            raise UncheckedError("policy: no quorum line; `quorum none` asks for no witness")

    def check(self, checkpoint: Checkpoint) -> tuple[str, ...]:
        """What the witnesses say of a checkpoint that its log signed.

        Raises:
            UnsoundError: the policy names logs, and none of them signed it; a cosignature does
                not verify; or there are not enough.
        """
        if self._logs:
            open_checkpoint(checkpoint.note, self._logs, checkpoint.origin)
        seen, unread = self._cosigned(checkpoint.note)
        passed = set(seen)
        for name, (least, members) in self._groups.items():
            if sum(member in passed for member in members) >= least:
                passed.add(name)
        also = f"; not checked: {unread} of ML-DSA-44" if unread else ""
        names = ", ".join(self._witnesses[name].name for name in seen)
        if self._quorum != b"none" and self._quorum not in passed:
            raise UnsoundError(
                None,
                f"the policy's quorum is missing: {len(seen)} of {len(self._witnesses)} witnesses "
                f"cosigned the {checkpoint.size} entries{also}",
            )
        if self._quorum == b"none":
            asked = "the policy asks for no witness"
            return (f"{asked}; cosigned by {names}{also}" if names else asked + also,)
        return (f"cosigned by {names}: the policy's quorum{also}",)

    def _cosigned(self, note: bytes) -> tuple[list[bytes], int]:
        text, lines = note_lines(note)
        known = {(one.name, one.key_hash): name for name, one in self._witnesses.items()}
        seen: list[bytes] = []
        unread = 0
        for signer, key_hash, value in lines:
            name = known.get((signer, key_hash))
            if name is None:
                continue
            witness = self._witnesses[name]
            if witness.key is None:
                unread += 1
            elif not witness.signed(text.encode(), value):
                raise UnsoundError(None, f"the cosignature of {witness.name} does not verify")
            elif name not in seen:
                seen.append(name)
        return seen, unread

    def _read(self, kind: bytes, items: list[bytes], used: set[bytes]) -> None:
        if kind == b"log" and len(items) in (1, 2):
            key = TrustedKey.parse(_decoded(items[0]))
            _refuse_if(key.public in [one.public for one in self._logs], "the key is there already")
            self._logs.append(key)
        elif kind == b"witness" and len(items) in (2, 3):
            self._new(items[0])
            witness = Witness.parse(_decoded(items[1]))
            there = [one.raw[1:] for one in self._witnesses.values()]
            _refuse_if(witness.raw[1:] in there, "the key is there already")
            self._witnesses[items[0]] = witness
        elif kind == b"group" and len(items) > 2:  # noqa: PLR2004 - name, number, members
            name, least, members = items[0], items[1], items[2:]
            self._new(name)
            for member in members:
                self._defined(member)
                _refuse_if(member in used, "a member of a group already")
                used.add(member)
            known = {b"any": 1, b"all": len(members)}
            count = int(least) if _GROUP_SIZE.fullmatch(least) else known.get(least, 0)
            if not 1 <= count <= len(members):
                raise UnsoundError(None, f"expected all, any, or 1 to {len(members)}")
            self._groups[name] = (count, members)
        elif kind == b"quorum" and len(items) == 1:
            _refuse_if(self._quorum is not None, "a second quorum line")
            (name,) = items
            if name != b"none":
                self._defined(name)
            self._quorum = name
        else:
            raise UnsoundError(None, "expected log, witness, group or quorum, and its items")

    def _new(self, name: bytes) -> None:
        _refuse_if(name == b"none", "the name none is taken")
        _refuse_if(name in self._witnesses or name in self._groups, "the name is defined already")

    def _defined(self, name: bytes) -> None:
        if name not in self._witnesses and name not in self._groups:
            raise UnsoundError(None, "a name that no line before defines")


def _refuse_if(again: bool, cause: str) -> None:  # noqa: FBT001 - a condition
    if again:
        raise UnsoundError(None, cause)


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise UnsoundError(None, "a key that is not UTF-8") from error
