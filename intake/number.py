"""Numbers as tools write them, some of them as texts."""

from __future__ import annotations

import math
from typing import Final

MOST: Final = 2**53 - 1
"""The largest integer that every reader of JSON keeps exactly (RFC 8259 section 6)."""


def count_of(value: object) -> int | None:
    """A count, from a number or a text of digits; None where it is none or above `MOST`."""
    if isinstance(value, str):
        digits = value.strip()
        if not digits.isascii() or not digits.isdigit() or len(digits) > len(str(MOST)):
            return None
        value = int(digits)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= MOST else None


def seconds_of(value: object, per_second: int = 1) -> float | None:
    """A duration in seconds from a number of ticks, or a text of one; None where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        seconds = float(value) / per_second
    except (ValueError, OverflowError):
        return None
    return seconds if math.isfinite(seconds) and 0 <= seconds <= MOST else None


def exact(value: int | None) -> int | str | None:
    """An integer as an event may carry it: as a text where readers of JSON would round it."""
    return str(value) if value is not None and abs(value) > MOST else value
