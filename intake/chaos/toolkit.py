"""The Chaos Toolkit's journal of an experiment.

An experiment that ran to its end and whose system deviated from its steady state failed.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import msgspec

from intake.instant import told_time
from intake.json_body import read_fields
from intake.number import seconds_of
from intake.report import Format, Reading, fact
from intake.rows import named

if TYPE_CHECKING:
    from intake.shape import Shape

_MARKS: Final = frozenset({"experiment", "status", "run", "start"})
_OUTCOMES: Final = {
    "completed": "success", "failed": "failure", "aborted": "error", "interrupted": "cancelled",
}  # fmt: skip


class _Experiment(msgspec.Struct, gc=False):
    """What was tried."""

    title: str | None = None


class _Activity(msgspec.Struct, gc=False):
    """An action or probe."""

    status: str | None = None


class _Journal(msgspec.Struct, gc=False):
    """A journal."""

    experiment: _Experiment
    status: str | None = None
    deviated: bool | None = None
    start: str | None = None
    end: str | None = None
    duration: float | None = None
    run: list[_Activity] | None = None
    node: str | None = None
    version: str | None = msgspec.field(name="chaoslib-version", default=None)


def claims(shape: Shape) -> bool:
    """An experiment with its status, start and activities."""
    told = (shape.members or {}).keys()
    return told >= _MARKS and "title" in shape.inner("experiment")


def read(body: bytes) -> list[Reading]:
    """The reading of a journal.

    Raises:
        RefusedError: no journal; the place is named.
        TooLargeError: a limit was passed.
    """
    journal = read_fields(body, _Journal)
    outcome = _OUTCOMES.get((journal.status or "").lower())
    if outcome is None:
        return []
    began = told_time(journal.start)
    words = (named((one.status or "").lower()) for one in journal.run or ())
    counts = Counter(word for word in words if word is not None)
    data: dict[str, Any] = {
        "outcome": "failure" if journal.deviated and outcome == "success" else outcome,
        "kind": "chaos",
        "suite": named(journal.experiment.title),
        "counts": dict(counts.most_common(100)) or None,
        "counted": "activities" if counts else None,
        "deviated": journal.deviated,
        "started_at": began.time if began and began.local is None else None,
        "duration_s": seconds_of(journal.duration),
        "runner": named(journal.node),
        "tool": "Chaos Toolkit",
        "tool_version": named(journal.version),
        "format": "chaostoolkit",
        "reported_outcome": named(journal.status),
    }
    return [fact("tests.finished", told_time(journal.end), data, kind="journal")]


FORMAT: Final = Format(
    "chaostoolkit", "Chaos Toolkit journal", "application/json", claims, read
)  # fmt: skip
