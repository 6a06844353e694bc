"""Messages of PagerDuty's webhooks before version 3, several in one file.

The second version has `event` and `incident` where the first has `type` and `data.incident`.
Members that are null stand there as the text "null" at times.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from intake.instant import told_time
from intake.json_body import read_fields
from intake.number import count_of
from intake.order import by_time
from intake.pagerduty.common import Reference, label, reading, who
from intake.report import Format, Reading
from intake.rows import named

if TYPE_CHECKING:
    from intake.shape import Shape

_TYPES: Final = {
    "incident.trigger": "incident.opened",
    "incident.acknowledge": "incident.acknowledged",
    "incident.resolve": "incident.resolved",
}
_PREFIX: Final = '"incident.'


class Assignment(msgspec.Struct, gc=False):
    """Somebody to whom an incident is assigned (second version)."""

    assignee: Reference | None = None


class LogEntry(msgspec.Struct, gc=False):
    """What was logged of it (second version)."""

    agent: Reference | None = None


class Incident(msgspec.Struct, gc=False, kw_only=True):
    """An incident."""

    id: str | None = None
    html_url: str | None = None
    incident_number: int | None = None
    status: str | None = None
    title: str | None = None
    created_on: str | None = None
    created_at: str | None = None
    service: Reference | None = None
    priority: Reference | None = None
    urgency: str | None = None
    assignments: list[Assignment] | None = None
    assigned_to_user: Reference | str | None = None
    resolved_by_user: Reference | str | None = None
    last_status_change_by: Reference | str | None = None


class Data(msgspec.Struct, gc=False):
    """What a message of the first version is about."""

    incident: Incident | None = None


class Message(msgspec.Struct, kw_only=True):
    """One message."""

    type: str | None = None
    event: str | None = None
    created_on: str | None = None
    data: Data | None = None
    incident: Incident | None = None
    log_entries: list[LogEntry] | None = None


class Delivery(msgspec.Struct):
    """A delivery."""

    messages: list[Message]


def claims(shape: Shape) -> bool:
    """`messages`, the first of which tells of an incident in either version's way."""
    if shape.members is None:
        return False
    first = shape.first("messages")
    kind, place = ("type", "data") if "data" in first else ("event", "incident")
    return place in first and bytes(first.get(kind, b"")).startswith(_PREFIX.encode())


def read(body: bytes) -> list[Reading]:
    """The readings of the messages whose type has an event type, earliest first.

    Raises:
        RefusedError: no such messages; the place is named.
        TooLargeError: a limit was passed.
    """
    found = (_read(one) for one in read_fields(body, Delivery).messages)
    return by_time([one for one in found if one is not None])


def _read(message: Message) -> Reading | None:
    kind = message.event or message.type or ""
    one = message.incident or (message.data.incident if message.data is not None else None)
    what, identity = _TYPES.get(kind), named(one.id) if one is not None else None
    if one is None or what is None or identity is None:
        return None
    agent, happened = _agent(message, one), told_time(message.created_on)
    data = _described(one) | {"incident": identity, "actor": agent}
    if what == "incident.acknowledged":
        data["acknowledged_by"] = agent
    elif what == "incident.resolved":
        data["resolved_at"] = happened.time if happened and happened.local is None else None
    return reading(kind, what, message.created_on, one.html_url, data)


def _agent(message: Message, one: Incident) -> dict[str, Any] | None:
    entries = message.log_entries or []
    told = (entries[0].agent if entries else None, one.resolved_by_user, one.last_status_change_by)
    found = (who(each) for each in told if isinstance(each, Reference))
    return next((each for each in found if each is not None), None)


def _described(one: Incident) -> dict[str, Any]:
    made = told_time(one.created_at or one.created_on)
    owners = [each.assignee for each in one.assignments or ()]
    if isinstance(one.assigned_to_user, Reference):
        owners.append(one.assigned_to_user)
    return {
        "number": count_of(one.incident_number),
        "title": one.title,
        "service": label(one.service),
        "severity": label(one.priority),
        "urgency": named(one.urgency),
        "owner": who(owners[0]) if len(owners) == 1 else None,
        "detected_at": made.time if made and made.local is None else None,
        "reported_outcome": named(one.status),
    }


FORMAT: Final = Format(
    "pagerduty-legacy", "PagerDuty webhook, versions 1 and 2", "application/json", claims, read
)
