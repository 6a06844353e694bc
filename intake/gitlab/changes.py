"""Pushes, merge requests with their approvals, releases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from intake.gitlab.common import reading, ref_of, repository_of, service_of, user, who
from intake.ids import commit_of
from intake.instant import told_time
from intake.number import count_of
from intake.pushes import listed
from intake.rows import named

if TYPE_CHECKING:
    from intake.gitlab.structure import (
        MergeRequest,
        MergeRequestEvent,
        Push,
        PushedCommit,
        ReleaseEvent,
    )
    from intake.report import Reading

_PUSH: Final = "Push Hook"
_TAG_PUSH: Final = "Tag Push Hook"
_MERGE_REQUEST: Final = "Merge Request Hook"
_RELEASE: Final = "Release Hook"
_REVIEWS: Final = {
    # The last approval that was needed is told as `approved`, each before it as `approval`.
    "approval": "approved", "approved": "approved",
    "unapproval": "dismissed", "unapproved": "dismissed",
}  # fmt: skip
_MOST_PATHS: Final = 3000


def push(event: Push) -> list[Reading]:
    """A push of a branch: its move, and each commit that it brought."""
    return _push(_PUSH, event)


def tag_push(event: Push) -> list[Reading]:
    """A push of a tag."""
    return _push(_TAG_PUSH, event)


def _push(kind: str, event: Push) -> list[Reading]:
    ref = named(event.ref)
    if ref is None or repository_of(event) is None:
        return []
    pusher = user(event.user_username, event.user_email, event.user_name, event.user_id)
    base = {"ref": ref, "pusher": pusher, "actor": pusher}
    before, after = commit_of(event.before), commit_of(event.after)
    moved = {
        "before": before,
        "after": after,
        # `after` of an annotated tag is the tag's own id.
        "commit": commit_of(event.checkout_sha),
        "created": None if event.before is None else before is None,
        "deleted": None if event.after is None else after is None,
        "protected": event.ref_protected,
        "commits_count": count_of(event.total_commits_count),
        "commits": listed(event.commits),
    }
    # A push does not say when it was.
    found = [reading(kind, event, "ref.updated", None, base | moved)]
    found += [
        reading(kind, event, "commit.pushed", one.timestamp, base | _pushed(one, sha))
        for one in event.commits or ()
        if (sha := commit_of(one.id)) is not None
    ]
    return found


def _pushed(one: PushedCommit, sha: str) -> dict[str, Any]:
    paths = [*(one.added or ()), *(one.removed or ()), *(one.modified or ())]
    told = told_time(one.timestamp)
    return {
        "commit": sha,
        "authors": [author] if (author := who(one.author)) else None,
        "committed_at": told.time if told and told.local is None else None,
        "message": one.message,
        "url": named(one.url),
        "paths": [path for path in map(named, paths[:_MOST_PATHS]) if path] or None,
    }


def merge_request(event: MergeRequestEvent) -> list[Reading]:
    """A merge request; closed is not merged, and approved is told by its action alone."""
    one = event.object_attributes
    if one is None or one.iid is None or repository_of(event) is None:
        return []
    data = _proposed(event, one)
    action = one.action or ""
    if action in _REVIEWS:
        return _review(event, one, data)
    time = one.updated_at
    if action in ("open", "reopen"):
        what, time = "change.proposed", one.created_at if action == "open" else one.updated_at
    elif action == "merge":
        what, merged = "change.merged", commit_of(one.merge_commit_sha)
        data |= {"merged_by": who(event.user), "merge_commit": merged}
        data |= {"commit": merged or data["commit"]}
    elif action == "close":
        what = "change.abandoned"
        data["closed_by"] = who(event.user)
    elif action == "update":
        what = "change.updated"
        # Only with new commits is there a head from before.
        data |= {"action": action, "last_pusher": who(event.user) if one.oldrev else None}
    else:
        return []
    return [reading(f"{_MERGE_REQUEST}.{action}", event, what, time, data)]


def _proposed(event: MergeRequestEvent, one: MergeRequest) -> dict[str, Any]:
    head = commit_of(one.last_commit.id) if one.last_commit is not None else None
    return {
        "number": one.iid,
        "title": one.title,
        "description": one.description,
        "author": _person(event, one.author_id),
        "head": head,
        "head_ref": named(one.source_branch),
        "target_ref": named(one.target_branch),
        "commit": head,
        "draft": one.work_in_progress if one.draft is None else one.draft,
        "url": named(one.url),
    }


def _person(event: MergeRequestEvent, account: int | None) -> dict[str, Any] | None:
    """The author is told by id; where the payload shows the same account, by what it shows."""
    if account is None:
        return None
    shown = [event.user, *(event.assignees or ()), *(event.reviewers or ())]
    same = (one for one in shown if one is not None and one.id == account)
    return who(next(same, None)) or user(None, None, None, account)


def _review(event: MergeRequestEvent, one: MergeRequest, data: dict[str, Any]) -> list[Reading]:
    action, reviewer = one.action or "", who(event.user)
    kind = f"{_MERGE_REQUEST}.{action}"
    if one.system:
        # Approvals were taken back by a rule; whose they were is not told, and whoever pushed is
        # no reviewer.
        told = {"action": named(one.system_action) or action}
        return [reading(kind, event, "change.updated", one.updated_at, data | told)]
    if reviewer is None:
        return []
    data |= {"reviewer": reviewer, "verdict": _REVIEWS[action], "reviewed": data["head"]}
    data |= {"reported_outcome": action}
    return [reading(kind, event, "change.reviewed", one.updated_at, data)]


def release(event: ReleaseEvent) -> list[Reading]:
    """A release that was made; changes and deletions are none."""
    version, service = named(event.tag), service_of(event)
    if event.action != "create" or version is None or service is None:
        return []
    data = {
        "service": service,
        "service_basis": "repository",
        "version": version,
        "ref": ref_of(version, tag=True),
        "commit": commit_of(event.commit.id) if event.commit is not None else None,
        "notes": event.description,
        "url": named(event.url),
    }
    # `released_at` is whatever its maker entered, also a day to come.
    return [reading(f"{_RELEASE}.create", event, "release.created", event.created_at, data)]
