"""What a Litmus experiment came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from intake.instant import told_time
from intake.number import count_of
from intake.report import fact
from intake.rows import named

if TYPE_CHECKING:
    from intake.report import Reading

_OUTCOMES: Final = {
    "pass": "success", "fail": "failure", "error": "error", "stopped": "cancelled",
}  # fmt: skip
_NOT_FAILED: Final = "n/a"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """An experiment's result, however it was asked for.

    Attributes:
        experiment: its name.
        engine: what ran it.
        namespace: where.
        verdict: in Litmus' word.
        phase: likewise.
        failed_step: where it failed, or `N/A`.
        probes: share of the probes that succeeded, in percent.
        passed, failed, stopped: how many runs came to that so far, as far as it is told.
        target: what was harmed, where it is one thing.
        at: the one instant that is told.
        version: of Litmus.
        counts: probes by their verdict.
    """

    experiment: str | None = None
    engine: str | None = None
    namespace: str | None = None
    verdict: str | None = None
    phase: str | None = None
    failed_step: str | None = None
    probes: str | int | None = None
    passed: int | str | None = None
    failed: int | str | None = None
    stopped: int | str | None = None
    target: str | None = None
    at: str | None = None
    version: str | None = None
    counts: dict[str, int] | None = None


def reading_of(result: Result) -> Reading | None:
    """What a result tells; None while nothing is decided.

    A verdict counts whatever the phase says: an experiment that failed may never have left it.
    Without one, runs that failed are a failure.
    """
    outcome, failed = _OUTCOMES.get((result.verdict or "").lower()), count_of(result.failed)
    if outcome is None and not result.verdict and failed:
        outcome = "failure"
    experiment, place = named(result.experiment), named(result.namespace)
    if outcome is None or experiment is None:
        return None
    runs = {
        "passed": count_of(result.passed), "failed": failed, "stopped": count_of(result.stopped),
    }  # fmt: skip
    step = named(result.failed_step)
    data: dict[str, Any] = {
        "outcome": outcome,
        "kind": "chaos",
        "suite": experiment,
        "run": named(result.engine),
        "counts": result.counts or {_counted(outcome): 1},
        "counted": "probes" if result.counts else "experiments",
        "runs": {name: number for name, number in runs.items() if number is not None} or None,
        "probe_success_percent": count_of(result.probes),
        "failed_step": step if step and step.lower() != _NOT_FAILED else None,
        "phase": named(result.phase),
        "target": named(result.target),
        "environment": place,
        "environment_basis": "namespace" if place else None,
        "tool": "Litmus",
        "tool_version": named(result.version),
        "format": "litmus",
        "reported_outcome": named(result.verdict),
    }
    return fact("tests.finished", told_time(result.at), data, kind="ChaosResult")


def _counted(outcome: str) -> str:
    return {"success": "passed", "failure": "failed", "cancelled": "stopped"}.get(outcome, outcome)
