"""Executions of pipelines and their stages; a stage may be a deployment or somebody's judgement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from intake.ids import commit_of
from intake.instant import seconds_between, told_epoch
from intake.person import account_of
from intake.report import Reading, fact
from intake.rows import named
from intake.spinnaker.structure import Context, Modified, Trigger

if TYPE_CHECKING:
    from intake.instant import Told
    from intake.spinnaker.structure import Execution, Stage

TOOL: Final = "Spinnaker"
SYSTEM: Final = "spinnaker"
MILLIS: Final = 1000
OUTCOMES: Final = {
    "SUCCEEDED": "success", "TERMINAL": "failure", "FAILED_CONTINUE": "failure",
    "STOPPED": "failure", "CANCELED": "cancelled", "SKIPPED": "skipped",
}  # fmt: skip
"""Statuses that something ends in; a stage that stops is one that failed and let others go on."""
_RUNNING: Final = frozenset({"RUNNING", "PAUSED", "SUSPENDED"})
_JUDGEMENT: Final = "manualJudgment"
_VERDICTS: Final = {"continue": "approved", "stop": "rejected"}
_ROLLBACKS: Final = frozenset({
    "rollbackCluster", "rollbackServerGroup", "undoRolloutManifest",
})  # fmt: skip
_DEPLOYS: Final = _ROLLBACKS | {
    "deploy", "deployManifest", "createServerGroup", "cloneServerGroup", "deployCloudFormation",
    "runJobManifest", "deployService", "deployLambda", "Aws.LambdaDeploymentStage",
}  # fmt: skip
# Several services of Spinnaker write so where nobody is signed in.
_NOBODY: Final = frozenset({"anonymous", "[anonymous]", "anonymoususer", "n/a", "none"})
_ACCOUNT: Final = "@managed-service-account"
_MOST: Final = 5000


def whole(execution: Execution) -> list[Reading]:
    """The execution, and its stages that ended or wait for somebody."""
    found, deploying = run(execution), deploying_stages(execution)
    for stage in (execution.stages or ())[:_MOST]:
        found += stage_of(execution, stage, deploying)
    return found


def run(execution: Execution, phase: str | None = None) -> list[Reading]:
    """The execution itself: that it began, or how it ended.

    Args:
        execution: as it was at that moment.
        phase: `starting`, `complete` or `failed`, as an event calls it, or None.
    """
    outcome, data = outcome_of(execution, phase), common(execution)
    began, ended = _at(execution.start_time), _at(execution.end_time)
    if data["run"] is None:
        return []
    kind = f"orca:pipeline:{phase}" if phase else f"execution.{named(execution.status)}"
    if outcome is None:
        if phase != "starting" and execution.status not in _RUNNING:
            return []
        return [fact("pipeline.started", began, data | _begun(execution), kind=kind)]
    told = data | _begun(execution) | {
        "outcome": outcome,
        "reported_outcome": named(execution.status) or named(phase),
        "started_at": began.time if began else None,
        "duration_s": seconds_between(began, ended),
    }  # fmt: skip
    return [fact("pipeline.finished", ended, told, kind=kind)]


def outcome_of(execution: Execution, phase: str | None) -> str | None:
    """How an execution ended; None where it has not.

    One that was called off may be called failed, or have the status of a failure.
    """
    if phase == "starting":
        return None
    outcome = OUTCOMES.get(execution.status or "")
    if outcome is None and phase is not None:
        outcome = "success" if phase == "complete" else "failure"
    return "cancelled" if outcome == "failure" and execution.canceled else outcome


def deploying_stages(execution: Execution) -> frozenset[str | None]:
    """Ids of the stages that deploy to one account: what they are made of is no deployment more."""
    stages = (execution.stages or ())[:_MOST]
    return frozenset(one.id for one in stages if one.type in _DEPLOYS and _account(one)) - {None}


def stage_of(
    execution: Execution, stage: Stage, deploying: frozenset[str | None]
) -> list[Reading]:  # fmt: skip
    """A stage that ended, and what it was: a deployment, or a judgement, also one that waits.

    Args:
        execution: it is of.
        stage: as it was at that moment.
        deploying: see `deploying_stages`.
    """
    data = common(execution)
    if data["run"] is None:
        return []
    found = _judgement(execution, stage, data)
    outcome, name = OUTCOMES.get(stage.status or ""), named(stage.name) or named(stage.type)
    if name is None:
        return found
    began, ended = _at(stage.start_time), _at(stage.end_time)
    kind = f"stage.{named(stage.type)}"
    told = {
        "outcome": outcome,
        "reported_outcome": named(stage.status),
        "started_at": began.time if began else None,
        "duration_s": seconds_between(began, ended),
    }
    # Where it is not told what it was put there by, that is the stage which deploys.
    is_put_there = stage.synthetic_stage_owner is not None and stage.parent_stage_id is None
    is_part = is_put_there or stage.parent_stage_id in deploying
    deployment = None if is_part else _deployment(execution, stage, data)
    if outcome is None:
        if deployment is not None and stage.status == "RUNNING":
            found.append(fact("deployment.started", began, deployment, kind=kind))
        return found
    # What Spinnaker puts before and after a stage is part of it.
    if stage.synthetic_stage_owner is None:
        told_task = data | told | {"task": name, "job": named(stage.id), "stage": named(stage.type)}
        found.append(fact("task.finished", ended, told_task, kind=kind))
    if deployment is not None and outcome != "skipped":
        found.append(fact("deployment.finished", ended, deployment | told, kind=kind))
    return found


def _judgement(execution: Execution, stage: Stage, data: dict[str, Any]) -> list[Reading]:
    """Whether somebody let the pipeline go on, refused to, or is asked to."""
    context, modified = stage.context or Context(), stage.last_modified or Modified()
    if _JUDGEMENT not in (stage.type, context.type):
        return []
    word = (context.judgment_status or "").strip().lower()
    verdict = _VERDICTS.get(word)
    approval = named(stage.id) or named(f"{execution.id}/{stage.name}")
    asked = data | {
        "approval": approval,
        "system": SYSTEM,
        "reason": context.instructions,
        "target": named(stage.name),
    }
    if verdict is None:
        if word or stage.status not in _RUNNING:
            return []
        told = asked | {"verdict": "requested", "reported_outcome": named(stage.status)}
        return [fact("approval.reported", _at(stage.start_time), told, kind=_JUDGEMENT)]
    who = person(context.last_modified_by) or person(modified.user)
    told = asked | {"verdict": verdict, "approver": who, "actor": who, "reported_outcome": word}
    at = _at(modified.last_modified_time) or _at(stage.end_time)
    return [fact("approval.reported", at, told, kind=_JUDGEMENT)]


def _deployment(
    execution: Execution, stage: Stage, data: dict[str, Any]
) -> dict[str, Any] | None:  # fmt: skip
    service, place = named(execution.application), _account(stage)
    identity = named(stage.id)
    if stage.type not in _DEPLOYS or None in (service, place, identity):
        return None
    return data | _begun(execution) | {
        "deployment": identity,
        "service": service,
        "service_basis": "application",
        "environment": place,
        "environment_basis": "account",
        "kind": "rollback" if stage.type in _ROLLBACKS else None,
        "job": named(stage.name),
        "trigger": None,
    }  # fmt: skip


def _account(stage: Stage) -> str | None:
    """The account that a stage deploys with, where it is one."""
    context = stage.context or Context()
    told = [context.account, context.account_name, context.credentials]
    if isinstance(context.clusters, list):
        told += [one.get("account") for one in context.clusters if isinstance(one, dict)]
    found = {named(one) for one in told if isinstance(one, str)} - {None}
    return found.pop() if len(found) == 1 else None


def common(execution: Execution) -> dict[str, Any]:
    """What all facts of an execution share."""
    return {
        "tool": TOOL,
        "run": named(execution.id),
        "pipeline": named(execution.name),
        "application": named(execution.application),
        "commit": _commit(execution.trigger or Trigger()),
    }


def _begun(execution: Execution) -> dict[str, Any]:
    trigger = execution.trigger or Trigger()
    user = trigger.user
    if trigger.type == "manual" and (user or "").lower() in _NOBODY | {""}:
        user = execution.authentication.user if execution.authentication else None
    who, parent = person(user), trigger.parent_execution
    account = named(user) if (user or "").endswith(_ACCOUNT) else None
    return {
        "trigger": named(trigger.type),
        "triggered_by": who,
        "actor": who,
        "workload": account,
        "parent_run": named(parent.id if parent else None) or named(trigger.parent_pipeline_id),
    }


def person(name: str | None) -> dict[str, Any] | None:
    """Somebody who is signed in; accounts of services and nobody are None."""
    if name is None or name.strip().lower() in _NOBODY or name.endswith(_ACCOUNT):
        return None
    return account_of(SYSTEM, name)


def _commit(trigger: Trigger) -> str | None:
    told = {commit_of(trigger.hash)}
    if trigger.build_info is not None:
        told |= {commit_of(one.sha1) for one in trigger.build_info.scm or ()}
    found = told - {None}
    return found.pop() if len(found) == 1 else None


def _at(ticks: int | None) -> Told | None:
    return told_epoch(ticks, MILLIS)
