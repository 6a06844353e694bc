"""Replaces the keys of a ledger, in two steps that are entries of its log.

    begin   a successor is laid beside the key; both sign from the entry on that says so
    end     the old key signs no more; its private half is removed

Whoever dies between two steps, or within one, runs it again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from eventsourcing.dcb.api import DCBAppendCondition, DCBQuery, DCBQueryItem

from domain.errors import ConflictError, SettingError
from domain.log.succession import ROTATED, begin_tags, end_tags
from store.ledger.keys import PURPOSES, intake_name
from store.ledger.last import last_position

if TYPE_CHECKING:
    from domain.log.key import SigningKey, VerifierKey
    from domain.log.succession import Succession
    from store.ledger.equipment import Equipment


@dataclass(frozen=True, slots=True)
class Change:
    """What the entry of a step says, and who signs it.

    Attributes:
        old: the key that is replaced.
        new: its successor.
        tags: of the entry.
        signers: keys that sign the entry.
        condition: refuses the entry if another step was taken meanwhile.
    """

    old: VerifierKey
    new: VerifierKey
    tags: tuple[str, ...]
    signers: tuple[SigningKey, ...]
    condition: DCBAppendCondition


class Rotating:
    """Prepares and completes the steps for one open ledger."""

    def __init__(self, equipment: Equipment) -> None:
        """Read the keys as they are now."""
        self._equipment = equipment
        self._ring = equipment.ring
        with equipment.database.session("writer") as connection:
            # Before the keys: a step that is taken meanwhile makes the condition fail.
            size = last_position(connection, equipment.schema)
            self._ring.load(connection)
        query = DCBQuery(items=[DCBQueryItem(types=[ROTATED])])
        self._condition = DCBAppendCondition(fail_if_events_match=query, after=size)

    @property
    def succession(self) -> Succession:
        """The keys as they were read."""
        return self._ring.succession

    def begin(self, purpose: str, signer: str | None = None) -> Change:
        """Make a successor, or find the one that a broken-off run made.

        Args:
            purpose: `log` or `intake`.
            signer: URI of a log key that lies elsewhere, or None.

        Raises:
            ConflictError: the key is being replaced already.
            SettingError: its private half is not here.
        """
        name = self._name(purpose)
        self.tidy(purpose)
        if len(self.succession.in_force(name)) != 1:
            raise ConflictError(f"the {purpose} key is being replaced: end that first (--end)")
        (old,) = self._private(self.succession.in_force(name))
        keys = self._ring.keys.prepare(purpose, self._equipment.entropy, signer)
        self._ring.take(keys)
        (new,) = (key for key in keys.successors if key.name == name)
        signers = (*self._ring.signers, old, new) if purpose == "log" else (old, new)
        return Change(
            old.verifier, new.verifier, begin_tags(new.verifier), signers, self._condition
        )

    def end(self, purpose: str) -> Change:
        """What ends the old key.

        Raises:
            ConflictError: the key is not being replaced.
            SettingError: a private half is not here.
        """
        name = self._name(purpose)
        if len(self.succession.in_force(name)) != 2:  # noqa: PLR2004 - old and new
            raise ConflictError(f"the {purpose} key is not being replaced")
        old, new = self._private(self.succession.in_force(name))
        term = self.succession.named(name)[-1]
        if term.root is None:
            raise ConflictError("the root of the entries up to the new key is not known")
        tags = end_tags(old, self.succession.origin, term.first, term.root)
        signers = (*self._ring.signers, new) if purpose == "log" else (new,)
        return Change(old.verifier, new.verifier, tags, signers, self._condition)

    def tidy(self, purpose: str) -> None:
        """Once the old key has ended, put the new one in its place and remove the old one."""
        name = self._name(purpose)
        with self._equipment.database.session("writer") as connection:
            self._ring.load(connection)
        in_force = {key.id for key in self.succession.in_force(name)}
        keys = self._ring.keys
        own = keys.log if purpose == "log" else keys.intake
        waiting = [key for key in keys.successors if key.name == name]
        if own.id not in in_force and any(key.id in in_force for key in waiting):
            self._ring.take(keys.replace(purpose))

    def _name(self, purpose: str) -> str:
        if purpose not in PURPOSES:
            raise SettingError(f"no key for {purpose}: expected {' or '.join(PURPOSES)}")
        return self.succession.origin if purpose == "log" else intake_name(self.succession.origin)

    def _private(self, keys: tuple[VerifierKey, ...]) -> tuple[SigningKey, ...]:
        found = {key.id: key for key in self._ring.keys.having(keys)}
        missing = [key.id for key in keys if key.id not in found]
        if missing:
            raise SettingError(f"the private half of {missing[0]} is not here")
        return tuple(found[key.id] for key in keys)
