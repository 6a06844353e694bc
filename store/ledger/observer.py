"""What the recorder tells whoever measures it, without knowing about metrics."""

from __future__ import annotations

from typing import Protocol


class Observer(Protocol):
    """Told once a group; called on the recorder's own threads, so it must be quick."""

    def stage(self, name: str, start_ns: int, end_ns: int, events: int) -> None:
        """A stage ended.

        Args:
            name: `sign`, `group`, `commit`, `guard` or `publish`.
            start_ns: when it began, nanoseconds since the epoch.
            end_ns: when it ended.
            events: how many events it was for.
        """
        ...

    def queued(self, requests: int) -> None:
        """How many requests wait for their group."""
        ...


class Unobserved:
    """Nobody measures."""

    def stage(self, name: str, start_ns: int, end_ns: int, events: int) -> None:
        """Pass over a stage."""

    def queued(self, requests: int) -> None:
        """Pass over the queue."""
