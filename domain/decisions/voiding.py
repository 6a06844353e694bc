"""An event is taken out of what counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from eventsourcing.dcb.domain import Selector

from domain.decisions.command import TwoPersonCommand
from domain.decisions.fact import EventVoided, Fact
from domain.errors import ConflictError
from domain.events import TYPES, Door
from domain.log.names import tag

if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any

    from domain.decisions.command import Proposal
    from domain.log.by import By


@dataclass(frozen=True, slots=True)
class Target:
    """The entry that is to count no more, which is published.

    Attributes:
        position: where it stands.
        type: its stored type.
        assurance: how sure it was.
    """

    position: int
    type: str
    assurance: str


class Void(TwoPersonCommand):
    """Let an event count no more; it stays listed."""

    makes = EventVoided

    def __init__(
        self,
        data: dict[str, Any],
        by: By,
        at: datetime,
        proposal: Proposal | None = None,
        *,
        target: Target,
    ) -> None:
        super().__init__(data | {"position": target.position}, by, at, proposal)
        self._target = target
        self._voided = 0

    def consistency_boundary(self) -> list[Selector]:
        """Besides the operators: whether it was voided."""
        own = Selector([self.makes], [tag("position", str(self._target.position))])
        return [*super().consistency_boundary(), own]

    def learn(self, fact: Fact) -> None:
        """Take in a fact."""
        super().learn(fact)
        if isinstance(fact, EventVoided) and fact.data.get("position") == self._target.position:
            self._voided = fact.position

    def check(self) -> None:
        """Only what was sent can be voided, once, and with a reason.

        Raises:
            RefusedError: without a reason.
            ConflictError: the ledger's own word, or voided before.
        """
        self.need_reason()
        kind = TYPES.get(self._target.type)
        if kind is None or kind.door is not Door.EMIT or self._target.assurance == "decided":
            raise ConflictError(
                "what the ledger itself says or decides cannot be voided: another decision "
                "replaces it"
            )
        if self._voided:
            raise ConflictError(f"it was voided, at position {self._voided}")
