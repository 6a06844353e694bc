"""Readings as the strict door sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from domain.door import read_json
from domain.event import Event, read_event

if TYPE_CHECKING:
    from intake.report import Reading


def through_door(reading: Reading) -> Event:
    """The event of a reading; fails where the door refuses it."""
    value = {
        "specversion": "1.0", "id": "1", "source": reading.source or "/x", "type": reading.type,
        "time": reading.time or "2026-01-01T00:00:00Z", "data": reading.data,
    }  # fmt: skip
    return read_event(read_json(msgspec.json.encode(value)))
