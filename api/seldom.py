"""What is to be done once in a while, however often it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_ASKERS: Final = 1_000
"""In one period; all beyond are one."""


class Seldom:
    """Says yes once for a key in a period; used by one event loop only.

    Attributes:
        period_s: how long a key is remembered, seconds.
        at_most: keys of one asker in one period; beyond them the answer is no.
    """

    def __init__(self, period_s: float, at_most: int, monotonic: Callable[[], float]) -> None:
        self.period_s = period_s
        self.at_most = at_most
        self._monotonic = monotonic
        self._since = monotonic()
        self._seen: dict[object, set[object]] = {}

    def now(self, key: object, asker: object = None) -> bool:
        """Whether to do it now.

        Args:
            key: what it is about.
            asker: on whose account; nobody can use up what others may.
        """
        instant = self._monotonic()
        if instant - self._since >= self.period_s:
            self._since = instant
            self._seen.clear()
        if asker not in self._seen and len(self._seen) >= _ASKERS:
            asker = None
        seen = self._seen.setdefault(asker, set())
        if key in seen or len(seen) >= self.at_most:
            return False
        seen.add(key)
        return True
