"""What readers of audit events share: who, where, when, and how it was answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from domain.instant import read_time
from intake.instant import Told, told_time
from intake.kubernetes.doer import SYSTEM, is_machine
from intake.kubernetes.structure import Named, decoded
from intake.person import account_of
from intake.report import Reading, fact
from intake.rows import named

if TYPE_CHECKING:
    from intake.kubernetes.structure import Entry, User

WRITES: Final = frozenset({"create", "update", "patch", "delete", "deletecollection"})

_REFUSED, _FAILED = 400, 500


def by_person(entry: Entry) -> bool:
    """Whether somebody did it, and no service account or component."""
    return "actor" in _doer(entry)


def common(entry: Entry) -> dict[str, Any]:
    """Fields that every event has."""
    place = named(entry.object_ref.namespace) if entry.object_ref else None
    return {
        "tool": "Kubernetes",
        "audit": named(entry.audit_id),
        "environment": place,
        "environment_basis": "namespace" if place else None,
        "reported_outcome": str(code_of(entry)) if code_of(entry) else None,
    } | _doer(entry)


def _doer(entry: Entry) -> dict[str, Any]:
    """The person, else the workload; one that acts as a person acts for that person."""
    user, other = _name(entry.user), _name(entry.impersonated_user)
    found: dict[str, Any] = {}
    if user is not None and not is_machine(user):
        found["actor"] = account_of(SYSTEM, user)
    else:
        found["workload"] = user
        if other is not None and not is_machine(other):
            found["actor"] = account_of(SYSTEM, other)
    if other is not None and is_machine(other):
        found["acting_as"] = other
    return {name: value for name, value in found.items() if value is not None}


def _name(user: User | None) -> str | None:
    return named(user.username) if user else None


def code_of(entry: Entry) -> int:
    """The answer's status code; 0 where there is none."""
    code = entry.response_status.code if entry.response_status else None
    return code if code is not None and 0 < code <= 999 else 0  # noqa: PLR2004 - RFC 9110


def outcome_of(entry: Entry) -> str | None:
    """Done, refused, or failed; None where the answer is not told."""
    code = code_of(entry)
    if entry.stage == "Panic" or code >= _FAILED:
        return "error"
    if code >= _REFUSED:
        return "failure"
    return "success" if code else None


def done(entry: Entry) -> bool:
    """Whether it was not refused."""
    return outcome_of(entry) in ("success", None)


def name_of(entry: Entry) -> str | None:
    """The object's name; that of an object being made may stand in the answer alone."""
    if entry.object_ref is not None and entry.object_ref.name:
        return named(entry.object_ref.name)
    for raw in (entry.response_object, entry.request_object):
        found = decoded(raw, Named)
        if found is not None and found.metadata is not None and found.metadata.name:
            return named(found.metadata.name)
    return None


def resource_of(entry: Entry) -> str:
    """The object as `kubectl` names it, with a part of it: `pods/web/exec`."""
    told = entry.object_ref
    parts = (told.resource, name_of(entry), told.subresource) if told else ()
    return named("/".join(part for part in parts if part)) or "unknown"


def told_at(entry: Entry) -> Told | None:
    """When it was answered, else when it came; the last is of versions before 1.10."""
    told = entry.stage_timestamp or entry.request_received_timestamp or entry.timestamp
    return told_time(told)


def lasted(entry: Entry) -> float | None:
    """Seconds from request to answer."""
    begun, ended = told_time(entry.request_received_timestamp), told_time(entry.stage_timestamp)
    if begun is None or ended is None:
        return None
    seconds = (read_time(ended.time, "") - read_time(begun.time, "")).total_seconds()
    return seconds if seconds >= 0 else None


def made(entry: Entry, what: str, data: dict[str, Any]) -> Reading:
    """The reading of an event."""
    told = entry.object_ref
    kind = f"{told.resource}.{entry.verb}" if told and told.resource else entry.verb
    return fact(what, told_at(entry), common(entry) | data, kind=kind)


def changed(entry: Entry, **more: object) -> Reading:
    """That an object was changed, or that somebody was not allowed to."""
    data = {"resource": resource_of(entry), "action": named(entry.verb)}
    return made(entry, "config.changed", data | {"outcome": outcome_of(entry)} | more)
