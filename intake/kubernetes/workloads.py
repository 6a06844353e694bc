"""Deployments and what is like them: asked for, refused, complete, late.

That the API server took an object begins a deployment; that it came up says the controller, in
the status it writes.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from domain.instant import read_time
from intake.image import images_of
from intake.instant import told_time
from intake.kubernetes.common import changed, done, made, name_of, outcome_of, told_at
from intake.kubernetes.structure import RESTARTED, Patch, Step, Workload, decoded
from intake.rows import named

if TYPE_CHECKING:
    from intake.kubernetes.structure import Condition, Entry
    from intake.report import Reading

RESOURCES: Final = frozenset({
    "deployments", "statefulsets", "daemonsets", "rollouts", "deploymentconfigs",
})  # fmt: skip
_ENDS: Final = {"NewReplicaSetAvailable": "success", "ProgressDeadlineExceeded": "failure"}
# The controller writes a condition that changed at once; clocks may differ a little.
_AT_ONCE: Final = timedelta(seconds=5)
_UNDO: Final = {("replace", "/spec/template"), ("replace", "/metadata/annotations")}
_COMMAND_LINES: Final = ("kubectl", "oc/")
_CONTROLLERS: Final = "system:serviceaccount:kube-system:"
_VERSION: Final = "app.kubernetes.io/version"


def workload(entry: Entry) -> list[Reading]:
    """What a request that writes a workload tells."""
    part = entry.object_ref.subresource if entry.object_ref else None
    if part == "status":
        return _status(entry)
    if _is_controller(entry):
        # It brings about what somebody asked for; that was told of.
        return []
    if part == "rollback":
        return [_deployment(entry, "rollback")]
    if part is not None:
        return [changed(entry)]
    if entry.verb in ("delete", "deletecollection") or _leaves_template(entry):
        return [changed(entry)]
    return [_deployment(entry, "rollback" if _is_undo(entry) else None)]


def _deployment(entry: Entry, kind: str | None) -> Reading:
    data = _common(entry) | {
        "kind": kind,
        "kind_basis": "request" if kind else None,
        "action": named(entry.verb),
    }
    if data["service"] is None or not (entry.object_ref and entry.object_ref.namespace):
        # The server names it, and the policy leaves the answer out.
        return changed(entry)
    if done(entry):
        return made(entry, "deployment.started", data)
    return made(
        entry, "deployment.finished", data | {"outcome": outcome_of(entry), "impact": False}
    )


def _common(entry: Entry) -> dict[str, Any]:
    found = decoded(entry.response_object, Workload) or decoded(entry.request_object, Workload)
    template = found.spec.template if found and found.spec else None
    pod = template.spec if template else None
    name, meta = name_of(entry), found.metadata if found else None
    version = (meta.labels or {}).get(_VERSION) if meta else None
    # Only the server knows both; a request for a change names neither.
    counted = f"{meta.uid}.{meta.generation}" if meta and meta.uid and meta.generation else None
    return {
        "deployment": named(counted or entry.audit_id),
        "service": name,
        "service_basis": "workload" if name else None,
        "release": named(version) if isinstance(version, str) else None,
    } | images_of(one.image for one in ((pod.containers if pod else None) or ()))


def _status(entry: Entry) -> list[Reading]:
    """A rollout that is complete or late, told when that came to be."""
    found = decoded(entry.request_object, Workload) or decoded(entry.response_object, Workload)
    conditions = (found.status.conditions if found and found.status else None) or ()
    progress = next((one for one in conditions if one.type == "Progressing"), None)
    outcome = _ENDS.get(progress.reason or "") if progress else None
    if progress is None or outcome is None or not done(entry) or not _is_news(entry, progress):
        return []
    data = _common(entry) | {"outcome": outcome, "reported_outcome": progress.reason}
    if data["service"] is None or not (entry.object_ref and entry.object_ref.namespace):
        return []
    return [made(entry, "deployment.finished", data)]


def _is_news(entry: Entry, condition: Condition) -> bool:
    """Whether the condition came to be with this request: later ones repeat it."""
    since, now = told_time(condition.last_update_time), told_at(entry)
    if since is None or now is None:
        return False
    return abs(read_time(now.time, "") - read_time(since.time, "")) <= _AT_ONCE


def _is_controller(entry: Entry) -> bool:
    user = (entry.user.username if entry.user else None) or ""
    return user == "system:kube-controller-manager" or (
        user.startswith(_CONTROLLERS) and user.endswith(("-controller", "-autoscaler"))
    )


def _leaves_template(entry: Entry) -> bool:
    """Whether a change is told and leaves alone what pods are made from: scaling, a restart."""
    if entry.verb != "patch":
        return False
    steps = decoded(entry.request_object, list[Step])
    if steps is not None:
        return not any(_is_template(one.path or "") for one in steps)
    patch = decoded(entry.request_object, Patch)
    if patch is None:
        return False
    template = patch.spec.template if patch.spec else None
    if template is None:
        return True
    notes = template.metadata.annotations if template.metadata else None
    return template.spec is None and RESTARTED in (notes or {})


def _is_template(path: str) -> bool:
    return path in ("", "/spec") or (
        path.startswith("/spec/template") and "restartedAt" not in path
    )


def _is_undo(entry: Entry) -> bool:
    """Whether it is the request that `kubectl rollout undo` makes, and no other command does."""
    if entry.verb != "patch" or not (entry.user_agent or "").startswith(_COMMAND_LINES):
        return False
    steps = decoded(entry.request_object, list[Step])
    if steps is not None:
        return {(one.op, one.path) for one in steps} == _UNDO
    patch = decoded(entry.request_object, Patch)
    template = patch.spec.template if patch and patch.spec else None
    return template is not None and template.directive == "replace"
