"""The fields of audit events that are read (`audit.k8s.io/v1`); everything else is skipped.

Requests and answers hold whole objects, secrets among them: they stay undecoded until a reader
asks for the few fields it needs.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar

import msgspec

T = TypeVar("T")

RESTARTED: Final = "kubectl.kubernetes.io/restartedAt"
"""Annotation of a template that changes so that its pods start anew."""
_NULL = msgspec.Raw(b"null")


class _Object(msgspec.Struct, gc=False, rename="camel"):
    """An object; any field may be missing or null."""


class User(_Object):
    """Who asked."""

    username: str | None = None


class Reference(_Object):
    """What the request is about."""

    resource: str | None = None
    subresource: str | None = None
    namespace: str | None = None
    name: str | None = None


class Answer(_Object):
    """How it was answered."""

    code: int | None = None


class Entry(_Object):
    """An audit event, or a list of them."""

    audit_id: str | None = msgspec.field(name="auditID", default=None)
    stage: str | None = None
    verb: str | None = None
    request_uri: str | None = msgspec.field(name="requestURI", default=None)
    user: User | None = None
    impersonated_user: User | None = None
    user_agent: str | None = None
    object_ref: Reference | None = None
    response_status: Answer | None = None
    request_object: msgspec.Raw = _NULL
    response_object: msgspec.Raw = _NULL
    request_received_timestamp: str | None = None
    stage_timestamp: str | None = None
    timestamp: str | None = None
    items: list[Entry] | None = None


class Metadata(_Object):
    """What every object has."""

    name: str | None = None
    uid: str | None = None
    generation: int | None = None
    labels: dict[str, Any] | None = None


class Security(_Object):
    """What a container may do."""

    privileged: bool | None = None


class Container(_Object):
    """A container of a pod."""

    image: str | None = None
    security_context: Security | None = None


class PodSpec(_Object):
    """The containers of a pod."""

    containers: list[Container] | None = None
    init_containers: list[Container] | None = None
    host_network: bool | None = None
    host_pid: bool | None = msgspec.field(name="hostPID", default=None)
    host_ipc: bool | None = msgspec.field(name="hostIPC", default=None)


class Pod(_Object):
    """A pod."""

    spec: PodSpec | None = None


class WorkloadSpec(_Object):
    """What a workload is to be."""

    template: Pod | None = None


class Condition(_Object):
    """One condition of a workload."""

    type: str | None = None
    status: str | None = None
    reason: str | None = None
    last_update_time: str | None = None


class WorkloadStatus(_Object):
    """What a workload is."""

    conditions: list[Condition] | None = None


class Workload(_Object):
    """A deployment, or what is like one."""

    metadata: Metadata | None = None
    spec: WorkloadSpec | None = None
    status: WorkloadStatus | None = None


class Step(_Object):
    """One step of a JSON patch (RFC 6902)."""

    op: str | None = None
    path: str | None = None


class PatchedMetadata(_Object):
    """What a patch says of a template's metadata."""

    annotations: dict[str, Any] | None = None


class PatchedTemplate(_Object):
    """What a merge patch says of a template."""

    metadata: PatchedMetadata | None = None
    spec: dict[str, Any] | None = None
    directive: str | None = msgspec.field(name="$patch", default=None)


class PatchedSpec(_Object):
    """What a merge patch says of a workload's `spec`."""

    template: PatchedTemplate | None = None


class Patch(_Object):
    """A merge patch of a workload."""

    spec: PatchedSpec | None = None


class Subject(_Object):
    """Whom a binding is for."""

    kind: str | None = None
    name: str | None = None
    namespace: str | None = None


class RoleReference(_Object):
    """The role of a binding."""

    name: str | None = None


class Binding(_Object):
    """A binding of a role."""

    role_ref: RoleReference | None = None
    subjects: list[Subject] | None = None


class Named(_Object):
    """Any object."""

    metadata: Metadata | None = None


def decoded(raw: msgspec.Raw, kind: type[T]) -> T | None:
    """The fields of `kind` in a request or answer; None where it is absent or something else."""
    if bytes(raw) == b"null":
        return None
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, RecursionError):
        return None
