"""GitHub's webhooks: which kind a body is of, and who reads it.

The kind is recognised by the members of the body: the header that names it is not signed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from intake.github import access, alerts, changes, deployments, runs
from intake.github.structure import ApiEvent, Payload
from intake.json_body import read_fields
from intake.report import Format, Reading
from intake.schemes import Signed
from intake.sender import Sender
from intake.shape import shape_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from intake.shape import Members, Shape

# The first whose members are all there: what has more of them stands before what has less.
KINDS: Final[tuple[tuple[str, frozenset[str], Callable[[Payload], list[Reading]]], ...]] = tuple(
    (kind, frozenset(members.split()), reader)
    for kind, members, reader in (
        ("pull_request_review", "pull_request review", changes.review),
        ("pull_request_review_comment", "pull_request comment", lambda _: []),
        ("pull_request_review_thread", "pull_request thread", lambda _: []),
        ("pull_request", "pull_request number", changes.pull_request),
        ("deployment_status", "deployment_status deployment", deployments.deployment_status),
        ("deployment_protection_rule", "deployment deployment_callback_url",
         deployments.protection_rule),
        ("deployment_review", "workflow_run environment reviewers", deployments.deployment_review),
        ("deployment_review", "workflow_run approver", deployments.deployment_review),
        ("workflow_job", "workflow_job", runs.workflow_job),
        ("check_run", "check_run", runs.check_run),
        ("deployment", "deployment", deployments.deployment),
        ("workflow_run", "workflow_run", runs.workflow_run),
        ("check_suite", "check_suite", lambda _: []),
        ("release", "release", changes.release),
        ("branch_protection_rule", "rule", changes.protection),
        ("repository_ruleset", "repository_ruleset", changes.protection),
        ("push", "ref before after", changes.push),
        ("status", "sha state context", runs.status),
        ("membership", "member team", access.membership),
        ("member", "member", access.member),
        ("organization", "membership organization", access.organization),
    )
)  # fmt: skip
_ALERTS: Final = (
    ("code_scanning_alert", "rule", alerts.code_scanning),
    ("dependabot_alert", "security_advisory", alerts.dependabot),
    ("secret_scanning_alert", "secret_type", alerts.secret_scanning),
)
_API_TYPES: Final = {
    "CreateEvent", "DeleteEvent", "PullRequestEvent", "PullRequestReviewEvent", "PushEvent",
    "ReleaseEvent", "MemberEvent", "PullRequestReviewCommentEvent", "IssuesEvent",
    "IssueCommentEvent", "ForkEvent", "WatchEvent", "GollumEvent", "PublicEvent",
    "CommitCommentEvent", "PullRequestReviewThreadEvent",
}  # fmt: skip


def claims(shape: Shape) -> bool:
    """`sender` and where it happened, with a kind's members; `ping`; or an events API object."""
    members = shape.members or {}
    if _is_api(shape):
        return True
    told = members.keys()
    if "zen" in told and "hook_id" in told:
        return True
    placed = bool({"repository", "organization", "enterprise", "installation"} & told)
    return "sender" in told and placed and _is_githubs(shape)


def read(body: bytes) -> list[Reading]:
    """The readings of a body; none where its kind or action has no event type.

    Raises:
        RefusedError: no payload of GitHub; the place is named.
        TooLargeError: a limit was passed.
    """
    shape = shape_of(body)
    if _is_api(shape):
        event = read_fields(body, ApiEvent)
        event.payload.repository = event.repo
        event.payload.sender = event.actor
        event.payload.created_at = event.created_at
        reader = _reader(shape.inner("payload"), shape)
        return reader(event.payload) if reader is not None else []
    payload = read_fields(body, Payload)
    reader = _reader(shape.members or {}, shape)
    return reader(payload) if reader is not None else []


def _reader(members: Members, shape: Shape) -> Callable[[Payload], list[Reading]] | None:
    # A null member is as good as none: `deployment` has `workflow_run: null`.
    there = {name for name, value in members.items() if bytes(value) != b"null"}
    # Another place of an alert (`secret_scanning_alert_location`) is not the alert once more.
    if "alert" in there and "location" not in there:
        inner = shape.inner("alert")
        return next((reader for _, member, reader in _ALERTS if member in inner), None)
    return next((reader for _, needed, reader in KINDS if needed <= there), None)


def _is_api(shape: Shape) -> bool:
    members = shape.members or {}
    return {"payload", "repo", "actor", "type"} <= members.keys() and (
        shape.text("type") in _API_TYPES
    )


def _is_githubs(shape: Shape) -> bool:
    """Accounts and repositories of GitHub have a node id; those before 2018 have other marks."""
    sender = shape.inner("sender")
    return "login" in sender and ("node_id" in sender or "gravatar_id" in sender)


FORMAT: Final = Format("github", "GitHub webhook", "application/json", claims, read)
SENDER: Final = Sender(
    name="github",
    title="GitHub",
    scheme=Signed(
        "x-hub-signature-256",
        "Settings, Webhooks, Add webhook: Payload URL and Secret as above, content type "
        "application/json",
        prefix="sha256=",
    ),
    formats=(FORMAT,),
    kind_header="x-github-event",
    pings=frozenset({"ping"}),
)
