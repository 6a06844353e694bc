"""Incidents, recovery, secrets, access, alerts."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from domain.events.fields import (
    Common,
    Count,
    Handle,
    Instant,
    Name,
    Outcome,
    Person,
    Seconds,
    Severity,
    Text,
)
from domain.events.registry import event

RECOVERY = "recovery"
ACCESS = "secrets and access"
RUNTIME = "runtime"

Names = Annotated[list[Name], Meta(max_length=1000)]


class Incident(Common, kw_only=True):
    """Something impaired a service."""

    incident: Name
    number: Count | None = None
    severity: Name | None = None
    urgency: Name | None = None
    category: Literal["availability", "security", "privacy"] | None = None
    cause: Name | None = None
    caused_by: Name | None = None
    title: Text | None = None
    description: Text | None = None
    owner: Person | None = None
    services: Names | None = None
    target: Handle | None = None
    targets: Annotated[list[Handle], Meta(max_length=1000)] | None = None
    rule: Name | None = None
    started_at: Instant | None = None
    detected_at: Instant | None = None
    contained_at: Instant | None = None
    merged_into: Name | None = None


@event("incident.opened", RECOVERY)
class IncidentOpened(Incident, kw_only=True):
    """An incident began or was noticed."""


@event("incident.acknowledged", RECOVERY)
class IncidentAcknowledged(Incident, kw_only=True):
    """Somebody took an incident on."""

    acknowledged_by: Person | None = None


@event("incident.assessed", RECOVERY)
class IncidentAssessed(Incident, kw_only=True):
    """Cause, causing deployment or severity is restated; the latest one wins."""

    reviewed: bool | None = None
    reviewer: Person | None = None
    notifiable: bool | None = None
    aware_at: Instant | None = None
    reason: Text | None = None


@event("incident.restored", RECOVERY)
class IncidentRestored(Incident, kw_only=True):
    """The service works again."""

    restored_at: Instant | None = None


@event("incident.resolved", RECOVERY)
class IncidentResolved(Incident, kw_only=True):
    """The incident is over."""

    resolved_at: Instant | None = None
    resolution: Text | None = None


@event("incident.reopened", RECOVERY)
class IncidentReopened(Incident, kw_only=True):
    """The incident was not over after all."""


@event("breach.notified", RECOVERY)
class BreachNotified(Incident, kw_only=True):
    """An authority or a person was told of a breach."""

    authority: Name
    aware_at: Instant | None = None
    notified_at: Instant | None = None
    delay_reason: Text | None = None


class Recovery(Common, kw_only=True):
    """Keeping and winning back a service or its data."""

    recovery: Name
    target: Handle | None = None
    planned: bool | None = None
    from_site: Name | None = None
    to_site: Name | None = None
    rto_wanted_s: Seconds | None = None
    rto_reached_s: Seconds | None = None
    rpo_wanted_s: Seconds | None = None
    rpo_reached_s: Seconds | None = None
    data_loss: bool | None = None
    lessons: Text | None = None


@event("failover.started", RECOVERY)
class FailoverStarted(Recovery, kw_only=True):
    """A service began to move to another site."""

    trigger: Literal["manual", "automatic"] | None = None


@event("failover.finished", RECOVERY)
class FailoverFinished(Recovery, kw_only=True):
    """A service moved to another site, or failed to."""

    outcome: Outcome
    trigger: Literal["manual", "automatic"] | None = None
    incident: Name | None = None


@event("replication.measured", RECOVERY)
class ReplicationMeasured(Recovery, kw_only=True):
    """How far a copy lies behind was measured."""

    lag_s: Seconds


@event("backup.finished", RECOVERY)
class BackupFinished(Recovery, kw_only=True):
    """A backup ended."""

    outcome: Outcome
    backup_set: Name | None = None


@event("restore.tested", RECOVERY)
class RestoreTested(Recovery, kw_only=True):
    """Restoring a backup was tried."""

    outcome: Outcome
    backup_set: Name | None = None
    verified: bool | None = None


@event("drill.finished", RECOVERY)
class DrillFinished(Recovery, kw_only=True):
    """A recovery exercise ended."""

    outcome: Outcome


class Secret(Common, kw_only=True):
    """A secret; its value never stands in an event."""

    path: Handle
    system: Name | None = None
    accessor: Person | None = None
    lease: Name | None = None
    lease_s: Seconds | None = None
    operation: Name | None = None
    engine: Name | None = None
    policies: Names | None = None
    request: Name | None = None
    reason: Text | None = None
    version: Name | None = None
    expires: Instant | None = None


@event("secret.accessed", ACCESS)
class SecretAccessed(Secret, kw_only=True):
    """A secret was read."""

    outcome: Outcome | None = None


@event("secret.created", ACCESS)
class SecretCreated(Secret, kw_only=True):
    """A secret was made."""


@event("secret.rotated", ACCESS)
class SecretRotated(Secret, kw_only=True):
    """A secret got another value."""

    suspected_compromise: bool | None = None


@event("secret.revoked", ACCESS)
class SecretRevoked(Secret, kw_only=True):
    """A secret was made useless."""

    suspected_compromise: bool | None = None


class Access(Common, kw_only=True):
    """Rights of somebody on something."""

    target: Handle
    subject: Person | None = None
    grantee: Name | None = None
    role: Name | None = None
    reason: Text | None = None
    approval: Name | None = None
    until: Instant | None = None
    action: Name | None = None
    policies: Names | None = None
    request: Name | None = None


@event("access.granted", ACCESS)
class AccessGranted(Access, kw_only=True):
    """Somebody got a right."""

    approved_by: Person | None = None


@event("access.revoked", ACCESS)
class AccessRevoked(Access, kw_only=True):
    """Somebody lost a right."""

    requested_at: Instant | None = None


@event("access.elevated", ACCESS)
class AccessElevated(Access, kw_only=True):
    """Somebody used an extraordinary right."""

    approved_by: Person | None = None
    break_glass: bool | None = None


class Removal(msgspec.Struct, kw_only=True, forbid_unknown_fields=False):
    """A right that a review wants removed.

    Attributes:
        subject: who has it.
        role: the right.
        done: whether it is gone already.
    """

    subject: Person
    role: Name | None = None
    done: bool | None = None


@event("access.reviewed", ACCESS)
class AccessReviewed(Access, kw_only=True):
    """Rights were reviewed."""

    reviewer: Person | None = None
    outcome: Outcome | None = None
    removals: Annotated[list[Removal], Meta(max_length=1000)] | None = None
    reviews: Name | None = None


@event("login.failed", ACCESS)
class LoginFailed(Access, kw_only=True):
    """Somebody could not log in."""


class Alert(Common, kw_only=True):
    """What a monitoring system noticed; an alert is not an incident."""

    fingerprint: Name
    rule: Name | None = None
    priority: Name | None = None
    severity: Severity | None = None
    target: Handle | None = None
    description: Text | None = None
    started_at: Instant | None = None
    receiver: Name | None = None
    omitted: Count | None = None


@event("alert.fired", RUNTIME)
class AlertFired(Alert, kw_only=True):
    """An alert began."""


@event("alert.resolved", RUNTIME)
class AlertResolved(Alert, kw_only=True):
    """An alert ended."""

    ended_at: Instant | None = None


@event("threat.detected", RUNTIME)
class ThreatDetected(Alert, kw_only=True):
    """Suspicious behaviour was noticed at run time."""
