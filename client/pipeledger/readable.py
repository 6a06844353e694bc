"""Amounts and instants as people read them. What is not there is a dash."""

from __future__ import annotations

import math
import re
from datetime import datetime
from typing import Any

NOTHING = "-"
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_DIGEST = re.compile(r"([a-z0-9]+:)?([0-9a-f]{32,})")
_SHOWN = 12
_OPEN_ENDS = (1, 9999)
"""Years of the ends of a span that has none."""


def duration(seconds: Any) -> str:  # noqa: ANN401 - JSON
    """A length of time in its two largest units: `1 d 2 h`, `35 min`, `12 s`."""
    found = number(seconds)
    if found is None:
        return NOTHING
    sign, left = ("-" if found < 0 else ""), abs(found)
    if left < _MINUTE:
        return f"{sign}{left:.3g} s"
    whole = round(left)
    if whole < _HOUR:
        return f"{sign}{whole // _MINUTE} min" + _rest(whole % _MINUTE, "s")
    if whole < _DAY:
        return f"{sign}{whole // _HOUR} h" + _rest(whole % _HOUR // _MINUTE, "min")
    return f"{sign}{whole // _DAY} d" + _rest(whole % _DAY // _HOUR, "h")


def percent(rate: Any) -> str:  # noqa: ANN401 - JSON
    """A rate between 0 and 1: `15.4 %`."""
    found = number(rate)
    return NOTHING if found is None else f"{100 * found:.1f} %"


def change(value: Any, unit: str) -> str:  # noqa: ANN401 - JSON
    """A difference with its sign: `+12.5 %`."""
    found = number(value)
    return NOTHING if found is None else f"{found:+.1f} {unit}"


def amount(value: Any) -> str:  # noqa: ANN401 - JSON
    """A number in three digits where it has a fraction."""
    found = number(value)
    if found is None:
        return NOTHING
    return str(int(found)) if found.is_integer() else f"{found:.3g}"


def rate(per_day: Any) -> str:  # noqa: ANN401 - JSON
    """How often something happens: `3.2 a day`, `1.5 a week`, `0.4 a month`."""
    found = number(per_day)
    if found is None:
        return NOTHING
    if found >= 1 or not found:
        return f"{found:.3g} a day"
    weekly = found * 7
    return f"{weekly:.3g} a week" if weekly >= 1 else f"{found * 30.4375:.3g} a month"


def instant(text: Any) -> str:  # noqa: ANN401 - JSON
    """An instant to the second, in UTC; what is no instant is shown as it is."""
    if not isinstance(text, str):
        return NOTHING
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    return NOTHING if found.year in _OPEN_ENDS else found.strftime("%Y-%m-%d %H:%M:%S")


def name(value: Any) -> str:  # noqa: ANN401 - JSON
    """A text, list or truth; a digest or object id by its first digits."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(name(one) for one in value) or NOTHING
    if value is None or value == "":
        return NOTHING
    if isinstance(value, int | float):
        return amount(value)
    match = _DIGEST.fullmatch(value) if isinstance(value, str) else None
    return f"{match[1] or ''}{match[2][:_SHOWN]}" if match else str(value)


def number(value: Any) -> float | None:  # noqa: ANN401 - JSON
    """A finite number, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def _rest(count: int, unit: str) -> str:
    return f" {count} {unit}" if count else ""
