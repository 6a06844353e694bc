"""Who may command a ledger, as its own events tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from domain.decisions.fact import Fact, TokenIssued, TokenRevoked
from domain.decisions.persons import Persons
from domain.instant import read_time

if TYPE_CHECKING:
    from datetime import datetime


class Operators:
    """The persons with a token of an operator; accounts that are linked are one person."""

    STANDS_ON: Final = (TokenIssued, TokenRevoked, *Persons.STANDS_ON)

    def __init__(self) -> None:
        self._tokens: dict[str, tuple[str, datetime | None]] = {}
        self._persons = Persons()

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
        else:
            self._persons.learn(fact)

    def persons(self, at: datetime) -> frozenset[str]:
        """Who is an operator at an instant: one id for each person."""
        ids = [person for person, until in self._tokens.values() if until is None or until > at]
        return frozenset(self._persons.one(person) for person in ids)

    def includes(self, person: str, at: datetime) -> bool:
        """Whether somebody is an operator at an instant."""
        return self._persons.one(person) in self.persons(at)

    def same(self, one: str, other: str) -> bool:
        """Whether two ids are one person."""
        return self._persons.same(one, other)
