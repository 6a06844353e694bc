"""The fields of Vault's audit entries that are read.

Bodies of requests are not among them. Of bodies of responses there are those that say whether
there was anything, and which version; with `log_raw` set all else is secrets in clear.
"""

from __future__ import annotations

from typing import Any

import msgspec


class _Object(msgspec.Struct, gc=False):
    """An object of an entry; any field may be missing or null."""


class Auth(_Object):
    """Who holds the token."""

    display_name: str | None = None
    entity_id: str | None = None
    policies: list[str] | None = None
    metadata: dict[str, Any] | None = None


class Namespace(_Object):
    """Where the path begins."""

    path: str | None = None


class Request(_Object):
    """What was asked."""

    id: str | None = None
    operation: str | None = None
    mount_type: str | None = None
    mount_point: str | None = None
    path: str | None = None
    namespace: Namespace | None = None


class Version(_Object):
    """Which version of a secret."""

    created_time: Any = None
    version: Any = None


class Secret(_Object):
    """A lease."""

    lease_id: str | None = None


class Response(_Object):
    """What was answered."""

    auth: Auth | None = None
    data: dict[str, msgspec.Raw] | None = None
    secret: Secret | None = None
    wrap_info: dict[str, Any] | None = None


class Entry(_Object):
    """One line."""

    time: str | None = None
    type: str | None = None
    error: str | None = None
    auth: Auth | None = None
    request: Request | None = None
    response: Response | None = None
