"""Velero's backups and restores, as resources of Kubernetes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from intake.instant import seconds_between, told_time
from intake.json_body import read_items
from intake.number import count_of
from intake.order import by_time
from intake.report import Format, Reading, fact
from intake.rows import named

if TYPE_CHECKING:
    from intake.shape import Members, Shape

_GROUP: Final = b'"velero.io/'
_KINDS: Final = {"Backup": "backup.finished", "Restore": "restore.tested"}
_ENDED: Final = {
    "Completed": "success", "PartiallyFailed": "failure", "Failed": "failure",
    "FailedValidation": "error",
}  # fmt: skip
_SCHEDULE: Final = "velero.io/schedule-name"
_EVERYTHING: Final = "*"


class _Metadata(msgspec.Struct, gc=False, rename="camel"):
    """What every resource has."""

    name: str | None = None
    labels: dict[str, Any] | None = None


class _Spec(msgspec.Struct, gc=False, rename="camel"):
    """What was wanted."""

    included_namespaces: list[str] | None = None
    storage_location: str | None = None
    backup_name: str | None = None
    schedule_name: str | None = None


class _Status(msgspec.Struct, gc=False, rename="camel"):
    """What came of it."""

    phase: str | None = None
    start_timestamp: str | None = None
    completion_timestamp: str | None = None
    errors: int | None = None
    warnings: int | None = None


class _Resource(msgspec.Struct, gc=False):
    """A backup or a restore."""

    kind: str | None = None
    metadata: _Metadata | None = None
    spec: _Spec | None = None
    status: _Status | None = None


def claims(shape: Shape) -> bool:
    """A resource of Velero, or several."""
    return _is_velero(shape.object) or _is_velero(shape.inside("items").object)


def _is_velero(one: Members) -> bool:
    return bytes(one.get("apiVersion", b"")).startswith(_GROUP)


def read(body: bytes) -> list[Reading]:
    """The readings of what has ended, earliest first.

    Raises:
        RefusedError: no such resources; the place is named.
        TooLargeError: a limit was passed.
    """
    found = read_items(body, _Resource, "items")
    readings = (_read(one) for one in found)
    return by_time(one for one in readings if one is not None)


def _read(one: _Resource) -> Reading | None:
    meta, spec, status = (
        one.metadata or _Metadata(), one.spec or _Spec(), one.status or _Status(),
    )  # fmt: skip
    what, outcome = _KINDS.get(one.kind or ""), _ENDED.get(status.phase or "")
    name = named(meta.name)
    if what is None or outcome is None or name is None:
        return None
    began, ended = told_time(status.start_timestamp), told_time(status.completion_timestamp)
    spaces = [space for space in spec.included_namespaces or () if space != _EVERYTHING]
    place = named(spaces[0]) if len(spaces) == 1 else None
    schedule, took = (meta.labels or {}).get(_SCHEDULE), seconds_between(began, ended)
    data: dict[str, Any] = {
        "recovery": name,
        "outcome": outcome,
        "backup_set": named(spec.backup_name) if one.kind == "Restore" else name,
        "schedule": named(schedule if isinstance(schedule, str) else spec.schedule_name),
        "storage": named(spec.storage_location),
        "environment": place,
        "environment_basis": "namespace" if place else None,
        "started_at": began.time if began else None,
        "duration_s": took,
        "rto_reached_s": took if one.kind == "Restore" else None,
        "errors": count_of(status.errors),
        "warnings": count_of(status.warnings),
        "tool": "Velero",
        "reported_outcome": status.phase,
    }
    return fact(what, ended or began, data, kind=one.kind)


FORMAT: Final = Format("velero", "Velero backups and restores", "application/json", claims, read)
