"""The fields of GitLab's audit events that are read; everything else is skipped.

`from` and `to` may hold anything that was configured: they are read of access levels, visibility
and switches alone.
"""

from __future__ import annotations

from typing import Any

import msgspec


class Details(msgspec.Struct, kw_only=True):
    """What an event says of itself; the log file has these members beside the others."""

    author_name: Any = None
    author_email: Any = None
    author_class: Any = None
    target_id: Any = None
    target_type: Any = None
    target_details: Any = None
    entity_path: Any = None
    custom_message: Any = None
    add: Any = None
    remove: Any = None
    change: Any = None
    access: Any = msgspec.field(name="as", default=None)
    before: Any = msgspec.field(name="from", default=None)
    after: Any = msgspec.field(name="to", default=None)
    expiry_to: Any = None
    failed_login: Any = None


class AuditEvent(Details, kw_only=True):
    """An audit event: streamed, of the API, or a line of `audit_json.log`."""

    id: Any = None
    author_id: int | None = None
    entity_id: Any = None
    entity_type: str | None = None
    event_type: str | None = None
    created_at: str | None = None
    time: str | None = None
    user: Any = msgspec.field(name="meta.user", default=None)
    user_id: Any = msgspec.field(name="meta.user_id", default=None)
    details: Details | None = None
