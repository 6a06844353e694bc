"""Work items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from intake.azure_devops.common import SYSTEM, at, person, reading
from intake.azure_devops.structure import Identity
from intake.person import mailbox_of
from intake.rows import named

if TYPE_CHECKING:
    from intake.azure_devops.structure import Hook, WorkItem
    from intake.report import Reading

_KINDS: Final = {"task": "task", "change request": "change"}
_CLOSED: Final = frozenset({"closed", "done", "completed", "removed"})
_FIELDS: Final = "System."


def created(hook: Hook, told: WorkItem) -> list[Reading]:
    """A work item was made."""
    return _ticket(hook, "ticket.opened", told, told.fields or {}, "CreatedBy", "CreatedDate")


def updated(hook: Hook, told: WorkItem) -> list[Reading]:
    """A work item was changed; with another state it may be closed."""
    now = (told.revision.fields if told.revision is not None else None) or told.fields or {}
    changed = (told.fields or {}).get(_FIELDS + "State")
    what = "ticket.updated"
    if isinstance(changed, dict) and str(changed.get("newValue")).lower() in _CLOSED:
        what = "ticket.closed"
    return _ticket(hook, what, told, now, "ChangedBy", "ChangedDate")


def _ticket(
    hook: Hook, what: str, told: WorkItem, fields: dict[str, Any], who: str, when: str
) -> list[Reading]:  # fmt: skip
    number = told.work_item_id if told.work_item_id is not None else told.id
    if number is None:
        return []
    kind = _text(fields, "WorkItemType")
    status = named(_text(fields, "State"))
    actor = person(told.revised_by) or _person(fields.get(_FIELDS + who))
    data = {
        "system": SYSTEM,
        "key": str(number),
        "kind": _KINDS.get((kind or "").lower(), "other"),
        "title": _text(fields, "Title"),
        "status": status,
        "resolution": named(_text(fields, "Reason")) if what == "ticket.closed" else None,
        "requester": _person(fields.get(_FIELDS + "CreatedBy")),
        "assignee": _person(fields.get(_FIELDS + "AssignedTo")),
        "actor": actor,
    }
    return [reading(hook, what, at(hook, _text(fields, when)), data)]


def _text(fields: dict[str, Any], name: str) -> str | None:
    value = fields.get(_FIELDS + name)
    return value if isinstance(value, str) else None


def _person(value: object) -> dict[str, Any] | None:
    """Somebody: an object, or a name with or without an address."""
    if isinstance(value, dict):
        told = {key: one for key, one in value.items() if isinstance(one, str)}
        return person(Identity(id=told.get("id"), display_name=told.get("displayName"),
                               unique_name=told.get("uniqueName"),
                               is_container=value.get("isContainer") is True))  # fmt: skip
    return mailbox_of(SYSTEM, value) if isinstance(value, str) else None
