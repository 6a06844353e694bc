"""What GitLab's audit events say becomes the right facts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.intake.gitlab_samples import AUDIT, PLANTED, SAID, Fact, readings

BEN = {"system": "gitlab", "name": "Ben", "id": "51"}


def _audited(event: str | None = None, **details: object) -> list[Fact]:
    """The event of the API and of the stream, and as a line of the log file: the same facts."""
    named = {"event_type": event} if event is not None else {}
    below = AUDIT | named | {"details": SAID | details}
    beside = {"severity": "INFO", "time": "2026-01-01T10:00:01Z"} | AUDIT | named | SAID | details
    found = readings(below, "gitlab-audit-events")
    assert readings(beside, "gitlab-audit-events") == found
    assert readings([below], "gitlab-audit-events") == found
    return found


@pytest.mark.parametrize(
    ("event", "details", "kind", "role"),
    [
        (None, {"add": "user_access", "as": "Developer"}, "access.granted", "Developer"),
        ("member_created", {"add": "user_access", "as": "Owner"}, "access.granted", "Owner"),
        ("member_updated", {"change": "access_level", "from": "Guest", "to": "Maintainer"},
         "access.granted", "Maintainer"),
        ("member_destroyed", {"remove": "user_access"}, "access.revoked", None),
    ],
)  # fmt: skip
def test_an_audited_member_is_given_or_loses_a_right(
    event: str | None, details: dict[str, Any], kind: str, role: str | None
) -> None:
    """By the details, for event types are younger than they."""
    ((what, data),) = _audited(event, **details)
    assert (what, data["subject"], data.get("role")) == (kind, BEN, role)
    assert (data["target"], data["audit"], data["time"]) == (
        "acme/shop", "17", "2026-01-01T10:00:00.885Z",
    )  # fmt: skip
    assert data["actor"] == {
        "system": "gitlab", "name": "Mia", "email": "mia@x.example", "id": "7",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("event", "details", "kind", "told"),
    [
        ("user_blocked", {}, "access.revoked", {"target": "gitlab", "subject": BEN}),
        ("user_created", {}, "access.granted", {"subject": BEN}),
        ("user_admin_status_updated", {"from": "false", "to": "true"}, "access.granted",
         {"role": "admin", "subject": BEN}),
        ("user_admin_status_updated", {"from": True, "to": False}, "access.revoked",
         {"role": "admin"}),
        ("project_group_link_created", {"target_type": "Group", "target_details": "other"},
         "access.granted", {"target": "acme/shop", "group": "other"}),
        ("security_policy_user_push_bypass", {}, "access.elevated", {"break_glass": True}),
        ("user_enable_admin_mode", {}, "access.elevated", {"role": "user_enable_admin_mode"}),
        ("user_impersonation", {"custom_message": "Started Impersonation"}, "access.elevated",
         {"role": "user_impersonation"}),
        ("project_access_token_created", {"target_type": "PersonalAccessToken",
         "target_details": "ci"}, "secret.created", {"path": "acme/shop#PersonalAccessToken/ci"}),
        ("ci_variable_deleted", {"target_type": "Ci::Variable", "target_details": "KEY",
         "from": PLANTED}, "secret.revoked", {"path": "acme/shop#Ci::Variable/KEY"}),
        ("ci_runner_token_reset", {"target_type": "Ci::Runner", "target_details": "9",
         "to": PLANTED}, "secret.rotated", {}),
        ("protected_branch_removed", {"target_type": "ProtectedBranch", "target_details": "main"},
         "protection.changed", {"ref": "refs/heads/main", "action": "deleted",
                                "repository": "acme/shop"}),
        ("protected_branch_allow_force_push_updated",
         {"target_details": "main", "from": False, "to": True}, "protection.changed",
         {"action": "edited", "weakened": True}),
        ("protected_branch_code_owner_approval_required_updated",
         {"target_details": "main", "from": False, "to": True}, "protection.changed",
         {"weakened": False}),
        ("approval_rule_deleted", {"target_details": "Security"}, "protection.changed",
         {"ref": "refs/heads/*", "action": "deleted"}),
        ("deployment_approved", {"target_type": "Environment", "target_details": "live"},
         "approval.reported", {"verdict": "approved", "environment": "live",
                               "approval": "audit/17"}),
        ("deployment_rejected", {}, "approval.reported", {"verdict": "rejected"}),
        ("login_failed_with_standard_authentication", {}, "login.failed", {"subject": BEN}),
        ("project_visibility_level_updated", {"change": "visibility", "from": "Private",
         "to": "Public"}, "access.granted", {"role": "Public", "visibility": "Public"}),
        (None, {"change": "visibility_level", "from": "Public", "to": "Internal"},
         "access.revoked", {"role": "Public", "visibility": "Internal"}),
    ],
)  # fmt: skip
def test_audit_events_that_controls_ask_for_become_facts(
    event: str | None, details: dict[str, Any], kind: str, told: dict[str, Any]
) -> None:
    """What was configured before and after is read of rights and switches alone."""
    ((what, data),) = _audited(event, **details)
    assert what == kind
    assert {name: data.get(name) for name in told} == told


@pytest.mark.parametrize(
    ("event", "change"),
    [
        ("project_reset_approvals_on_push_updated",
         "require new approvals when new commits are added to an MR"),
        ("project_require_password_to_approve_updated", "require user password for approvals"),
        ("project_only_allow_merge_if_pipeline_succeeds_updated",
         "only_allow_merge_if_pipeline_succeeds"),
    ],
)  # fmt: skip
def test_what_was_required_and_is_not_any_more_is_weaker(event: str, change: str) -> None:
    """However the change is described; where nothing was switched it is not told."""
    for after, weakened in ((False, True), (True, False), (None, None)):
        ((_, data),) = _audited(event, change=change, to=after)
        assert data.get("weakened") is weakened


@pytest.mark.parametrize(
    ("before", "after", "weakened"), [("false", "true", False), ("true", "false", True)]
)
def test_what_was_prevented_and_is_not_any_more_is_weaker(
    before: str, after: str, *, weakened: bool
) -> None:
    """Also where the event has no type, by its words."""
    change = "prevent merge request approval from committers"
    ((what, data),) = _audited(change=change, **{"from": before, "to": after})
    assert (what, data["weakened"]) == ("protection.changed", weakened)
    assert data["rule"] == "project_merge_requests_disable_committers_approval_updated"


@pytest.mark.parametrize(
    ("event", "details"),
    [
        ("repository_git_operation", {"custom_message": {"action": "git-upload-pack"}}),
        ("user_impersonation", {"custom_message": "Stopped Impersonation"}),
        ("ci_variable_updated", {"change": "protected", "from": PLANTED, "to": PLANTED}),
        ("user_admin_status_updated", {"to": "x"}),
        (None, {"with": "standard"}),
        (None, {"change": "visibility", "from": "Public", "to": "Public"}),
    ],
)
def test_other_audit_events_are_left_in_the_file(
    event: str | None, details: dict[str, Any]
) -> None:
    """A login, a clone, a variable whose scope may have changed."""
    assert _audited(event, **details) == []


@pytest.mark.parametrize(
    "changes", [{"author_id": -3}, {"author_id": -1}, {"details": {"author_class": "DeployToken"}}]
)
def test_keys_and_strangers_are_no_persons(changes: dict[str, Any]) -> None:
    """They have a name in the log, and nobody did it."""
    details = {"add": "user_access", "as": "Guest"} | SAID | changes.pop("details", {})
    event = AUDIT | {"details": details} | changes
    ((_, data),) = readings(event, "gitlab-audit-events")
    assert "actor" not in data


def test_the_path_of_a_user_is_a_name_and_stands_nowhere() -> None:
    """Users are told by number."""
    event = AUDIT | {"entity_type": "User", "event_type": "personal_access_token_revoked"}
    told = SAID | {"entity_path": "ben", "target_type": "PersonalAccessToken",
                   "target_details": "laptop"}  # fmt: skip
    ((_, data),) = readings(event | {"details": told}, "gitlab-audit-events")
    assert data["path"] == "User/3#PersonalAccessToken/laptop"


def test_audit_events_are_told_in_the_order_of_their_times() -> None:
    """The API lists the newest first."""
    details = SAID | {"remove": "user_access"}
    events = [AUDIT | {"id": number, "created_at": f"2026-01-0{number}T10:00:00Z",
                       "details": details} for number in (3, 1, 2)]  # fmt: skip
    assert [data["audit"] for _, data in readings(events, "gitlab-audit-events")] == [
        "1", "2", "3",
    ]  # fmt: skip
