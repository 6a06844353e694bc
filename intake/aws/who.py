"""Who made a request to AWS: a person, or a service, a machine, a pipeline.

IAM users, the root user and sessions of IAM Identity Center are people. A session of another role
may be either: it is a machine's where the record says that a service, an instance, a runtime of AWS
or a workload's identity provider holds it, or where a tool's library made up its name.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from intake.person import person_of
from intake.rows import named

if TYPE_CHECKING:
    from intake.aws.structure import Identity, Record

SYSTEM: Final = "aws"
_SSO: Final = "AWSReservedSSO_"
_SERVICE_ROLES: Final = ("AWSServiceRoleFor", "aws-service-role/")
_SERVICE: Final = ".amazonaws.com"
_RUNTIME: Final = "exec-env/AWS_"
_MADE_UP: Final = re.compile(
    r"i-[0-9a-f]{8,17}|AWSCodeBuild-[0-9a-f-]+|GitHubActions|(?:aws-[a-z-]+|botocore-session)-\d+"
    r"|\d{8,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
)
_WORKLOADS: Final = (
    "token.actions.githubusercontent.com", "oidc.eks.", "gitlab", "bitbucket", "circleci",
    "buildkite", "app.terraform.io", "vercel", "cognito-identity.amazonaws.com",
)  # fmt: skip
_USERS: Final = frozenset({"IAMUser", "SAMLUser", "WebIdentityUser", "FederatedUser"})
_PEOPLE: Final = ("user/", "assumed-role/", "federated-user/")
_ARN: Final = 6
"""Parts of an ARN, the last of which may have colons of its own."""
_HIDDEN: Final = "HIDDEN_DUE_TO_SECURITY_REASONS"


def doer_of(record: Record) -> dict[str, Any]:
    """The fields `actor` or `workload`; none where the record names nobody."""
    identity = record.user_identity
    if identity is None:
        return {}
    if identity.on_behalf_of is not None and identity.on_behalf_of.user_id:
        return _person(person_of(SYSTEM, account=identity.on_behalf_of.user_id))
    kind = identity.type or ""
    if kind == "Root":
        return _person(person_of(place_of(identity.account_id), login="root"))
    if kind in _USERS or (kind != "AssumedRole" and identity.user_name):
        return _person(user_of(identity.user_name or _last(identity.arn), identity.account_id))
    if kind == "AssumedRole":
        return _session(identity, record)
    return _workload(identity.invoked_by or identity.arn)


def user_of(name: str | None, account: str | None) -> dict[str, Any] | None:
    """A user of an AWS account; two accounts may have users of one name."""
    if name is None or name == _HIDDEN:
        return None
    if "@" in name:
        return person_of(place_of(account), email=name)
    return person_of(place_of(account), login=name)


def place_of(account: str | None) -> str:
    """The account as the system whose users they are."""
    told = named(account)
    return f"{SYSTEM}:{told}" if told else SYSTEM


def principal_of(arn: str | None) -> dict[str, Any]:
    """The fields `subject` or `grantee` of somebody whom a request names by ARN or id."""
    told = named(arn)
    if told is None:
        return {}
    steps = told.split(":", 5)
    if len(steps) == _ARN and steps[-1].startswith(_PEOPLE):
        return {"subject": user_of(_last(told), steps[4])}
    return {"grantee": told}


def _session(identity: Identity, record: Record) -> dict[str, Any]:
    """A session: `...:assumed-role/ROLE/SESSION`."""
    _, _, path = (identity.arn or "").partition(":assumed-role/")
    role, _, session = path.partition("/")
    context = identity.session_context
    issuer = context.session_issuer if context is not None else None
    role = (issuer.user_name if issuer is not None else None) or role
    if role.startswith(_SSO):
        # People have one name in all accounts of an organisation.
        return _person(user_of(session or None, None))
    if not session or _is_machine(identity, record, role, session):
        return _workload(role or identity.invoked_by)
    return _person(user_of(session, identity.account_id))


def _is_machine(identity: Identity, record: Record, role: str, session: str) -> bool:
    context = identity.session_context
    federation = context.web_id_federation_data if context is not None else None
    provider = (federation.federated_provider if federation is not None else None) or ""
    return (
        (context is not None and bool(context.ec2_role_delivery))
        or (identity.invoked_by or "").endswith(_SERVICE)
        or (record.source_ip_address or "").endswith(_SERVICE)
        or _RUNTIME in (record.user_agent or "")
        or role.startswith(_SERVICE_ROLES)
        or _MADE_UP.fullmatch(session) is not None
        or any(word in provider for word in _WORKLOADS)
    )


def _person(person: dict[str, Any] | None) -> dict[str, Any]:
    return {} if person is None else {"actor": person}


def _workload(name: str | None) -> dict[str, Any]:
    told = named(name)
    return {} if told is None else {"workload": told}


def _last(arn: str | None) -> str | None:
    return (arn or "").rpartition("/")[2] or None
