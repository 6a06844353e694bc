"""Who may command a ledger, as its own events tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from domain.decisions.fact import (
    Fact,
    PersonLinked,
    PersonUnlinked,
    TokenIssued,
    TokenRevoked,
)
from domain.instant import read_time

if TYPE_CHECKING:
    from datetime import datetime


class Operators:
    """The persons with a token of an operator; accounts that are linked are one person."""

    STANDS_ON: Final = (TokenIssued, TokenRevoked, PersonLinked, PersonUnlinked)

    def __init__(self) -> None:
        self._tokens: dict[str, tuple[str, datetime | None]] = {}
        self._links: dict[frozenset[str], None] = {}

    def learn(self, fact: Fact) -> None:
        """Take in a fact; those of other types say nothing here."""
        said = fact.data
        if isinstance(fact, TokenIssued):
            if said.get("role") == "operator":
                expires = said.get("expires")
                until = None if expires is None else read_time(expires, "field data.expires")
                self._tokens[said["credential"]] = (said["principal"], until)
        elif isinstance(fact, TokenRevoked):
            self._tokens.pop(said.get("credential", ""), None)
        elif isinstance(fact, PersonLinked | PersonUnlinked) and said:
            pair = frozenset((said["person"], said["other"]))
            if isinstance(fact, PersonLinked):
                self._links[pair] = None
            else:
                self._links.pop(pair, None)

    def persons(self, at: datetime) -> frozenset[str]:
        """Who is an operator at an instant: one id for each person."""
        ids = [person for person, until in self._tokens.values() if until is None or until > at]
        one = self._one_id()
        return frozenset(one.get(person, person) for person in ids)

    def includes(self, person: str, at: datetime) -> bool:
        """Whether somebody is an operator at an instant."""
        return self._one_id().get(person, person) in self.persons(at)

    def same(self, one: str, other: str) -> bool:
        """Whether two ids are one person."""
        ids = self._one_id()
        return ids.get(one, one) == ids.get(other, other)

    def _one_id(self) -> dict[str, str]:
        """For each id that is linked, the one that stands for all it is linked with."""
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
