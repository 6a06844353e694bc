"""Who is who, in memory: what the people stage asks of a register."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.people import Account


@dataclass
class Registry:
    """Gives an id to each account, the same to the same.

    Attributes:
        ids: of the accounts met.
        before: logins in lower case that were met in earlier events.
        asked: how often it was asked about mentions.
    """

    ids: dict[Account, str] = field(default_factory=dict)
    before: dict[str, str] = field(default_factory=dict)
    asked: int = 0

    def resolve(self, accounts: Sequence[Account]) -> list[str]:
        """Ids in the order of meeting."""
        return [self.ids.setdefault(one, f"per_{len(self.ids) + 1:032x}") for one in accounts]

    def known(self, accounts: Sequence[Account]) -> list[str | None]:
        """Ids of logins met before."""
        self.asked += 1
        return [self.before.get(one.login or "") for one in accounts]

    def absent(self, persons: Sequence[str]) -> list[str]:
        """Ids nobody was given."""
        return [one for one in persons if one not in {*self.ids.values(), *self.before.values()}]
