"""k6's measurements as JSON lines (`--out json`): `Metric` declares, `Point` measures.

A line of a threshold's metric names the threshold; whether it held stands nowhere in the file, and
is not worked out: the points may be a part of those that k6 judged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from domain.instant import read_time
from intake.instant import told_time
from intake.json_body import each_line
from intake.k6.told import Check, Run, Threshold
from intake.report import Format, Reading

if TYPE_CHECKING:
    from datetime import datetime

    from intake.buffer import Buffer
    from intake.instant import Told
    from intake.shape import Shape


class _Tags(msgspec.Struct, gc=False):
    """Tags of a point; addresses among them are not read."""

    check: str | None = None
    group: str | None = None


class _Data(msgspec.Struct, gc=False):
    """Of a metric or of a point."""

    time: str | None = None
    value: float | None = None
    tags: _Tags | None = None
    thresholds: list[str] | None = None


class _Line(msgspec.Struct, gc=False):
    """One line."""

    type: str
    metric: str | None = None
    data: _Data = msgspec.field(default_factory=_Data)


def claims(shape: Shape) -> bool:
    """Lines, of which the first is a metric or a point."""
    told = shape.line or shape.members or {}
    if not {"type", "metric", "data"} <= told.keys():
        return False
    kind, data = shape.text("type"), shape.inner("data").keys()
    return (kind == "Point" and {"time", "value"} <= data) or (
        kind == "Metric" and {"type", "contains"} <= data
    )


def read(body: Buffer) -> list[Reading]:
    """The reading of a file.

    Raises:
        RefusedError: no measurements of k6; line and place are named.
        TooLargeError: a limit was passed.
    """
    points = _Points()
    for _, line in each_line(body, _Line):
        points.hear(line)
    return [points.run().reading()]


class _Points:
    """Counts points."""

    def __init__(self) -> None:
        self._checks: dict[tuple[str | None, str | None], list[int]] = {}
        self._thresholds: dict[tuple[str, str], None] = {}
        self._points: dict[str, int] = {}
        self._first: tuple[datetime, Told] | None = None
        self._last: tuple[datetime, Told] | None = None

    def hear(self, line: _Line) -> None:
        """One line more; kinds that are not known are passed over."""
        name = line.metric or ""
        if line.type == "Metric":
            self._thresholds.update(((name, one), None) for one in line.data.thresholds or ())
        elif line.type == "Point":
            self._points[name] = self._points.get(name, 0) + 1
            self._clock(line.data.time)
            if name == "checks":
                tags = line.data.tags or _Tags()
                counted = self._checks.setdefault((tags.check, tags.group), [0, 0])
                counted[0 if line.data.value else 1] += 1

    def _clock(self, text: str | None) -> None:
        if (told := told_time(text)) is None:
            return
        at = read_time(told.time, "")
        if self._first is None or at < self._first[0]:
            self._first = (at, told)
        if self._last is None or at > self._last[0]:
            self._last = (at, told)

    def run(self) -> Run:
        """What was heard."""
        checks = [
            Check(name=name, group=group or None, passes=passes, fails=fails)
            for (name, group), (passes, fails) in self._checks.items()
        ]
        return Run(
            form="k6-stream",
            checks=checks,
            thresholds=[
                Threshold(metric=metric, expression=expression, holds=None)
                for metric, expression in self._thresholds
            ],
            metrics={name: {"points": number} for name, number in self._points.items()},
            started=self._first[1] if self._first else None,
            ended=self._last[1] if self._last else None,
            duration_s=self._spent(),
        )

    def _spent(self) -> float | None:
        if self._first is None or self._last is None:
            return None
        return (self._last[0] - self._first[0]).total_seconds()


FORMAT: Final = Format("k6-stream", "k6 JSON lines", "application/x-ndjson", claims, read, read)
