"""What the recorder tells whoever measures it, without knowing about metrics."""

from __future__ import annotations

from typing import NamedTuple, Protocol


class Stage(NamedTuple):
    """A stage that an append went through.

    Attributes:
        name: `sign`, `group`, `commit`, `guard` or `publish` here; `door` and `people` before.
        start_ns: when it began, nanoseconds since the epoch.
        end_ns: when it ended.
    """

    name: str
    start_ns: int
    end_ns: int


class Observer(Protocol):
    """Told once a group; called on the recorder's own threads, so it must be quick."""

    def stage(self, stage: Stage, events: int) -> None:
        """A stage ended, for so many events; `guard` begins with the end of the commit."""
        ...

    def queued(self, requests: int) -> None:
        """How many requests wait for their group."""
        ...


class Unobserved:
    """Nobody measures."""

    def stage(self, stage: Stage, events: int) -> None:
        """Pass over a stage."""

    def queued(self, requests: int) -> None:
        """Pass over the queue."""
