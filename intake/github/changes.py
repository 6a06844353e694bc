"""Pushes, pull requests and their reviews, releases, protection of branches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from intake.github.common import SYSTEM, base_of, reading, service_of, who
from intake.ids import commit_of
from intake.instant import told_epoch, told_time
from intake.person import person_of
from intake.pushes import listed
from intake.rows import named

if TYPE_CHECKING:
    from intake.github.structure import BranchRule, Payload, PullRequest, PushedCommit
    from intake.report import Reading

_VERDICTS: Final = {
    "approved": "approved", "changes_requested": "changes_requested",
    "commented": "commented", "dismissed": "dismissed",
}  # fmt: skip
_UPDATES: Final = frozenset({
    "edited", "synchronize", "ready_for_review", "converted_to_draft", "assigned", "unassigned",
    "review_requested", "review_request_removed", "labeled", "unlabeled", "milestoned",
    "demilestoned", "auto_merge_enabled", "auto_merge_disabled", "enqueued", "dequeued", "locked",
    "unlocked",
})  # fmt: skip
_ACTIONS: Final = {"created": "created", "edited": "edited", "deleted": "deleted"}
_MOST_PATHS: Final = 3000


def push(payload: Payload) -> list[Reading]:
    """A push: the reference's move, and each commit that is new to the repository."""
    ref, one, head = named(payload.ref), payload.pusher, payload.head_commit
    # The name of a pusher, unlike that of others, is the account's.
    pusher = person_of(SYSTEM, login=one.name, email=one.email) if one is not None else None
    base = base_of(payload) | {"ref": ref, "pusher": pusher}
    tagged = head.id if head is not None else None
    moved = base | {
        "before": commit_of(payload.before),
        "after": commit_of(payload.after),
        # Of a tag it may be the tag's own id.
        "commit": commit_of(tagged if (ref or "").startswith("refs/tags/") else payload.after),
        "created": payload.created,
        "deleted": payload.deleted,
        "forced": payload.forced,
        "url": named(payload.compare),
        "commits": listed(payload.commits),
    }
    # In a push's payload, and only there, it is a number of seconds.
    pushed = told_epoch(payload.repository.pushed_at) if payload.repository else None
    time = pushed.time if pushed else None
    found = [reading("push", payload, "ref.updated", time, moved)]
    # A commit that is on another branch already was told of when it came there.
    new = [one for one in payload.commits or () if one.distinct is not False]
    found += [
        reading("push", payload, "commit.pushed", one.timestamp, base | _pushed(one, sha))
        for one in new
        if (sha := commit_of(one.id)) is not None
    ]
    return found


def _pushed(one: PushedCommit, sha: str) -> dict[str, Any]:
    paths = [*(one.added or ()), *(one.removed or ()), *(one.modified or ())]
    told = told_time(one.timestamp)
    return {
        "commit": sha,
        "authors": [author] if (author := who(one.author)) else None,
        "committer": who(one.committer),
        "committed_at": told.time if told and told.local is None else None,
        "message": one.message,
        "url": named(one.url),
        "paths": [path for path in map(named, paths[:_MOST_PATHS]) if path] or None,
    }


def pull_request(payload: Payload) -> list[Reading]:
    """A pull request; closed is merged only where it says so."""
    pull = payload.pull_request
    if pull is None:
        return []
    data = _pulled(payload, pull)
    action = payload.action
    if action in ("opened", "reopened"):
        time = pull.created_at if action == "opened" else pull.updated_at
        return [reading("pull_request", payload, "change.proposed", time, data)]
    # The events API, which says no more of the pull request, has an action of its own for it.
    if action == "merged" or (action == "closed" and pull.merged):
        merged = told_time(pull.merged_at)
        data |= {
            "merged_by": who(pull.merged_by or (payload.sender if action == "merged" else None)),
            "merge_commit": commit_of(pull.merge_commit_sha),
            "commit": commit_of(pull.merge_commit_sha),
            "merged_at": merged.time if merged else None,
        }
        time = pull.merged_at or pull.closed_at
        return [reading("pull_request", payload, "change.merged", time, data)]
    if action == "closed":
        data["closed_by"] = who(payload.sender)
        return [reading("pull_request", payload, "change.abandoned", pull.closed_at, data)]
    if action in _UPDATES:
        data["action"] = named(action)
        return [reading("pull_request", payload, "change.updated", pull.updated_at, data)]
    return []


