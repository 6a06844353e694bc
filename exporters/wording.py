"""Numbers, lengths of time and instants in words for people."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

NOTHING: Final = "\N{EN DASH}"
_MINUS: Final = "\N{MINUS SIGN}"
_LENGTHS: Final = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))
_TEN: Final = 10


def duration(seconds: float | None) -> str:
    """A length of time by its two greatest units: `3 h 12 min`."""
    if seconds is None:
        return NOTHING
    sign = _MINUS if seconds < 0 else ""
    whole = round(abs(seconds))
    for at, (size, unit) in enumerate(_LENGTHS):
        if whole >= size:
            # Rounded to the lesser unit first: never `1 h 60 min`.
            less, lesser = _LENGTHS[at + 1] if at + 1 < len(_LENGTHS) else (1, "")
            rounded = round(whole / less) * less
            more, rest = rounded // size, rounded % size // less
            return f"{sign}{more} {unit}" + (f" {rest} {lesser}" if rest else "")
    return f"{whole} s"


def percent(rate: float | None) -> str:
    """A share of one in per cent, with one decimal; never none or all where it is not."""
    if rate is None:
        return NOTHING
    told = f"{100 * rate:.1f}"
    if told == "0.0" and rate > 0:
        return "< 0.1 %"
    return "> 99.9 %" if told == "100.0" and rate < 1 else f"{told} %"


def number(value: float | None) -> str:
    """A number as short as it may be: two decimals below ten, else one; thousands apart.

    What is more than nothing is never told as nothing.
    """
    if value is None:
        return NOTHING
    if value == int(value):
        return f"{int(value):,}".replace(",", " ")
    told = f"{value:.{2 if abs(value) < _TEN else 1}f}"
    return "< 0.01" if told == "0.00" else told


def instant(value: datetime | None) -> str:
    """An instant in UTC to the minute."""
    return NOTHING if value is None else f"{value.astimezone(UTC):%Y-%m-%d %H:%M}"


def day(value: datetime) -> str:
    """A day in UTC without its year: `31 Aug`."""
    told = value.astimezone(UTC)
    return f"{told.day} {told:%b}"


def signed(value: float) -> str:
    """A number with its sign and one decimal."""
    sign = "+" if value > 0 else _MINUS if value < 0 else ""
    return f"{sign}{abs(value):.1f}"


def shortened(text: str | None, length: int = 12) -> str:
    """The beginning of a digest or commit, without the name of its algorithm."""
    return NOTHING if text is None else text.removeprefix("sha256:")[:length]
