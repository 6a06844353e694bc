"""Classic releases: deployments into their stages, and approvals of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from intake.azure_devops.common import SYSTEM, at, outcome_of, person, reading, time_of, web
from intake.azure_devops.structure import Approval, Deployment, Environment, Release
from intake.instant import seconds_between, told_time
from intake.rows import named

if TYPE_CHECKING:
    from intake.azure_devops.structure import Hook, Named, Released
    from intake.report import Reading

_VERDICTS: Final = {
    "approved": "approved", "rejected": "rejected", "canceled": "withdrawn", "pending": "requested",
}  # fmt: skip


def created(hook: Hook, told: Released) -> list[Reading]:
    """A release was made."""
    release = told.release or Release()
    service, version = _service(told), named(release.name)
    if not service or version is None:
        return []
    who = person(release.created_by)
    data = service | {
        "version": version, "author": who, "actor": who, "notes": release.description or None,
        "url": web(release.links),
    }  # fmt: skip
    return [reading(hook, "release.created", at(hook, release.created_on), data)]


def started(hook: Hook, told: Released) -> list[Reading]:
    """A deployment began."""
    data, deployment = _deployment(told), told.deployment or Deployment()
    if data is None:
        return []
    return [reading(hook, "deployment.started", at(hook, deployment.started_on), data)]


def completed(hook: Hook, told: Released) -> list[Reading]:
    """A deployment ended."""
    environment, deployment = told.environment or Environment(), told.deployment or Deployment()
    data = _deployment(told)
    word = named(environment.status) or named(deployment.deployment_status)
    outcome = outcome_of(word)
    if data is None or outcome is None:
        return []
    began, ended = told_time(deployment.started_on), told_time(deployment.completed_on)
    data |= {
        "outcome": outcome,
        "reported_outcome": word,
        "started_at": time_of(deployment.started_on),
        "duration_s": seconds_between(began, ended),
    }
    return [reading(hook, "deployment.finished", at(hook, deployment.completed_on), data)]


def _deployment(told: Released) -> dict[str, Any] | None:
    environment, deployment = told.environment or Environment(), told.deployment or Deployment()
    release = told.release or environment.release or Release()
    service, place = _service(told), named(environment.name)
    if not service or place is None or environment.id is None:
        return None
    number = release.id if release.id is not None else environment.release_id
    who, attempt = person(deployment.requested_for), deployment.attempt or told.attempt_id or 1
    manual = (deployment.reason or "").lower() == "manual"
    identity = f"{number}/{environment.id}" if number is not None else str(environment.id)
    return service | {
        # Going back is to deploy an earlier release once more: another attempt there, weeks later.
        "deployment": f"{identity}/{attempt}" if attempt > 1 else identity,
        "environment": place,
        "release": named(release.name),
        "trigger": "manual" if manual else None,
        "triggered_by": who if manual else None,
        "actor": who if manual else None,
    }


def approval(hook: Hook, told: Released) -> list[Reading]:
    """Somebody is asked, or answered; what no person approves is no approval."""
    asked = told.approval or Approval()
    verdict = _VERDICTS.get((asked.status or "").lower())
    release = told.release or asked.release or Release()
    if verdict is None or asked.is_automated or asked.id is None:
        return []
    place = asked.release_environment
    environment, version = named(place.name) if place else None, named(release.name)
    number = f"{release.id}/{asked.id}" if release.id is not None else str(asked.id)
    data: dict[str, Any] = _service(told) | {
        "approval": number,
        "verdict": verdict,
        "reported_outcome": named(asked.status),
        "system": SYSTEM,
        "environment": environment,
        "environments": [environment] if environment else None,
        "release": version,
        "subjects": [{"kind": "release", "release": version}] if version else None,
        "stage": named(asked.approval_type),
        "requester": person(release.created_by),
        "comment": asked.comments or None,
    }
    if verdict in ("approved", "rejected"):
        who = person(asked.approved_by) or person(asked.approver)
        data |= {"approver": who, "actor": who}
    return [reading(hook, "approval.reported", at(hook), data)]


def _service(told: Released) -> dict[str, Any]:
    """The release's definition stands for the service; where none is named, the project does."""
    environment, release = told.environment, told.release
    asked: list[Named | None] = [
        release.release_definition if release else None,
        environment.release_definition if environment else None,
        told.approval.release_definition if told.approval else None,
    ]
    definition = next((name for one in asked if one and (name := named(one.name))), None)
    if definition is not None:
        return {"service": definition, "service_basis": "release definition"}
    project = named(told.project.name) if told.project else None
    return {"service": project, "service_basis": "project"} if project is not None else {}
