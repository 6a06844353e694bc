"""Datadog's incidents: as its API gives them, and as webhooks tell of them by its variables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from intake.address import address_of
from intake.instant import told_stamp, told_time
from intake.json_body import read_fields
from intake.order import by_time
from intake.person import account_of
from intake.report import Format, Reading, fact
from intake.rows import named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.instant import Told
    from intake.shape import Shape

TOOL: Final = "Datadog"
_TYPE: Final = b'"incidents"'
_STATES: Final = {
    "active": "incident.opened", "stable": "incident.restored", "resolved": "incident.resolved",
    "completed": "incident.resolved",
}  # fmt: skip
_VARIABLES: Final = frozenset({"incident_public_id", "incident_status"})
_UNKNOWN: Final = "UNKNOWN"


class _Field(msgspec.Struct, gc=False):
    """A field of an incident."""

    value: Any = None


class _Attributes(msgspec.Struct, gc=False):
    """What the API says of an incident."""

    public_id: int | None = None
    title: str | None = None
    severity: str | None = None
    state: str | None = None
    created: str | None = None
    detected: str | None = None
    resolved: str | None = None
    customer_impact_start: str | None = None
    customer_impact_end: str | None = None
    fields: dict[str, _Field | None] | None = None

    def listed(self, name: str) -> list[str]:
        """The texts that are the value of a field."""
        found = (self.fields or {}).get(name)
        value = found.value if found is not None else None
        return [one for one in (value if isinstance(value, list) else [value])
                if isinstance(one, str)]  # fmt: skip

    def field(self, name: str) -> str | None:
        """The one text that is the value of a field, or None."""
        found = self.listed(name)
        return found[0] if len(found) == 1 else None


class _Incident(msgspec.Struct, gc=False):
    """An incident."""

    id: str | None = None
    attributes: _Attributes | None = None


class _One(msgspec.Struct, gc=False):
    """An answer with one incident."""

    data: _Incident


class _Several(msgspec.Struct, gc=False):
    """An answer with several."""

    data: list[_Incident]


class _Told(msgspec.Struct, gc=False):
    """Values of a webhook's variables."""

    incident_public_id: str | int
    incident_status: str
    incident_title: str | None = None
    incident_severity: str | None = None
    incident_commander: str | None = None
    incident_url: str | None = None
    date: str | int | float | None = None


def claims(shape: Shape) -> bool:
    """Objects of the API whose type is `incidents`, or number and state by the variables."""
    if (shape.members or {}).keys() >= _VARIABLES:
        return True
    data = shape.inside("data").object
    return bytes(data.get("type", b"")) == _TYPE and "attributes" in data


def read(body: bytes) -> list[Reading]:
    """When each incident began, was over for customers, and was resolved, earliest first.

    Raises:
        RefusedError: no incidents; the place is named.
        TooLargeError: a limit was passed.
    """
    told = read_fields(body, dict[str, msgspec.Raw])
    if told.keys() >= _VARIABLES:
        return _notification(read_fields(body, _Told))
    raw = told.get("data", msgspec.Raw(b"null"))
    several = bytes(raw).lstrip().startswith(b"[")
    found = read_fields(body, _Several).data if several else [read_fields(body, _One).data]
    return by_time(reading for one in found for reading in _readings(one))


def _readings(one: _Incident) -> Iterator[Reading]:
    told = one.attributes or _Attributes()
    identity = named(str(told.public_id)) if told.public_id is not None else named(one.id)
    if identity is None:
        return
    services = [found for each in told.listed("services") if (found := named(each))]
    began = told_time(told.customer_impact_start)
    data = {
        "incident": identity,
        "title": told.title or None,
        "severity": _severity(told.severity or told.field("severity")),
        "service": services[0] if len(services) == 1 else None,
        "services": services if len(services) > 1 else None,
        "started_at": began.time if began else None,
        "detected_at": _time(told_time(told.detected or told.created)),
        "tool": TOOL,
        "reported_outcome": named(told.state or told.field("state")),
    }
    yield fact("incident.opened", told_time(told.created), data, kind="incidents")
    ended, resolved = told_time(told.customer_impact_end), told_time(told.resolved)
    if ended is not None:
        yield fact("incident.restored", ended, data | {"restored_at": ended.time}, kind="incidents")
    if resolved is not None:
        more = {"resolved_at": resolved.time}
        yield fact("incident.resolved", resolved, data | more, kind="incidents")


def _notification(told: _Told) -> list[Reading]:
    """The reading of a delivery about an incident; none where its state is not known."""
    identity = named(str(told.incident_public_id))
    what = _STATES.get(told.incident_status.lower())
    if what is None or identity is None:
        return []
    data = {
        "incident": identity,
        "title": told.incident_title or None,
        "severity": _severity(told.incident_severity),
        "owner": account_of("datadog", told.incident_commander),
        "url": address_of(told.incident_url),
        "tool": TOOL,
        "reported_outcome": named(told.incident_status),
    }
    return [fact(what, told_stamp(told.date), data, kind="incident")]


def _severity(text: str | None) -> str | None:
    return named(text) if text and text.upper() != _UNKNOWN else None


def _time(told: Told | None) -> str | None:
    return told.time if told is not None and told.local is None else None


FORMAT: Final = Format("datadog-incident", "Datadog incident", "application/json", claims, read)
