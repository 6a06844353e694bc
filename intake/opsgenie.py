"""Opsgenie: webhooks of alerts and incidents, and incidents as its API gives them.

`createdAt` is in milliseconds and `updatedAt`, beside it, in nanoseconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from intake.instant import Told, told_epoch, told_time
from intake.json_body import read_fields
from intake.order import by_time
from intake.person import account_of
from intake.report import Format, Reading, fact
from intake.rows import named
from intake.schemes import by_token
from intake.sender import Sender

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.shape import Shape

TOOL: Final = "Opsgenie"
_ALERTS: Final = {"create": "alert.fired", "close": "alert.resolved"}
_INCIDENTS: Final = {
    "create": "incident.opened", "acknowledge": "incident.acknowledged",
    "resolve": "incident.resolved", "close": "incident.resolved", "reopen": "incident.reopened",
    "updatepriority": "incident.assessed",
}  # fmt: skip
_SEVERITIES: Final = {
    "P1": "critical", "P2": "high", "P3": "medium", "P4": "low", "P5": "info",
}  # fmt: skip
_LISTED: Final = frozenset({"id", "tinyId", "status", "impactedServices"})
_NANOSECONDS: Final = 10**16
Ticks = int | float | str | None


class _Thing(msgspec.Struct, gc=False, rename="camel"):
    """An alert or an incident."""

    alert_id: str | None = None
    incident_id: str | None = None
    id: str | None = None
    message: str | None = None
    description: str | None = None
    entity: str | None = None
    username: str | None = None
    priority: int | str | None = None
    status: str | None = None
    created_at: Ticks = None
    updated_at: Ticks = None
    impact_start_date: Ticks = None
    impact_end_date: Ticks = None


class _Delivery(msgspec.Struct, gc=False):
    """What was done to one of them."""

    action: str
    alert: _Thing | None = None
    incident: _Thing | None = None


class _Answer(msgspec.Struct, gc=False):
    """Incidents as the API gives them."""

    data: msgspec.Raw


def claims(shape: Shape) -> bool:
    """An action on an alert or incident of an integration, or incidents of the API."""
    told = (shape.members or {}).keys()
    if "action" in told and ("integrationId" in told or "integrationName" in told):
        return "alertId" in shape.inner("alert") or "incident" in told
    return shape.inside("data").object.keys() >= _LISTED


def read(body: bytes) -> list[Reading]:
    """The readings; none of an action that no event type is for.

    Raises:
        RefusedError: neither; the place is named.
        TooLargeError: a limit was passed.
    """
    if "action" in read_fields(body, dict[str, msgspec.Raw]):
        return list(_action(read_fields(body, _Delivery)))
    raw = bytes(read_fields(body, _Answer).data)
    several = raw.lstrip().startswith(b"[")
    found = (
        read_fields(raw, list[_Thing], "data") if several else [read_fields(raw, _Thing, "data")]
    )
    return by_time(reading for one in found for reading in _listed(one))


def _action(told: _Delivery) -> Iterator[Reading]:
    action = told.action.lower().replace("incident", "").strip(" _")
    if told.alert is not None:
        what, one = _ALERTS.get(action), told.alert
    else:
        what, one = _INCIDENTS.get(action), told.incident or _Thing()
    identity = named(one.alert_id or one.incident_id or one.id)
    if what is None or identity is None:
        return
    began, changed = _told(one.created_at), _told(one.updated_at)
    happened = began if action == "create" else changed
    # What integrations and the system itself do has their names there.
    actor = account_of("opsgenie", one.username) if "@" in (one.username or "") else None
    if what.startswith("alert."):
        data = _alert(one, identity, began, changed if action == "close" else None)
    else:
        data = _incident(one, identity, began, happened if what == "incident.resolved" else None)
        data["acknowledged_by"] = actor if what == "incident.acknowledged" else None
    data |= {"actor": actor, "tool": TOOL, "reported_outcome": named(told.action)}
    if what == "incident.resolved" and action == "resolve" and happened is not None:
        # It is closed afterwards, when all was written down: that is not when it was over.
        over = {"restored_at": happened.time}
        yield fact("incident.restored", happened, data | over, kind=named(told.action))
    yield fact(what, happened, data, kind=named(told.action))


def _alert(one: _Thing, identity: str, began: Told | None, ended: Told | None) -> dict[str, Any]:
    priority = _priority(one.priority)
    return {
        "fingerprint": identity,
        # What an alert says is put together by whoever sent it to Opsgenie.
        "description": "\n\n".join(filter(None, (one.message, one.description))) or None,
        "priority": priority,
        "severity": _SEVERITIES.get(priority or ""),
        "target": named(one.entity),
        "started_at": began.time if began else None,
        "ended_at": ended.time if ended else None,
    }


def _incident(one: _Thing, identity: str, began: Told | None, ended: Told | None) -> dict[str, Any]:
    impaired = _told(one.impact_start_date)
    return {
        "incident": identity,
        "title": one.message or None,
        "description": one.description or None,
        "severity": _priority(one.priority),
        "started_at": impaired.time if impaired else None,
        "detected_at": began.time if began else None,
        "resolved_at": ended.time if ended else None,
    }


def _listed(one: _Thing) -> Iterator[Reading]:
    identity, state = named(one.id), (one.status or "").lower()
    if identity is None:
        return
    began, changed, over = (
        _told(one.created_at), _told(one.updated_at), _told(one.impact_end_date),
    )  # fmt: skip
    common = {"tool": TOOL, "reported_outcome": named(one.status)}
    data = _incident(one, identity, began, None) | common
    yield fact("incident.opened", began, data, kind="incident")
    if over is not None:
        yield fact("incident.restored", over, data | {"restored_at": over.time}, kind="incident")
    if state in ("resolved", "closed"):
        data |= _incident(one, identity, began, changed)
        yield fact("incident.resolved", changed, data, kind="incident")


def _priority(told: int | str | None) -> str | None:
    return f"P{told}" if isinstance(told, int) else named(told)


def _told(ticks: Ticks) -> Told | None:
    if isinstance(ticks, str):
        return told_time(ticks)
    nanoseconds = isinstance(ticks, int | float) and ticks > _NANOSECONDS
    return told_epoch(ticks, 1_000_000_000 if nanoseconds else 1_000)


FORMAT: Final = Format("opsgenie", "Opsgenie webhook", "application/json", claims, read)
SENDER: Final = Sender(
    name="opsgenie",
    title=TOOL,
    scheme=by_token(
        "Settings, Integrations, Webhook: URL as above, and as custom header Authorization with "
        "the value Bearer and the secret"
    ),
    formats=(FORMAT,),
)
