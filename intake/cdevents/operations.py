"""Services, environments, incidents, tickets and approvals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from intake.address import address_of
from intake.cdevents.event import id_of
from intake.instant import told_time
from intake.rows import named

if TYPE_CHECKING:
    from intake.cdevents.event import Event
    from intake.report import Reading

_TICKETS: Final = {
    "task": "task", "incident": "incident", "change": "change", "problem": "problem",
    "request": "request", "service request": "request",
}  # fmt: skip
_CLOSED: Final = {
    "approved": "approved", "rejected": "rejected", "cancelled": "withdrawn", "expired": "expired",
}  # fmt: skip
_ANSWERED: Final = {"approved": "approved", "rejected": "rejected", "requestchanges": "rejected"}
"""Escalated, delegated and deferred are no answers."""


def deployed(event: Event) -> Reading | None:
    """A service was deployed."""
    return _deployed(event, "success", "deployed", {})


def upgraded(event: Event) -> Reading | None:
    """A service got another version."""
    return _deployed(event, "success", "upgraded", {})


def rolled_back(event: Event) -> Reading | None:
    """A service got a version back that it had."""
    more = {"kind": "rollback", "rolls_back": event.related("rollsBack")}
    return _deployed(event, "success", "rolledback", more)


def deployment_failed(event: Event) -> Reading | None:
    """A custom event: a deployment failed, for which CDEvents has none."""
    return _deployed(event, "failure", "failed", {})


def _deployed(event: Event, outcome: str, word: str, more: dict[str, Any]) -> Reading | None:
    environment, artifact = event.environment(), event.artifact()
    if environment is None:
        return None
    data = {
        # CDEvents knows no deployments: links of other events lead to this one's id.
        "deployment": named(event.context.id),
        "service": event.name,
        "environment": environment,
        "artifact": artifact,
        "artifacts": [artifact] if artifact else None,
        "outcome": outcome,
        "reported_outcome": word,
    }
    return event.reading("deployment.finished", data | more)


def removed(event: Event) -> Reading | None:
    """A service was taken away."""
    return _configured(event, event.environment(), "removed", service=event.name)


def published(event: Event) -> Reading | None:
    """A service can be reached."""
    return _configured(event, event.environment(), "published", service=event.name)


def environment_created(event: Event) -> Reading | None:
    """An environment was made."""
    return _configured(event, event.name, "created")


def environment_modified(event: Event) -> Reading | None:
    """An environment was changed."""
    return _configured(event, event.name, "modified")


def environment_deleted(event: Event) -> Reading | None:
    """An environment was deleted."""
    return _configured(event, event.name, "deleted")


def _configured(
    event: Event, environment: str | None, action: str, service: str | None = None
) -> Reading | None:
    if environment is None:
        return None
    data = {
        "environment": environment,
        "service": service,
        "resource": service or named(event.content.name) or environment,
        "action": action,
    }
    return event.reading("config.changed", data)


def incident_detected(event: Event) -> Reading | None:
    """An incident was noticed."""
    told = told_time(event.context.timestamp)
    return _incident(event, "incident.opened", {"detected_at": told.time if told else None})


def incident_reported(event: Event) -> Reading | None:
    """An incident got a ticket."""
    return _incident(event, "incident.opened", {"url": address_of(event.content.ticket_uri)})


def incident_resolved(event: Event) -> Reading | None:
    """An incident is over."""
    told = told_time(event.context.timestamp)
    return _incident(event, "incident.resolved", {"resolved_at": told.time if told else None})


def _incident(event: Event, what: str, more: dict[str, Any]) -> Reading | None:
    service = id_of(event.content.service)
    data = {
        "incident": event.name,
        "service": service,
        "services": [service] if service else None,
        "environment": event.environment(),
        "artifact": event.artifact(),
        "description": event.content.description,
        "caused_by": event.related("causedBy"),
    }
    return event.reading(what, data | more)


def ticket_created(event: Event) -> Reading | None:
    """A ticket was opened, by who made it."""
    return _ticket(event, "ticket.opened", {"actor": event.person(event.content.creator)})


def ticket_updated(event: Event) -> Reading | None:
    """A ticket was changed."""
    return _ticket(event, "ticket.updated", {"actor": event.person(event.content.updated_by)})


def ticket_closed(event: Event) -> Reading | None:
    """A ticket was closed."""
    more = {
        "actor": event.person(event.content.updated_by),
        "resolution": named(event.content.resolution),
    }
    return _ticket(event, "ticket.closed", more)


def _ticket(event: Event, what: str, more: dict[str, Any]) -> Reading | None:
    content = event.content
    kind = (content.ticket_type or "").strip().lower()
    assignees = content.assignees or []
    data = {
        "system": named(event.context.source),
        "key": event.name,
        "ticket": event.name,
        "kind": _TICKETS.get(kind, "other") if kind else None,
        "title": content.summary,
        "requester": event.person(content.creator),
        "assignee": event.person(assignees[0]) if len(assignees) == 1 else None,
    }
    return event.reading(what, data | more)


def approval_created(event: Event) -> Reading | None:
    """An approval was asked for."""
    return _approval(event, "requested", "created")


def approval_updated(event: Event) -> Reading | None:
    """Somebody answered; the approval is not closed by that."""
    decision = event.content.decision or ""
    return _approval(event, _ANSWERED.get(decision.lower()), decision)


def approval_closed(event: Event) -> Reading | None:
    """It ended as its status says; the last answer stands beside."""
    status = event.content.status or ""
    return _approval(event, _CLOSED.get(status.lower()), status)


def _approval(event: Event, verdict: str | None, word: str) -> Reading | None:
    if verdict is None:
        return None
    content = event.content
    data = {
        "approval": event.name,
        "verdict": verdict,
        "reported_outcome": named(word),
        "decision": named(content.decision),
        "system": named(event.context.source),
        "requester": event.person(content.requestor),
        "approver": event.person(content.responder),
        "target": address_of(content.resource_target_url),
        "url": address_of(content.approval_details_url),
    }
    return event.reading("approval.reported", data)
