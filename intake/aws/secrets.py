"""Calls that concern secrets: Secrets Manager, keys of KMS, secure parameters of Systems Manager.

Values are never read: of a request only the names, of an answer only the address and the version.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from intake.aws.who import SYSTEM, principal_of
from intake.number import count_of
from intake.rows import named

if TYPE_CHECKING:
    from intake.aws.call import Call
    from intake.report import Reading

ACCESSED, CREATED, ROTATED, REVOKED = (
    f"secret.{word}" for word in ("accessed", "created", "rotated", "revoked")
)
_CURRENT: Final = "AWSCURRENT"
_MANAGED: Final = {
    "GetSecretValue": ACCESSED, "CreateSecret": CREATED, "PutSecretValue": ROTATED,
    "RotationSucceeded": ROTATED, "DeleteSecret": REVOKED, "EndSecretVersionDelete": REVOKED,
}  # fmt: skip
_FAILED: Final = {"RotationFailed": "failure", "RotationAbandoned": "cancelled"}
_KEYS: Final = {
    "CreateKey": CREATED, "ImportKeyMaterial": CREATED, "ReplicateKey": CREATED,
    "RotateKey": ROTATED, "DisableKey": REVOKED, "ScheduleKeyDeletion": REVOKED,
    "DeleteKey": REVOKED, "DeleteImportedKeyMaterial": REVOKED,
}  # fmt: skip
_KEY_USES: Final = (
    "Decrypt", "Encrypt", "ReEncrypt", "Sign", "Verify", "GenerateDataKey", "GenerateMac",
    "DeriveSharedSecret", "GetParametersForImport",
)  # fmt: skip
"""How the names of operations begin that use a key."""
_GRANTS: Final = {
    "CreateGrant": "access.granted", "RevokeGrant": "access.revoked",
    "RetireGrant": "access.revoked",
}  # fmt: skip
_PARAMETERS: Final = frozenset({
    "GetParameter", "GetParameters", "GetParametersByPath", "GetParameterHistory",
})  # fmt: skip
_SECURE: Final = "SecureString"
_MOST: Final = 100
_ADDRESS: Final = re.compile(r"arn:[^:]*:secretsmanager:")


def secrets_manager(call: Call) -> list[Reading]:
    """A call to Secrets Manager, or what it did by itself."""
    if call.name == "BatchGetSecretValue":
        # What it read is logged once more, secret by secret.
        return _batch(call) if call.outcome != "success" else []
    path = _path(call)
    if call.name in _FAILED:
        return [call.changed(path, outcome=_FAILED[call.name])]
    what = _MANAGED.get(call.name)
    if call.name == "UpdateSecret" and _has_value(call):
        what = ROTATED
    if call.name == "PutSecretValue" and not _is_current(call):
        what = None
    if what is None or (call.outcome != "success" and what != ACCESSED):
        return [] if call.is_read else [call.changed(path)]
    return [_secret(call, what, path)]


def keys(call: Call) -> list[Reading]:
    """A call to the key management service; using a key gives nobody the key."""
    path = call.arn or call.response.inner("keyMetadata").text("arn") or call.request.text(
        "keyId", "aliasName"
    ) or call.more.text("keyId")  # fmt: skip
    failed = call.outcome != "success"
    if call.name.startswith(_KEY_USES):
        # Only what was refused is told: keys are used all the time.
        return [_secret(call, ACCESSED, path)] if failed else []
    if call.is_read:
        return []
    if (what := _GRANTS.get(call.name)) is not None and not failed:
        target = {"target": named(path) or "kms", "role": _operations(call)}
        return [call.reading(what, target | principal_of(call.request.text("granteePrincipal")))]
    what = _KEYS.get(call.name)
    if what is None or failed:
        return [call.changed(path)]
    return [_secret(call, what, path)]


def parameters(call: Call) -> list[Reading]:
    """A call to the parameter store; a parameter in clear is no secret."""
    request = call.request
    if call.name in _PARAMETERS:
        if request.get("withDecryption") is not True:
            return []
        told = [request.text("name", "path"), *request.list("names")]
        names = [name for name in told if isinstance(name, str) and name]
        return [_secret(call, ACCESSED, name) for name in names[:_MOST] or ["*"]]
    if call.name == "PutParameter" and request.text("type") == _SECURE and (
        call.outcome == "success"
    ):  # fmt: skip
        version = count_of(call.response.get("version"))
        what = CREATED if version == 1 else ROTATED
        return [_secret(call, what, request.text("name"), version)]
    return [] if call.is_read else [call.changed(request.text("name", "documentName"))]


def _batch(call: Call) -> list[Reading]:
    names = [name for name in call.request.list("secretIdList") if isinstance(name, str) and name]
    return [_secret(call, ACCESSED, name) for name in names[:_MOST] or ["*"]]


def _secret(call: Call, what: str, path: str | None, version: int | None = None) -> Reading:
    data: dict[str, Any] = {
        "path": named(path) or "*",
        "system": SYSTEM,
        "operation": named(call.name),
        "accessor": call.actor,
        "version": str(version) if version is not None else _version(call),
        "outcome": call.outcome if what == ACCESSED else None,
    }
    return call.reading(what, data)


def _path(call: Call) -> str | None:
    """The address of the secret, else its name: as the record, the answer, or the request has it.

    A request may name it by either.
    """
    told = (
        call.request.text("secretId", "name"),
        call.response.text("arn"),
        call.more.text("secretId", "arn"),
        call.arn,
    )
    return next((one for one in told if one and _ADDRESS.match(one)), None) or next(
        (one for one in told if one), None
    )


def _version(call: Call) -> str | None:
    return named(call.response.text("versionId") or call.request.text("versionId"))


def _has_value(call: Call) -> bool:
    """Whether the secret got another value: the answer then has a version."""
    return (
        "versionId" in call.response
        or "secretString" in call.request
        or "secretBinary" in call.request
    )


def _is_current(call: Call) -> bool:
    """Whether the new value is in force: it is, unless other stages are asked for."""
    stages = call.request.list("versionStages")
    return not stages or _CURRENT in stages


def _operations(call: Call) -> str | None:
    told = [one for one in call.request.list("operations")[:20] if isinstance(one, str)]
    return named(", ".join(told))
