"""A run of a pipeline or task: what it was of, how it ended, what it made.

The condition `Succeeded` says how it ended: `True`, `False`, or `Unknown` while it runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from intake.address import repository_of
from intake.ids import commit_of, ref_of
from intake.instant import seconds_between, told_time
from intake.person import account_of
from intake.report import Reading, fact
from intake.rows import named
from intake.tekton.made import artifacts_of, results_of, source_of
from intake.tekton.structure import Condition, Metadata, Spec, Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from intake.instant import Told
    from intake.tekton.structure import Run

TOOL: Final = "Tekton"
PIPELINE: Final = "PipelineRun"
TASKS: Final = ("TaskRun", "CustomRun", "Run")
_CANCELLED: Final = frozenset({
    "Cancelled", "CancelledRunFinally", "StoppedRunFinally", "PipelineRunCancelled",
    "PipelineRunStopped", "TaskRunCancelled", "CustomRunCancelled", "RunCancelled",
})  # fmt: skip
_RUNS: Final = frozenset({"Started", "Running"})
# What Pipelines as Code writes to the runs that it begins.
_CODE: Final = "pipelinesascode.tekton.dev/"
_MOST: Final = 5000


def state_of(run: Run) -> Condition:
    """The condition that says how a run ended."""
    conditions = (run.status.conditions if run.status else None) or ()
    return next((one for one in conditions if one.type == "Succeeded"), Condition())


def pipeline_run(run: Run, at: Told | None = None) -> list[Reading]:
    """A run of a pipeline: that it began, or that it ended with all its tasks.

    Args:
        run: the resource.
        at: when it was told of, for a run that does not say when it began.
    """
    status, state = run.status or Status(), state_of(run)
    began = told_time(status.start_time)
    data = _common(run, status) | _pipeline(run)
    if data["run"] is None:
        return []
    outcome = outcome_of(state)
    if outcome is None:
        if state.status != "Unknown" or not (began or state.reason in _RUNS):
            return []
        return [fact("pipeline.started", began or at, data, kind="pipelinerun.started")]
    ended = told_time(status.completion_time)
    done = data | _ended(status, state, outcome)
    kind = f"pipelinerun.{named(state.reason)}"
    made = _made(status, outcome)
    found = [fact("pipeline.finished", ended, done, kind=kind)]
    found += [fact("build.finished", ended, done | made, kind=kind)] if made else []
    children = list((status.task_runs or {}).items())[:_MOST]
    for name, child in children:
        inner = child.status or Status()
        condition = next((c for c in inner.conditions or () if c.type == "Succeeded"), Condition())
        result = outcome_of(condition)
        task = named(child.pipeline_task_name) or named(name)
        if result is None or task is None:
            continue
        told = {key: value for key, value in data.items() if key in _SHARED}
        told |= {"task": task, "job": named(name)} | _ended(inner, condition, result)
        told["exit_status"] = _exit(inner)
        found.append(fact("task.finished", told_time(inner.completion_time), told, kind="taskrun"))
    return found


_SHARED: Final = ("tool", "tool_version", "run", "pipeline", "repository", "commit", "workload")


def task_run(run: Run) -> list[Reading]:
    """A run of a task that ended."""
    status, state = run.status or Status(), state_of(run)
    outcome, spec, labels = outcome_of(state), run.spec or Spec(), run.metadata.labels or {}
    reference = spec.task_ref or spec.custom_ref or spec.ref
    task = (
        _label(labels, "tekton.dev/pipelineTask")
        or named(reference.name if reference else None)
        or _label(labels, "tekton.dev/task")
        or named(run.metadata.name)
    )
    if outcome is None or task is None:
        return []
    data = _common(run, status) | _ended(status, state, outcome) | {
        "run": _label(labels, "tekton.dev/pipelineRun") or named(run.metadata.name),
        "pipeline": _label(labels, "tekton.dev/pipeline"),
        "task": task,
        "job": named(run.metadata.name),
        "attempt": len(status.retries_status) + 1 if status.retries_status else None,
        "exit_status": _exit(status),
    }  # fmt: skip
    ended, kind = told_time(status.completion_time), f"taskrun.{named(state.reason)}"
    made = _made(status, outcome)
    found = [fact("task.finished", ended, data, kind=kind)]
    return found + ([fact("build.finished", ended, data | made, kind=kind)] if made else [])


def outcome_of(state: Condition) -> str | None:
    """How a run ended; None where it runs."""
    if state.status == "True":
        return "success"
    if state.status == "False":
        return "cancelled" if state.reason in _CANCELLED else "failure"
    return None


def _common(run: Run, status: Status) -> dict[str, Any]:
    metadata, spec = run.metadata, run.spec or Spec()
    template = spec.task_run_template
    account = named(spec.service_account_name) or named(
        template.service_account_name if template else None
    )
    namespace = named(metadata.namespace)
    return {
        "tool": TOOL,
        "tool_version": _label(metadata.annotations or {}, "pipeline.tekton.dev/release"),
        "run": named(metadata.name),
        "namespace": namespace,
        "uid": named(metadata.uid),
        "workload": named(f"system:serviceaccount:{namespace}:{account}")
        if namespace and account else account,
    } | source_of(run, status) | _begun(metadata)  # fmt: skip


def _pipeline(run: Run) -> dict[str, Any]:
    labels, spec = run.metadata.labels or {}, run.spec or Spec()
    told = {**labels, **(run.metadata.annotations or {})}
    who = _person(told)
    return {
        "pipeline": named(spec.pipeline_ref.name if spec.pipeline_ref else None)
        or _label(labels, "tekton.dev/pipeline"),
        "trigger": _label(told, _CODE + "event-type")
        or _label(labels, "triggers.tekton.dev/trigger"),
        "triggered_by": who,
        "actor": who,
    }


def _begun(metadata: Metadata) -> dict[str, Any]:
    """What Pipelines as Code says of the change that began a run; annotations come first."""
    told = {**(metadata.labels or {}), **(metadata.annotations or {})}
    branch = _label(told, _CODE + "source-branch") or _label(told, _CODE + "branch")
    found = {
        "repository": repository_of(_label(told, _CODE + "repo-url")),
        "commit": commit_of(_label(told, _CODE + "sha")),
        "ref": ref_of(branch if not branch or branch.startswith("refs/") else f"origin/{branch}"),
    }
    return {name: value for name, value in found.items() if value is not None}


def _person(told: Mapping[str, Any]) -> dict[str, Any] | None:
    provider = _label(told, _CODE + "git-provider") or TOOL.lower()
    return account_of(provider, _label(told, _CODE + "sender"))


def _ended(status: Status, state: Condition, outcome: str) -> dict[str, Any]:
    began, ended = told_time(status.start_time), told_time(status.completion_time)
    return {
        "outcome": outcome,
        "reported_outcome": named(state.reason) or named(state.status),
        "started_at": began.time if began else None,
        "duration_s": seconds_between(began, ended),
    }


def _made(status: Status, outcome: str) -> dict[str, Any] | None:
    """The fields of `build.finished`, where results name artifacts; a failed run has made none."""
    artifacts = artifacts_of(results_of(status)) if outcome == "success" else []
    if not artifacts:
        return None
    alone = artifacts[0] if len({one["digest"] for one in artifacts}) == 1 else None
    return {"artifacts": artifacts, "artifact": alone, "trigger": None, "triggered_by": None}


def _exit(status: Status) -> int | None:
    """The exit status of the first step that failed, else of the steps that all ended well."""
    told = [one.terminated.exit_code for one in status.steps or ()
            if one.terminated is not None and one.terminated.exit_code is not None]  # fmt: skip
    within = [code for code in told if abs(code) < 2**31]
    return next((code for code in within if code), 0 if within else None)


def _label(labels: Mapping[str, Any], name: str) -> str | None:
    value = labels.get(name)
    return named(value) if isinstance(value, str) else None
