"""Events as commands read and make them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol

from eventsourcing.dcb.domain import Decision

if TYPE_CHECKING:
    from domain.log.by import By


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


class ApprovalRequested(Fact):
    """Somebody asked for an approval."""

    TOPIC = "pipeledger.approval.requested"


class ApprovalGranted(Fact):
    """Somebody approved."""

    TOPIC = "pipeledger.approval.granted"


class ApprovalRejected(Fact):
    """Somebody refused to approve."""

    TOPIC = "pipeledger.approval.rejected"


class ApprovalWithdrawn(Fact):
    """A request or an approval was taken back."""

    TOPIC = "pipeledger.approval.withdrawn"


class ApprovalExpired(Fact):
    """The date of an approval passed."""

    TOPIC = "pipeledger.approval.expired"


class EmergencyDeclared(Fact):
    """A change goes ahead before its approval."""

    TOPIC = "pipeledger.emergency.declared"


class WaiverGranted(Fact):
    """An exception holds."""

    TOPIC = "pipeledger.waiver.granted"


class WaiverRevoked(Fact):
    """An exception was taken back."""

    TOPIC = "pipeledger.waiver.revoked"


class WaiverExpired(Fact):
    """The date of an exception passed."""

    TOPIC = "pipeledger.waiver.expired"


class CommitPushed(Fact):
    """A commit came to a repository."""

    TOPIC = "pipeledger.commit.pushed"


class RefUpdated(Fact):
    """A branch or tag was moved."""

    TOPIC = "pipeledger.ref.updated"


class ChangeProposed(Fact):
    """A change was proposed."""

    TOPIC = "pipeledger.change.proposed"


class ChangeUpdated(Fact):
    """A proposed change got other commits or words."""

    TOPIC = "pipeledger.change.updated"


class ChangeReviewed(Fact):
    """A proposed change was reviewed."""

    TOPIC = "pipeledger.change.reviewed"


class ChangeMerged(Fact):
    """A proposed change was merged."""

    TOPIC = "pipeledger.change.merged"


class BuildFinished(Fact):
    """A build ended."""

    TOPIC = "pipeledger.build.finished"


class ArtifactPublished(Fact):
    """An artifact was put where others fetch it."""

    TOPIC = "pipeledger.artifact.published"


class ArtifactDescribed(Fact):
    """What an artifact is made of was written down."""

    TOPIC = "pipeledger.artifact.described"


class AttestationVerified(Fact):
    """A statement about an artifact was checked."""

    TOPIC = "pipeledger.attestation.verified"


class ReleaseCreated(Fact):
    """A version was released."""

    TOPIC = "pipeledger.release.created"


FACTS: Final[dict[str, type[Fact]]] = {
    kind.TOPIC: kind
    for kind in (
        TokenIssued, TokenRevoked, PersonLinked, PersonUnlinked, EnvironmentRegistered,
        ServiceRegistered, EventVoided, DeploymentAssessed, IncidentAssessed, CommandProposed,
        CommandWithdrawn, ApprovalRequested, ApprovalGranted, ApprovalRejected, ApprovalWithdrawn,
        ApprovalExpired, EmergencyDeclared, WaiverGranted, WaiverRevoked, WaiverExpired,
        CommitPushed, RefUpdated, ChangeProposed, ChangeUpdated, ChangeReviewed, ChangeMerged,
        BuildFinished, ArtifactPublished, ArtifactDescribed, AttestationVerified, ReleaseCreated,
    )
}  # fmt: skip
"""The class of each stored type that a command reads or makes."""
