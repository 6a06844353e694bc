"""Events of EventBridge: what services of AWS say of themselves."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from intake.aws import pipelines
from intake.aws.events import made
from intake.aws.rds import Notified, notified, number_of
from intake.aws.structure import Event, Values
from intake.ids import digest_of
from intake.number import count_of
from intake.rows import named
from intake.severity import of_score

if TYPE_CHECKING:
    from collections.abc import Callable

    from intake.report import Reading

_DEPLOYED: Final = {"SUCCESS": "success", "FAILURE": "failure", "STOP": "cancelled"}
_TASKS: Final = {
    "SERVICE_DEPLOYMENT_IN_PROGRESS": None, "SERVICE_DEPLOYMENT_COMPLETED": "success",
    "SERVICE_DEPLOYMENT_FAILED": "failure",
}  # fmt: skip
_ROLLED_BACK: Final = re.compile(r"(?i)roll(?:ing|ed)?[ -]?back")
_JOBS: Final = {
    "COMPLETED": "success", "FAILED": "failure", "ABORTED": "cancelled", "EXPIRED": "failure",
    "PARTIAL": "failure",
}  # fmt: skip
_DATABASES: Final = "RDS "
_COMPLIANT: Final = {"COMPLIANT": "allow", "NON_COMPLIANT": "deny"}
_ALARMS: Final = {"ALARM": "alert.fired", "OK": "alert.resolved"}
_LEVELS: Final = ("critical", "high", "medium", "low", "informational", "undefined")
_SCANNED: Final = frozenset({"COMPLETE", "INITIAL_SCAN_COMPLETE"})
_SERVICE: Final = re.compile(r"arn:[^:]*:ecs:[^:]*:[^:]*:service/([^/]+)/([^/]+)")


def readings_of(event: Event) -> list[Reading]:
    """The readings of an event; none where no fact is for it."""
    kind = event.detail_type or ""
    reader = _READERS.get(kind) or (_rds if kind.startswith(_DATABASES) else None)
    return reader(event, Values.of(event.detail)) if reader is not None else []


def _first(event: Event) -> str | None:
    return next((one for one in event.resources or () if one), None)


def _code_deploy(event: Event, told: Values) -> list[Reading]:
    service, group = named(told.text("application")), named(told.text("deploymentGroup"))
    identity, state = named(told.text("deploymentId")), told.text("state") or ""
    if service is None or group is None or identity is None:
        return []
    data = {
        "deployment": identity,
        "service": service,
        "service_basis": "application",
        "environment": group,
        "environment_basis": "deployment group",
        "reported_outcome": named(state),
    }
    if state == "START":
        return [made(event, "deployment.started", data)]
    if state == "READY":
        return [made(event, "deployment.progressed", data)]
    if state not in _DEPLOYED:
        return []
    return [made(event, "deployment.finished", data | {"outcome": _DEPLOYED[state]})]


def _ecs(event: Event, told: Values) -> list[Reading]:
    """A service's deployment; that it is one back to an older one says only the reason."""
    state = told.text("eventName") or ""
    found = _SERVICE.match(_first(event) or "")
    identity = named(told.text("deploymentId"))
    if state not in _TASKS or found is None or identity is None:
        return []
    outcome = _TASKS[state]
    back = outcome is None and _ROLLED_BACK.search(told.text("reason") or "") is not None
    data = {
        "deployment": identity,
        "service": named(found[2]),
        "service_basis": "workload",
        "environment": named(found[1]),
        "environment_basis": "cluster",
        "kind": "rollback" if back else None,
        "kind_basis": "reason" if back else None,
        "trigger": "automatic" if back else None,
        "reported_outcome": state,
    }
    what = "deployment.started" if outcome is None else "deployment.finished"
    reading = made(event, what, data | {"outcome": outcome})
    return [reading]


def _stack(event: Event, told: Values) -> list[Reading]:
    """The end of a stack's change; one that was rolled back failed."""
    status = told.inner("status-details").text("status") or ""
    if not status.endswith(("_COMPLETE", "_FAILED")) or status.endswith("CLEANUP_COMPLETE"):
        return []
    failed = status.endswith("_FAILED") or "ROLLBACK" in status
    stack = (told.text("stack-id") or "").rpartition(":stack/")[2].partition("/")[0]
    return [made(event, "infrastructure.applied", {
        "workspace": named(stack),
        "outcome": "failure" if failed else "success",
        "reported_outcome": status,
    })]  # fmt: skip


def _rds(event: Event, told: Values) -> list[Reading]:
    number = number_of(told.text("EventID"))
    if number is None:
        return []
    return notified(Notified(
        number=number,
        kind=told.text("SourceType") or "",
        name=told.text("SourceIdentifier"),
        arn=told.text("SourceArn") or _first(event),
        message=told.text("Message") or "",
        categories=tuple(one for one in told.list("EventCategories") if isinstance(one, str)),
        time=told.text("Date") or event.time,
        identity=event.id,
        more={"account": named(event.account), "region": named(event.region)},
    ))  # fmt: skip


