"""What all commands have in common, and the rule of the second person."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final

from eventsourcing.dcb.domain import Selector, Slice

from domain.decisions.fact import CommandProposed, CommandWithdrawn, Fact
from domain.decisions.operators import Operators
from domain.errors import ConflictError, RefusedError
from domain.log.entry import format_at
from domain.log.names import tag

if TYPE_CHECKING:
    from datetime import datetime

    from domain.log.by import By

LIFE: Final = timedelta(days=7)
"""How long a proposal can be confirmed."""
BOTH: Final = 2
PREFIX: Final = "pipeledger."


@dataclass(frozen=True, slots=True)
class Proposal:
    """A command that waits for a second person.

    Attributes:
        position: where it stands.
        by: who proposed it.
        expires: from then on nobody can confirm it.
    """

    position: int
    by: By
    expires: datetime


class Command(Slice[Fact]):
    """A command of one event.

    Attributes:
        makes: the event it makes.
        data: of that event, free text included.
        by: who commands it.
        at: the present instant.
    """

    makes: ClassVar[type[Fact]]

    def __init__(self, data: dict[str, Any], by: By, at: datetime) -> None:
        self.data = {name: said for name, said in data.items() if said is not None}
        self.by = by
        self.at = at

    @abstractmethod
    def consistency_boundary(self) -> list[Selector]:
        """The facts it stands on: if one of them comes meanwhile, it is refused."""

    @abstractmethod
    def learn(self, fact: Fact) -> None:
        """Take in one of these facts."""

    @abstractmethod
    def check(self) -> None:
        """Its own rules.

        Raises:
            RefusedError: what is commanded is incomplete.
            ConflictError: something in the ledger forbids it.
        """

    def execute(self) -> None:
        """Decide.

        Raises:
            RefusedError: what is commanded is incomplete.
            ConflictError: something in the ledger forbids it.
        """
        self.check()
        self.decide(self.data)

    def decide(self, data: dict[str, Any], source: str | None = None) -> None:
        """Make the event."""
        self.trigger_event(self.makes, (), data, source=source)

    def need_person(self) -> None:
        """Refuse the server's own name, behind which anybody with its data may stand.

        Raises:
            ConflictError: no person commands it.
        """
        if self.by.how == "server":
            raise ConflictError(
                "a person does this in their own name, with a token of theirs (PIPELEDGER_TOKEN)"
            )

    def need_reason(self) -> None:
        """Refuse a command without a reason.

        Raises:
            RefusedError: there is none.
        """
        if not str(self.data.get("reason") or "").strip():
            raise RefusedError("field reason", "a reason is needed")


class TwoPersonCommand(Command):
    """A command that needs a second person as soon as the ledger has two operators.

    Until then one decides, and the event names no second. From then on the first proposes
    (`command.proposed`), and another operator confirms; the event is by who confirms and names
    who proposed.

    Attributes:
        always: one operator alone never decides it.
        proposal: what is confirmed, or None.
        operators: who they are.
    """

    always: ClassVar[bool] = False

    def __init__(
        self, data: dict[str, Any], by: By, at: datetime, proposal: Proposal | None = None
    ) -> None:
        super().__init__(data, by, at)
        self.proposal = proposal
        self.operators = Operators()
        self._ended = 0

    def consistency_boundary(self) -> list[Selector]:
        """Tokens and links of operators, and what became of the proposal."""
        found = [Selector(types=Operators.STANDS_ON)]
        if self.proposal is not None:
            found.append(ended(self.proposal.position, self.makes))
        return found

    def learn(self, fact: Fact) -> None:
        """Take in a fact."""
        self.operators.learn(fact)
        if self.proposal is not None and fact.data.get("proposal") == self.proposal.position:
            self._ended = fact.position

    def execute(self) -> None:
        """Decide, or propose.

        Raises:
            RefusedError: what is commanded is incomplete.
            ConflictError: something in the ledger forbids it, or it cannot be confirmed, or not
                by this person.
        """
        if self.proposal is not None:
            self._check_confirmable(self.proposal)
            self.check()
            both = self.names(self.proposal.by.principal, self.by.principal)
            self.decide(self.data | both | {"proposal": self.proposal.position})
            return
        self.check()
        if len(self.operators.persons(self.at)) < BOTH:
            self._decide_alone()
            return
        self._check_operator(self.by.principal, "who commands")
        kind = self.makes.TOPIC.removeprefix(PREFIX)
        data = {
            "command": kind,
            "expires": format_at(self.at + LIFE),
            field_of(kind): self.data,
        }
        self.trigger_event(CommandProposed, (), data)

    def names(self, first: str, second: str) -> dict[str, Any]:
        """How the event names two persons: who proposed it and who confirms it."""
        del second
        return {"second": first}

    def _decide_alone(self) -> None:
        if self.always:
            raise ConflictError(
                "two operators decide this, never one alone, and the ledger has one: make a token "
                "for another person (pipeledger-server token create --role operator --name WHO), "
                "and send it again"
            )
        self.decide(self.data)

    def _check_confirmable(self, proposal: Proposal) -> None:
        if self._ended:
            raise ConflictError(f"it was confirmed or withdrawn, at position {self._ended}")
        if self.at >= proposal.expires:
            raise ConflictError(f"it could be confirmed until {format_at(proposal.expires)}")
        if self.operators.same(proposal.by.principal, self.by.principal):
            raise ConflictError("who proposed it cannot confirm it: another person is needed")
        self._check_operator(proposal.by.principal, "who proposed it")
        self._check_operator(self.by.principal, "who confirms it")

    def _check_operator(self, person: str, who: str) -> None:
        if not self.operators.includes(person, self.at):
            raise ConflictError(
                f"the ledger has two operators or more, and {who} is none of them: "
                "a command is made in the name of an operator"
            )


def ended(position: int, *kinds: type[Fact]) -> Selector:
    """What ends a proposal: the event that it became, of one of these types, or a withdrawal."""
    return Selector(types=[*kinds, CommandWithdrawn], tags=[tag("proposal", str(position))])


def field_of(kind: str) -> str:
    """The field of a proposal that holds what is commanded."""
    return kind.replace(".", "_")
