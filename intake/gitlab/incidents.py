"""Incidents, which are work items of a type of their own; other work items are left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from intake.gitlab.common import reading, service_of, who
from intake.rows import named

if TYPE_CHECKING:
    from intake.gitlab.structure import WorkItem, WorkItemEvent
    from intake.report import Reading

_ISSUE: Final = "Issue Hook"
_KINDS: Final = {
    "open": "incident.opened", "close": "incident.resolved", "reopen": "incident.reopened",
}  # fmt: skip


def work_item(event: WorkItemEvent) -> list[Reading]:
    """An incident was opened, acknowledged, assessed, closed or opened again."""
    one = event.object_attributes
    if one is None or one.iid is None or (one.type or "").lower() != "incident":
        return []
    action = one.action or ""
    what, time = _KINDS.get(action), one.updated_at
    if action == "open":
        time = one.created_at
    elif action == "close":
        time = one.closed_at or one.updated_at
    elif action == "update":
        what = _updated(event, one)
    if what is None:
        return []
    service = service_of(event)
    data: dict[str, Any] = {
        "service": service,
        "service_basis": "repository" if service is not None else None,
        "incident": str(one.iid),
        "title": one.title,
        "description": one.description,
        "severity": named(one.severity),
        "url": named(one.url),
        "reported_outcome": action,
    }
    if what == "incident.acknowledged":
        data["acknowledged_by"] = who(event.user)
    return [reading(f"{_ISSUE}.{action}", event, what, time, data)]


def _updated(event: WorkItemEvent, one: WorkItem) -> str | None:
    changes = event.changes or {}
    status = changes.get("escalation_status")
    if status is not None and "acknowledged" in (status.current, one.escalation_status):
        return "incident.acknowledged"
    return "incident.assessed" if "severity" in changes else None
