"""Source changes: commits, references, proposals, reviews, merges."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from domain.events.fields import (
    MAX_LIST,
    Commit,
    Common,
    Count,
    Handle,
    Instant,
    Name,
    Person,
    Text,
)
from domain.events.registry import event

FAMILY = "change"

Commits = Annotated[list[Commit], Meta(max_length=MAX_LIST)]
People = Annotated[list[Person], Meta(max_length=1000)]
Paths = Annotated[list[Handle], Meta(max_length=MAX_LIST)]


class Authored(msgspec.Struct, kw_only=True, forbid_unknown_fields=False):
    """One commit of a push or change.

    Attributes:
        sha: its object id.
        authors: who wrote it.
        committer: who committed it.
        co_authors: who helped, by its trailers.
        parents: the commits before it; two or more for a merge.
        authored_at: when it was written.
        committed_at: when it was committed.
        message: its message.
        paths: the files it touches.
        patch_id: the same for the same patch on another parent.
    """

    sha: Commit
    authors: People | None = None
    co_authors: People | None = None
    parents: Commits | None = None
    committer: Person | None = None
    authored_at: Instant | None = None
    committed_at: Instant | None = None
    message: Text | None = None
    paths: Paths | None = None
    patch_id: Name | None = None


@event("commit.pushed", FAMILY)
class CommitPushed(Common, kw_only=True):
    """A commit reached a repository."""

    repository: Handle
    commit: Commit
    ref: Handle | None = None
    parents: Commits | None = None
    authors: People | None = None
    co_authors: People | None = None
    committer: Person | None = None
    pusher: Person | None = None
    authored_at: Instant | None = None
    committed_at: Instant | None = None
    message: Text | None = None
    paths: Paths | None = None
    patch_id: Name | None = None
    signature: Literal["valid", "invalid", "unsigned", "unknown"] | None = None
    cherry_picked_from: Commit | None = None
    trailers: Annotated[dict[Name, Text], Meta(max_length=100)] | None = None


@event("ref.updated", FAMILY)
class RefUpdated(Common, kw_only=True):
    """A branch or tag was created, moved or deleted."""

    repository: Handle
    ref: Handle
    before: Commit | None = None
    after: Commit | None = None
    created: bool | None = None
    deleted: bool | None = None
    forced: bool | None = None
    protected: bool | None = None
    pusher: Person | None = None
    commits_count: Count | None = None
    commits: Annotated[list[Authored], Meta(max_length=MAX_LIST)] | None = None


@event("protection.changed", FAMILY)
class ProtectionChanged(Common, kw_only=True):
    """The protection of a branch was changed."""

    repository: Handle
    ref: Handle
    action: Literal["created", "edited", "deleted"] | None = None
    required_approvals: Annotated[int, Meta(ge=0)] | None = None
    dismiss_stale: bool | None = None
    admins_exempt: bool | None = None
    weakened: bool | None = None
    rule: Name | None = None


class Change(Common, kw_only=True):
    """A proposed change (pull request, merge request)."""

    repository: Handle
    number: Annotated[int, Meta(ge=0)] | Name
    title: Text | None = None
    description: Text | None = None
    author: Person | None = None
    co_authors: People | None = None
    last_pusher: Person | None = None
    head: Commit | None = None
    base: Commit | None = None
    head_ref: Handle | None = None
    target_ref: Handle | None = None
    draft: bool | None = None
    reason: Text | None = None
    impact: Text | None = None
    security_impact: Text | None = None
    back_out: Text | None = None
    risk: Name | None = None
    commits: Annotated[list[Authored], Meta(max_length=MAX_LIST)] | None = None
    paths: Paths | None = None


@event("change.proposed", FAMILY)
class ChangeProposed(Change, kw_only=True):
    """A change was proposed."""


@event("change.updated", FAMILY)
class ChangeUpdated(Change, kw_only=True):
    """A proposed change got other commits or another description."""

    action: Name | None = None


@event("change.reviewed", FAMILY)
class ChangeReviewed(Change, kw_only=True):
    """Somebody reviewed a proposed change."""

    reviewer: Person
    verdict: Literal["approved", "changes_requested", "commented", "dismissed"]
    reviewed: Commit | None = None
    comment: Text | None = None


@event("change.merged", FAMILY)
class ChangeMerged(Change, kw_only=True):
    """A proposed change was merged."""

    merged_by: Person | None = None
    merge_commit: Commit | None = None
    method: Literal["merge", "squash", "rebase", "fast_forward", "unknown"] | None = None
    original_commits: Commits | None = None
    merged_at: Instant | None = None


@event("change.abandoned", FAMILY)
class ChangeAbandoned(Change, kw_only=True):
    """A proposed change was closed without being merged."""

    closed_by: Person | None = None


class Ticket(Common, kw_only=True):
    """A ticket in another system."""

    system: Name
    key: Name
    kind: Literal["change", "incident", "request", "problem", "task", "other"] | None = None
    title: Text | None = None
    description: Text | None = None
    status: Name | None = None
    risk: Name | None = None
    impact: Text | None = None
    back_out: Text | None = None
    assignee: Person | None = None
    requester: Person | None = None
    window_from: Instant | None = None
    window_until: Instant | None = None


@event("ticket.opened", "ticket")
class TicketOpened(Ticket, kw_only=True):
    """A ticket was opened."""


@event("ticket.updated", "ticket")
class TicketUpdated(Ticket, kw_only=True):
    """A ticket was changed."""

    approved_by: Person | None = None


@event("ticket.closed", "ticket")
class TicketClosed(Ticket, kw_only=True):
    """A ticket was closed."""

    resolution: Name | None = None
