"""Pipelines and jobs."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from domain.instant import read_time
from intake.gitlab.common import OUTCOMES, reading, ref_of, who
from intake.ids import commit_of
from intake.instant import told_time
from intake.number import seconds_of
from intake.rows import named

if TYPE_CHECKING:
    from intake.gitlab.structure import JobEvent, PipelineEvent, PipelineRun
    from intake.report import Reading

_PIPELINE: Final = "Pipeline Hook"
_JOB: Final = "Job Hook"
_LONGEST_S: Final = 366 * 86_400


def pipeline(event: PipelineEvent) -> list[Reading]:
    """A pipeline that began or ended; what its jobs did is told by their own events."""
    run = event.object_attributes
    if run is None or run.id is None or run.status is None:
        return []
    parent = event.source_pipeline
    began = _began(run)
    data: dict[str, Any] = {
        "run": str(run.id),
        "pipeline": named(run.name),
        "trigger": named(run.source),
        "triggered_by": who(event.user),
        "ref": ref_of(run.ref, tag=run.tag),
        "commit": commit_of(run.sha),
        "url": named(run.url),
        "parent_run": str(parent.pipeline_id) if parent and parent.pipeline_id else None,
    }
    kind = f"{_PIPELINE}.{named(run.status)}"
    if run.status == "running":
        return [reading(kind, event, "pipeline.started", began, data)]
    if run.status not in OUTCOMES:
        return []
    data |= {
        "outcome": OUTCOMES[run.status],
        "reported_outcome": run.status,
        "started_at": began,
        "duration_s": seconds_of(run.duration),
    }
    return [reading(kind, event, "pipeline.finished", run.finished_at, data)]


def _began(run: PipelineRun) -> str | None:
    """GitLab tells when a pipeline was made, and how many seconds it then waited to start."""
    made, waited = told_time(run.created_at), seconds_of(run.queued_duration)
    if made is None or waited is None or waited > _LONGEST_S:
        return None
    try:
        at = read_time(made.time, "") + timedelta(seconds=waited)
    except OverflowError:
        return None
    return at.isoformat().replace("+00:00", "Z")


def job(event: JobEvent) -> list[Reading]:
    """A job that ended."""
    name, status = named(event.build_name), event.build_status
    if name is None or status not in OUTCOMES:
        return []
    began, place = told_time(event.build_started_at), event.environment
    retries = event.retries_count
    data = {
        "task": name,
        "stage": named(event.build_stage),
        "job": str(event.build_id) if event.build_id is not None else None,
        "run": str(event.pipeline_id) if event.pipeline_id is not None else None,
        "pipeline": named(event.commit.name) if event.commit is not None else None,
        "attempt": retries + 1 if retries is not None and retries >= 0 else None,
        "commit": commit_of(event.sha),
        "ref": ref_of(event.ref, tag=event.tag),
        "environment": named(place.name) if place is not None else None,
        "runner": named(event.runner.description) if event.runner is not None else None,
        "outcome": OUTCOMES[status],
        "reported_outcome": status,
        # It also stands, without a meaning, beside jobs that did not fail.
        "failure_reason": named(event.build_failure_reason) if status == "failed" else None,
        "may_fail": event.build_allow_failure,
        "started_at": began.time if began else None,
        "duration_s": seconds_of(event.build_duration),
    }
    return [reading(f"{_JOB}.{status}", event, "task.finished", event.build_finished_at, data)]
