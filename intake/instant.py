"""Instants as tools write them: with an offset, or without one."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from domain.errors import RefusedError
from domain.instant import read_time

_LOCAL: Final = re.compile(r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?)")
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - written with Z below
_LATEST_SECOND: Final = 10**11
_LATEST: Final = 10**18
"""Microseconds since 1970, far after the calendar's end."""
_OFFSET: Final = re.compile(r"([+-]\d{2})(\d{2})$")
# How Go, git and Ruby print an instant: the offset apart, the zone's name behind it or alone.
_PRINTED: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?)"
    r" (?:UTC|([+-]\d{2}):?(\d{2})(?: [A-Z0-9+-]{1,6})?)"
)
# C's `asctime`, a mail's date (RFC 5322) without its zone, what `date` prints in UTC, and .NET's
# long date in English.
_WORDED: Final = {
    "%a %b %d %H:%M:%S %Y": "", "%a, %d %b %Y %H:%M:%S": "", "%a %b %d %H:%M:%S UTC %Y": "Z",
    "%A, %B %d, %Y %I:%M:%S %p": "",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """An instant as a file tells it.

    Attributes:
        time: RFC 3339 with offset; where the file names no zone, read as UTC.
        local: the file's own text where it names no zone, else None.
    """

    time: str
    local: str | None = None


def told_epoch(ticks: object, per_second: int = 1) -> Told | None:
    """The instant of a number of ticks since 1970 in UTC, or None where it is none.

    Args:
        ticks: a number, or a text of one; 0 and less mean that there is none.
        per_second: 1, 1_000, 1_000_000 or 1_000_000_000, as the sender documents.
    """
    if isinstance(ticks, bool) or not isinstance(ticks, int | float | str):
        return None
    try:
        moment = Decimal(ticks) * 1_000_000 / per_second
        # To write a number out takes time with the square of its exponent.
        if not 1 <= moment < _LATEST:
            return None
        at = _EPOCH + timedelta(microseconds=int(moment))
    except (ArithmeticError, ValueError):
        return None
    return Told(at.isoformat(timespec="microseconds" if at.microsecond else "seconds") + "Z")


def told_stamp(ticks: object) -> Told | None:
    """The instant of a number of seconds or milliseconds since 1970, whichever it is.

    Some formats have a field for it and no unit, and their writers differ. Seconds of the size of
    today's milliseconds lie after the year 5000.
    """
    seconds = told_epoch(ticks)
    if seconds is not None and Decimal(str(ticks)) < _LATEST_SECOND:
        return seconds
    return told_epoch(ticks, 1_000)


def seconds_between(begun: Told | None, ended: Told | None) -> float | None:
    """How long it took, in seconds; None where an instant is missing or they are reversed."""
    if begun is None or ended is None:
        return None
    spent = (read_time(ended.time, "") - read_time(begun.time, "")).total_seconds()
    return spent if spent >= 0 else None


def told_time(text: str | None) -> Told | None:
    """The instant in a text, or None where it has none that the calendar knows."""
    if text is None:
        return None
    text = text.strip()
    if (printed := _PRINTED.fullmatch(text)) is not None:
        day, clock, hours, minutes = printed.groups()
        text = f"{day}T{clock}{hours}:{minutes}" if hours else f"{day}T{clock}Z"
    plain = _plain(text)
    local = _LOCAL.fullmatch(plain)
    # ISO 8601's basic offset, as Java and Python write it, has no colon.
    time = f"{local[1]}T{local[2]}Z" if local else _OFFSET.sub(r"\1:\2", plain)
    try:
        read_time(time, "")
    except RefusedError:
        return None
    return Told(time, text if local else None)


def _plain(text: str) -> str:
    """An instant in words, as ISO 8601 writes it; anything else as it is."""
    if not text[:1].isalpha():
        return text
    for form, zone in _WORDED.items():
        with suppress(ValueError):
            return datetime.strptime(text, form).isoformat() + zone  # noqa: DTZ007 - see `zone`
    return text
