"""The fields of Gatekeeper's lines, messages and constraints that are read."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import field


class _Object(msgspec.Struct, gc=False, rename="camel"):
    """An object; any field may be missing or null."""


class Line(msgspec.Struct, gc=False):
    """A line of the log; what a webhook decided, or the audit found."""

    ts: Any = None
    msg: str | None = None
    event_type: str | None = None
    audit_id: str | None = None
    constraint_kind: str | None = None
    constraint_name: str | None = None
    constraint_action: str | None = None
    constraint_enforcement_actions: list[str] | None = None
    constraint_violations: Any = None
    resource_kind: str | None = None
    resource_namespace: str | None = None
    resource_name: str | None = None
    request_username: str | None = None


class Message(_Object):
    """A message that the audit exports."""

    id: str | None = None
    event_type: str | None = None
    kind: str | None = None
    name: str | None = None
    message: str | None = None
    enforcement_action: str | None = None
    enforcement_actions: list[str] | None = None
    resource_kind: str | None = None
    resource_namespace: str | None = None
    resource_name: str | None = None


class Violation(_Object):
    """A violation in a constraint's status."""

    enforcement_action: str | None = None
    enforcement_actions: list[str] | None = None
    kind: str | None = None
    namespace: str | None = None
    name: str | None = None
    message: str | None = None


class Spec(_Object):
    """What a constraint is to do."""

    enforcement_action: str | None = None


class Status(_Object):
    """What the audit found."""

    audit_timestamp: str | None = None
    total_violations: Any = None
    violations: list[Violation] | None = None


class Metadata(_Object):
    """What every object has."""

    name: str | None = None
    namespace: str | None = None


class Constraint(_Object):
    """A constraint, or a list of them."""

    api_version: str | None = None
    kind: str | None = None
    metadata: Metadata | None = None
    spec: Spec | None = None
    status: Status | None = None
    items: list[Constraint] | None = field(default=None)


class Violated(_Object):
    """A result of `gator test`: a constraint, and an object that violates it."""

    msg: str | None = None
    enforcement_action: str | None = None
    constraint: Constraint | None = None
    violating_object: Constraint | None = None
