"""Workflow runs, jobs and checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from intake.github.common import OUTCOMES, base_of, reading, ref_of, who
from intake.ids import commit_of
from intake.instant import seconds_between, told_time
from intake.rows import named

if TYPE_CHECKING:
    from intake.github.structure import Payload, Run
    from intake.report import Reading


def workflow_run(payload: Payload) -> list[Reading]:
    """A run of a workflow: asked for and begun, or ended."""
    run = payload.workflow_run
    if run is None or run.id is None:
        return []
    data = _common(payload, run) | {
        "run": str(run.id),
        "pipeline": named(run.name) or named(run.path),
        "attempt": run.run_attempt,
        "trigger": named(run.event),
        "triggered_by": who(run.triggering_actor or run.actor),
        "ref": ref_of(run.event, run.head_branch),
    }
    if payload.action == "requested":
        time = run.run_started_at or run.created_at
        return [reading("workflow_run", payload, "pipeline.started", time, data)]
    if payload.action == "completed" and run.conclusion in OUTCOMES:
        # A completed run is not touched again before it is run once more.
        data |= _ended(run, run.run_started_at, run.updated_at)
        return [reading("workflow_run", payload, "pipeline.finished", run.updated_at, data)]
    return []


def workflow_job(payload: Payload) -> list[Reading]:
    """A job of a run that ended."""
    job = payload.workflow_job
    name = named(job.name) if job is not None else None
    if job is None or name is None or payload.action != "completed":
        return []
    if job.conclusion not in OUTCOMES:
        return []
    data = _common(payload, job) | _ended(job, job.started_at, job.completed_at) | {
        "task": name,
        "run": str(job.run_id) if job.run_id is not None else None,
        "pipeline": named(job.workflow_name),
        "attempt": job.run_attempt,
        "runner": named(job.runner_name),
    }  # fmt: skip
    return [reading("workflow_job", payload, "task.finished", job.completed_at, data)]


def check_run(payload: Payload) -> list[Reading]:
    """A check of a commit that ended; whose it is stands in `tool`."""
    run = payload.check_run
    name = named(run.name) if run is not None else None
    if run is None or name is None or payload.action != "completed":
        return []
    if run.conclusion not in OUTCOMES:
        return []
    data = _common(payload, run) | _ended(run, run.started_at, run.completed_at) | {
        "task": name,
        "tool": named(run.app.slug or run.app.name) if run.app is not None else None,
    }  # fmt: skip
    return [reading("check_run", payload, "task.finished", run.completed_at, data)]


def status(payload: Payload) -> list[Reading]:
    """A commit status that another tool set; pending is no end."""
    outcome = {"success": "success", "failure": "failure", "error": "error"}.get(
        payload.state or ""
    )
    name = named(payload.context)
    if outcome is None or name is None:
        return []
    data = base_of(payload) | {
        "task": name,
        "commit": commit_of(payload.sha),
        "outcome": outcome,
        "reported_outcome": named(payload.state),
        "url": named(payload.target_url),
    }
    return [reading("status", payload, "task.finished", payload.updated_at, data)]


def _common(payload: Payload, run: Run) -> dict[str, Any]:
    return base_of(payload) | {
        "commit": commit_of(run.head_sha),
        "url": named(run.html_url),
    }


def _ended(run: Run, start: str | None, end: str | None) -> dict[str, Any]:
    began, ended = told_time(start), told_time(end)
    return {
        "outcome": OUTCOMES[run.conclusion or ""],
        "reported_outcome": run.conclusion,
        "started_at": began.time if began else None,
        "duration_s": seconds_between(began, ended),
    }
