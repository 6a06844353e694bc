"""What a rollout of Argo Rollouts says: exposed step by step, complete, or aborted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from intake.image import images_of
from intake.instant import told_time
from intake.kubernetes.revisions import revision_of
from intake.report import fact
from intake.rows import named

if TYPE_CHECKING:
    from intake.argocd.structure import Condition, Rollout, RolloutStatus
    from intake.report import Reading

_REVISION: Final = "rollout.argoproj.io/revision"
_COMPLETE: Final = "NewReplicaSetAvailable"
_ABORTED: Final = "RolloutAborted"
_STALLED: Final = "ProgressDeadlineExceeded"


def rollout_of(rollout: Rollout) -> list[Reading]:
    """The deployment that the rollout is at."""
    meta, status = rollout.metadata, rollout.status
    if meta is None or not meta.name or status is None:
        return []
    revision = (meta.annotations or {}).get(_REVISION)
    if not isinstance(revision, str):
        return []
    name, place = named(meta.name), named(meta.namespace)
    template = rollout.spec.template if rollout.spec else None
    pod = template.spec if template else None
    strategy = (rollout.spec.strategy if rollout.spec else None) or {}
    data: dict[str, Any] = {
        "tool": "Argo Rollouts",
        "deployment": revision_of(meta.namespace, meta.name, revision, meta.uid),
        "service": name,
        "service_basis": "workload",
        "environment": place,
        "environment_basis": "namespace" if place else None,
        "strategy": next((one for one in ("canary", "blueGreen") if one in strategy), None),
        "health": named(status.phase),
    }
    data |= images_of(one.image for one in ((pod.containers if pod else None) or ()))
    return [_state(status, data)]


def _state(status: RolloutStatus, data: dict[str, Any]) -> Reading:
    progress = next((one for one in status.conditions or () if one.type == "Progressing"), None)
    reason = progress.reason if progress else None
    changed = _changed(progress)
    if status.abort or reason == _ABORTED:
        data |= {"outcome": "failure", "reported_outcome": _ABORTED}
        return fact("deployment.finished", told_time(status.aborted_at or changed), data,
                    kind="rollout")  # fmt: skip
    if reason == _STALLED:
        data |= {"outcome": "failure", "reported_outcome": _STALLED}
        return fact("deployment.finished", told_time(changed), data, kind="rollout")
    if reason == _COMPLETE and status.current_pod_hash == status.stable_rs:
        data |= {"outcome": "success", "reported_outcome": _COMPLETE}
        return fact("deployment.finished", told_time(changed), data, kind="rollout")
    pause = next(iter(status.pause_conditions or ()), None)
    data["reported_outcome"] = named(pause.reason if pause else reason)
    since = pause.start_time if pause else changed
    return fact("deployment.progressed", told_time(since), data, kind="rollout")


def _changed(condition: Condition | None) -> str | None:
    if condition is None:
        return None
    return condition.last_update_time or condition.last_transition_time