def _image(event: Event, told: Values) -> list[Reading]:
    digest = digest_of(told.text("image-digest"))
    name, tag = named(told.text("repository-name")), named(told.text("image-tag"))
    action, done = told.text("action-type"), told.text("result") == "SUCCESS"
    if action != "PUSH" or not done:
        return [made(event, "config.changed", {
            "resource": named(f"ecr/{name or '*'}") or "ecr",
            "action": named(action),
            "outcome": "success" if done else "failure",
        })]  # fmt: skip
    if digest is None:
        return []
    return [made(event, "artifact.published", {
        "artifact": {"digest": digest} | ({"name": name} if name else {}),
        "registry": _registry(event),
        "tags": [tag] if tag else None,
    })]  # fmt: skip


def _scan(event: Event, told: Values) -> list[Reading]:
    """A scan of an image; the event has numbers alone."""
    name, digest = named(told.text("repository-name")), digest_of(told.text("image-digest"))
    tag = next((one for one in told.list("image-tags") if isinstance(one, str)), None)
    status = told.text("scan-status") or ""
    done = status.upper() in _SCANNED
    held = told.inner("finding-severity-counts")
    counts = {word: count_of(held.get(word)) or 0 for word in _LEVELS}
    return [made(event, "scan.finished", {
        "kind": "container",
        "outcome": "success" if done else "error",
        "counts": counts if done else None,
        "counted": "findings by severity, as the registry says" if done else None,
        "target": named(f"{name or ''}:{tag}" if tag else name),
        "artifact": {"digest": digest} if digest else None,
        "reported_outcome": named(status),
    })]  # fmt: skip


def _registry(event: Event) -> str | None:
    if not event.account or not event.region:
        return None
    return named(f"{event.account}.dkr.ecr.{event.region}.amazonaws.com")


def _backup_job(event: Event, told: Values) -> list[Reading]:
    state = (told.text("state", "status") or "").upper()
    identity = named(told.text("backupJobId", "restoreJobId"))
    if state not in _JOBS or identity is None:
        return []
    restore = "restoreJobId" in told
    what = "restore.tested" if restore else "backup.finished"
    return [made(event, what, {
        "recovery": identity,
        "outcome": _JOBS[state],
        "target": named(told.text("createdResourceArn", "resourceArn")),
        "backup_set": named(told.text("sourceResourceArn", "resourceArn")),
        "reported_outcome": state,
    })]  # fmt: skip


def _alarm(event: Event, told: Values) -> list[Reading]:
    what = _ALARMS.get(told.inner("state").text("value") or "")
    fingerprint = named(_first(event)) or named(told.text("alarmName"))
    if what is None or fingerprint is None:
        return []
    return [made(event, what, {
        "fingerprint": fingerprint,
        "rule": named(told.text("alarmName")),
        "description": told.inner("state").text("reason"),
        "reported_outcome": told.inner("state").text("value"),
    })]  # fmt: skip


def _rule(event: Event, told: Values) -> list[Reading]:
    """A rule of AWS Config that a resource complies with, or does not."""
    decision = _COMPLIANT.get(told.inner("newEvaluationResult").text("complianceType") or "")
    rule = named(told.text("configRuleName"))
    if decision is None or rule is None:
        return []
    thing = "/".join(filter(None, (told.text("resourceType"), told.text("resourceId"))))
    return [made(event, "policy.evaluated", {
        "policy": rule,
        "decision": decision,
        "target": named(thing),
        "reported_outcome": told.inner("newEvaluationResult").text("complianceType"),
    })]  # fmt: skip


def _guard(event: Event, told: Values) -> list[Reading]:
    fingerprint, severity = named(told.text("id")), told.get("severity")
    number = severity if isinstance(severity, int | float) else None
    if fingerprint is None:
        return []
    return [made(event, "threat.detected", {
        "fingerprint": fingerprint,
        "rule": named(told.text("type")),
        "severity": of_score(number),
        "priority": str(number) if number is not None else None,
        "target": named(told.inner("resource").text("resourceType")),
        "description": told.text("description"),
    })]  # fmt: skip


_READERS: Final[dict[str, Callable[[Event, Values], list[Reading]]]] = {
    "CodePipeline Pipeline Execution State Change": pipelines.pipeline,
    "CodePipeline Stage Execution State Change": pipelines.stage,
    "CodePipeline Action Execution State Change": pipelines.action,
    "CodeBuild Build State Change": pipelines.build,
    "CodeDeploy Deployment State-change Notification": _code_deploy,
    "ECS Deployment State Change": _ecs,
    "CloudFormation Stack Status Change": _stack,
    "ECR Image Action": _image,
    "ECR Image Scan": _scan,
    "Backup Job State Change": _backup_job,
    "Restore Job State Change": _backup_job,
    "CloudWatch Alarm State Change": _alarm,
    "GuardDuty Finding": _guard,
    "Config Rules Compliance Change": _rule,
}
