"""Kubernetes' events, as `kubectl get events -o json` lists them: rollouts that went back or ended.

They are kept for an hour only, so they are recorded while a release is made.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from intake.instant import told_time
from intake.json_body import read_items
from intake.kubernetes.revisions import revision_of
from intake.order import by_time
from intake.report import Format, Reading, fact
from intake.rows import named

if TYPE_CHECKING:
    from intake.shape import Members, Shape

_ABOUT: Final = ("involvedObject", "regarding")
_BACK: Final = re.compile(r"Rolled back deployment \S+ to revision (\d{1,18})")
_REASONS: Final[dict[str, tuple[str, str | None, str | None]]] = {
    # The reason: whether it began or ended, how it ended, and the kind of deployment.
    "DeploymentRollback": ("deployment.started", None, "rollback"),
    "DeploymentRollbackRevisionNotFound": ("deployment.finished", "error", "rollback"),
    "ProgressDeadlineExceeded": ("deployment.finished", "failure", None),
    "RolloutCompleted": ("deployment.finished", "success", None),
    "RolloutAborted": ("deployment.finished", "failure", None),
    "InstallSucceeded": ("deployment.finished", "success", "planned"),
    "InstallFailed": ("deployment.finished", "failure", "planned"),
    "UpgradeSucceeded": ("deployment.finished", "success", "planned"),
    "UpgradeFailed": ("deployment.finished", "failure", "planned"),
    "RollbackSucceeded": ("deployment.finished", "success", "rollback"),
    "RollbackFailed": ("deployment.finished", "failure", "rollback"),
}
_TOOLS: Final = {"Rollout": "Argo Rollouts", "HelmRelease": "Flux"}
_WORKLOADS: Final = frozenset({"Deployment", "Rollout", "HelmRelease"})


class _About(msgspec.Struct, gc=False):
    """What an event is about."""

    kind: str | None = None
    name: str | None = None
    namespace: str | None = None
    uid: str | None = None


class _Metadata(msgspec.Struct, gc=False):
    """Of the event itself."""

    uid: str | None = None


class _Event(msgspec.Struct, gc=False, rename="camel"):
    """An event of either interface."""

    metadata: _Metadata | None = None
    involved_object: _About | None = None
    regarding: _About | None = None
    reason: str | None = None
    message: str | None = None
    note: str | None = None
    last_timestamp: str | None = None
    deprecated_last_timestamp: str | None = None
    event_time: str | None = None
    first_timestamp: str | None = None


def claims(shape: Shape) -> bool:
    """Events, one or several."""
    return _is_event(shape.object) or _is_event(shape.inside("items").object)


def _is_event(one: Members) -> bool:
    kind = bytes(one.get("kind", b'"Event"'))
    return kind == b'"Event"' and "reason" in one and any(name in one for name in _ABOUT)


def read(body: bytes) -> list[Reading]:
    """The readings of events that tell of a deployment, earliest first.

    Raises:
        RefusedError: no events; the place is named.
        TooLargeError: a limit was passed.
    """
    events = read_items(body, _Event, "items")
    found = (_read(one) for one in events)
    return by_time([one for one in found if one is not None])


def _read(event: _Event) -> Reading | None:
    about = event.involved_object or event.regarding or _About()
    name, place = named(about.name), named(about.namespace)
    told, uid = _REASONS.get(event.reason or ""), event.metadata.uid if event.metadata else None
    if told is None or name is None or about.kind not in _WORKLOADS:
        return None
    what, outcome, kind = told
    text = event.message or event.note or ""
    back = _BACK.search(text)
    stem = f"{place or ''}/{name}".lstrip("/")
    data: dict[str, Any] = {
        "deployment": named(f"{stem}@{uid}" if uid else stem),
        "service": name,
        "service_basis": "workload",
        "environment": place,
        "environment_basis": "namespace" if place else None,
        "outcome": outcome,
        "kind": kind,
        "kind_basis": "event" if kind else None,
        "restores": revision_of(place, name, back[1], about.uid) if back else None,
        "reason": text or None,
        "tool": _TOOLS.get(about.kind, "Kubernetes"),
        "reported_outcome": event.reason,
    }
    moment = (
        event.last_timestamp or event.event_time or event.deprecated_last_timestamp
        or event.first_timestamp
    )  # fmt: skip
    return fact(what, told_time(moment), data, kind=event.reason, identity=named(uid))


FORMAT: Final = Format(
    "kubernetes-events", "Kubernetes events", "application/json", claims, read
)  # fmt: skip
