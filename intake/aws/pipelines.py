"""Events of CodePipeline and CodeBuild."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from intake.address import repository_of
from intake.aws.events import made
from intake.aws.who import user_of
from intake.ids import commit_of, digest_of
from intake.rows import named

if TYPE_CHECKING:
    from intake.aws.structure import Event, Values
    from intake.report import Reading

_RUNS: Final = {
    "SUCCEEDED": "success", "FAILED": "failure", "FAULT": "error", "TIMED_OUT": "failure",
    "CANCELED": "cancelled", "STOPPED": "cancelled", "SUPERSEDED": "cancelled",
    "ABANDONED": "cancelled",
}  # fmt: skip
_APPROVALS: Final = {
    "STARTED": "requested", "SUCCEEDED": "approved", "FAILED": "rejected",
    "ABANDONED": "withdrawn", "CANCELED": "withdrawn",
}  # fmt: skip
_HOSTS: Final = frozenset({
    "GITHUB", "GITHUB_ENTERPRISE", "BITBUCKET", "GITLAB", "GITLAB_SELF_MANAGED", "CODECOMMIT",
})  # fmt: skip


def pipeline(event: Event, told: Values) -> list[Reading]:
    """A run of a pipeline."""
    run, state = named(told.text("execution-id")), told.text("state") or ""
    if run is None:
        return []
    data = {"run": run, "pipeline": named(told.text("pipeline")), "reported_outcome": named(state)}
    if state == "STARTED":
        return [made(event, "pipeline.started", data)]
    if state in _RUNS:
        return [made(event, "pipeline.finished", data | {"outcome": _RUNS[state]})]
    return []


def stage(event: Event, told: Values) -> list[Reading]:
    """A stage that ended."""
    state, stage = told.text("state") or "", named(told.text("stage"))
    if state not in _RUNS or stage is None:
        return []
    return [made(event, "task.finished", {
        "task": stage,
        "stage": stage,
        "run": named(told.text("execution-id")),
        "pipeline": named(told.text("pipeline")),
        "outcome": _RUNS[state],
        "reported_outcome": state,
    })]  # fmt: skip


def action(event: Event, told: Values) -> list[Reading]:
    """An action: an approval, a deployment into the stage, a test, a build, or something else."""
    state, name = told.text("state") or "", named(told.text("action"))
    run, of = named(told.text("execution-id")), named(told.text("pipeline"))
    place, category = named(told.text("stage")), told.inner("type").text("category")
    if name is None or of is None or place is None:
        return []
    base: dict[str, Any] = {"run": run, "pipeline": of, "reported_outcome": named(state)}
    path = f"{of}/{place}/{name}"
    identity = named(f"{path}@{run}" if run else path)
    if category == "Approval":
        asked = {"approval": identity, "target": named(f"{of}/{place}"), "environments": [place]}
        return _approval(event, state, base | asked)
    if category == "Deploy":
        return _deployment(event, state, base | {
            "deployment": identity,
            "service": of,
            "service_basis": "pipeline",
            "environment": place,
            "environment_basis": "stage",
            "strategy": named(told.inner("type").text("provider")),
        })  # fmt: skip
    if state not in _RUNS:
        return []
    kinds = {"Test": ("tests.finished", "suite"), "Build": ("build.finished", "task")}
    what, field = kinds.get(category or "", ("task.finished", "task"))
    data = {field: name, "stage": place, "outcome": _RUNS[state]}
    return [made(event, what, base | data)]


def _approval(event: Event, state: str, data: dict[str, Any]) -> list[Reading]:
    verdict = _APPROVALS.get(state)
    if verdict is None:
        return []
    system = {"verdict": verdict, "system": "aws codepipeline"}
    return [made(event, "approval.reported", data | system)]


def _deployment(event: Event, state: str, data: dict[str, Any]) -> list[Reading]:
    if state == "STARTED":
        return [made(event, "deployment.started", data)]
    if state not in _RUNS:
        return []
    return [made(event, "deployment.finished", data | {"outcome": _RUNS[state]})]


def build(event: Event, told: Values) -> list[Reading]:
    """A run of CodeBuild, and the artifact it made where its digest is told."""
    run, state = named(told.text("build-id")), told.text("build-status") or ""
    more = told.inner("additional-information")
    source = more.inner("source")
    starter = more.text("initiator")
    host = source.text("type") or ""
    if run is None:
        return []
    base: dict[str, Any] = {
        "run": run,
        "pipeline": named(told.text("project-name")),
        "commit": commit_of(more.text("source-version")),
        "repository": repository_of(source.text("location")) if host in _HOSTS else None,
        "reported_outcome": named(state),
    }
    # A pipeline or a rule that begins a build is named with its service before it.
    by = user_of(starter, event.account) if starter and "/" not in starter else None
    whole = base | {"triggered_by": by, "trigger": "manual" if by else None}
    if state == "IN_PROGRESS":
        return [made(event, "pipeline.started", whole)]
    if state not in _RUNS:
        return []
    outcome = {"outcome": _RUNS[state]}
    found = [made(event, "pipeline.finished", whole | outcome)]
    digest = digest_of(f"sha256:{(more.inner('artifact').text('sha256sum') or '').lower()}")
    if digest is not None:
        artifact = {"artifact": {"digest": digest}, "artifacts": [{"digest": digest}]}
        image = named(more.inner("environment").text("image"))
        found.append(made(event, "build.finished", base | outcome | artifact | {"builder": image}))
    return found
