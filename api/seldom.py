"""What is to be done once in a while, however often it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Seldom:
    """Says yes once for a key in a period; used by one event loop only.

    Attributes:
        period_s: how long a key is remembered, seconds.
        at_most: keys in one period; beyond them the answer is no.
    """

    def __init__(self, period_s: float, at_most: int, monotonic: Callable[[], float]) -> None:
        self.period_s = period_s
        self.at_most = at_most
        self._monotonic = monotonic
        self._since = monotonic()
        self._seen: set[object] = set()

    def now(self, key: object) -> bool:
        """Whether to do it now."""
        instant = self._monotonic()
        if instant - self._since >= self.period_s:
            self._since = instant
            self._seen.clear()
        if key in self._seen or len(self._seen) >= self.at_most:
            return False
        self._seen.add(key)
        return True
