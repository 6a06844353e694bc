"""Events as commands read and make them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol

from eventsourcing.dcb.domain import Decision

if TYPE_CHECKING:
    from domain.log.context import By


class Learning(Protocol):
    """What facts are told to."""

    def learn(self, fact: Fact) -> None:
        """Take in one fact; they come in the order of their positions."""
        ...


class Fact(Decision):
    """What an event says, as far as commands read it.

    Attributes:
        TOPIC: the stored type. The library writes it into conditions; without it a condition
            would name a class, and match nothing.
        data: of the newest version; empty where the event was redacted.
        by: who was authenticated; None for what is not appended yet.
        position: where it stands; 0 for what is not appended yet.
        source: who says so; None: the ledger.
    """

    TOPIC: ClassVar[str]

    def __init__(
        self,
        data: dict[str, Any],
        by: By | None = None,
        position: int = 0,
        source: str | None = None,
    ) -> None:
        self.data = data
        self.by = by
        self.position = position
        self.source = source

    def apply(self, obj: Learning) -> None:
        """Tell a command; the library calls it for what is read and for what is made."""
        obj.learn(self)


class TokenIssued(Fact):
    """A token was made."""

    TOPIC = "pipeledger.token.issued"


class TokenRevoked(Fact):
    """A token was made useless."""

    TOPIC = "pipeledger.token.revoked"


class PersonLinked(Fact):
    """Two ids are one person."""

    TOPIC = "pipeledger.person.linked"


class PersonUnlinked(Fact):
    """Two ids are two persons after all."""

    TOPIC = "pipeledger.person.unlinked"


class EnvironmentRegistered(Fact):
    """An environment has a tier."""

    TOPIC = "pipeledger.environment.registered"


class ServiceRegistered(Fact):
    """A service is described."""

    TOPIC = "pipeledger.service.registered"


class EventVoided(Fact):
    """An event counts no more."""

    TOPIC = "pipeledger.event.voided"


class DeploymentAssessed(Fact):
    """What a deployment did is restated."""

    TOPIC = "pipeledger.deployment.assessed"


class IncidentAssessed(Fact):
    """What an incident was is restated."""

    TOPIC = "pipeledger.incident.assessed"


class CommandProposed(Fact):
    """A command waits for a second person."""

    TOPIC = "pipeledger.command.proposed"


class CommandWithdrawn(Fact):
    """A command waits no more."""

    TOPIC = "pipeledger.command.withdrawn"


FACTS: Final[dict[str, type[Fact]]] = {
    kind.TOPIC: kind
    for kind in (
        TokenIssued, TokenRevoked, PersonLinked, PersonUnlinked, EnvironmentRegistered,
        ServiceRegistered, EventVoided, DeploymentAssessed, IncidentAssessed, CommandProposed,
        CommandWithdrawn,
    )
}  # fmt: skip
"""The class of each stored type that a command reads or makes."""
