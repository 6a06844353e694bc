"""Which keys of a ledger are valid where: derived from its first keys and its own entries.

A key is replaced in two steps, each an entry of type `pipeledger.key.rotated`:

    begin   tags  key.next:<vkey>         sig  the old key's and the new key's, over the context
    end     tags  key.ended:<key id>      sig  the new key's
                  key.covered:<base64>    for a log key: its signature of the checkpoint that
                                          ends with the entry of the first step

Between them both keys sign. The new one is valid from the position of the first step on, the old
one up to the position before the second; for a log key positions are sizes of checkpoints.
Tags and signatures lie in the leaf, so this needs no part: a copy of the log's tiles is enough,
and whoever knows the old key learns of the new one from nobody but the old one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from domain.errors import DamageError, PipeledgerError
from domain.log.checkpoint import Checkpoint
from domain.log.dsse import CONTEXT_PAYLOAD_TYPE, pae
from domain.log.key import parse_vkey
from domain.log.wire import read_base64, write_base64

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from domain.log.entry import Entry
    from domain.log.key import SigningKey, VerifierKey

ROTATED: Final = "pipeledger.key.rotated"
"""Stored type of both steps; keys of emitters are replaced under it too, without these tags."""
INTAKE: Final = "/intake"
"""What follows the origin in the name of the key that signs contexts."""
_NEXT: Final = "key.next:"
_ENDED: Final = "key.ended:"
_COVERED: Final = "key.covered:"


@dataclass(frozen=True, slots=True)
class Term:
    """A key and where it is valid.

    Attributes:
        key: the public key.
        first: the first position; for a log key the smallest size.
        last: the last one, or None while it has no end.
        root: root of the entries up to `first`, where that is known: what an outgoing log key
            signs of its successor's beginning.
    """

    key: VerifierKey
    first: int = 1
    last: int | None = None
    root: bytes | None = field(default=None, compare=False)

    def holds(self, at: int) -> bool:
        """Whether the key may sign at this position or size."""
        return self.first <= at and (self.last is None or at <= self.last)

    def __str__(self) -> str:
        return f"{self.first} to {'now' if self.last is None else self.last}"


@dataclass(frozen=True, slots=True)
class Succession:
    """The keys of one ledger, in the order in which they came.

    Attributes:
        origin: the ledger's name in the log.
        terms: of intake keys and log keys.
    """

    origin: str
    terms: tuple[Term, ...]

    @classmethod
    def begin(cls, origin: str, keys: Iterable[VerifierKey]) -> Succession:
        """The first keys of a ledger."""
        return cls(origin, tuple(map(Term, keys)))

    @property
    def vkeys(self) -> tuple[str, ...]:
        """Every key there ever was, as texts."""
        return tuple(term.key.vkey() for term in self.terms)

    def named(self, name: str) -> tuple[Term, ...]:
        """The terms of the keys of one purpose: the origin, or the origin and `/intake`."""
        return tuple(term for term in self.terms if term.key.name == name)

    @property
    def log(self) -> tuple[Term, ...]:
        """Keys that sign checkpoints."""
        return self.named(self.origin)

    @property
    def intake(self) -> tuple[Term, ...]:
        """Keys that sign contexts."""
        return self.named(self.origin + INTAKE)

    def in_force(self, name: str) -> tuple[VerifierKey, ...]:
        """The keys of one purpose that have no end yet; the newest is the last."""
        return tuple(term.key for term in self.named(name) if term.last is None)

    def check_signers(self, ids: Iterable[str], at: int) -> None:
        """Refuse known keys that signed where they are not valid.

        Raises:
            DamageError: one did; names it and where it is valid.
        """
        wanted = set(ids)
        for term in self.terms:
            if term.key.id in wanted and not term.holds(at):
                raise DamageError(at, f"the key {term.key.id} signs outside its range ({term})")

    def after(self, entry: Entry, root: Callable[[int], bytes | None]) -> Succession:
        """The succession behind an entry; most entries change nothing.

        Args:
            entry: of any type.
            root: gives the root of the first entries, so many; None where it is not known.

        Raises:
            DamageError: it changes keys, and is not signed by those who must.
        """
        if entry.context.type != ROTATED:
            return self
        said = [tag.partition(":") for tag in entry.context.tags]
        tags = {kind + sign: value for kind, sign, value in said}
        position = entry.seq.position
        try:
            if _NEXT in tags:
                return self._begun(entry, tags[_NEXT], root(position))
            if _ENDED in tags:
                return self._ended(entry, tags[_ENDED], tags.get(_COVERED))
        except PipeledgerError as error:
            cause = error.cause if isinstance(error, DamageError) else str(error)
            raise DamageError(position, cause) from error
        return self

    def _begun(self, entry: Entry, vkey: str, root: bytes | None) -> Succession:
        new = parse_vkey(vkey)
        if any(term.key.public == new.public for term in self.terms):
            raise DamageError(None, "key rotation: the new key is or was one of this ledger")
        old = self.in_force(new.name)
        if len(old) != 1:
            raise DamageError(None, "key rotation: no key of this name, or one is under way")
        for key in (*old, new):
            _check_signed(entry, key)
        return replace(self, terms=(*self.terms, Term(new, entry.seq.position, root=root)))

    def _ended(self, entry: Entry, key_id: str, covered: str | None) -> Succession:
        found = next((term for term in self.terms if term.key.id == key_id), None)
        if found is None or found.last is not None or len(self.in_force(found.key.name)) != 2:  # noqa: PLR2004 - old and new
            raise DamageError(None, "key rotation: ends a key that is not being replaced")
        new = self.named(found.key.name)[-1]
        if new is found:
            raise DamageError(None, "key rotation: ends the new key instead of the old one")
        _check_signed(entry, new.key)
        if found.key.name == self.origin and new.root is not None:
            message = handover(self.origin, new.first, new.root)
            if covered is None or not found.key.verify(
                message, read_base64(covered, "tag key.covered")
            ):
                raise DamageError(None, "key rotation: the old log key does not cover its end")
        ended = replace(found, last=entry.seq.position - 1)
        return replace(self, terms=tuple(ended if term is found else term for term in self.terms))


def handover(origin: str, size: int, root: bytes) -> bytes:
    """What an outgoing log key signs: the text of the checkpoint that ends with its successor."""
    return Checkpoint(origin, size, root).encode().encode()


def begin_tags(new: VerifierKey) -> tuple[str, ...]:
    """The tags of the entry by which a key begins."""
    return (_NEXT + new.vkey(),)


def end_tags(old: SigningKey, origin: str, size: int, root: bytes) -> tuple[str, ...]:
    """The tags of the entry that ends a key.

    Args:
        old: the key that ends.
        origin: of the ledger.
        size: position at which the new key began.
        root: of the entries up to there.
    """
    ended = _ENDED + old.id
    if old.name != origin:
        return (ended,)
    return (_COVERED + write_base64(old.sign(handover(origin, size, root))), ended)


def _check_signed(entry: Entry, key: VerifierKey) -> None:
    message = pae(CONTEXT_PAYLOAD_TYPE, entry.context_bytes)
    for signature in entry.seq.signatures:
        if signature.key_id == key.id and key.verify(message, signature.value):
            return
    raise DamageError(None, f"key rotation: not signed by {key.id}")
