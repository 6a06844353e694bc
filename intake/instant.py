"""Instants as tools write them: with an offset, or without one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from domain.errors import RefusedError
from domain.instant import read_time

_LOCAL: Final = re.compile(r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?)")
_OFFSET: Final = re.compile(r"([+-]\d{2})(\d{2})$")


@dataclass(frozen=True, slots=True)
class Told:
    """An instant as a file tells it.

    Attributes:
        time: RFC 3339 with offset; where the file names no zone, read as UTC.
        local: the file's own text where it names no zone, else None.
    """

    time: str
    local: str | None = None


def told_time(text: str | None) -> Told | None:
    """The instant in a text, or None where it has none that the calendar knows."""
    if text is None:
        return None
    text = text.strip()
    local = _LOCAL.fullmatch(text)
    # ISO 8601's basic offset, as Java and Python write it, has no colon.
    time = f"{local[1]}T{local[2]}Z" if local else _OFFSET.sub(r"\1:\2", text)
    try:
        read_time(time, "")
    except RefusedError:
        return None
    return Told(time, text if local else None)
