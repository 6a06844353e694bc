"""A proposal is taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.decisions.command import Command, Proposal, ended
from domain.decisions.fact import CommandWithdrawn, Fact
from domain.errors import ConflictError

if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any

    from eventsourcing.dcb.domain import Selector

    from domain.log.by import By


class Withdraw(Command):
    """Let nobody confirm a proposal any more; every operator may."""

    makes = CommandWithdrawn

    def __init__(
        self,
        data: dict[str, Any],
        by: By,
        at: datetime,
        *,
        proposal: Proposal,
        becoming: type[Fact],
    ) -> None:
        """A command about one proposal.

        Args:
            data: a reason, or nothing.
            by: who commands it.
            at: the present instant.
            proposal: what is withdrawn.
            becoming: what it would have become.
        """
        super().__init__(data | {"proposal": proposal.position}, by, at)
        self._proposal = proposal
        self._becoming = becoming
        self._ended = 0

    def consistency_boundary(self) -> list[Selector]:
        """What became of the proposal."""
        return [ended(self._proposal.position, self._becoming)]

    def learn(self, fact: Fact) -> None:
        """Take in what became of it."""
        self._ended = fact.position

    def check(self) -> None:
        """It can still be confirmed.

        Raises:
            ConflictError: not any more.
        """
        if self._ended:
            raise ConflictError(f"it was confirmed or withdrawn, at position {self._ended}")
        if self.at >= self._proposal.expires:
            raise ConflictError("it has expired")
