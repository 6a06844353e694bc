"""PagerDuty's webhooks of version 3: one event a delivery."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from intake.instant import told_time
from intake.json_body import read_fields
from intake.number import count_of
from intake.pagerduty import legacy
from intake.pagerduty.common import Reference, label, reading, who
from intake.report import Format, Reading
from intake.rows import named
from intake.schemes import Signed
from intake.sender import Sender

if TYPE_CHECKING:
    from intake.shape import Shape

_TYPES: Final = {
    "incident.triggered": "incident.opened",
    "incident.acknowledged": "incident.acknowledged",
    "incident.resolved": "incident.resolved",
    "incident.reopened": "incident.reopened",
    "incident.priority_updated": "incident.assessed",
    "incident.service_updated": "incident.assessed",
}
_MARKS: Final = frozenset({"event_type", "resource_type", "occurred_at", "data"})


class Reason(msgspec.Struct, gc=False):
    """Why an incident was resolved, where it was by being merged into another."""

    incident: Reference | None = None


class Incident(msgspec.Struct, gc=False, kw_only=True):
    """An incident, as events about it show it."""

    id: str | None = None
    html_url: str | None = None
    number: int | None = None
    status: str | None = None
    title: str | None = None
    created_at: str | None = None
    service: Reference | None = None
    assignees: list[Reference] | None = None
    priority: Reference | None = None
    urgency: str | None = None
    resolve_reason: Reason | None = None


class Event(msgspec.Struct, kw_only=True):
    """What happened; `data` has another structure for each type."""

    event_type: str
    occurred_at: str | None = None
    agent: Reference | None = None
    data: msgspec.Raw = msgspec.Raw(b"null")


class Delivery(msgspec.Struct):
    """A delivery."""

    event: Event


def claims(shape: Shape) -> bool:
    """One `event` with its type, resource, time and data."""
    return shape.members is not None and shape.inner("event").keys() >= _MARKS


def read(body: bytes) -> list[Reading]:
    """The reading of a body; none where its type has no event type.

    Raises:
        RefusedError: no webhook of version 3; the place is named.
        TooLargeError: a limit was passed.
    """
    event = read_fields(body, Delivery).event
    what = _TYPES.get(event.event_type)
    if what is None:
        return []
    one = read_fields(bytes(event.data), Incident)
    identity = named(one.id)
    if identity is None:
        return []
    agent, happened = who(event.agent), told_time(event.occurred_at)
    data = _described(one) | {"incident": identity, "actor": agent}
    if what == "incident.opened" and happened is not None and happened.local is None:
        data["detected_at"] = data["detected_at"] or happened.time
    elif what == "incident.acknowledged":
        data["acknowledged_by"] = agent
    elif what == "incident.resolved":
        data["resolved_at"] = happened.time if happened and happened.local is None else None
    return [reading(event.event_type, what, event.occurred_at, one.html_url, data)]


def _described(one: Incident) -> dict[str, Any]:
    made, owners = told_time(one.created_at), one.assignees or []
    into = one.resolve_reason.incident if one.resolve_reason is not None else None
    return {
        "number": count_of(one.number),
        "title": one.title,
        "service": label(one.service),
        # A priority is what the account calls it; an urgency says how somebody is notified.
        "severity": label(one.priority),
        "urgency": named(one.urgency),
        "owner": who(owners[0]) if len(owners) == 1 else None,
        "detected_at": made.time if made and made.local is None else None,
        "merged_into": named(into.id) if into is not None else None,
        "reported_outcome": named(one.status),
    }


def is_ping(shape: Shape) -> bool:
    """Whether it is the test that the page of a subscription can send."""
    raw = shape.inner("event").get("event_type")
    return raw is not None and bytes(raw) == b'"pagey.ping"'


FORMAT: Final = Format("pagerduty", "PagerDuty webhook", "application/json", claims, read)
SENDER: Final = Sender(
    name="pagerduty",
    title="PagerDuty",
    scheme=Signed(
        "x-pagerduty-signature",
        "Integrations, Generic Webhooks (v3), New Webhook: Webhook URL as above",
        prefix="v1=",
        several=True,
    ),
    formats=(FORMAT, legacy.FORMAT),
    is_ping=is_ping,
    new_secret=None,
)
