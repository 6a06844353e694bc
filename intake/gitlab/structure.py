"""The fields of GitLab's webhook payloads that are read; everything else is skipped.

One structure a kind: the same member means other things in other kinds (`commit.id` is a commit
in a release, and the pipeline in a job).
"""

from __future__ import annotations

from typing import Any

import msgspec


class _Object(msgspec.Struct, gc=False, kw_only=True):
    """An object of a payload; any field may be missing or null."""


class Account(_Object):
    """A user."""

    id: int | None = None
    name: str | None = None
    username: str | None = None
    email: str | None = None


class Project(_Object):
    """The project that an event is about."""

    web_url: str | None = None


class Repository(_Object):
    """The same as GitLab named it before it had `project`; jobs had only this for long."""

    homepage: str | None = None


class Happening(_Object):
    """What every kind may have."""

    project: Project | None = None
    repository: Repository | None = None
    user: Account | None = None


class PushedCommit(_Object):
    """A commit of a push; its time is the committer's."""

    id: str | None = None
    message: str | None = None
    timestamp: str | None = None
    url: str | None = None
    author: Account | None = None
    added: list[str] | None = None
    modified: list[str] | None = None
    removed: list[str] | None = None


class Push(Happening):
    """A push of a branch or a tag; whoever pushed stands in members of its own."""

    ref: str | None = None
    ref_protected: bool | None = None
    before: str | None = None
    after: str | None = None
    checkout_sha: str | None = None
    user_id: int | None = None
    user_name: str | None = None
    user_username: str | None = None
    user_email: str | None = None
    commits: list[PushedCommit] | None = None
    total_commits_count: int | None = None


class Commit(_Object):
    """A commit that something is of."""

    id: str | None = None


class MergeRequest(_Object):
    """A merge request."""

    iid: int | None = None
    action: str | None = None
    title: str | None = None
    description: str | None = None
    author_id: int | None = None
    source_branch: str | None = None
    target_branch: str | None = None
    last_commit: Commit | None = None
    merge_commit_sha: str | None = None
    oldrev: str | None = None
    draft: bool | None = None
    work_in_progress: bool | None = None
    url: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    system: bool | None = None
    system_action: str | None = None


class MergeRequestEvent(Happening):
    """Something happened to a merge request."""

    object_attributes: MergeRequest | None = None
    assignees: list[Account] | None = None
    reviewers: list[Account] | None = None


class PipelineRun(_Object):
    """A pipeline."""

    id: int | None = None
    name: str | None = None
    ref: str | None = None
    tag: bool | None = None
    sha: str | None = None
    source: str | None = None
    status: str | None = None
    created_at: str | None = None
    finished_at: str | None = None
    duration: float | None = None
    queued_duration: float | None = None
    url: str | None = None


class SourcePipeline(_Object):
    """The pipeline that started this one."""

    pipeline_id: int | None = None


class PipelineEvent(Happening):
    """The status of a pipeline changed."""

    object_attributes: PipelineRun | None = None
    source_pipeline: SourcePipeline | None = None


class Runner(_Object):
    """The runner of a job."""

    description: str | None = None


class Environment(_Object):
    """The environment that a job is for."""

    name: str | None = None


class PipelineOfJob(_Object):
    """What a job calls `commit`; its id is the pipeline's, its name too."""

    name: str | None = None


class JobEvent(Happening):
    """The status of a job changed."""

    ref: str | None = None
    tag: bool | None = None
    sha: str | None = None
    build_id: int | None = None
    build_name: str | None = None
    build_stage: str | None = None
    build_status: str | None = None
    build_started_at: str | None = None
    build_finished_at: str | None = None
    build_duration: float | None = None
    build_allow_failure: bool | None = None
    build_failure_reason: str | None = None
    retries_count: int | None = None
    pipeline_id: int | None = None
    commit: PipelineOfJob | None = None
    runner: Runner | None = None
    environment: Environment | None = None


class DeploymentEvent(Happening):
    """The status of a deployment changed."""

    status: str | None = None
    status_changed_at: str | None = None
    deployment_id: int | None = None
    deployable_id: int | None = None
    deployable_url: str | None = None
    environment: str | None = None
    environment_tier: str | None = None
    commit_url: str | None = None
    ref: str | None = None


class ReleaseEvent(Happening):
    """A release was made, changed or deleted; nobody is named."""

    action: str | None = None
    tag: str | None = None
    description: str | None = None
    created_at: str | None = None
    url: str | None = None
    commit: Commit | None = None


class Change(_Object):
    """What a member of an object was before and is now."""

    current: Any = None


class WorkItem(_Object):
    """An issue, an incident or another work item."""

    iid: int | None = None
    type: str | None = None
    action: str | None = None
    title: str | None = None
    description: str | None = None
    severity: str | None = None
    escalation_status: str | None = None
    url: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    closed_at: str | None = None


class WorkItemEvent(Happening):
    """Something happened to a work item."""

    object_attributes: WorkItem | None = None
    changes: dict[str, Change] | None = None


class AccessToken(_Object):
    """An access token of a project or group, without its value."""

    id: int | None = None
    name: str | None = None
    expires_at: str | None = None


class Group(_Object):
    """A group."""

    group_path: str | None = None
    full_path: str | None = None


class AccessTokenEvent(Happening):
    """An access token will expire soon."""

    event_name: str | None = None
    group: Group | None = None
    object_attributes: AccessToken | None = None


class Identifier(_Object):
    """A name that a vulnerability has in some catalogue."""

    name: str | None = None
    external_type: str | None = None


class Place(_Object):
    """Where a vulnerability is."""

    file: str | None = None


class Vulnerability(_Object):
    """A vulnerability."""

    url: str | None = None
    state: str | None = None
    severity: str | None = None
    report_type: str | None = None
    identifiers: list[Identifier] | None = None
    location: Place | None = None
    dismissed_by_id: int | None = None
    resolved_by_id: int | None = None
    created_at: str | None = None
    updated_at: str | None = None


class VulnerabilityEvent(Happening):
    """A vulnerability was found, or its state changed."""

    object_attributes: Vulnerability | None = None


class Membership(_Object):
    """A member of a group or project, or a user of the instance; whoever did it is not named."""

    event_name: str | None = None
    user_id: int | None = None
    user_name: str | None = None
    user_username: str | None = None
    user_email: str | None = None
    name: str | None = None
    username: str | None = None
    email: str | None = None
    group_path: str | None = None
    project_path_with_namespace: str | None = None
    group_access: str | None = None
    access_level: str | None = None
    expires_at: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
