"""The fields of Tekton's resources that are read; parameters' values, scripts and logs are not.

Of parameters and results only those are looked at that Tekton Chains gives a meaning.
"""

from __future__ import annotations

from typing import Any

import msgspec


class _Object(msgspec.Struct, gc=False, rename="camel"):
    """An object; any field may be missing or null."""


class Metadata(_Object):
    """Which resource it is."""

    name: str | None = None
    namespace: str | None = None
    uid: str | None = None
    labels: dict[str, Any] | None = None
    annotations: dict[str, Any] | None = None


class Reference(_Object):
    """What is run."""

    name: str | None = None
    kind: str | None = None


class Template(_Object):
    """How the tasks of a pipeline are run."""

    service_account_name: str | None = None


class Value(_Object):
    """A parameter or result."""

    name: str | None = None
    value: Any = None


class Spec(_Object):
    """What a run was asked for."""

    pipeline_ref: Reference | None = None
    pipeline_spec: msgspec.Raw | None = None
    task_ref: Reference | None = None
    custom_ref: Reference | None = None
    ref: Reference | None = None
    params: list[Value] | None = None
    service_account_name: str | None = None
    task_run_template: Template | None = None


class Condition(_Object):
    """One condition of a run."""

    type: str | None = None
    status: str | None = None
    reason: str | None = None


class Ended(_Object):
    """How a container ended."""

    exit_code: int | None = None


class Step(_Object):
    """One container of a task."""

    terminated: Ended | None = None


class Status(_Object):
    """What became of a run."""

    conditions: list[Condition] | None = None
    start_time: str | None = None
    completion_time: str | None = None
    results: list[Value] | None = None
    task_results: list[Value] | None = None
    pipeline_results: list[Value] | None = None
    steps: list[Step] | None = None
    retries_status: list[msgspec.Raw] | None = None
    task_runs: dict[str, Child] | None = None


class Child(_Object):
    """A task's run within its pipeline's, as older versions keep it."""

    pipeline_task_name: str | None = None
    status: Status | None = None


class Run(_Object):
    """A run of a pipeline or task."""

    metadata: Metadata
    kind: str | None = None
    spec: Spec | None = None
    status: Status | None = None


class Listed(_Object):
    """Several resources."""

    items: list[Run] | None = None


class Data(_Object):
    """What a CloudEvent carries: one of them."""

    pipeline_run: Run | None = None
    task_run: Run | None = None
    custom_run: Run | None = None
    run: Run | None = None


class Envelope(_Object):
    """A CloudEvent."""

    type: str | None = None
    time: str | None = None
    data: Data | None = None
