"""How fast one credential may send: a bucket that fills with time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from api.refusing import TooManyError

if TYPE_CHECKING:
    from collections.abc import Callable

_REMEMBERED: Final = 10_000


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


class Rates:
    """Buckets by credential; used by one event loop only.

    Attributes:
        per_second: requests a second in the long run.
        burst: requests at once after a pause.
    """

    def __init__(self, per_second: float, burst: float, monotonic: Callable[[], float]) -> None:
        self.per_second = per_second
        self.burst = burst
        self._monotonic = monotonic
        self._buckets: dict[str, _Bucket] = {}

    def take(self, credential: str) -> None:
        """Count one request.

        Raises:
            TooManyError: the bucket is empty.
        """
        now = self._monotonic()
        bucket = self._buckets.get(credential)
        if bucket is None:
            if len(self._buckets) >= _REMEMBERED:
                self._forget(now)
            bucket = self._buckets[credential] = _Bucket(self.burst, now)
        filled = bucket.left + (now - bucket.at) * self.per_second
        bucket.left, bucket.at = min(self.burst, filled), now
        if bucket.left < 1:
            raise TooManyError(f"more than {self.per_second:g} requests a second")
        bucket.left -= 1

    def _forget(self, now: float) -> None:
        """Make room: who has rested long enough is as good as new."""
        self._buckets = {
            name: bucket
            for name, bucket in self._buckets.items()
            if bucket.left + (now - bucket.at) * self.per_second < self.burst
        }
        # More are busy than can be told apart; looking at each for every newcomer costs too much.
        if len(self._buckets) > _REMEMBERED // 2:
            self._buckets.clear()
