"""Calls that concern who may do what: IAM, Identity Center, sign-in, sessions of roles, EKS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from intake.aws.who import SYSTEM, principal_of, user_of
from intake.person import person_of
from intake.rows import named

if TYPE_CHECKING:
    from intake.aws.call import Call
    from intake.report import Reading

GRANTED, REVOKED = "access.granted", "access.revoked"
_USER: Final = {
    "CreateUser": GRANTED, "DeleteUser": REVOKED,
    "AttachUserPolicy": GRANTED, "DetachUserPolicy": REVOKED,
    "PutUserPolicy": GRANTED, "DeleteUserPolicy": REVOKED,
    "AddUserToGroup": GRANTED, "RemoveUserFromGroup": REVOKED,
    "CreateLoginProfile": GRANTED, "DeleteLoginProfile": REVOKED,
    "CreateAccessKey": GRANTED, "DeleteAccessKey": REVOKED,
    "CreateServiceSpecificCredential": GRANTED, "DeleteServiceSpecificCredential": REVOKED,
}  # fmt: skip
_OTHERS: Final = {
    "AttachRolePolicy": GRANTED, "DetachRolePolicy": REVOKED,
    "PutRolePolicy": GRANTED, "DeleteRolePolicy": REVOKED,
    "AttachGroupPolicy": GRANTED, "DetachGroupPolicy": REVOKED,
    "PutGroupPolicy": GRANTED, "DeleteGroupPolicy": REVOKED,
    "AddRoleToInstanceProfile": GRANTED, "RemoveRoleFromInstanceProfile": REVOKED,
}  # fmt: skip
_CREDENTIALS: Final = {
    "CreateLoginProfile": "console", "DeleteLoginProfile": "console",
    "CreateAccessKey": "access key", "DeleteAccessKey": "access key",
    "UpdateAccessKey": "access key",
}  # fmt: skip
_KEY_STATES: Final = {"Active": GRANTED, "Inactive": REVOKED}
_CENTER: Final = {"CreateAccountAssignment": GRANTED, "DeleteAccountAssignment": REVOKED}
_GROUPS: Final = {
    "CreateGroupMembership": GRANTED, "AddMemberToGroup": GRANTED,
    "DeleteGroupMembership": REVOKED, "RemoveMemberFromGroup": REVOKED,
}  # fmt: skip
_CLUSTER: Final = {
    "CreateAccessEntry": GRANTED, "AssociateAccessPolicy": GRANTED,
    "DeleteAccessEntry": REVOKED, "DisassociateAccessPolicy": REVOKED,
}  # fmt: skip


def identities(call: Call) -> list[Reading]:
    """A call to IAM."""
    if call.is_read:
        return []
    request = call.request
    if call.name == "UpdateAccessKey":
        what = _KEY_STATES.get(request.text("status") or "")
    else:
        what = _USER.get(call.name) or _OTHERS.get(call.name)
    if what is None or call.outcome != "success":
        # A user's name stays out of what is no field for people.
        return [call.changed(_thing(call))]
    account = call.record.recipient_account_id
    data: dict[str, Any] = {
        "target": f"iam/{account}" if account else "iam",
        "role": named(
            _CREDENTIALS.get(call.name)
            or request.text("policyArn", "policyName", "groupName", "instanceProfileName")
        ),
        "action": named(call.name),
    }
    if call.name in _OTHERS:
        holder = request.text("roleName")
        kind = "role" if holder else "group"
        data["grantee"] = named(f"{kind}:{holder or request.text('groupName') or ''}")
        if call.name.endswith("InstanceProfile"):
            data |= {"grantee": data["role"], "role": named(holder)}
    else:
        named_user = request.text("userName")
        # Without a name it is the caller's own.
        data["subject"] = user_of(named_user, account) if named_user else call.actor
    return [call.reading(what, data)]


def center(call: Call) -> list[Reading]:
    """A call to Identity Center or its directory."""
    if call.is_read:
        return []
    request = call.request
    what = _CENTER.get(call.name) or _GROUPS.get(call.name)
    if what is None or call.outcome != "success":
        return [call.changed(request.text("permissionSetArn", "groupId"))]
    if call.name in _GROUPS:
        member = request.inner("memberId").text("userId") or request.text("memberId")
        group = request.text("groupId")
        data = {"target": named(f"identitystore/{group or '*'}"), "role": named(group)}
        return [call.reading(what, data | {"subject": person_of(SYSTEM, account=member)})]
    holder = request.text("principalId")
    is_group = request.text("principalType") == "GROUP"
    return [call.reading(what, {
        "target": named(f"account/{request.text('targetId') or '*'}"),
        "role": named(request.text("permissionSetArn")),
        "subject": None if is_group else person_of(SYSTEM, account=holder),
        "grantee": named(f"group:{holder}") if is_group and holder else None,
        "action": named(call.name),
    })]  # fmt: skip


def sign_in(call: Call) -> list[Reading]:
    """Somebody came to the console, or could not."""
    if call.name not in ("ConsoleLogin", "Failure", "CredentialVerification"):
        return []
    identity = call.record.user_identity
    failed = call.response.text("ConsoleLogin") == "Failure" or call.outcome != "success"
    failed = failed or call.response.text("CredentialVerification") == "Failure"
    is_root = identity is not None and identity.type == "Root"
    if not failed and (call.name != "ConsoleLogin" or not is_root):
        return []
    data: dict[str, Any] = {"target": "console", "subject": call.actor}
    if failed:
        return [call.reading("login.failed", data | {"reported_outcome": "Failure"})]
    return [call.reading("access.elevated", data | {"role": "root", "reported_outcome": "Success"})]


def sessions(call: Call) -> list[Reading]:
    """Sessions of roles begin all the time; that one was refused is told."""
    if call.outcome == "success" or not call.name.startswith("AssumeRole"):
        return []
    target = named(call.request.text("roleArn")) or call.arn or "sts"
    return [call.reading("login.failed", {"target": target, "subject": call.actor})]


def cluster_access(call: Call) -> list[Reading] | None:
    """Who may come into an EKS cluster; None where the call is about something else."""
    what = _CLUSTER.get(call.name)
    if what is None or call.outcome != "success":
        return None
    request = call.request
    data = {
        "target": named(f"eks/{request.text('name', 'clusterName') or '*'}"),
        "role": named(request.text("policyArn")),
        "action": named(call.name),
    }
    return [call.reading(what, data | principal_of(request.text("principalArn")))]


def _thing(call: Call) -> str | None:
    """What IAM keeps that is no person."""
    return call.request.text(
        "policyArn", "roleName", "groupName", "instanceProfileName", "sAMLProviderArn",
        "openIDConnectProviderArn", "policyName",
    )  # fmt: skip
