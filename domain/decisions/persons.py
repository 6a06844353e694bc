"""Which ids are one person, as the ledger's own events tell."""

from __future__ import annotations

from typing import Final

from domain.decisions.fact import Fact, PersonLinked, PersonUnlinked


class Persons:
    """Accounts that operators linked; whoever is linked along a chain is one person."""

    STANDS_ON: Final = (PersonLinked, PersonUnlinked)

    def __init__(self) -> None:
        self._links: dict[frozenset[str], None] = {}
        self._one: dict[str, str] | None = None

    def learn(self, fact: Fact) -> None:
        """Take in a fact; those of other types say nothing here."""
        said = fact.data
        if not isinstance(fact, PersonLinked | PersonUnlinked) or not said:
            return
        pair = frozenset((said["person"], said["other"]))
        if isinstance(fact, PersonLinked):
            self._links[pair] = None
        else:
            self._links.pop(pair, None)
        self._one = None

    def one(self, person: str) -> str:
        """The id that stands for all that an id is linked with."""
        if self._one is None:
            self._one = self._one_id()
        return self._one.get(person, person)

    def same(self, one: str, other: str) -> bool:
        """Whether two ids are one person."""
        return self.one(one) == self.one(other)

    def linked(self, one: str, other: str) -> bool:
        """Whether two ids are linked with each other, and not along a chain only."""
        return frozenset((one, other)) in self._links

    def _one_id(self) -> dict[str, str]:
        stands: dict[str, str] = {}

        def find(person: str) -> str:
            path = []
            while stands.setdefault(person, person) != person:
                path.append(person)
                person = stands[person]
            for passed in path:
                stands[passed] = person
            return person

        for pair in self._links:
            first, *second = sorted(find(person) for person in pair)
            for person in second:
                stands[person] = first
        return {person: find(person) for person in list(stands)}
