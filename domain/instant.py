"""Instants as senders write them: RFC 3339 with offset, kept in their own spelling."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, overload

from domain.errors import RefusedError

PATTERN: Final = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?"
    r"(?:[Zz]|[+-][0-9]{2}:[0-5][0-9])"
)
"""The form; which of them are instants, the calendar says."""

_TIME: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?"
    r"(?:[Zz]|([+-][0-9]{2}:[0-5][0-9]))"
)


# An event's time is read by the door, for the row and for the projections.
@lru_cache(maxsize=1024)
def read_time(text: str, place: str) -> datetime:
    """An RFC 3339 instant with offset, in UTC; digits beyond microseconds are cut off.

    Args:
        text: as it was sent.
        place: what to call it when it is refused.

    Raises:
        RefusedError: no offset, not in the calendar, a leap second (a second before or after it
            is what a sender should give), or outside the years 1 to 9999 in UTC.
    """
    match = _TIME.fullmatch(text)
    if match is None:
        raise RefusedError(place, "expected RFC 3339 with offset, such as 2026-01-31T09:00:00Z")
    day, clock, fraction, offset = match.groups()
    digits = ((fraction or "") + "000000")[:6]
    if clock.endswith(":60"):
        raise RefusedError(place, "a leap second; give the second before or after it")
    try:
        return datetime.fromisoformat(f"{day}T{clock}.{digits}{offset or '+00:00'}").astimezone(UTC)
    except (ValueError, OverflowError):
        raise RefusedError(place, "no instant between the years 1 and 9999") from None


@overload
def read_instant(told: str, place: str) -> datetime: ...
@overload
def read_instant(told: str | None, place: str) -> datetime | None: ...
def read_instant(told: str | None, place: str) -> datetime | None:
    """The instant that is told, or the first one in UTC of the day that is.

    Raises:
        RefusedError: neither.
    """
    if told is None:
        return None
    if len(told) == len("2026-01-31"):
        # A day is its first instant in UTC.
        told += "T00:00:00Z"
    try:
        return read_time(told, place)
    except RefusedError:
        raise RefusedError(place, "expected a day or RFC 3339 with offset") from None


def write_time(instant: datetime) -> str:
    """An instant as RFC 3339 in UTC, with `Z`."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
