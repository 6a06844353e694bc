"""Calls that deliver: CodeDeploy, CodePipeline, ECS, EKS, Lambda, CloudFormation.

A call begins a deployment; that it ended, and how, says an event of EventBridge. What was refused
ended at once and touched nothing.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, Final

from intake.aws.rights import cluster_access
from intake.ids import commit_of
from intake.rows import named

if TYPE_CHECKING:
    from intake.aws.call import Call
    from intake.report import Reading

_VERDICTS: Final = {"approved": "approved", "rejected": "rejected"}
_DIGEST_BYTES: Final = 32
_DEFAULT_CLUSTER: Final = "default"


def code_deploy(call: Call) -> list[Reading]:
    """A deployment by CodeDeploy."""
    request = call.request
    service, place = request.text("applicationName"), request.text("deploymentGroupName")
    if call.name != "CreateDeployment":
        return _other(call, service, place, request.text("deploymentId"))
    source = request.inner("revision").inner("gitHubLocation")
    repository = named(source.text("repository"))
    return _begun(call, service, place, {
        "service_basis": "application",
        "environment_basis": "deployment group",
        "deployment": call.response.text("deploymentId"),
        "strategy": named(request.text("deploymentConfigName")),
        "commit": commit_of(source.text("commitId")),
        "repository": f"https://github.com/{repository}" if repository else None,
    })  # fmt: skip


def code_pipeline(call: Call) -> list[Reading]:
    """Runs of pipelines, approvals in them, and stages that are put back."""
    request, done = call.request, call.outcome == "success"
    pipeline = request.text("pipelineName", "name")
    if call.name == "PutApprovalResult" and done:
        return _approved(call, pipeline)
    if call.name == "StartPipelineExecution" and done:
        run = named(call.response.text("pipelineExecutionId"))
        if run is not None:
            told = {"run": run, "pipeline": named(pipeline), "triggered_by": call.actor}
            return [call.reading("pipeline.started", told)]
    if call.name == "RollbackStage":
        return _begun(call, pipeline, request.text("stageName"), {
            "service_basis": "pipeline",
            "environment_basis": "stage",
            "deployment": call.response.text("pipelineExecutionId"),
            "run": named(call.response.text("pipelineExecutionId")),
            "kind": "rollback",
            "kind_basis": "request",
            "restores": named(request.text("targetPipelineExecutionId")),
        })  # fmt: skip
    return _other(call, pipeline, request.text("stageName"), request.text("actionName"))


def code_build(call: Call) -> list[Reading]:
    """A run of a build project."""
    build = call.response.inner("build")
    run = named(build.text("arn", "id"))
    if call.name != "StartBuild" or call.outcome != "success" or run is None:
        return _other(call, call.request.text("projectName", "name"))
    return [call.reading("pipeline.started", {
        "run": run,
        "pipeline": named(build.text("projectName") or call.request.text("projectName")),
        "commit": commit_of(build.text("resolvedSourceVersion", "sourceVersion")),
        "triggered_by": call.actor,
    })]  # fmt: skip


def containers(call: Call) -> list[Reading]:
    """A service of ECS that gets another task definition, or is started anew."""
    request = call.request
    name = request.text("serviceName", "service")
    cluster = _last(request.text("cluster")) or _DEFAULT_CLUSTER
    anew = request.get("forceNewDeployment") is True
    if call.name not in ("CreateService", "UpdateService") or not (
        "taskDefinition" in request or anew
    ):
        return _other(call, _last(name) or request.text("family", "cluster", "clusterName"))
    service = call.response.inner("service")
    newest = next(
        (one for one in service.list("deployments")
         if isinstance(one, dict) and one.get("status") == "PRIMARY"),
        {},
    )  # fmt: skip
    identity = newest.get("id")
    return _begun(call, _last(name), cluster, {
        "service_basis": "workload",
        "environment_basis": "cluster",
        "deployment": identity if isinstance(identity, str) else None,
        "kind": "redeploy" if anew and "taskDefinition" not in request else None,
        "kind_basis": "request" if anew and "taskDefinition" not in request else None,
        "release": named(_last(request.text("taskDefinition"))),
    })  # fmt: skip


def clusters(call: Call) -> list[Reading]:
    """A cluster of EKS: its version, its nodes, who may come in."""
    if (found := cluster_access(call)) is not None:
        return found
    request = call.request
    cluster = request.text("clusterName", "name")
    part = request.text("nodegroupName", "addonName", "fargateProfileName")
    if call.is_read:
        return []
    update = call.response.inner("update")
    return [call.changed(
        "/".join(filter(None, (cluster, part))),
        environment=named(cluster),
        environment_basis="cluster" if named(cluster) else None,
        version=named(request.text("version", "addonVersion")),
        state=named(update.text("status")),
    )]  # fmt: skip


def functions(call: Call) -> list[Reading]:
    """A function: its code, and the alias by which it is called."""
    request, response = call.request, call.response
    name = _last(request.text("functionName"), ":function:")
    alias = request.text("name")
    version = response.text("functionVersion") or request.text("functionVersion")
    if call.name == "UpdateAlias" and alias and version and name:
        # The alias is another version's from now on; there is nothing to wait for.
        return [call.reading("deployment.finished", {
            "service": named(name),
            "service_basis": "function",
            "environment": named(alias),
            "environment_basis": "alias",
            "deployment": named(call.record.event_id) or "unknown",
            "release": named(version),
            "outcome": call.outcome,
            "impact": False if call.outcome != "success" else None,
        })]  # fmt: skip
    if call.is_read or call.name.startswith("Invoke"):
        return []
    digest = _digest(response.text("codeSha256"))
    return [call.changed(
        name or request.text("layerName", "uuid"),
        service=named(name),
        service_basis="function" if named(name) else None,
        artifact={"digest": digest} if digest else None,
        release=named(response.text("version")),
    )]  # fmt: skip


def stacks(call: Call) -> list[Reading]:
    """A stack of CloudFormation: a plan of its change; other calls begin what an event ends."""
    if call.is_read:
        return []
    stack = _last(call.request.text("stackName", "stackSetName"), ":stack/")
    if call.name == "CreateChangeSet" and call.outcome == "success":
        return [call.reading("infrastructure.planned", {
            "workspace": named((stack or "").partition("/")[0]),
            "change_set": named(call.request.text("changeSetName")),
        })]  # fmt: skip
    return [call.changed((stack or "").partition("/")[0])]


def _approved(call: Call, pipeline: str | None) -> list[Reading]:
    request = call.request
    result = request.inner("result")
    verdict = _VERDICTS.get((result.text("status") or "").lower())
    place = [pipeline, request.text("stageName"), request.text("actionName")]
    if verdict is None:
        return _other(call, *place)
    return [call.reading("approval.reported", {
        "approval": named("/".join(filter(None, place))) or "unknown",
        "verdict": verdict,
        "approver": call.actor,
        "system": "aws codepipeline",
        "target": named("/".join(filter(None, place[:2]))),
        "environments": [stage] if (stage := named(place[1])) else None,
        "comment": result.text("summary"),
        "reported_outcome": named(result.text("status")),
    })]  # fmt: skip


def _begun(
    call: Call, service: str | None, environment: str | None, data: dict[str, Any]
) -> list[Reading]:
    """A deployment that began, or was refused; a change where its service or place is not told."""
    told, place = named(service), named(environment)
    if told is None or place is None:
        return _other(call, service, environment)
    identity = named(data["deployment"]) or named(call.record.event_id)
    whole = data | {"service": told, "environment": place, "deployment": identity or "unknown"}
    if call.outcome == "success":
        return [call.reading("deployment.started", whole)]
    ended = {"outcome": call.outcome, "impact": False}
    return [call.reading("deployment.finished", whole | ended)]


def _other(call: Call, *place: str | None) -> list[Reading]:
    return [] if call.is_read else [call.changed("/".join(filter(None, place)))]


def _last(text: str | None, after: str = "/") -> str | None:
    """The name at the end of an address; a name as it is."""
    return (text or "").rpartition(after)[2] or None


def _digest(text: str | None) -> str | None:
    """The SHA-256 of a function's package, which AWS writes in base64."""
    try:
        raw = base64.b64decode(text or "", validate=True)
    except (binascii.Error, ValueError):
        return None
    return f"sha256:{raw.hex()}" if len(raw) == _DIGEST_BYTES else None
