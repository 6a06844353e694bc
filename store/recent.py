"""What is read anew every few seconds, so that a change takes effect that soon in every process."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

TRUSTED_S: Final = 5.0
"""What was found is believed for so long."""
FRESH_S: Final = 0.2
"""What was not found may have come a moment ago. Strangers may ask often, so the database is asked
a few times a second at most."""


class Recent(Generic[T]):
    """A value that is read from a database. Safe for threads."""

    def __init__(self, read: Callable[[], T], monotonic: Callable[[], float]) -> None:
        """Read nothing yet.

        Args:
            read: gives the value as it is now.
            monotonic: seconds of a clock that never goes back.
        """
        self._read = read
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._known: tuple[float, T] | None = None
        self._changes = 0

    def remembered(self, age_s: float) -> T | None:
        """The same as `get`, without reading: None where it is older."""
        known = self._known
        return None if known is None or self._monotonic() - known[0] > age_s else known[1]

    def get(self, age_s: float) -> T:
        """The value as it stood at most so many seconds ago."""
        known = self._known
        if known is None or self._monotonic() - known[0] > age_s:
            changes = self._changes
            known = (self._monotonic(), self._read())
            with self._lock:
                # Read before a change that was made meanwhile, it would be believed after it.
                if changes == self._changes:
                    self._known = known
        return known[1]

    def forget(self) -> None:
        """Have it read anew by whoever asks next."""
        with self._lock:
            self._changes += 1
            self._known = None
