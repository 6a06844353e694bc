"""What the ledger says of itself."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from domain.events.fields import (
    Common,
    Count,
    Digest,
    Handle,
    Instant,
    Name,
    Note,
    Outcome,
    Person,
    PersonId,
    Position,
    Text,
)
from domain.events.registry import Door, event

LEDGER = "ledger"
OPERATOR = ("operator",)


@event("ledger.created", LEDGER, Door.SERVER)
class LedgerCreated(Common, kw_only=True):
    """The ledger began; always at position 1."""

    origin: Name
    hash: Name
    format: Annotated[int, Meta(ge=1)]
    keys: Annotated[list[Name], Meta(min_length=1, max_length=16)]
    predecessor: Note | None = None


class Source(Common, kw_only=True):
    """A source that delivers to this ledger."""

    name: Name


@event("source.registered", LEDGER, Door.COMMAND, roles=OPERATOR)
class SourceRegistered(Source, kw_only=True):
    """A source may deliver from now on."""

    kind: Name
    credential: Name | None = None
    every_s: Count | None = None
    sources: Annotated[list[Handle], Meta(max_length=100)] | None = None
    incident_when: Annotated[dict[Name, Name], Meta(max_length=100)] | None = None


@event("source.heartbeat", LEDGER, Door.SERVER, least="observed")
class SourceHeartbeat(Source, kw_only=True):
    """A source says that it is there and what it delivered."""

    delivered: Count | None = None
    sequence: Count | None = None


@event("source.gap", LEDGER, Door.SERVER, least="observed")
class SourceGap(Source, kw_only=True):
    """A source was silent, or deliveries of it are missing."""

    since: Instant | None = None
    until: Instant | None = None
    missing: Count | None = None
    explanation: Text | None = None


@event("source.unmapped", LEDGER, Door.SERVER, least="observed")
class SourceUnmapped(Source, kw_only=True):
    """A source delivered something that no event type is for; it is kept as it came."""

    kind: Name | None = None
    reason: Text | None = None
    length: Count | None = None


class Credential(Common, kw_only=True):
    """A credential of this ledger."""

    credential: Name
    principal: PersonId | None = None
    role: Name | None = None
    expires: Instant | None = None
    reason: Text | None = None


@event("key.enrolled", LEDGER, Door.COMMAND, roles=OPERATOR)
class KeyEnrolled(Credential, kw_only=True):
    """An emitter's public key may sign from now on."""

    algorithm: Name | None = None
    digest: Digest | None = None


@event("key.rotated", LEDGER, Door.COMMAND, roles=OPERATOR)
class KeyRotated(Credential, kw_only=True):
    """A key was replaced by another, or is being replaced.

    Attributes:
        replaced_by: the new key.
        size: position at which the new key began, where this ends the old one.
        keys: the new key's public half, as a verifier key.
        purpose: what the keys sign; absent for an emitter's.
        step: whether the new key begins, so that both are valid, or the old one ends.
    """

    replaced_by: Name | None = None
    size: Position | None = None
    keys: Annotated[list[Name], Meta(max_length=16)] | None = None
    purpose: Literal["log", "intake"] | None = None
    step: Literal["begun", "ended"] | None = None


@event("key.revoked", LEDGER, Door.COMMAND, roles=OPERATOR)
class KeyRevoked(Credential, kw_only=True):
    """A key is not trusted any more.

    Attributes:
        compromised_at: since when somebody else may have signed with it.
        compromised_from: the same, as a position.
    """

    compromised_at: Instant | None = None
    compromised_from: Position | None = None


@event("token.issued", LEDGER, Door.COMMAND, roles=OPERATOR)
class TokenIssued(Credential, kw_only=True):
    """An API token was made.

    Attributes:
        approves_as: roles in the organisation in which its bearer approves.
    """

    approves_as: Annotated[list[Name], Meta(max_length=50)] | None = None


@event("token.revoked", LEDGER, Door.COMMAND, roles=OPERATOR)
class TokenRevoked(Credential, kw_only=True):
    """An API token was made useless."""


@event("event.voided", LEDGER, Door.COMMAND, roles=OPERATOR)
class EventVoided(Common, kw_only=True):
    """An event counts no more; it stays listed.

    Attributes:
        position: where it stands.
        reason: why.
        second: the other person of two who decided it; absent where the ledger had one operator.
        proposal: position of the command that was confirmed.
    """

    position: Position
    reason: Text
    second: Person | None = None
    proposal: Position | None = None


@event("event.conflicted", LEDGER, Door.SERVER)
class EventConflicted(Common, kw_only=True):
    """An id was used again with other bytes."""

    position: Position
    digest: Digest
    credential: Name | None = None


@event("part.redacted", LEDGER, Door.COMMAND, roles=OPERATOR)
class PartRedacted(Common, kw_only=True):
    """Bytes that an entry commits to were removed."""

    position: Position
    parts: Annotated[list[Name], Meta(min_length=1, max_length=64)]
    reason: Text | None = None


@event("checkpoint.witnessed", LEDGER, Door.SERVER)
class CheckpointWitnessed(Common, kw_only=True):
    """A witness cosigned a checkpoint."""

    size: Position
    witness: Name
    root: Name | None = None
    cosigned_at: Instant | None = None


@event("clock.checked", LEDGER, Door.SERVER, least="observed")
class ClockChecked(Common, kw_only=True):
    """A clock was compared with a time source."""

    outcome: Outcome | None = None
    offset_s: float | None = None
    reference: Name | None = None
