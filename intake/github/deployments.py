"""Deployments, their states, and who must agree to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from intake.github.common import base_of, reading, service_of, who
from intake.ids import commit_of
from intake.rows import named

if TYPE_CHECKING:
    from intake.github.structure import Deployment, Payload
    from intake.report import Reading

_ENDS: Final = {"success": "success", "failure": "failure", "error": "error"}
_ON_THE_WAY: Final = frozenset({"pending", "queued", "waiting", "in_progress", "inactive"})
_VERDICTS: Final = {"requested": "requested", "approved": "approved", "rejected": "rejected"}


def deployment(payload: Payload) -> list[Reading]:
    """A deployment was asked for; that it began, a state says."""
    one = payload.deployment
    if one is None or payload.action not in (None, "created"):
        return []
    data = _deployed(payload, one, one.environment)
    if data is None:
        return []
    data |= {"reported_outcome": "created", "triggered_by": who(one.creator)}
    return [reading("deployment", payload, "deployment.progressed", one.created_at, data)]


def deployment_status(payload: Payload) -> list[Reading]:
    """A deployment reached a state."""
    one, status = payload.deployment, payload.deployment_status
    if one is None or status is None:
        return []
    # The state may name another environment than the deployment was asked for.
    data = _deployed(payload, one, status.environment or one.environment)
    state = (status.state or "").lower()
    if data is None:
        return []
    data |= {
        "reported_outcome": named(status.state),
        "triggered_by": who(status.creator),
        "url": named(status.target_url) or named(status.log_url),
    }
    if state in _ENDS:
        data["outcome"] = _ENDS[state]
        what = "deployment.finished"
    elif state in _ON_THE_WAY:
        what = "deployment.started" if state == "in_progress" else "deployment.progressed"
    else:
        return []
    return [reading("deployment_status", payload, what, status.created_at, data)]


def _deployed(
    payload: Payload, one: Deployment, environment: str | None
) -> dict[str, Any] | None:  # fmt: skip
    service, place = service_of(payload), named(environment)
    if one.id is None or service is None or place is None:
        return None
    told = one.payload if isinstance(one.payload, dict) else {}
    # Whoever asks for a deployment may say in its payload which of several services it is.
    named_service = told.get("service")
    if isinstance(named_service, str) and named(named_service):
        names = {"service": named(named_service)}
    else:
        names = {"service": service, "service_basis": "repository"}
    return base_of(payload) | names | {
        "deployment": str(one.id),
        "environment": place,
        "commit": commit_of(one.sha),
        "ref": named(one.ref),
    }  # fmt: skip


def deployment_review(payload: Payload) -> list[Reading]:
    """A run's deployment waits for somebody, who agreed or refused."""
    verdict, run = _VERDICTS.get(payload.action or ""), payload.workflow_run
    if verdict is None or run is None or run.id is None:
        return []
    data = {
        "verdict": verdict,
        "run": str(run.id),
        "requester": who(payload.requestor or payload.requester),
        "approver": who(payload.approver),
        "comment": payload.comment if isinstance(payload.comment, str) else None,
        "url": named(run.html_url),
    }
    return [
        reading("deployment_review", payload, "approval.reported", payload.since, data
                | _asked(payload, place, run.head_sha)
                | {"approval": f"{run.id}/{place}" if place else str(run.id)})
        for place in _waiting(payload)
    ]  # fmt: skip


def _waiting(payload: Payload) -> list[str | None]:
    """The environments that a request or an answer is about: jobs name those of an answer."""
    jobs = [*(payload.workflow_job_runs or ()), payload.workflow_job_run]
    told = (
        [payload.environment] if payload.environment else [job.environment for job in jobs if job]
    )
    return list(dict.fromkeys(filter(None, map(named, told)))) or [None]


def protection_rule(payload: Payload) -> list[Reading]:
    """An application is asked whether a deployment may go on."""
    one = payload.deployment
    if one is None or one.id is None or payload.action != "requested":
        return []
    place = named(payload.environment) or named(one.environment)
    data = _asked(payload, place, one.sha) | {
        "approval": f"deployment/{one.id}",
        "verdict": "requested",
        "deployment": str(one.id),
        "requester": who(one.creator),
    }
    return [reading("deployment_protection_rule", payload, "approval.reported", None, data)]


def _asked(payload: Payload, place: str | None, sha: str | None) -> dict[str, Any]:
    commit = commit_of(sha)
    return base_of(payload) | {
        "system": "github",
        "environment": place,
        "environments": [place] if place else None,
        "commit": commit,
        "subjects": [{"kind": "commit", "commit": commit}] if commit else None,
    }
