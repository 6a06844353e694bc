"""What a k6 file tells, in whichever shape, as one `tests.finished` of kind `load`.

Cases are results of checks, and thresholds. k6 itself fails on thresholds alone; here a check that
failed is a failure too (docs/events.md), and `thresholds` says which of them held.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from intake.report import Reading
from intake.rows import Rows, named

if TYPE_CHECKING:
    from collections.abc import Mapping

    from intake.instant import Told

TOOL: Final = "k6"
CHECKS: Final = "results of checks"
_MOST_NAMED: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check of a script.

    Attributes:
        name: what the script calls it.
        group: the path of groups it is in, or None.
        passes: how often it held.
        fails: how often not.
    """

    name: str | None
    group: str | None = None
    passes: int
    fails: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """One threshold.

    Attributes:
        metric: of which metric, with its tags.
        expression: what must hold (`p(95)<500`).
        holds: whether it does; None where the file does not say.
    """

    metric: str
    expression: str
    holds: bool | None

    @property
    def name(self) -> str | None:
        """Metric and expression."""
        return named(f"{self.metric}:{self.expression}")


@dataclass(slots=True, kw_only=True)
class Run:
    """What a file tells of a run.

    Attributes:
        form: the format's name.
        checks: each check.
        thresholds: each threshold.
        metrics: names to numbers, for the results document.
        claimed: passed and failed by the metric of all checks, or None.
        ran: whether anything was measured at all.
        said: k6's own verdict, or None.
        version: of k6.
        started: the first instant, or None.
        ended: the last instant, or None.
        duration_s: seconds.
    """

    form: str
    checks: list[Check] = field(default_factory=list)
    thresholds: list[Threshold] = field(default_factory=list)
    metrics: dict[str, Mapping[str, float]] = field(default_factory=dict)
    claimed: tuple[int, int] | None = None
    ran: bool = False
    said: bool | None = None
    version: str | None = None
    started: Told | None = None
    ended: Told | None = None
    duration_s: float | None = None

    def reading(self) -> Reading:
        """The reading of the file.

        Raises:
            TooLargeError: too many checks, thresholds and metrics.
        """
        counted = CHECKS
        passed = sum(one.passes for one in self.checks)
        failed = sum(one.fails for one in self.checks)
        if not self.checks and self.claimed is not None:
            counted, (passed, failed) = "the metric of all checks", self.claimed
        document = self._rows().document()
        # Those that do not hold first: there is room for so many.
        judged = sorted(
            (one for one in self.thresholds if one.holds is not None),
            key=lambda one: bool(one.holds),
        )
        undecided = [one.name for one in self.thresholds if one.holds is None]
        data: dict[str, Any] = {
            "tool": TOOL,
            "tool_version": named(self.version),
            "kind": "load",
            "format": self.form,
            "outcome": self._outcome(passed, failed),
            "reported_outcome": self._reported(),
            "counts": {"passed": passed, "failure": failed},
            "counted": counted,
            "claimed": self._differing(passed, failed),
            "thresholds": {one.name: one.holds for one in judged[:_MOST_NAMED]} or None,
            "thresholds_undecided": undecided[:_MOST_NAMED] or None,
            "started_at": self.started.time if self.started else None,
            "duration_s": self.duration_s,
            "results": document.digest if document else None,
        }
        return Reading(
            type="pipeledger.tests.finished.v1",
            data={name: value for name, value in data.items() if value is not None},
            time=self.ended.time if self.ended else None,
            local_time=self.ended.local if self.ended else None,
            documents=(document,) if document else (),
        )

    def _outcome(self, passed: int, failed: int) -> str:
        verdicts = [one.holds for one in self.thresholds if one.holds is not None]
        if failed or self.said is False or not all(verdicts):
            return "failure"
        return "success" if passed or verdicts or self.ran else "skipped"

    def _reported(self) -> str | None:
        """k6 says no word; a crossed threshold is what makes it fail."""
        verdicts = [one.holds for one in self.thresholds if one.holds is not None]
        if self.said is None and not verdicts:
            return None
        return "passed" if self.said is not False and all(verdicts) else "failed"

    def _differing(self, passed: int, failed: int) -> dict[str, int] | None:
        if self.claimed is None or self.claimed == (passed, failed):
            return None
        return {"passes": self.claimed[0], "fails": self.claimed[1]}

    def _rows(self) -> Rows:
        rows = Rows("results")
        for check in self.checks:
            rows.add({
                "kind": "check", "name": named(check.name), "group": named(check.group),
                "passes": check.passes, "fails": check.fails,
                "status": "failure" if check.fails else "passed" if check.passes else "skipped",
            })  # fmt: skip
        for one in self.thresholds:
            status = None if one.holds is None else "passed" if one.holds else "failure"
            rows.add({"kind": "threshold", "name": named(one.expression),
                      "metric": named(one.metric), "status": status})  # fmt: skip
        for name, values in self.metrics.items():
            rows.add({"kind": "metric", "name": named(name), "values": values})
        return rows
