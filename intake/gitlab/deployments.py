"""Deployments and their states."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from intake.gitlab.common import OUTCOMES, reading, service_of, who
from intake.ids import commit_of
from intake.rows import named

if TYPE_CHECKING:
    from intake.gitlab.structure import DeploymentEvent
    from intake.report import Reading

_DEPLOYMENT: Final = "Deployment Hook"
_ON_THE_WAY: Final = frozenset({"created", "blocked"})
_COMMIT: Final = re.compile(r"/commit/([0-9a-f]{40}|[0-9a-f]{64})(?:[?#].*)?", re.DOTALL)


def deployment(event: DeploymentEvent) -> list[Reading]:
    """A deployment reached a state; whether it is a rollback GitLab does not say."""
    status = event.status or ""
    service, place, identity = service_of(event), named(event.environment), _identity(event)
    if service is None or place is None or identity is None:
        return []
    data: dict[str, Any] = {
        "deployment": identity,
        "service": service,
        "service_basis": "repository",
        "environment": place,
        "environment_tier": named(event.environment_tier),
        "commit": _commit(event),
        "ref": named(event.ref),
        "job": str(event.deployable_id) if event.deployable_id is not None else None,
        "triggered_by": who(event.user),
        "url": named(event.deployable_url),
        "reported_outcome": named(status),
    }
    if status in OUTCOMES:
        what = "deployment.finished"
        data["outcome"] = OUTCOMES[status]
    elif status == "running":
        what = "deployment.started"
    elif status in _ON_THE_WAY:
        what = "deployment.progressed"
    else:
        return []
    return [reading(f"{_DEPLOYMENT}.{status}", event, what, event.status_changed_at, data)]


def _identity(event: DeploymentEvent) -> str | None:
    """The deployment's id; old versions tell only the job that deployed."""
    if event.deployment_id is not None:
        return str(event.deployment_id)
    return f"job/{event.deployable_id}" if event.deployable_id is not None else None


def _commit(event: DeploymentEvent) -> str | None:
    """The commit's id is shortened everywhere except in its address."""
    found = _COMMIT.search(event.commit_url or "")
    return commit_of(found[1]) if found else None