def _pulled(payload: Payload, pull: PullRequest) -> dict[str, Any]:
    head, base = pull.head, pull.base
    return base_of(payload) | {
        "number": pull.number if pull.number is not None else payload.number,
        "title": pull.title,
        "description": pull.body,
        "author": who(pull.user),
        "head": commit_of(head.sha) if head else None,
        "base": commit_of(base.sha) if base else None,
        "head_ref": named(head.ref) if head else None,
        "target_ref": named(base.ref) if base else None,
        "commit": commit_of(head.sha) if head else None,
        "draft": pull.draft,
        "url": named(pull.html_url),
        "last_pusher": who(payload.sender) if payload.action == "synchronize" else None,
    }


def review(payload: Payload) -> list[Reading]:
    """A review: what it says is its state, not that it was submitted."""
    pull, one = payload.pull_request, payload.review
    if pull is None or one is None or payload.action == "edited":
        return []
    state = "dismissed" if payload.action == "dismissed" else (one.state or "").lower()
    verdict, reviewer = _VERDICTS.get(state), who(one.user)
    if verdict is None or reviewer is None:
        return []
    data = _pulled(payload, pull) | {
        "reviewer": reviewer,
        "verdict": verdict,
        "reviewed": commit_of(one.commit_id),
        "commit": commit_of(one.commit_id),
        "comment": one.body,
        "url": named(one.html_url),
    }
    time = None if verdict == "dismissed" else one.submitted_at
    return [reading("pull_request_review", payload, "change.reviewed", time, data)]


def release(payload: Payload) -> list[Reading]:
    """A release that was published; drafts and edits are none."""
    one = payload.release
    # `released` comes beside `published`, and for a pre-release that became one.
    if one is None or payload.action != "published" or one.draft:
        return []
    version, service = named(one.tag_name), service_of(payload)
    if version is None or service is None:
        return []
    data = base_of(payload) | {
        "service": service,
        "service_basis": "repository",
        "version": version,
        "ref": f"refs/tags/{version}",
        "commit": commit_of(one.target_commitish),
        "author": who(one.author),
        "notes": one.body,
        "prerelease": one.prerelease,
        "url": named(one.html_url),
    }
    return [reading("release", payload, "release.created", one.published_at, data)]


def protection(payload: Payload) -> list[Reading]:
    """A branch protection rule or a ruleset was made, changed or deleted."""
    rule = payload.rule or payload.repository_ruleset
    kind = "branch_protection_rule" if payload.rule is not None else "repository_ruleset"
    name = named(rule.name) if rule is not None else None
    if rule is None or name is None or payload.action not in _ACTIONS:
        return []
    data = base_of(payload) | _rule(rule) | {
        "ref": name if kind == "repository_ruleset" else f"refs/heads/{name}",
        "rule": kind,
        "action": _ACTIONS[payload.action],
    }  # fmt: skip
    time = rule.created_at if payload.action == "created" else None
    time = rule.updated_at if payload.action == "edited" else time
    return [reading(kind, payload, "protection.changed", time, data)]


def _rule(rule: BranchRule) -> dict[str, Any]:
    return {
        "required_approvals": rule.required_approving_review_count,
        "dismiss_stale": rule.dismiss_stale_reviews_on_push,
        "admins_exempt": None if rule.admin_enforced is None else not rule.admin_enforced,
    }
