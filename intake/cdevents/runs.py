"""Pipelines, tasks, builds and tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from intake.cdevents.event import id_of
from intake.rows import named

if TYPE_CHECKING:
    from intake.cdevents.event import Event
    from intake.cdevents.structure import Case
    from intake.report import Reading

_KINDS: Final = {
    "performance": "load", "unit": "unit", "integration": "integration", "e2e": "e2e",
}  # fmt: skip
"""Other types of test cases (functional, security, compliance, other) are no kinds of ours."""

_COUNTS: Final = {
    "success": "passed", "failure": "failure", "error": "error", "cancelled": "skipped",
    "skipped": "skipped",
}  # fmt: skip


def pipeline_started(event: Event) -> Reading | None:
    """A run began; that it waits for its turn is not told of."""
    data = {"run": event.name, "pipeline": named(event.content.pipeline_name)}
    return event.reading("pipeline.started", data)


def pipeline_finished(event: Event) -> Reading | None:
    """A run ended; without an outcome it is not known how."""
    if (outcome := event.outcome()) is None:
        return None
    data = {
        "run": event.name,
        "pipeline": named(event.content.pipeline_name),
        "outcome": outcome,
        "reported_outcome": named(event.content.outcome),
    }
    return event.reading("pipeline.finished", data)


def task_finished(event: Event) -> Reading | None:
    """A task ended."""
    if (outcome := event.outcome()) is None:
        return None
    data = {
        "task": named(event.content.task_name) or event.name,
        "task_run": event.name,
        "run": id_of(event.content.pipeline_run),
        "outcome": outcome,
        "reported_outcome": named(event.content.outcome),
    }
    return event.reading("task.finished", data)


def build_finished(event: Event) -> Reading | None:
    """A build ended and made an artifact; one that names none may as well have failed."""
    artifact = event.artifact()
    if artifact is None:
        return None
    data = {
        "build": event.name,
        "artifact": artifact,
        "artifacts": [artifact],
        "outcome": "success",
        "outcome_basis": "artifact",
    }
    return event.reading("build.finished", data)


def case_finished(event: Event) -> Reading | None:
    """A test case was run."""
    return _tested(event, event.outcome(), event.content.test_case, "test case runs")


def case_skipped(event: Event) -> Reading | None:
    """A test case was not run."""
    return _tested(event, "skipped", event.content.test_case, "test case runs")


def suite_finished(event: Event) -> Reading | None:
    """A test suite was run; how many cases it has is not told."""
    return _tested(event, event.outcome(), event.content.test_suite, None)


def _tested(
    event: Event, outcome: str | None, test: Case | None, counted: str | None
) -> Reading | None:
    if outcome is None:
        return None
    told = (test.type or "").lower() if test is not None else ""
    data = {
        "kind": _KINDS.get(told),
        "test_type": named(told),
        "suite": named(test.name or test.id) if test is not None else None,
        "test_run": event.name,
        "environment": event.environment(),
        "outcome": outcome,
        "reported_outcome": named(event.content.outcome),
        "counts": {_COUNTS[outcome]: 1} if counted is not None else None,
        "counted": counted,
    }
    return event.reading("tests.finished", data)
