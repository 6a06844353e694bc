"""Which of GitLab's audit event types are which facts, by GitLab's own list of them."""

from __future__ import annotations

from typing import Final

GRANTS: Final = frozenset({
    "user_created", "user_approved", "user_activate", "custom_admin_role_assigned_to_user",
    "project_group_link_created", "project_group_link_create", "project_group_link_updated",
    "project_group_link_update", "group_share_with_group_link_created",
    "group_share_with_group_link_updated",
})  # fmt: skip
REVOCATIONS: Final = frozenset({
    "user_blocked", "user_deactivate", "user_destroyed", "custom_admin_role_unassigned_from_user",
    "project_group_link_deleted", "project_group_link_destroy",
    "group_share_with_group_link_removed",
})  # fmt: skip

SWITCHES: Final = {"user_admin_status_updated": "admin", "user_auditor_status_updated": "auditor"}
"""Rights that are given and taken by one type; `to` says which."""

ELEVATIONS: Final = {
    "user_impersonation": False,
    "user_enable_admin_mode": False,
    "security_policy_access_token_push_bypass": True,
    "security_policy_service_account_push_bypass": True,
    "security_policy_user_push_bypass": True,
    "security_policy_merge_request_bypass": True,
    "merge_request_branch_bypassed_by_security_policy": True,
    "skip_secret_push_protection": True,
}
"""Extraordinary rights that were used, and whether a rule was broken with them."""

SECRETS: Final = {
    "personal_access_token_created": "secret.created",
    "project_access_token_created": "secret.created",
    "group_access_token_created": "secret.created",
    "deploy_token_created": "secret.created",
    "group_deploy_token_created": "secret.created",
    "deploy_key_added": "secret.created",
    "cluster_agent_token_created": "secret.created",
    "ci_variable_created": "secret.created",
    "ci_group_variable_created": "secret.created",
    "ci_instance_variable_created": "secret.created",
    "secrets_manager_create_project_secret": "secret.created",
    "ci_runner_token_reset": "secret.rotated",
    "personal_access_token_revoked": "secret.revoked",
    "project_access_token_deleted": "secret.revoked",
    "group_access_token_deleted": "secret.revoked",
    "deploy_token_revoked": "secret.revoked",
    "deploy_token_destroyed": "secret.revoked",
    "group_deploy_token_revoked": "secret.revoked",
    "group_deploy_token_destroyed": "secret.revoked",
    "deploy_key_removed": "secret.revoked",
    "cluster_agent_token_revoked": "secret.revoked",
    "ci_variable_deleted": "secret.revoked",
    "ci_group_variable_deleted": "secret.revoked",
    "ci_instance_variable_deleted": "secret.revoked",
    "secrets_manager_delete_project_secret": "secret.revoked",
    "secrets_manager_read_project_secret": "secret.accessed",
    "variable_viewed_api": "secret.accessed",
}
"""That a variable or secret was updated may concern its scope alone: no rotation."""

BRANCHES: Final[dict[str, tuple[str, bool | None]]] = {
    "protected_branch_created": ("created", None),
    "protected_branch_removed": ("deleted", None),
    "protected_branch_updated": ("edited", None),
    "protected_branch_allow_force_push_updated": ("edited", True),
    "protected_branch_code_owner_approval_required_updated": ("edited", False),
}
"""What was done to the protection of a branch, and the value of `to` that weakens it."""

SETTINGS: Final = {
    "approval_rule_created": "created",
    "approval_rule_deleted": "deleted",
    "update_approval_rules": "edited",
    "project_merge_requests_author_approval_updated": "edited",
    "project_merge_requests_disable_committers_approval_updated": "edited",
    "project_disable_overriding_approvers_per_merge_request_updated": "edited",
    "project_reset_approvals_on_push_updated": "edited",
    "project_only_allow_merge_if_pipeline_succeeds_updated": "edited",
    "project_require_password_to_approve_updated": "edited",
}
"""What was done to a setting that holds for every merge request of a project."""

EVERY_BRANCH: Final = "refs/heads/*"

TEXTS: Final = {
    "prevent merge request approval from authors":
        "project_merge_requests_author_approval_updated",
    "prevent merge request approval from committers":
        "project_merge_requests_disable_committers_approval_updated",
}  # fmt: skip
"""Changes as they were described before events had types."""

APPROVALS: Final = {"deployment_approved": "approved", "deployment_rejected": "rejected"}

LOGINS: Final = frozenset({
    "login_failed_with_standard_authentication", "login_failed_with_otp_authentication",
    "login_failed_with_webauthn_authentication", "omniauth_login_failed",
})  # fmt: skip

VISIBILITIES: Final = {"Private": 0, "Internal": 1, "Public": 2}
"""Who may see a project: its members, every user, everybody."""
