"""Fields of a record: plain values, references, or both with what is shown of them.

The Table API gives `value`, `{link, value}`, or `{display_value, value}`, as it is asked; business
rules send what their writer chose. Stored times are in UTC; shown ones are in somebody's zone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from intake.instant import Told, told_time
from intake.person import person_of
from intake.rows import named

if TYPE_CHECKING:
    from collections.abc import Mapping

SYSTEM: Final = "servicenow"
_ID: Final = re.compile(r"[0-9a-f]{32}")


def value_of(record: Mapping[str, Any], name: str) -> str | None:
    """A field as it is stored, else as it is shown."""
    told = record.get(name)
    if isinstance(told, dict):
        told = told.get("value") if told.get("value") not in (None, "") else shown(record, name)
    if isinstance(told, int | float) and not isinstance(told, bool):
        told = str(told)
    return told.strip() or None if isinstance(told, str) else None


def shown(record: Mapping[str, Any], name: str) -> str | None:
    """A field as people see it, else as it is stored."""
    told = record.get(name)
    if isinstance(told, dict):
        told = told.get("display_value") or told.get("displayValue") or told.get("value")
    if isinstance(told, int | float) and not isinstance(told, bool):
        told = str(told)
    return told.strip() or None if isinstance(told, str) else None


def is_stored(record: Mapping[str, Any]) -> bool:
    """Whether a record has its fields as they are stored: a number, or a word without capitals."""
    told = record.get("state")
    if isinstance(told, dict):
        return "value" in told
    return isinstance(told, int) or (isinstance(told, str) and told == told.lower())


def time_of(record: Mapping[str, Any], name: str) -> Told | None:
    """An instant; what is stored is in UTC, what is only shown has no zone."""
    told = told_time(value_of(record, name))
    if told is None or told.local is None:
        return told
    field = record.get(name)
    if isinstance(field, dict):
        return Told(told.time) if field.get("value") not in (None, "") else told
    return Told(told.time) if is_stored(record) else told


def instant_of(record: Mapping[str, Any], name: str) -> str | None:
    """An instant as a field of an event; None without a zone."""
    told = time_of(record, name)
    return told.time if told is not None and told.local is None else None


def person(record: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    """Somebody, by id, by name, or by both."""
    stored, seen = value_of(record, name), shown(record, name)
    account = stored if stored and _ID.fullmatch(stored) else None
    label = seen if seen and seen != account else None
    if label is not None and "@" in label:
        return person_of(SYSTEM, email=label, account=account)
    return person_of(SYSTEM, name=label, account=account)


def login(record: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    """Somebody by user name; the system itself is nobody."""
    told = named(value_of(record, name))
    if told is None or told.lower() in ("system", "guest", "admin.system"):
        return None
    return person_of(SYSTEM, email=told) if "@" in told else person_of(SYSTEM, login=told)
