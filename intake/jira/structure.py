"""The fields of Jira's issues that are read; comments, attachments and work logs are not."""

from __future__ import annotations

from typing import Any

import msgspec


class _Object(msgspec.Struct, gc=False, rename="camel"):
    """An object; any field may be missing or null."""


class User(_Object):
    """Somebody: of Jira Cloud by account, of Jira Data Center by name and key."""

    account_id: str | None = None
    account_type: str | None = None
    name: str | None = None
    email_address: str | None = None
    display_name: str | None = None


class Item(_Object):
    """One field that was changed."""

    field: str | None = None
    field_id: str | None = None


class Log(_Object):
    """What was changed."""

    items: list[Item] | None = None


class Issue(_Object):
    """An issue; its fields have types of their own, some of them of the site's making."""

    id: str | int | None = None
    itself: str | None = msgspec.field(name="self", default=None)
    key: str | None = None
    fields: dict[str, Any] | None = None
    names: dict[str, Any] | None = None


class Hook(_Object):
    """An event."""

    webhook_event: str
    timestamp: Any = None
    user: User | None = None
    issue: Issue | None = None
    changelog: Log | None = None


class Several(_Object):
    """What a search finds."""

    issues: list[Issue] | None = None
    names: dict[str, Any] | None = None


class Answer(_Object):
    """What one approver said."""

    approver: User | None = None
    approver_decision: str | None = None


class Instant(_Object):
    """An instant as Jira Service Management writes it."""

    epoch_millis: int | None = None


class Approval(_Object):
    """An approval of Jira Service Management."""

    id: str | int | None = None
    name: str | None = None
    final_decision: str | None = None
    approvers: list[Answer] | None = None
    created_date: Instant | None = None
    completed_date: Instant | None = None
