"""The fields of Azure DevOps' service hooks that are read; variables, inputs and logs are not."""

from __future__ import annotations

from typing import Any

import msgspec


class _Object(msgspec.Struct, gc=False, rename="camel"):
    """An object; any field may be missing or null."""


class Identity(_Object):
    """Somebody, a group, or a service."""

    id: str | None = None
    display_name: str | None = None
    unique_name: str | None = None
    is_container: bool | None = None


class Link(_Object):
    """Where something is."""

    href: str | None = None


class Links(_Object):
    """Where it is for people."""

    web: Link | None = None


class Named(_Object):
    """Something with a name."""

    id: int | str | None = None
    name: str | None = None
    type: str | None = None


class Container(_Object):
    """An organisation, collection or project."""

    base_url: str | None = None


class Containers(_Object):
    """What a happening lies in."""

    account: Container | None = None
    collection: Container | None = None


class Message(_Object):
    """What happened, in words."""

    text: str | None = None


class Repository(_Object):
    """A repository."""

    name: str | None = None
    url: str | None = None
    remote_url: str | None = None


class Author(_Object):
    """Who wrote a commit, and when."""

    name: str | None = None
    email: str | None = None
    date: str | None = None


class Commit(_Object):
    """A commit."""

    commit_id: str | None = None
    author: Author | None = None
    committer: Author | None = None
    comment: str | None = None
    url: str | None = None


class RefUpdate(_Object):
    """A branch or tag that was moved."""

    name: str | None = None
    old_object_id: str | None = None
    new_object_id: str | None = None


class Push(_Object):
    """What was pushed."""

    commits: list[Commit] | None = None
    ref_updates: list[RefUpdate] | None = None
    repository: Repository | None = None
    pushed_by: Identity | None = None
    date: str | None = None


class Reviewer(Identity):
    """Who reviews, and how the vote stands."""

    vote: int | None = None


class Completion(_Object):
    """How a pull request is completed."""

    merge_strategy: str | None = None
    squash_merge: bool | None = None


class PullRequest(_Object):
    """A pull request."""

    pull_request_id: int | None = None
    status: str | None = None
    merge_status: str | None = None
    repository: Repository | None = None
    created_by: Identity | None = None
    closed_by: Identity | None = None
    creation_date: str | None = None
    closed_date: str | None = None
    title: str | None = None
    description: str | None = None
    source_ref_name: str | None = None
    target_ref_name: str | None = None
    last_merge_source_commit: Commit | None = None
    last_merge_target_commit: Commit | None = None
    last_merge_commit: Commit | None = None
    reviewers: list[Reviewer] | None = None
    is_draft: bool | None = None
    completion_options: Completion | None = None
    links: Links | None = msgspec.field(name="_links", default=None)


class Comment(_Object):
    """What somebody said of it."""

    content: str | None = None
    author: Identity | None = None
    published_date: str | None = None


class Commented(_Object):
    """A comment on a pull request."""

    comment: Comment | None = None
    pull_request: PullRequest | None = None


class Request(_Object):
    """Who asked for a build; older versions."""

    requested_for: Identity | None = None


class Build(_Object):
    """A build."""

    id: int | None = None
    build_number: str | None = None
    status: str | None = None
    result: str | None = None
    reason: str | None = None
    start_time: str | None = None
    finish_time: str | None = None
    source_branch: str | None = None
    source_version: str | None = None
    source_get_version: str | None = None
    definition: Named | None = None
    repository: Repository | None = None
    requested_for: Identity | None = None
    requests: list[Request] | None = None
    links: Links | None = msgspec.field(name="_links", default=None)


class Release(_Object):
    """A release."""

    id: int | None = None
    name: str | None = None
    created_on: str | None = None
    created_by: Identity | None = None
    description: str | None = None
    release_definition: Named | None = None
    links: Links | None = msgspec.field(name="_links", default=None)


class Environment(_Object):
    """A stage of a release."""

    id: int | None = None
    release_id: int | None = None
    name: str | None = None
    status: str | None = None
    release: Release | None = None
    release_definition: Named | None = None


class Deployment(_Object):
    """A deployment of a release into a stage."""

    attempt: int | None = None
    reason: str | None = None
    deployment_status: str | None = None
    requested_for: Identity | None = None
    started_on: str | None = None
    completed_on: str | None = None


class Approval(_Object):
    """What somebody is asked of a release."""

    id: int | None = None
    approver: Identity | None = None
    approved_by: Identity | None = None
    approval_type: str | None = None
    status: str | None = None
    comments: str | None = None
    is_automated: bool | None = None
    release: Release | None = None
    release_definition: Named | None = None
    release_environment: Named | None = None


class Released(_Object):
    """What an event of a release carries."""

    release: Release | None = None
    environment: Environment | None = None
    deployment: Deployment | None = None
    approval: Approval | None = None
    project: Named | None = None
    attempt_id: int | None = None


class Hosted(_Object):
    """Where a repository is kept."""

    full_name: str | None = None
    type: str | None = None


class Checkout(_Object):
    """What a run is of."""

    repository: Hosted | None = None
    ref_name: str | None = None
    version: str | None = None


class Resources(_Object):
    """What a run uses; the repository of the pipeline itself is `self`."""

    repositories: dict[str, Checkout] | None = None


class Used(_Object):
    """A repository that a run uses."""

    alias: str | None = None
    url: str | None = None


class Run(_Object):
    """A run of a pipeline."""

    id: int | None = None
    name: str | None = None
    state: str | None = None
    result: str | None = None
    created_date: str | None = None
    finished_date: str | None = None
    pipeline: Named | None = None
    resources: Resources | None = None
    links: Links | None = msgspec.field(name="_links", default=None)


class Part(_Object):
    """A stage or job of a run."""

    name: str | None = None
    display_name: str | None = None
    attempt: int | None = None
    state: str | None = None
    result: str | None = None
    start_time: str | None = None
    finish_time: str | None = None


class Step(_Object):
    """What one of several was asked, and answered."""

    assigned_approver: Identity | None = None
    actual_approver: Identity | None = None
    status: str | None = None
    comment: str | None = None


class Check(_Object):
    """An approval of a stage of a run."""

    id: str | None = None
    status: str | None = None
    steps: list[Step] | None = None
    instructions: str | None = None


class Ran(_Object):
    """What an event of a run carries."""

    run: Run | None = None
    pipeline: Named | None = None
    stage: Part | None = None
    job: Part | None = None
    approval: Check | None = None
    resource: Named | None = None
    stage_name: str | None = None
    requested_for: Identity | None = None
    repositories: list[Used] | None = None


class WorkItem(_Object):
    """A work item, or what was changed of one."""

    id: int | None = None
    work_item_id: int | None = None
    fields: dict[str, Any] | None = None
    revision: WorkItem | None = None
    revised_by: Identity | None = None
    links: Any = msgspec.field(name="_links", default=None)


class Hook(_Object):
    """An event."""

    event_type: str
    resource: msgspec.Raw = msgspec.Raw(b"{}")
    message: Message | None = None
    created_date: str | None = None
    resource_containers: Containers | None = None
