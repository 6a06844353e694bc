"""The order of facts that come from one file."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Final

from domain.instant import read_time
from intake.limits import MAX_FACTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from intake.report import Reading

_AFTER: Final = datetime.max.replace(tzinfo=UTC)


def by_time(readings: Iterable[Reading]) -> list[Reading]:
    """The readings, earliest first; those of one instant as they came.

    Those without one come last: their time will be that of receipt. Of more than are appended
    together (`MAX_FACTS`) only one too many is asked for, which the registry then refuses.
    """
    return sorted(
        islice(readings, MAX_FACTS + 1),
        key=lambda one: _AFTER if one.time is None else read_time(one.time, ""),
    )
