"""The fields of GitHub's webhook payloads that are read; everything else is skipped."""

from __future__ import annotations

from typing import Any

import msgspec


class _Object(msgspec.Struct, gc=False):
    """An object of a payload; any field may be missing or null."""


class Account(_Object):
    """A user, an application or an organisation."""

    login: str | None = None
    id: int | None = None
    name: str | None = None
    email: str | None = None
    username: str | None = None
    slug: str | None = None


class Repository(_Object):
    """The repository that an event is about."""

    name: str | None = None
    full_name: str | None = None
    html_url: str | None = None
    url: str | None = None
    pushed_at: Any = None


class Organization(_Object):
    """The organisation that an event is about."""

    login: str | None = None
    html_url: str | None = None


class PushedCommit(_Object):
    """A commit of a push."""

    id: str | None = None
    message: str | None = None
    timestamp: str | None = None
    url: str | None = None
    author: Account | None = None
    committer: Account | None = None
    distinct: bool | None = None
    added: list[str] | None = None
    removed: list[str] | None = None
    modified: list[str] | None = None


class Side(_Object):
    """Head or base of a pull request."""

    ref: str | None = None
    sha: str | None = None


class PullRequest(_Object):
    """A pull request."""

    number: int | None = None
    html_url: str | None = None
    title: str | None = None
    body: str | None = None
    user: Account | None = None
    merged: bool | None = None
    merged_by: Account | None = None
    merged_at: str | None = None
    merge_commit_sha: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    closed_at: str | None = None
    draft: bool | None = None
    head: Side | None = None
    base: Side | None = None


class Review(_Object):
    """A review of a pull request."""

    state: str | None = None
    user: Account | None = None
    body: str | None = None
    commit_id: str | None = None
    submitted_at: str | None = None
    html_url: str | None = None


class Run(_Object):
    """A workflow run, a job, a check run or a check suite."""

    id: int | None = None
    run_id: int | None = None
    name: str | None = None
    status: str | None = None
    conclusion: str | None = None
    head_sha: str | None = None
    head_branch: str | None = None
    event: str | None = None
    run_attempt: int | None = None
    html_url: str | None = None
    workflow_name: str | None = None
    actor: Account | None = None
    triggering_actor: Account | None = None
    created_at: str | None = None
    run_started_at: str | None = None
    started_at: str | None = None
    completed_at: str | None = None
    updated_at: str | None = None
    runner_name: str | None = None
    app: Account | None = None
    path: str | None = None
    environment: str | None = None


class Deployment(_Object):
    """A deployment."""

    id: int | None = None
    sha: str | None = None
    ref: str | None = None
    environment: str | None = None
    creator: Account | None = None
    created_at: str | None = None
    payload: Any = None


class DeploymentStatus(_Object):
    """A state that a deployment reached."""

    id: int | None = None
    state: str | None = None
    environment: str | None = None
    creator: Account | None = None
    target_url: str | None = None
    log_url: str | None = None
    created_at: str | None = None


class Release(_Object):
    """A release."""

    tag_name: str | None = None
    name: str | None = None
    body: str | None = None
    target_commitish: str | None = None
    prerelease: bool | None = None
    draft: bool | None = None
    author: Account | None = None
    html_url: str | None = None
    created_at: str | None = None
    published_at: str | None = None


class AlertRule(_Object):
    """The rule of a code scanning alert."""

    id: str | None = None
    severity: str | None = None
    security_severity_level: str | None = None


class AlertTool(_Object):
    """The tool of a code scanning alert."""

    name: str | None = None
    version: str | None = None


class Location(_Object):
    """Where a finding is."""

    path: str | None = None


class Instance(_Object):
    """One place of a code scanning alert."""

    location: Location | None = None


class Advisory(_Object):
    """The advisory of a Dependabot alert."""

    ghsa_id: str | None = None
    cve_id: str | None = None
    severity: str | None = None


class Package(_Object):
    """A package of an ecosystem."""

    ecosystem: str | None = None
    name: str | None = None


class Dependency(_Object):
    """What a Dependabot alert is about."""

    package: Package | None = None
    manifest_path: str | None = None


class Alert(_Object):
    """A code scanning, secret scanning or Dependabot alert; never the secret itself."""

    number: int | None = None
    state: str | None = None
    html_url: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    fixed_at: str | None = None
    dismissed_at: str | None = None
    dismissed_by: Account | None = None
    dismissed_reason: str | None = None
    resolution: str | None = None
    resolved_by: Account | None = None
    resolved_at: str | None = None
    secret_type: str | None = None
    rule: AlertRule | None = None
    tool: AlertTool | None = None
    most_recent_instance: Instance | None = None
    instances: list[Instance] | None = None
    security_advisory: Advisory | None = None
    dependency: Dependency | None = None


class BranchRule(_Object):
    """A branch protection rule or a ruleset."""

    name: str | None = None
    updated_at: str | None = None
    created_at: str | None = None
    required_approving_review_count: int | None = None
    dismiss_stale_reviews_on_push: bool | None = None
    admin_enforced: bool | None = None


class Payload(_Object):
    """What a webhook brings; which members are there tells its kind."""

    action: str | None = None
    ref: str | None = None
    before: str | None = None
    after: str | None = None
    created: bool | None = None
    deleted: bool | None = None
    forced: bool | None = None
    compare: str | None = None
    commits: list[PushedCommit] | None = None
    head_commit: PushedCommit | None = None
    pusher: Account | None = None
    repository: Repository | None = None
    organization: Organization | None = None
    sender: Account | None = None
    number: int | None = None
    pull_request: PullRequest | None = None
    review: Review | None = None
    workflow_run: Run | None = None
    workflow_job: Run | None = None
    workflow_job_run: Run | None = None
    workflow_job_runs: list[Run] | None = None
    check_run: Run | None = None
    deployment: Deployment | None = None
    deployment_status: DeploymentStatus | None = None
    environment: str | None = None
    event: str | None = None
    since: str | None = None
    requestor: Account | None = None
    requester: Account | None = None
    approver: Account | None = None
    comment: Any = None
    release: Release | None = None
    alert: Alert | None = None
    commit_oid: str | None = None
    rule: BranchRule | None = None
    repository_ruleset: BranchRule | None = None
    sha: str | None = None
    state: str | None = None
    context: str | None = None
    target_url: str | None = None
    created_at: Any = None
    updated_at: str | None = None
    member: Account | None = None
    team: Account | None = None
    membership: Any = None


class ApiEvent(_Object):
    """An object of the events API: the payload less repository and sender."""

    type: str
    payload: Payload
    repo: Repository
    actor: Account | None = None
    created_at: str | None = None


class AuditEntry(_Object):
    """A line of the audit log."""

    action: str
    actor: str | None = None
    user: str | None = None
    org: str | list[str] | None = None
    business: str | None = None
    repo: str | list[str] | None = None
    branch: str | None = None
    name: str | None = None
    team: str | None = None
    permission: str | None = None
    at: Any = msgspec.field(name="@timestamp", default=None)
    created_at: Any = None
    conclusion: str | None = None
    head_sha: str | None = None
    head_branch: str | None = None
    workflow_run_id: int | str | None = None
    run_attempt: int | None = None
    started_at: Any = None
    completed_at: Any = None
    event: str | None = None
    ruleset_name: str | None = None
    ghsa_id: str | None = None
    document_id: str | None = msgspec.field(name="_document_id", default=None)
