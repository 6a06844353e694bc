"""The fields of CDEvents (0.3 to 0.6) that are read; everything else is skipped."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import field


class _Object(msgspec.Struct, rename="camel", gc=False):
    """An object of an event; any field may be missing."""


class Reference(_Object):
    """Another subject; without a source it is one of the event's own source."""

    id: str | None = None
    source: str | None = None
    context_id: str | None = None


class Link(_Object):
    """What the event has to do with another."""

    link_kind: str | None = None
    target: Reference | None = None


class Context(_Object):
    """Of which event it is; `version` became `specversion` in 0.5."""

    id: str
    source: str
    type: str
    timestamp: str | None = None
    chain_id: str | None = None
    links: list[Link] | None = None


class Case(_Object):
    """A test case or suite."""

    id: str | None = None
    name: str | None = None
    type: str | None = None


class Content(_Object):
    """Content of a subject of any type; errors and reasons are free text, and not read."""

    name: str | None = None
    uri: str | None = None
    url: str | None = None
    description: str | None = None
    outcome: str | None = None
    pipeline_name: str | None = None
    task_name: str | None = None
    pipeline_run: Reference | None = None
    repository: Reference | None = None
    change: Reference | None = None
    artifact_id: str | None = None
    user: str | None = None
    environment: Reference | None = None
    service: Reference | None = None
    test_case: Case | None = None
    test_suite: Case | None = None
    ticket_uri: str | None = field(default=None, name="ticketURI")
    summary: str | None = None
    ticket_type: str | None = None
    creator: str | None = None
    assignees: list[str] | None = None
    updated_by: str | None = None
    resolution: str | None = None
    approval_details_url: str | None = None
    resource_target_url: str | None = None
    requestor: str | None = None
    responder: str | None = None
    decision: str | None = None
    status: str | None = None


class Subject(_Object):
    """What the event is about."""

    id: str
    source: str | None = None
    content: msgspec.Raw = msgspec.Raw(b"{}")


class CDEvent(_Object):
    """An event."""

    context: Context
    subject: Subject
    custom_data: Any = None
