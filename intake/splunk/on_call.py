"""Splunk On-Call, once VictorOps: incidents of its API, and webhooks of a documented body."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from intake.instant import told_stamp, told_time
from intake.json_body import read_fields, read_members
from intake.order import by_time
from intake.person import account_of
from intake.report import Format, Reading, fact
from intake.rows import named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intake.shape import Shape

TOOL: Final = "Splunk On-Call"
_SYSTEM: Final = "victorops"
_LISTED: Final = frozenset({"incidentNumber", "currentPhase"})
_HOOK: Final = frozenset({"incident_name", "current_phase"})
_PHASES: Final = {
    "UNACKED": "incident.opened", "ACKED": "incident.acknowledged",
    "RESOLVED": "incident.resolved",
}  # fmt: skip


class _Transition(msgspec.Struct, gc=False):
    """A phase that an incident came into."""

    name: str | None = None
    at: str | None = None
    by: str | None = None


class _Incident(msgspec.Struct, gc=False, rename="camel"):
    """An incident."""

    incident_number: str | int | None = None
    start_time: str | None = None
    current_phase: str | None = None
    entity_display_name: str | None = None
    entity_id: str | None = None
    host: str | None = None
    transitions: list[_Transition] | None = None


class _Answer(msgspec.Struct, gc=False):
    """Incidents."""

    incidents: list[_Incident]


class _Hook(msgspec.Struct, gc=False):
    """The documented body."""

    incident_name: str | int
    current_phase: str
    entity_id: str | None = None
    entity_display_name: str | None = None
    user: str | None = None
    timestamp: str | float | int | None = None


def claims(shape: Shape) -> bool:
    """Incidents with their phases, or the documented body."""
    if (shape.members or {}).keys() >= _HOOK:
        return True
    return shape.inside("incidents").object.keys() >= _LISTED


def read(body: bytes) -> list[Reading]:
    """The readings, earliest first.

    Raises:
        RefusedError: neither; the place is named.
        TooLargeError: a limit was passed.
    """
    if read_members(body).keys() >= _HOOK:
        return list(_hook(read_fields(body, _Hook)))
    found = read_fields(body, _Answer).incidents
    return by_time(reading for one in found for reading in _readings(one))


def _readings(one: _Incident) -> Iterator[Reading]:
    identity = named(str(one.incident_number)) if one.incident_number is not None else None
    if identity is None:
        return
    began = told_time(one.start_time)
    data: dict[str, Any] = {
        "incident": identity,
        "title": one.entity_display_name or one.entity_id,
        "target": named(one.host),
        "detected_at": began.time if began and began.local is None else None,
        "reported_outcome": named(one.current_phase),
        "tool": TOOL,
    }
    yield fact("incident.opened", began, data, kind="UNACKED")
    for step in one.transitions or ():
        phase = (step.name or "").upper()
        what = _PHASES.get(phase)
        if what is not None and phase != "UNACKED":
            yield _moved(what, phase, step.at, step.by, data)


def _hook(hook: _Hook) -> Iterator[Reading]:
    phase, identity = hook.current_phase.upper(), named(str(hook.incident_name))
    what = _PHASES.get(phase)
    if what is None or identity is None:
        return
    data: dict[str, Any] = {
        "incident": identity,
        "title": hook.entity_display_name or hook.entity_id,
        "reported_outcome": named(phase),
        "tool": TOOL,
    }
    yield _moved(what, phase, hook.timestamp, hook.user, data)


def _moved(
    what: str, phase: str, at: str | float | None, by: str | None, data: dict[str, Any]
) -> Reading:
    told = told_stamp(at) or (told_time(at) if isinstance(at, str) else None)
    # What resolves itself is said to be resolved by the system.
    actor = account_of(_SYSTEM, by) if by and by.upper() != "SYSTEM" else None
    more = {
        "actor": actor,
        "acknowledged_by": actor if what == "incident.acknowledged" else None,
        "resolved_at": told.time if told and what == "incident.resolved" else None,
    }
    return fact(what, told, data | more, kind=phase)


FORMAT: Final = Format(
    "splunk-on-call", "Splunk On-Call incidents", "application/json", claims, read
)
