"""The fields of Jenkins X's resources that are read; messages and commit messages are not."""

from __future__ import annotations

import msgspec


class _Object(msgspec.Struct, gc=False, rename="camel"):
    """An object; any field may be missing or null."""


class Metadata(_Object):
    """Which resource it is."""

    name: str | None = None
    creation_timestamp: str | None = None


class Step(_Object):
    """A stage, promotion or preview."""

    name: str | None = None
    status: str | None = None
    started_timestamp: str | None = None
    completed_timestamp: str | None = None
    environment: str | None = None


class Part(_Object):
    """One part of a pipeline: one of these."""

    stage: Step | None = None
    promote: Step | None = None
    preview: Step | None = None


class Spec(_Object):
    """A pipeline's run, or a release."""

    pipeline: str | None = None
    build: str | int | None = None
    context: str | None = None
    status: str | None = None
    version: str | None = None
    name: str | None = None
    started_timestamp: str | None = None
    completed_timestamp: str | None = None
    git_url: str | None = None
    git_http_url: str | None = None
    git_branch: str | None = None
    git_repository: str | None = None
    last_commit_sha: str | None = msgspec.field(name="lastCommitSHA", default=None)
    build_logs_url: str | None = None
    steps: list[Part] | None = None


class RecordStage(_Object):
    """A stage as Lighthouse keeps it."""

    name: str | None = None
    status: str | None = None
    start_time: str | None = None
    completion_time: str | None = None


class Record(_Object):
    """A run as Lighthouse keeps it."""

    name: str | None = None
    owner: str | None = None
    repo: str | None = None
    branch: str | None = None
    build_id: str | int | None = msgspec.field(name="buildId", default=None)
    context: str | None = None
    git_url: str | None = msgspec.field(name="gitURL", default=None)
    last_commit_sha: str | None = msgspec.field(name="lastCommitSHA", default=None)
    status: str | None = None
    start_time: str | None = None
    completion_time: str | None = None
    stages: list[RecordStage] | None = None


class Status(_Object):
    """What became of a job."""

    activity: Record | None = None


class Resource(_Object):
    """A PipelineActivity, LighthouseJob or Release."""

    kind: str | None = None
    metadata: Metadata | None = None
    spec: Spec | None = None
    status: Status | None = None


class Listed(_Object):
    """Several."""

    items: list[Resource] | None = None
