"""k6's end-of-test summary, in its three shapes.

- `--summary-export`: numbers lie in the metric; a threshold's boolean says that it was *crossed*.
- `handleSummary` data: numbers lie in `values`; a threshold is an object whose `ok` says it held.
- The machine-readable summary (schema 1.0.0; an option from k6 1.5): lists under `results`, a
  version and an instant, and no thresholds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import msgspec

from domain.errors import RefusedError
from intake.instant import told_time
from intake.json_body import read_fields
from intake.k6.told import Check, Run, Threshold
from intake.number import MOST, count_of, seconds_of
from intake.report import Format, Reading
from intake.shape import shape_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from intake.shape import Shape

T = TypeVar("T")
_Times = Annotated[int, msgspec.Meta(ge=0, le=2**32)]
_BUILT_IN: Final = frozenset({
    "checks", "data_received", "data_sent", "http_req_duration", "http_reqs",
    "iteration_duration", "iterations", "vus", "vus_max",
})  # fmt: skip
_ENOUGH: Final = 3


class _Check(msgspec.Struct, gc=False):
    """A check."""

    name: str | None = None
    passes: _Times = 0
    fails: _Times = 0


class _Group(msgspec.Struct, gc=False):
    """A group; lists in `handleSummary` data, objects by name in `--summary-export`."""

    path: str | None = None
    groups: list[_Group] | dict[str, _Group] | None = None
    checks: list[_Check] | dict[str, _Check] | None = None


class _State(msgspec.Struct, rename="camel", gc=False):
    """How the run was."""

    test_run_duration_ms: float | None = None


class _Summary(msgspec.Struct, gc=False):
    """The first two shapes."""

    metrics: dict[str, dict[str, Any]]
    root_group: _Group | None = None
    state: _State | None = None


class _Metric(msgspec.Struct, gc=False):
    """A metric of the machine-readable summary."""

    name: str
    values: dict[str, Any] = {}
    thresholds: dict[str, Any] | None = None


class _Checks(msgspec.Struct, gc=False):
    """Checks of the machine-readable summary."""

    metrics: list[_Metric] | None = None
    results: list[_Check] | None = None


class _Results(msgspec.Struct, gc=False):
    """What came of the run."""

    metrics: list[_Metric]
    checks: _Checks | None = None
    passed: bool | None = None


class _Metadata(msgspec.Struct, gc=False):
    """When and by what the summary was made."""

    k6_version: str = msgspec.field(name="k6Version")
    generated: str | None = msgspec.field(name="generatedAt", default=None)


class _Config(msgspec.Struct, gc=False):
    """How the test was run."""

    duration: float | None = None


class _Machine(msgspec.Struct, gc=False):
    """The third shape."""

    version: str
    metadata: _Metadata
    results: _Results
    config: _Config | None = None


def claims(shape: Shape) -> bool:
    """`metrics` beside k6's groups, or of k6's own names; or the machine-readable summary."""
    told = shape.members or {}
    if _is_machine(shape):
        return True
    if "metrics" not in told:
        return False
    metrics = shape.inner("metrics").keys()
    group = shape.inner("root_group").keys()
    if {"path", "groups", "checks"} <= group:
        return True
    return len(metrics & _BUILT_IN) >= _ENOUGH


def _is_machine(shape: Shape) -> bool:
    return "results" in (shape.members or {}) and "k6Version" in shape.inner("metadata")


def read(body: bytes) -> list[Reading]:
    """The reading of a file.

    Raises:
        RefusedError: no summary of k6; the place is named.
        TooLargeError: a limit was passed.
    """
    run = _machine(body) if _is_machine(shape_of(body)) else _summary(body)
    return [run.reading()]


def _summary(body: bytes) -> Run:
    summary = read_fields(body, _Summary)
    run = Run(form="k6")
    run.checks = list(_checks_of(summary.root_group)) if summary.root_group is not None else []
    for name, metric in summary.metrics.items():
        values = metric.get("values")
        numbers = values if isinstance(values, dict) else metric
        run.metrics[name] = _numbers(numbers)
        run.thresholds += _thresholds(name, metric.get("thresholds"))
        if name == "checks":
            passes, fails = count_of(numbers.get("passes")), count_of(numbers.get("fails"))
            run.claimed = (passes, fails) if passes is not None and fails is not None else None
    run.ran = _has_run(run.metrics)
    if summary.state is not None:
        run.duration_s = seconds_of(summary.state.test_run_duration_ms, 1_000)
    return run


def _machine(body: bytes) -> Run:
    summary = read_fields(body, _Machine)
    run = Run(form="k6", version=summary.metadata.k6_version, said=summary.results.passed)
    run.ended = told_time(summary.metadata.generated)
    run.duration_s = seconds_of(summary.config.duration) if summary.config is not None else None
    checks = summary.results.checks or _Checks()
    run.checks = [
        Check(name=one.name, passes=one.passes, fails=one.fails) for one in checks.results or ()
    ]
    for metric in (*summary.results.metrics, *(checks.metrics or ())):
        run.metrics[metric.name] = _numbers(metric.values)
        run.thresholds += _thresholds(metric.name, metric.thresholds)
    run.claimed = _claimed(checks.metrics or [])
    run.ran = _has_run(run.metrics)
    return run


def _claimed(metrics: list[_Metric]) -> tuple[int, int] | None:
    """The metric of the checks that held has their number and that of all."""
    held = next((one.values for one in metrics if one.name == "checks_succeeded"), {})
    passes, total = count_of(held.get("matches")), count_of(held.get("total"))
    return (passes, total - passes) if passes is not None and total and total >= passes else None


def _checks_of(group: _Group) -> Iterator[Check]:
    for one in _all(group.checks):
        yield Check(name=one.name, group=group.path or None, passes=one.passes, fails=one.fails)
    for inner in _all(group.groups):
        yield from _checks_of(inner)


def _all(several: list[T] | dict[str, T] | None) -> list[T]:
    return list(several.values()) if isinstance(several, dict) else several or []


def _thresholds(metric: str, told: object) -> Iterator[Threshold]:
    """A bare boolean says that it was crossed, an object's `ok` that it was not."""
    if not isinstance(told, dict):
        return
    for expression, verdict in told.items():
        if isinstance(verdict, bool):
            holds = not verdict
        elif isinstance(verdict, dict) and isinstance(verdict.get("ok"), bool):
            holds = verdict["ok"]
        else:
            raise RefusedError(f"field metrics.{metric[:80]}.thresholds", "expected verdicts")
        yield Threshold(metric=metric, expression=expression, holds=holds)


def _numbers(told: Mapping[str, Any]) -> dict[str, float]:
    return {
        name: value
        for name, value in told.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MOST
    }


def _has_run(metrics: Mapping[str, Mapping[str, float]]) -> bool:
    """Whether the script ran at least once."""
    told = (metrics.get("iterations", {}), metrics.get("http_reqs", {}))
    return any(one.get("count", 0) > 0 for one in told)


FORMAT: Final = Format("k6", "k6 summary", "application/json", claims, read)
