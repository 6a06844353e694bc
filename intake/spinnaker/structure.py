"""The fields of Spinnaker's objects that are read.

Parameters, manifests, headers and outputs are skipped: they may hold secrets.
"""

from __future__ import annotations

from typing import Any

import msgspec


class _Object(msgspec.Struct, gc=False, rename="camel"):
    """An object; any field may be missing or null."""


class Cluster(_Object):
    """Where a server group is deployed to."""

    account: str | None = None


class StageDetails(_Object):
    """The stage that an event is about."""

    id: str | None = None
    name: str | None = None
    type: str | None = None
    start_time: int | None = None
    end_time: int | None = None
    is_synthetic: bool | None = None


class Context(_Object):
    """What a stage works with."""

    type: str | None = None
    account: Any = None
    account_name: Any = msgspec.field(name="deploy.account.name", default=None)
    credentials: Any = None
    clusters: Any = None
    stage_details: StageDetails | None = None
    judgment_status: str | None = None
    instructions: str | None = None
    last_modified_by: str | None = None


class Modified(_Object):
    """Who changed a stage last."""

    user: str | None = None
    last_modified_time: int | None = None


class Stage(_Object):
    """A stage of an execution."""

    id: str | None = None
    type: str | None = None
    name: str | None = None
    status: str | None = None
    start_time: int | None = None
    end_time: int | None = None
    context: Context | None = None
    last_modified: Modified | None = None
    synthetic_stage_owner: str | None = None
    parent_stage_id: str | None = None


class Scm(_Object):
    """What a build was made of."""

    sha1: str | None = None


class BuildInfo(_Object):
    """The build that triggered an execution."""

    scm: list[Scm] | None = None


class Parent(_Object):
    """The execution that triggered another."""

    id: str | None = None


class Trigger(_Object):
    """What began an execution."""

    type: str | None = None
    user: str | None = None
    hash: str | None = None
    build_info: BuildInfo | None = None
    parent_execution: Parent | None = None
    parent_pipeline_id: str | None = None


class Authentication(_Object):
    """As whom an execution runs."""

    user: str | None = None


class Execution(_Object):
    """A run of a pipeline, or of a task that somebody began by hand."""

    id: str | None = None
    type: str | None = None
    application: str | None = None
    name: str | None = None
    status: str | None = None
    canceled: bool | None = None
    start_time: int | None = None
    end_time: int | None = None
    authentication: Authentication | None = None
    trigger: Trigger | None = None
    stages: list[Stage] | None = None


class Built(_Object):
    """A build that Spinnaker saw in a CI system."""

    number: int | None = None
    result: str | None = None
    building: bool | None = None
    timestamp: Any = None
    duration: int | None = None
    url: str | None = None


class Project(_Object):
    """A job there."""

    name: str | None = None
    last_build: Built | None = None


class Content(_Object):
    """What an event says."""

    execution: Execution | None = None
    execution_id: str | None = None
    stage_id: str | None = None
    canceled: bool | None = None
    context: Context | None = None
    stage_details: StageDetails | None = None
    name: str | None = None
    start_time: int | None = None
    end_time: int | None = None
    is_synthetic: bool | None = None
    project: Any = None
    master: str | None = None


class Details(_Object):
    """Which kind of event."""

    source: str | None = None
    type: str | None = None
    application: str | None = None


class Event(_Object):
    """An event of echo's, alone or under its name."""

    details: Details | None = None
    content: Content | None = None
    payload: Event | None = None


class Asked(_Object):
    """What Spinnaker's policy engine is asked with."""

    pipeline: Execution | None = None
    stage: Stage | None = None


class Question(_Object):
    """A question to it."""

    input: Asked | None = None
