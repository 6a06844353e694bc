"""A ledger of one test, who commands it, and what comes between a command's reading and append."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from api.deciding import Commanding, Deciding
from api.granting import Granting
from api.host import Host, now
from store.ledger.ledger import SERVER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pytest

    from api.served import Served
    from domain.decisions.command import Command
    from store.credentials import Credential, Role


@dataclass
class Home:
    """A ledger with one operator and one deployment that was reported, at position 3.

    Attributes:
        host: opens the ledger once more, as another process does.
        here: the ledger.
        ada: the operator.
    """

    host: Host
    here: Served
    ada: Credential

    def operator(self, name: str) -> Credential:
        """One more operator."""
        return self.person("operator", name)

    def person(self, role: Role, name: str) -> Credential:
        """One more person with a token."""
        granting = Granting(self.here, SERVER, now(), os.urandom)
        found = self.here.tokens.find(granting.token(role, name))
        assert found is not None
        return found

    def by(self, who: Credential, here: Served | None = None) -> Deciding:
        """Commands in the name of somebody."""
        return Deciding(here or self.here, who, now(), os.urandom)

    @property
    def size(self) -> int:
        """How many entries are published."""
        return self.here.ledger.published.size

    @contextmanager
    def other(self) -> Iterator[Served]:
        """The ledger as another process has it open."""
        there = self.host.open(self.here.ledger.name)
        yield there
        there.close()


def interrupted(
    monkeypatch: pytest.MonkeyPatch, late: Commanding, between: Callable[[], object]
) -> Callable[[], int]:
    """Have something happen between a command's reading and its append; gives the size then."""
    repository = late._repository
    save = repository.save
    sizes: list[int] = []

    def saved(command: Command) -> int:
        between()
        sizes.append(late._here.ledger.published.size)
        return save(command)

    monkeypatch.setattr(repository, "save", saved)
    return lambda: sizes[0]
