"""The fields of Terraform's JSON that are read: addresses and actions, never a value."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import field


class _Object(msgspec.Struct, gc=False):
    """An object of Terraform's JSON; any field may be missing or null."""


class Change(_Object):
    """What is done to a resource or an output."""

    actions: list[str] | None = None
    importing: dict[str, Any] | None = None


class ResourceChange(_Object):
    """A resource of a plan and its change."""

    address: str | None = None
    previous_address: str | None = None
    mode: str | None = None
    type: str | None = None
    provider_name: str | None = None
    deposed: str | None = None
    action_reason: str | None = None
    change: Change | None = None


class Plan(_Object):
    """A plan as `show -json` writes it."""

    format_version: str
    terraform_version: str | None = None
    resource_changes: list[ResourceChange] | None = None
    resource_drift: list[ResourceChange] | None = None
    output_changes: dict[str, Change] | None = None
    timestamp: str | None = None
    applyable: bool | None = None
    complete: bool | None = None
    errored: bool | None = None


class Resource(_Object):
    """A resource in a message."""

    addr: str | None = None
    resource_type: str | None = None
    implied_provider: str | None = None


class MessageChange(_Object):
    """A change that is planned, or that was made by others."""

    resource: Resource | None = None
    previous_resource: Resource | None = None
    action: str | None = None
    reason: str | None = None
    importing: dict[str, Any] | None = None


class Hook(_Object):
    """What is being done to a resource."""

    resource: Resource | None = None
    action: str | None = None


class Summary(_Object):
    """Totals of an operation."""

    operation: str | None = None
    add: int | None = None
    change: int | None = None
    remove: int | None = None
    imported: int | None = field(name="import", default=None)


class Diagnostic(_Object):
    """An error or a warning, without its text."""

    severity: str | None = None


class Message(_Object):
    """One line of `plan -json` or `apply -json`."""

    type: str | None = None
    module: str | None = field(name="@module", default=None)
    timestamp: str | None = field(name="@timestamp", default=None)
    text: str | None = field(name="@message", default=None)
    terraform: str | None = None
    tofu: str | None = None
    change: MessageChange | None = None
    changes: Summary | None = None
    hook: Hook | None = None
    diagnostic: Diagnostic | None = None


class Notified(_Object):
    """One of the events that a notification is about."""

    trigger: str | None = None
    run_status: str | None = None
    run_updated_at: str | None = None
    run_updated_by: str | None = None


class Assessment(_Object):
    """A health assessment of a workspace."""

    id: str | None = None
    url: str | None = None
    succeeded: bool | None = None
    all_checks_succeeded: bool | None = None
    drifted: bool | None = None
    resources_drifted: int | None = None
    checks_passed: int | None = None
    checks_failed: int | None = None
    checks_errored: int | None = None
    checks_unknown: int | None = None
    created_at: str | None = None


class Details(_Object):
    """What a notification about a workspace is about."""

    new_assessment_result: Assessment | None = None
    workspace_name: str | None = None
    organization_name: str | None = None


class Notification(_Object):
    """What HCP Terraform or Terraform Enterprise delivers."""

    run_url: str | None = None
    run_id: str | None = None
    run_message: str | None = None
    run_created_at: str | None = None
    run_created_by: str | None = None
    workspace_name: str | None = None
    organization_name: str | None = None
    notifications: list[Notified] | None = None
    trigger: str | None = None
    details: Details | None = None
