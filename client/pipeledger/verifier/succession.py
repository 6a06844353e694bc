"""How keys follow each other, from the log's own entries and the keys that are trusted already.

A key is replaced in two steps, both entries of type `pipeledger.key.rotated`:

    begin   tag key.next:<vkey>        signed, over its context, by the old key and by the new one
    end     tag key.ended:<key id>     signed by the new key
            tag key.covered:<base64>   for a log key: its signature of origin, position and root
                                       of the entries up to the first step, as a checkpoint's text

The new key is valid from the first step's position on, the old one up to the position before the
second. Tags and signatures are in the leaf, so a copy of the tiles is enough. Nobody but the old
key's owner can name a new one, and the covering checkpoint shows that the history in which that
happened is the one the old key signed.
"""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import TYPE_CHECKING

from pipeledger.verifier.key import TrustedKey
from pipeledger.verifier.wire import UnsoundError, read_base64

if TYPE_CHECKING:
    from pipeledger.verifier.entry import Entry
    from pipeledger.verifier.trust import TrustedLog

ROTATION = b'"type":"pipeledger.key.r'
"""What the context of such an entry holds, and reports of compromised keys: nothing in a line is
escaped."""
_COMPROMISED = "key.compromised:"
_SINCE = "key.since:"
_KINDS = ("pipeledger.key.rotated", "pipeledger.key.revoked")
_NEXT = "key.next:"
_ENDED = "key.ended:"
_COVERED = "key.covered:"


class Succession:
    """The keys of one log, as its entries go by.

    Attributes:
        keys: all that are trusted, with the ranges that are known.
        signers: position of the first entry that each key signed.
        told: what was learnt, for people.
    """

    def __init__(self, log: TrustedLog) -> None:
        self._origin = log.origin
        self._roots: dict[str, bytes | None] = {}
        self.keys = list(log.keys)
        self.signers: dict[str, int] = {}
        self.told: list[str] = []

    def note(self, entry: Entry) -> None:
        """Remember who signed an entry, the first time."""
        for key_id, _ in entry.signatures:
            self.signers.setdefault(key_id, entry.position)

    def take(self, entry: Entry, root: bytes | None) -> None:
        """Learn from an entry that was checked; only rotations of the log's own keys teach.

        Args:
            entry: of the run.
            root: of all entries up to it, or None in a run that does not begin at position 1.

        Raises:
            UnsoundError: it replaces a key without the signatures that this needs.
        """
        kind = entry.context["type"]
        if kind not in _KINDS:
            return
        for tag in entry.context["tags"]:
            if tag.startswith(_NEXT):
                self._begin(entry, tag.removeprefix(_NEXT), root)
            elif tag.startswith(_COMPROMISED):
                self._doubt(entry, tag.removeprefix(_COMPROMISED))
            elif tag.startswith(_ENDED):
                self._end(entry, tag.removeprefix(_ENDED))

    def _begin(self, entry: Entry, vkey: str, root: bytes | None) -> None:
        position = entry.position
        try:
            new = TrustedKey.parse(vkey)
        except UnsoundError as error:
            raise UnsoundError(position, f"key rotation: {error.cause}") from error
        known = next((key for key in self.keys if key.public == new.public), None)
        if known is not None and (known.name != new.name or known.first not in (1, position)):
            raise UnsoundError(position, "key rotation: the new key is one of this log already")
        old = [
            key
            for key in self.keys
            if key.name == new.name and key is not known and key.valid(position)
        ]
        if not any(_signed(entry, key) for key in old):
            raise UnsoundError(position, "key rotation: not signed by a trusted key of this name")
        _need_signed(entry, new)
        if self.signers.get(new.key_id, position) < position:
            early = self.signers[new.key_id]
            raise UnsoundError(early, f"the key {new.key_id} signs before its range: {position}")
        self.keys = [key for key in self.keys if key is not known]
        self.keys.append(replace(new, first=position))
        self._roots[new.key_id] = root
        if known is None:
            self.told.append(f"key {new.key_id}: valid from position {position}, said by the old")

    def _doubt(self, entry: Entry, key_id: str) -> None:
        """A warning, not damage: what the key signed verifies, but somebody else may have."""
        since = next((tag for tag in entry.context["tags"] if tag.startswith(_SINCE)), _SINCE)
        self.told.append(
            f"warning: position {entry.position} reports {key_id} compromised since position "
            f"{since.removeprefix(_SINCE)}: what it signed from there on may be another's"
        )

    def _end(self, entry: Entry, key_id: str) -> None:
        position = entry.position
        old = next((key for key in self.keys if key.key_id == key_id), None)
        if old is None:
            return
        later = [key for key in self.keys if key.name == old.name and key.first > old.first]
        if not later:
            raise UnsoundError(position, "key rotation: ends a key that has no successor")
        new = later[-1]
        _need_signed(entry, new)
        root = self._roots.get(new.key_id)
        if self._is_log(old) and root is not None:
            text = f"{self._origin}\n{new.first}\n{base64.b64encode(root).decode()}\n"
            tags = [tag for tag in entry.context["tags"] if tag.startswith(_COVERED)]
            covered = read_base64(tags[0].removeprefix(_COVERED), "key.covered") if tags else b""
            if not old.verify(text.encode(), covered):
                raise UnsoundError(
                    position, f"key rotation: {key_id} signed no checkpoint of this history"
                )
        last = position - 1
        if old.last not in (None, last):
            raise UnsoundError(position, f"key rotation: {key_id} ended at {old.last} already")
        if old.last is None:
            self.told.append(f"key {key_id}: valid up to position {last}")
        self.keys = [replace(key, last=last) if key is old else key for key in self.keys]

    def _is_log(self, key: TrustedKey) -> bool:
        return key.name == self._origin


def _signed(entry: Entry, key: TrustedKey) -> bool:
    return any(
        key_id == key.key_id and key.verify(entry.signed, signature)
        for key_id, signature in entry.signatures
    )


def _need_signed(entry: Entry, key: TrustedKey) -> None:
    if not _signed(entry, key):
        raise UnsoundError(entry.position, f"key rotation: not signed by {key.key_id}")
