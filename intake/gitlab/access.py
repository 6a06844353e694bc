"""Members of groups and projects, and users of an instance; none of these says who did it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from intake.gitlab.common import SYSTEM, user
from intake.instant import told_time
from intake.report import Reading
from intake.rows import named

if TYPE_CHECKING:
    from intake.gitlab.structure import Membership

_MEMBER: Final = "Member Hook"
_TYPES: Final = {
    "user_add_to_group": "access.granted", "user_update_for_group": "access.granted",
    "user_add_to_team": "access.granted", "user_update_for_team": "access.granted",
    "user_create": "access.granted",
    "user_remove_from_group": "access.revoked", "user_remove_from_team": "access.revoked",
    "user_destroy": "access.revoked",
    "user_failed_login": "login.failed",
}  # fmt: skip
_INSTANCE: Final = frozenset({"user_create", "user_destroy", "user_failed_login"})
_MADE: Final = frozenset({"user_add_to_group", "user_add_to_team", "user_create"})
_CHANGED: Final = frozenset({"user_update_for_group", "user_update_for_team"})

NAMES: Final = frozenset(_TYPES) | {
    "user_access_request_to_group", "user_access_request_denied_for_group",
    "user_access_request_to_project", "user_access_request_denied_for_project",
    "user_access_request_revoked_for_group", "user_access_request_revoked_for_project",
    "user_rename", "key_create", "key_destroy", "project_create", "project_destroy",
    "project_rename", "project_transfer", "project_update", "group_create", "group_destroy",
    "group_rename", "subgroup_create", "subgroup_destroy", "repository_update",
}  # fmt: skip
"""Names of events that have no `object_kind`; not each has an event type here."""


def membership(event: Membership) -> list[Reading]:
    """Somebody may do something now, or not any more; or a blocked user wanted to log in."""
    name = event.event_name or ""
    what = _TYPES.get(name)
    subject = user(
        event.user_username or event.username,
        event.user_email or event.email,
        event.user_name or event.name,
        event.user_id,
    )
    target = SYSTEM if name in _INSTANCE else _place(event)
    if what is None or subject is None or target is None:
        return []
    until = told_time(event.expires_at)
    data: dict[str, Any] = {
        "target": target,
        "subject": subject,
        "role": named(event.group_access or event.access_level),
        "until": until.time if until else None,
        "reported_outcome": name,
    }
    told = told_time(_when(event, name))
    return [
        Reading(
            type=f"pipeledger.{what}.v1",
            kind=_MEMBER,
            time=told.time if told else None,
            local_time=told.local if told else None,
            data={key: value for key, value in data.items() if value is not None},
        )
    ]


def _place(event: Membership) -> str | None:
    """The path of the project or group; the host is not told."""
    return named(event.project_path_with_namespace) or named(event.group_path)


def _when(event: Membership, name: str) -> str | None:
    """The times are those of the membership or the user: ending one is told by neither."""
    if name in _MADE:
        return event.created_at
    return event.updated_at if name in _CHANGED else None
