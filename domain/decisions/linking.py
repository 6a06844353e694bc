"""Accounts are linked as one person, or told apart again."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from domain.decisions.command import TwoPersonCommand
from domain.decisions.fact import Fact, PersonLinked, PersonUnlinked
from domain.decisions.persons import Persons
from domain.errors import ConflictError, RefusedError

if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any

    from domain.decisions.command import Proposal
    from domain.log.by import By


class _Pair(TwoPersonCommand):
    """Something is said of two ids; all links belong to its boundary, as the operators' do."""

    def __init__(
        self, data: dict[str, Any], by: By, at: datetime, proposal: Proposal | None = None
    ) -> None:
        super().__init__(data, by, at, proposal)
        self._persons = Persons()

    def learn(self, fact: Fact) -> None:
        """Take in a fact."""
        super().learn(fact)
        self._persons.learn(fact)

    def check(self) -> None:
        """Two ids are named, and why.

        Raises:
            RefusedError: one alone, or without a reason.
            ConflictError: it is so already.
        """
        self.need_reason()
        if self.data["person"] == self.data["other"]:
            raise RefusedError("field other", "two different ids are needed")
        self._check_new(self.data["person"], self.data["other"])

    @abstractmethod
    def _check_new(self, person: str, other: str) -> None:
        """Refuse what is so already."""


class LinkPersons(_Pair):
    """Say that two ids are one person."""

    makes = PersonLinked

    def _check_new(self, person: str, other: str) -> None:
        if self._persons.same(person, other):
            raise ConflictError("they are linked as one person already")


class UnlinkPersons(_Pair):
    """Say that two ids are two persons after all."""

    makes = PersonUnlinked

    def _check_new(self, person: str, other: str) -> None:
        if not self._persons.linked(person, other):
            raise ConflictError(
                "there is no link between these two: where others lie between them, unlink those"
            )
