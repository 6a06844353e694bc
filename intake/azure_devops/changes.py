"""Pushes and pull requests."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from intake.address import repository_of
from intake.azure_devops.common import SYSTEM, at, person, reading, time_of, web
from intake.azure_devops.structure import Completion
from intake.ids import commit_of
from intake.person import person_of
from intake.rows import named

if TYPE_CHECKING:
    from intake.azure_devops.structure import (
        Author,
        Comment,
        Commented,
        Commit,
        Hook,
        PullRequest,
        Push,
        Repository,
        Reviewer,
    )
    from intake.report import Reading

_BRANCH: Final = "refs/heads/"
_METHODS: Final = {
    "nofastforward": "merge", "squash": "squash", "rebase": "rebase", "rebasemerge": "merge",
}  # fmt: skip
_VOTED: Final = re.compile(r"approved|rejected|waiting for the author|reset|voted", re.IGNORECASE)
_APPROVES: Final = 5
"""With suggestions; 10 without."""


def push(hook: Hook, told: Push) -> list[Reading]:
    """A push: each branch or tag that it moved, and each commit that it brought."""
    repository = _address(told.repository)
    if repository is None:
        return []
    pusher, when = person(told.pushed_by), at(hook, told.date)
    base = {"repository": repository, "pusher": pusher, "actor": pusher}
    moves = [one for one in told.ref_updates or () if named(one.name)]
    found = []
    for one in moves:
        before, after = commit_of(one.old_object_id), commit_of(one.new_object_id)
        data = base | {
            "ref": named(one.name),
            "before": before,
            "after": after,
            # Of a tag it may be the tag's own id.
            "commit": after if (one.name or "").startswith(_BRANCH) else None,
            "created": None if one.old_object_id is None else before is None,
            "deleted": None if one.new_object_id is None else after is None,
            "commits": _listed(told.commits) if len(moves) == 1 else None,
        }
        found.append(reading(hook, "ref.updated", when, data, repository))
    # Of several branches it is not told which one a commit came with.
    ref = named(moves[0].name) if len(moves) == 1 else None
    for commit in told.commits or ():
        sha = commit_of(commit.commit_id)
        if sha is not None:
            data = base | {"ref": ref, "commit": sha} | _written(commit)
            found.append(reading(hook, "commit.pushed", when, data, repository))
    return found


def _listed(commits: list[Commit] | None) -> list[dict[str, str]] | None:
    return [{"sha": sha} for one in commits or () if (sha := commit_of(one.commit_id))] or None


def _written(commit: Commit) -> dict[str, Any]:
    author, committer = _author(commit.author), _author(commit.committer)
    return {
        "authors": [author] if author else None,
        "committer": committer,
        "authored_at": time_of(commit.author.date) if commit.author else None,
        "committed_at": time_of(commit.committer.date) if commit.committer else None,
        "message": commit.comment,
        "url": named(commit.url),
    }


def _author(who: Author | None) -> dict[str, Any] | None:
    return person_of(SYSTEM, email=who.email, name=who.name) if who is not None else None


def created(hook: Hook, told: PullRequest) -> list[Reading]:
    """A pull request was opened."""
    data = _change(told)
    if data is None:
        return []
    when = at(hook, told.creation_date)
    more: dict[str, Any] = {"actor": person(told.created_by)}
    return [reading(hook, "change.proposed", when, data | more, data["repository"])]


def merged(hook: Hook, told: PullRequest) -> list[Reading]:
    """A merge was tried; also for a trial, while the pull request is open."""
    return _settled(hook, told) or _updated(hook, told, "merge attempted", told.merge_status)


def updated(hook: Hook, told: PullRequest) -> list[Reading]:
    """A pull request was changed: completed, given up, voted on, pushed to."""
    return _settled(hook, told) or _voted(hook, told) or _updated(hook, told, "updated")


def _settled(hook: Hook, told: PullRequest) -> list[Reading]:
    data, status = _change(told), (told.status or "").lower()
    if data is None or status not in ("completed", "abandoned"):
        return []
    when, who = at(hook, told.closed_date), person(told.closed_by)
    if status == "abandoned":
        told_by: dict[str, Any] = {"closed_by": who, "actor": who}
        return [reading(hook, "change.abandoned", when, data | told_by, data["repository"])]
    merge = _sha(told.last_merge_commit)
    options = told.completion_options or Completion()
    method = _METHODS.get((options.merge_strategy or "").lower())
    more = {
        "merged_by": who,
        "actor": who,
        "merge_commit": merge,
        "commit": merge or data["commit"],
        "method": method or ("squash" if options.squash_merge else None),
        "merged_at": time_of(told.closed_date),
    }
    return [reading(hook, "change.merged", when, data | more, data["repository"])]


def _voted(hook: Hook, told: PullRequest) -> list[Reading]:
    """Whose vote it was, the words alone say: they begin with the name of who did it."""
    text, data = (hook.message.text if hook.message else None) or "", _change(told)
    who = [one for one in told.reviewers or ()
           if one.display_name and text.startswith(one.display_name + " ")]  # fmt: skip
    if data is None or len(who) != 1 or not _VOTED.search(text[len(who[0].display_name or "") :]):
        return []
    reviewer = person(who[0])
    if reviewer is None or who[0].vote is None:
        return []
    more = {"reviewer": reviewer, "actor": reviewer, "verdict": _verdict(who[0]),
            "reviewed": data["head"], "reported_outcome": str(who[0].vote)}  # fmt: skip
    return [reading(hook, "change.reviewed", at(hook), data | more, data["repository"])]


def _verdict(reviewer: Reviewer) -> str:
    vote = reviewer.vote or 0
    if vote >= _APPROVES:
        return "approved"
    return "changes_requested" if vote < 0 else "dismissed"


def _updated(
    hook: Hook, told: PullRequest, action: str, said: str | None = None
) -> list[Reading]:  # fmt: skip
    data = _change(told)
    if data is None:
        return []
    more = {"action": action, "reported_outcome": named(said)}
    return [reading(hook, "change.updated", at(hook), data | more, data["repository"])]


def commented(hook: Hook, told: Commented) -> list[Reading]:
    """Somebody said something of a pull request."""
    comment: Comment | None = told.comment
    data = _change(told.pull_request) if told.pull_request is not None else None
    who = person(comment.author) if comment is not None else None
    if data is None or comment is None or who is None:
        return []
    more = {"reviewer": who, "actor": who, "verdict": "commented", "comment": comment.content}
    when = at(hook, comment.published_date)
    return [reading(hook, "change.reviewed", when, data | more, data["repository"])]


def _change(told: PullRequest) -> dict[str, Any] | None:
    repository = _address(told.repository)
    if repository is None or told.pull_request_id is None or told.pull_request_id < 0:
        return None
    head = _sha(told.last_merge_source_commit)
    return {
        "repository": repository,
        "number": told.pull_request_id,
        "title": told.title,
        "description": told.description,
        "author": person(told.created_by),
        "head": head,
        "base": _sha(told.last_merge_target_commit),
        "commit": head,
        "head_ref": named(told.source_ref_name),
        "target_ref": named(told.target_ref_name),
        "draft": told.is_draft,
        "url": web(told.links) or f"{repository}/pullrequest/{told.pull_request_id}",
    }


def _sha(commit: Commit | None) -> str | None:
    return commit_of(commit.commit_id) if commit is not None else None


def _address(repository: Repository | None) -> str | None:
    return repository_of(repository.remote_url) if repository is not None else None
