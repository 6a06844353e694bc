"""The order of facts that come from one file."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from domain.instant import read_time

if TYPE_CHECKING:
    from intake.report import Reading

_BEFORE: Final = datetime.min.replace(tzinfo=UTC)


def by_time(readings: list[Reading]) -> list[Reading]:
    """The readings, earliest first; those of one instant as they came, those without one first."""
    return sorted(
        readings, key=lambda one: _BEFORE if one.time is None else read_time(one.time, "")
    )
