"""The fields of applications and rollouts that are read; everything else is skipped.

Source: the custom resources' schemas (`argoproj.io/v1alpha1`).
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import msgspec

T = TypeVar("T")

Source = dict[str, Any]
"""Where manifests come from. Only compared and asked for its address: parameters may be secret."""


class _Object(msgspec.Struct, gc=False, rename="camel"):
    """An object of a resource; any field may be missing or null."""


class Metadata(_Object):
    """Name and place of a resource."""

    name: str | None = None
    namespace: str | None = None
    uid: str | None = None
    annotations: dict[str, Any] | None = None


class Destination(_Object):
    """The cluster and namespace that an application is deployed to."""

    server: str | None = None
    name: str | None = None
    namespace: str | None = None


class Spec(_Object):
    """What an application is to be."""

    destination: Destination | None = None
    project: str | None = None
    source: Source | None = None
    sources: list[Source] | None = None


class Initiator(_Object):
    """Who or what began an operation."""

    username: str | None = None
    automated: bool | None = None


class Sync(_Object):
    """A synchronisation as it was asked for."""

    revision: str | None = None
    revisions: list[str | None] | None = None
    source: Source | None = None
    sources: list[Source] | None = None
    dry_run: bool | None = None
    resources: list[Any] | None = None


class Operation(_Object):
    """What was asked for, and by whom."""

    sync: Sync | None = None
    initiated_by: Initiator | None = None


class Applied(_Object):
    """What became of one resource."""

    status: str | None = None
    message: str | None = None


class Result(_Object):
    """What a synchronisation came to."""

    revision: str | None = None
    revisions: list[str | None] | None = None
    source: Source | None = None
    sources: list[Source] | None = None
    resources: list[Applied] | None = None


class State(_Object):
    """The newest operation."""

    operation: Operation | None = None
    phase: str | None = None
    started_at: str | None = None
    finished_at: str | None = None
    sync_result: Result | None = None
    retry_count: int | None = None


class Deployed(_Object):
    """A synchronisation of the past that succeeded."""

    id: int | None = None
    revision: str | None = None
    revisions: list[str | None] | None = None
    source: Source | None = None
    sources: list[Source] | None = None
    deploy_started_at: str | None = None
    deployed_at: str | None = None
    initiated_by: Initiator | None = None


class Compared(_Object):
    """Whether what runs is what is wanted, and which revision that is."""

    status: str | None = None
    revision: str | None = None
    revisions: list[str | None] | None = None


class Health(_Object):
    """How the resources are."""

    status: str | None = None


class Summary(_Object):
    """What runs."""

    images: list[str] | None = None


class Status(_Object):
    """What an application is."""

    operation_state: State | None = None
    history: list[Deployed] | None = None
    sync: Compared | None = None
    health: Health | None = None
    summary: Summary | None = None


class Application(_Object):
    """An application."""

    metadata: Metadata | None = None
    spec: Spec | None = None
    status: Status | None = None


class Notification(_Object):
    """A notification's body."""

    app: Application
    service: str | None = None
    environment: str | None = None


class Container(_Object):
    """A container of a pod."""

    image: str | None = None


class PodSpec(_Object):
    """The containers of a pod."""

    containers: list[Container] | None = None


class Template(_Object):
    """What pods are made from."""

    spec: PodSpec | None = None


class RolloutSpec(_Object):
    """What a rollout is to be."""

    template: Template | None = None
    strategy: dict[str, Any] | None = None


class Condition(_Object):
    """One condition of a rollout."""

    type: str | None = None
    status: str | None = None
    reason: str | None = None
    last_update_time: str | None = None
    last_transition_time: str | None = None


class Pause(_Object):
    """Why a rollout waits, and since when."""

    reason: str | None = None
    start_time: str | None = None


class RolloutStatus(_Object):
    """What a rollout is."""

    abort: bool | None = None
    aborted_at: str | None = None
    phase: str | None = None
    conditions: list[Condition] | None = None
    pause_conditions: list[Pause] | None = None
    current_pod_hash: str | None = None
    stable_rs: str | None = msgspec.field(name="stableRS", default=None)


class Rollout(_Object):
    """A rollout."""

    metadata: Metadata | None = None
    spec: RolloutSpec | None = None
    status: RolloutStatus | None = None


class Listed(msgspec.Struct, Generic[T]):
    """A list, as the server answers with."""

    items: list[T]
